import Foundation
import RecurrentNetworks
import Testing

@testable import Training

/// A run that learns half of the text that ships, the other half being measured.
private func experiment(_ settings: [(String, String)] = []) throws -> Experiment {
  var experiment = Experiment()
  for (key, value) in [
    ("task.name", "text"), ("task.length", "20"), ("task.held_out", "0.5"), ("network.hidden", "6"),
    ("training.batch", "4"), ("training.optimizer.learning_rate", "0.5"), ("validation.every", "10"),
  ] + settings {
    try experiment.set(key, value)
  }
  return experiment
}

@Suite("The held-out loss")
struct ValidationTests {
  /// The loss is that of a forward pass over the held-out windows from the state that the first window leaves, by the definition.
  @Test func isTheMeanOverTheHeldOutWindows() throws {
    let experiment = try experiment()
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<10 { run.trainOnce() }
    let task = try #require(try experiment.task.makeTask(seed: 1).heldOut)
    let pass = Pass<Double>(
      network: experiment.network, layout: run.layout, steps: 20, batch: 4, loss: .crossEntropy)
    for (index, value) in run.parameters.enumerated() { pass.parameters[index] = value }
    pass.resetState()
    var sum = 0.0, count = 0, outputs: [Double] = []
    for index in 0...100 {
      let data = task.sequences(index: index, batch: 4, length: 20)
      pass.load(data)
      pass.forward(0..<20)
      pass.readOutputs(0..<20, into: &outputs)
      pass.carryState()
      guard index > 0, case .classes(let classes) = data.target else { continue }
      let width = run.layout.outputs
      for (position, target) in classes.enumerated() {
        let y = outputs[position * width..<(position + 1) * width]
        sum += log(y.reduce(0) { $0 + exp($1) }) - y[y.startIndex + Int(target)]
        count += 1
      }
    }
    let mark = try #require(run.history.validations.last)
    #expect(run.history.validations.count == 1 && mark.update == 10)
    #expect(abs(mark.value - sum / Double(count)) < 1e-12)
  }

  @Test func theBestWeightsAreKept() throws {
    // A step size that soon makes things worse.
    let run = try TrainingRun(
      experiment: experiment([("training.optimizer.learning_rate", "6"), ("validation.patience", "3")]))
    var parameters: [Int: [Double]] = [0: run.parameters]
    while !run.isOverfitting, run.update < 2000 {
      run.trainOnce()
      parameters[run.update] = run.parameters
    }
    let best = try #require(run.bestWeights)
    let least = try #require(run.history.validations.min { $0.value < $1.value })
    #expect(run.update < 2000)
    #expect(best.update == least.update && best.loss == least.value)
    #expect(best.parameters == parameters[best.update])
    #expect(run.update == best.update + 30)
  }

  /// Back and on again gives the same losses; a run taken up from a checkpoint too.
  @Test func theyAreMeasuredAgainAfterARewindAndAResumption() throws {
    let run = try TrainingRun(experiment: experiment())
    for _ in 0..<145 { run.trainOnce() }
    let checkpoint = run.checkpoint()
    let resumed = try TrainingRun(
      resuming: RunCheckpoint(fields: checkpoint.fields, arrays: checkpoint.arrays))
    for _ in 0..<60 { run.trainOnce() }
    let whole = run.history
    #expect(whole.validations.map(\.update) == Array(stride(from: 10, through: 200, by: 10)))
    for _ in 0..<60 { resumed.trainOnce() }
    #expect(resumed.history == whole)
    #expect(resumed.bestWeights == run.bestWeights)
    #expect(run.rewind(by: 77) == 77)
    #expect(run.history.validations.map(\.update) == Array(stride(from: 10, through: 120, by: 10)))
    for _ in 0..<77 { run.trainOnce() }
    #expect(run.history == whole)
  }

  @Test func nothingIsMeasuredWithoutHeldOutData() throws {
    var experiment = try experiment()
    try experiment.set("validation.every", "100")
    experiment.task.heldOut = .none
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<20 { run.trainOnce() }
    #expect(run.history.validations.isEmpty && run.bestWeights == nil && !run.isOverfitting)
  }

  /// A text that says when it is solved is measured on what is held out.
  @Test func solvedIsMeasuredOnIt() throws {
    var experiment = try experiment([("solved.measure", "loss"), ("solved.at_most", "9"), ("solved.sequences", "8")])
    let evaluator = try Evaluator(experiment)
    let run = try TrainingRun(experiment: experiment)
    #expect(evaluator.evaluate(run.parameters).isSolved)
    experiment.task.heldOut = .none
    #expect(throws: TrainingError.self) { try Evaluator(experiment) }
  }

  @Test func theStateIsCarriedOrNot() throws {
    for (rule, isStream) in [("state", true), ("reset", false)] {
      let experiment = try experiment([("task.carry", rule)])
      let run = try TrainingRun(experiment: experiment)
      run.trainOnce()
      #expect(run.snapshot().description.isStream == isStream)
      #expect(run.snapshot().carriedState.joined().contains { $0 != 0 } == isStream)
    }
  }
}

@Suite("Forecasts")
struct ForecastTests {
  /// The rows held out, each once and in order, with what came two rows later in the file's own units.
  @Test(arguments: [
    ("2", "recurrent"), ("1", "recurrent"), ("2", "transformer"), ("1", "attention"), ("1", "bidirectional"),
  ])
  func stand(_ horizon: String, kind: String) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("forecast-\(UUID().uuidString).csv").path
    defer { unlink(path) }
    let rows = (0..<100).map { 50 + 10 * sin(Double($0) / 3) }
    try ("load\n" + rows.map { "\($0)\n" }.joined()).write(toFile: path, atomically: true, encoding: .utf8)
    var experiment = Experiment()
    for (key, value) in [
      ("task.name", "csv"), ("task.file", path), ("task.length", "7"), ("task.held_out", "30"),
      ("task.horizon", horizon),
      ("network.hidden", "4"), ("training.optimizer.learning_rate", "0.1"), ("network.kind", kind),
    ] {
      try experiment.set(key, value)
    }
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<300 { run.trainOnce() }
    var found: [TrainingRun.Forecast] = []
    let scores = try run.forecasts { found.append($0) }
    let ahead = try #require(Int(horizon))
    // The first row of the file is its header.
    #expect(found.map(\.row) == Array(72...101 - ahead))
    for forecast in found { #expect(abs(forecast.truth[0] - rows[forecast.row - 2 + ahead]) < 1e-9) }
    let score = try #require(scores?.first)
    func error(_ numbers: [Double]) -> Double {
      (numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)).squareRoot()
    }
    #expect(abs(score.error - error(found.map { $0.truth[0] - $0.predicted[0] })) < 1e-9)
    let last = (70..<100 - ahead).map { rows[$0 + ahead] - rows[$0] }
    #expect(abs((score.errorOfLastRow ?? 0) - error(last)) < 1e-9)
    #expect(score.name == "load" && (score.error < error(last) || kind == "transformer"))
  }

  /// A period of 24 is found, and its floor is that of repeating what was 24 rows before.
  @Test func aSeasonIsAFloor() throws {
    let season: [Double] = [0, 3, 7, 1, 9, 4, 4, 8, 2, 6, 5, 1]
    let rows: [Double] = (0..<400).map { (row: Int) -> Double in
      season[row % 24 / 2] + 0.01 * Double((row * 7919) % 13)
    }
    var specification = TaskSpecification()
    specification.length = 10
    let task = try CSVTask(Array(("v\n" + rows.map { "\($0)\n" }.joined()).utf8), specification, file: "d.csv")
    let floor = try #require(task.description.floors.first { $0.short == "season 24" })
    let mean: Double = rows.reduce(0, +) / 400
    var variance = 0.0, squares = 0.0
    for row in rows { variance += (row - mean) * (row - mean) / 400 }
    for row in 24..<400 { squares += (rows[row] - rows[row - 24]) * (rows[row] - rows[row - 24]) }
    let expected: Double = squares / 2 / 376 / variance
    #expect(abs(floor.loss - expected) < 1e-9)
  }
}
