import RecurrentNetworks
import Testing

@testable import Experiments
@testable import Training

/// The updates before an explosion as a file: each pass can be made again from it.
@Suite struct BlackBoxFileTests {
  @Test(arguments: [TaskName.adding, .coin]) func everyPassCanBeMadeAgain(_ task: TaskName) throws {
    var experiment = Experiment()
    experiment.network.hidden = 3
    experiment.network.activation = .identity
    experiment.network.layers = 2
    experiment.task.name = task
    experiment.task.length = 12
    experiment.training.batch = 2
    experiment.training.clip.kind = .none
    experiment.training.optimizer.learningRate = 1e120
    let run = try TrainingRun(experiment: experiment)
    while run.trainOnce() == .trained {}
    run.keepBlackBox()
    let box = try #require(run.blackBox)
    let folder = try TemporaryFolder()
    try BlackBoxFile.write(box, to: folder.path("b"))
    let file = try SafetensorsFile.read(path: folder.path("b"))
    #expect(file.metadata["update"] == "\(box.explosion.update)" && file.metadata["factor"] == box.explosion.factor)
    #expect(file.metadata["unit"] == box.culprit?.words(layers: 2) && box.culprit != nil, "\(box.explosion)")
    func entry(_ name: String) throws -> SafetensorsFile.Entry {
      try #require(file.entries.first { $0.name == name }, "\(name)")
    }
    let n = box.entries.count
    #expect(try file.integers(entry("update")) == (1...n).map { Int64($0) } && entry("loss").shape == [n])
    // Of the update that exploded there is no loss; of the others what the run recorded.
    let losses = try file.doubles(entry("loss"))
    #expect(losses.last?.isNaN == true && losses.first == box.entries[0].record?.loss)
    for (index, kept) in box.entries.enumerated() {
      let layout = kept.snapshot.layout
      let parameters = try layout.entries.flatMap { tensor in
        let all = try file.doubles(entry(tensor.name))
        return Array(all[index * tensor.count..<(index + 1) * tensor.count])
      }
      #expect(parameters == kept.snapshot.parameters)
      let x = try file.doubles(entry("x")), size = kept.snapshot.data.x.count
      var data = kept.snapshot.data
      data.x = Array(x[index * size..<(index + 1) * size])
      let carried = try (0..<2).map { layer in
        let all = try file.doubles(entry("state0_l\(layer)"))
        return Array(all[index * all.count / n..<(index + 1) * all.count / n])
      }
      let tape = Tape.compute(
        network: experiment.network, layout: layout, parameters: parameters, data: data,
        window: kept.snapshot.window, carriedState: carried, reduction: experiment.training.reduction,
        precision: .float64)
      if let record = kept.record { #expect(tape.objective == record.loss) }
    }
  }
}
