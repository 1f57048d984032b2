import RecurrentNetworks
import Testing

@testable import Experiments
@testable import Training

/// PyTorch's projected and bidirectional LSTMs load from what `state_dict` gives, and give PyTorch's states, loss and gradients: the
/// files of `Fixtures/make_directions.py`.
@Suite struct DirectionsTests {
  /// What an experiment makes of a file of weights and one of a pass.
  private struct Loaded {
    var experiment = Experiment(), layout: ParameterLayout, snapshot: Snapshot, pass: SafetensorsFile
  }

  private func load(_ name: String) throws -> Loaded {
    let weights = try SafetensorsFile.read(path: fixture("torch_\(name).safetensors"))
    let pass = try SafetensorsFile.read(path: fixture("torch_\(name)_pass.safetensors"))
    let found = try #require(try NetworkInFile(weights))
    #expect(found.cell == .lstm && found.hidden == 5 && found.layers == 2)
    var experiment = Experiment()
    experiment.network.cell = found.cell
    (experiment.network.hidden, experiment.network.layers) = (found.hidden, found.layers)
    experiment.network.projection = found.projection
    if found.isBidirectional { try experiment.set("network.kind", "bidirectional") }
    let data = try SequenceFile.batch(pass, classes: 3)
    (experiment.task.length, experiment.training.batch) = (data.steps, data.batch)
    let layout =
      found.isBidirectional
      ? experiment.architecture.layout(experiment.network, inputs: 3, outputs: 3, steps: data.steps)
      : ParameterLayout(experiment.network, inputs: 3, outputs: 3)
    let state = [Double](repeating: 0, count: 2 * data.batch * found.hidden)
    let snapshot = Snapshot(
      watched: experiment, layout: layout, parameters: try WeightsFile.parameters(weights, layout: layout), data: data,
      state: [state, state], update: 0)
    return Loaded(experiment: experiment, layout: layout, snapshot: snapshot, pass: pass)
  }

  /// Our gradient of a tensor against PyTorch's, whose two biases have the same.
  private func compare(_ gradient: [Double], _ loaded: Loaded) throws {
    for entry in loaded.layout.entries {
      let name = entry.name.hasPrefix("readout.") ? "grad.fc." + entry.name.dropFirst(8) : "grad.lstm." + entry.name
      let theirs = loaded.pass.doubles(try #require(loaded.pass[name], "\(name)"))
      let largest = theirs.map(abs).max() ?? 0
      #expect(largest > 0)
      for (a, b) in zip(gradient[entry.range], theirs) { #expect(abs(a - b) < 1e-12 * max(largest, 1), "\(name)") }
    }
  }

  @Test func projected() throws {
    let loaded = try load("projected"), tape = loaded.snapshot.tape()
    #expect(abs(tape.objective * tape.meanFactor - loaded.pass.doubles(try #require(loaded.pass["loss"]))[0]) < 1e-13)
    let h = loaded.pass.doubles(try #require(loaded.pass["h"])), top = try #require(tape.layers.last)
    for row in 0..<tape.steps * tape.batch {
      let (t, b) = (row / tape.batch, row % tape.batch)
      let start = ((t + 1) * 2 * tape.batch + b) * 5
      for unit in 0..<5 { #expect(abs(top.state[start + unit] - (unit < 2 ? h[row * 2 + unit] : 0)) < 1e-13) }
    }
    try compare(tape.gradient.map { $0 * tape.meanFactor }, loaded)
  }

  @Test func bidirectional() throws {
    let loaded = try load("bidirectional"), recording = try #require(loaded.snapshot.recording())
    let factor = recording.injectionWeight < 1 ? 1 : 1 / Double(recording.steps * recording.batch)
    #expect(abs(recording.objective * factor - loaded.pass.doubles(try #require(loaded.pass["loss"]))[0]) < 1e-13)
    let h = loaded.pass.doubles(try #require(loaded.pass["h"]))
    // The top layer: shown backward and then forward; PyTorch has the forward one first.
    for (layer, first) in [(2, 5), (3, 0)] {
      for (index, value) in recording.states(layer: layer).enumerated() {
        #expect(abs(value - h[index / 5 * 10 + first + index % 5]) < 1e-13)
      }
    }
    try compare(recording.gradient.map { $0 * factor }, loaded)
  }

  @Test func aFileSaysWhatItIs() throws {
    for (name, kind, projection) in [("projected", "recurrent", 2), ("bidirectional", "bidirectional", 0)] {
      var source = try ExperimentFile.source(path: nil)
      source.take(try #require(try NetworkInFile(SafetensorsFile.read(path: fixture("torch_\(name).safetensors")))))
      #expect(source.experiment.architecture.kind.rawValue == kind)
      #expect(source.experiment.network.projection == projection && source.experiment.network.cell == .lstm)
    }
  }
}

extension Tape {
  /// What makes the objective a mean over all losses.
  fileprivate var meanFactor: Double { injectionWeight < 1 ? 1 : 1 / Double(steps * batch) }
}
