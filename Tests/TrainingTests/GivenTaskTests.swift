import RecurrentNetworks
import Testing

@testable import Training

/// Sequences that are handed in: whole, in parts, and with some held out.
@Suite struct GivenTaskTests {
  /// Seven sequences of two steps: x is the number of the sequence, with which the target goes.
  private func data(_ sequences: Int = 7) -> SequenceBatch {
    let rows = (0..<2).flatMap { _ in (0..<sequences).map(Double.init) }
    return SequenceBatch(
      steps: 2, batch: sequences, inputs: 1, outputs: 1, x: rows, symbols: nil, target: .values(rows.map { 10 * $0 }),
      targetMask: rows.indices.map { $0 < sequences ? 0 : 1 })
  }

  private func run(_ settings: [(String, String)], _ data: SequenceBatch) throws -> TrainingRun {
    var experiment = Experiment()
    for (key, value) in settings + [("network.hidden", "3")] {
      try ExperimentKey.named(key).set(&experiment, value)
    }
    var start = TrainingRun.Start()
    start.data = data
    return try TrainingRun(experiment: experiment, start: start)
  }

  /// The numbers of the sequences that the next updates take.
  private func order(_ run: TrainingRun, updates: Int) throws -> [[Double]] {
    try (0..<updates).map { _ in
      let data = run.snapshot().data
      #expect(data.target == .values(data.x.map { 10 * $0 }), "targets stay with their sequences")
      #expect(Array(data.x.prefix(data.batch)) == Array(data.x.suffix(data.batch)), "and steps in theirs")
      try #require(run.trainOnce() == .trained)
      return Array(data.x.prefix(data.batch))
    }
  }

  @Test func allAreTakenWhereNothingIsSaid() throws {
    #expect(try order(run([], data()), updates: 2) == [[0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6]])
  }

  @Test func everySequenceIsTakenOnceEachTimeThrough() throws {
    let run = try run([("training.minibatch", "2")], data(8))
    let taken = try order(run, updates: 8)
    let (first, second) = (taken[..<4].joined(), taken[4...].joined())
    #expect(first.sorted() == (0..<8).map(Double.init) && second.sorted() == (0..<8).map(Double.init))
    #expect(Array(first) != Array(second) && Array(first) != first.sorted())
    // Back in time they come in the same order.
    #expect(run.rewind(by: 8) == 8)
    #expect(try order(run, updates: 8) == taken)
  }

  @Test func whatIsLeftOverComesInTheNextOrder() throws {
    let taken = try order(run([("training.minibatch", "3")], data(7)), updates: 40)
    #expect(taken.allSatisfy { Set($0).count == 3 })
    for time in 0..<20 { #expect(Set(taken[2 * time] + taken[2 * time + 1]).count == 6) }
    #expect(Set(taken.joined()).count == 7)
  }

  @Test func itSaysWhatItIs() throws {
    let whole = try run([], data())
    #expect(whole.snapshot().description.name == "own data" && whole.reading == nil)
    #expect(
      try run([("task.held_out", "2")], data(7)).reading == "5 sequences to train on; held out: the last 2")
  }

  @Test func theLastAreHeldOut() throws {
    let run = try run(
      [("task.held_out", "3"), ("training.minibatch", "2"), ("validation.every", "1"), ("validation.patience", "5")],
      data(7))
    #expect(Set(try order(run, updates: 8).joined()) == [0, 1, 2, 3])
    // The mean loss over the three that were held out, from a run that is handed in those alone.
    var start = TrainingRun.Start()
    let rows = [4.0, 5, 6, 4, 5, 6]
    start.data = SequenceBatch(
      steps: 2, batch: 3, inputs: 1, outputs: 1, x: rows, symbols: nil, target: .values(rows.map { 10 * $0 }),
      targetMask: [0, 0, 0, 1, 1, 1])
    start.parameters = run.parameters
    var experiment = Experiment()
    try ExperimentKey.named("network.hidden").set(&experiment, "3")
    let held = try TrainingRun(experiment: experiment, start: start)
    try #require(held.trainOnce() == .trained)
    let expected = try #require(held.newest?.loss), found = try #require(run.history.validations.last)
    #expect(found.update == 8 && abs(found.value - expected) < 1e-12 * expected)
  }

  @Test(arguments: [
    ("task.held_out", "7", "task.held_out: found 7, expected fewer than all 7 sequences, so that some are trained on"),
    (
      "task.held_out", "other.csv",
      "task.held_out: found other.csv, expected a share or a number of sequences, of those handed in with --data"
    ),
    (
      "training.minibatch", "8",
      "training.minibatch: found 8, expected at most 7, the number of sequences trained on, or full"
    ),
  ])
  func whatCannotBeTakenIsRefused(_ key: String, _ value: String, _ message: String) throws {
    do {
      _ = try run([(key, value)], data())
      Issue.record("taken")
    } catch let error as TrainingError {
      #expect("\(error)" == message)
    }
  }

  /// A task that draws its sequences holds none out and has no parts.
  @Test(arguments: [("task.held_out", "0.2"), ("training.minibatch", "2")])
  func drawnTasksHaveNone(_ key: String, _ value: String) throws {
    var experiment = Experiment()
    try ExperimentKey.named(key).set(&experiment, value)
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment) }
  }
}
