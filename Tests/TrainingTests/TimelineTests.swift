import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

/// Random actions on a run, a pure function of a seed.
private struct Actor {
  var random: CounterRandom
  static let changes: [[(String, [String])]] = [
    [("training.k1", ["1", "3", "7", "full"])], [("training.k2", ["1", "4", "9", "full"])],
    [("training.optimizer.name", ["sgd", "adam", "momentum", "rmsprop"])],
    [("training.optimizer.learning_rate", ["0.001", "0.01", "0.02"])],
    [("network.activation", ["tanh", "sin", "sigmoid"])], [("training.batch", ["1", "2", "3"])],
    [
      ("training.clip.kind", ["none", "norm", "tensor", "value", "step"]),
      ("training.clip.threshold", ["0.05", "0.2"]),
    ],
    [("network.init.spectral_radius", ["0.7", "1.1", "null"])], [("task.length", ["12", "17"])],
    [("training.history", ["stale", "recompute"])], [("training.inject", ["newest", "window"])],
    [("training.algorithm", ["bptt", "uoro", "artbp"]), ("training.k1", ["2", "5"])],
    [("network.cell", ["elman", "gru"])], [("seed", ["1", "2"])],
  ]

  mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  mutating func act(_ run: inout TrainingRun) throws {
    switch below(20) {
    case 0..<8:
      for _ in 0..<below(9) { run.trainOnce() }
    case 8..<13:
      let settings = Self.changes[below(Self.changes.count)].map { key, values in
        Setting(key: key, value: values[below(values.count)])
      }
      _ = try? run.change(settings, keepsPlace: below(2) == 0)
    case 13, 14: run.rewind(by: below(30))
    case 15, 16: _ = try run.undo()
    case 17: try run.go(to: max(0, run.update + below(20) - 10))
    case 18: run = try below(2) == 0 ? run.fork() : TrainingRun(resuming: run.checkpoint())
    default: if below(4) == 0 { try run.restart([.loaded, .present, .seed(3)][below(3)]) }
    }
  }
}

@Suite("Timeline") struct TimelineTests {
  private func replay(seed: UInt64, actions: Int) throws {
    var run = try TrainingRun(
      experiment: smallExperiment([
        "network.hidden": "3", "task.name": "coin", "task.length": "12", "training.k1": "4", "training.k2": "7",
      ]))
    var actor = Actor(random: CounterRandom(seed: seed, stream: 77))
    for _ in 0..<actions { try actor.act(&run) }
    let again = try run.replay.run(to: run.update)
    #expect(run.failure == nil && again.failure == nil)
    var (one, other) = (RunState(run), RunState(again))
    // An explosion is found again at the next attempt.
    (one.explosion, other.explosion) = (nil, nil)
    #expect(one == other, "seed \(seed)")
    // What was taken back by a rewind, and would be made again, is no part of what holds.
    run.course.changes.removeLast(run.course.changes.count - run.course.made)
    guard run.explosion == nil else { return }
    train(run, 5)
    train(again, 5)
    #expect(run.parameters == again.parameters && run.explosion == again.explosion)
  }

  @Test("what holds of a run's timeline makes it again, bit for bit: runs of many actions", arguments: 0..<100)
  func random(seed: Int) throws { try replay(seed: UInt64(seed), actions: 60) }

  @Test("and of a thousand", arguments: 100..<120)
  func long(seed: Int) throws { try replay(seed: UInt64(seed), actions: 1000) }

  @Test("the timeline says what was done, in order, and is never cut")
  func events() throws {
    let run = try TrainingRun(experiment: smallExperiment([:]))
    let first = run.experiment
    train(run, 4)
    try run.change([Setting(key: "training.k2", value: "5")])
    train(run, 4)
    run.rewind(by: 6)
    try run.go(to: 9)
    try run.undo()
    try run.restart(.seed(4))
    let begun = run.experiment
    try run.undo()
    #expect(
      run.timeline == [
        .begin(update: 0, first),
        .change(update: 4, settings: [Setting(key: "training.k2", value: "5")], effect: .nextUpdate),
        .rewind(from: 8, to: 2), .undo(update: 9, settings: [Setting(key: "training.k2", value: "5")], returnedTo: nil),
        .restart(update: 9, from: .seed(4)), .begin(update: 0, begun), .undo(update: 0, settings: [], returnedTo: 9),
      ])
    #expect(run.snapshot().timeline == run.timeline)
  }
}

@Suite("Going to an update") struct GoTests {
  @Test("checkpoints reach back over the whole run, close together where it stands, and the history comes back exactly")
  func far() throws {
    let run = try TrainingRun(
      experiment: smallExperiment([
        "network.hidden": "2", "task.name": "coin", "task.length": "4", "training.batch": "1",
      ]))
    var histories: [Int: LossHistory] = [:], parameters: [Int: [Double]] = [:]
    for _ in 0..<20_000 {
      if run.update % 613 == 0 { (histories[run.update], parameters[run.update]) = (run.history, run.parameters) }
      run.trainOnce()
    }
    let updates = run.course.checkpoints.updates
    #expect(updates.first == 0 && updates.count <= CheckpointRing.countLimit && run.rewindable == 20_000)
    for (update, next) in zip(updates, updates.dropFirst() + [20_000]) {
      #expect(next - update <= max(16, (20_000 - update) / 4), "\(update) to \(next)")
    }
    let (end, history) = (run.parameters, run.history)
    for update in [19_616, 613, 12_873, 6130, 0, 20_000, 18_390] {
      #expect(try run.go(to: update) == update)
      if update == 20_000 {
        #expect(run.parameters == end && run.history == history)
      } else {
        #expect(run.parameters == parameters[update] && run.history == histories[update])
      }
    }
    #expect(run.failure == nil)
  }

  @Test("it can be cancelled between updates, and goes on from there")
  func cancelled() throws {
    let run = try TrainingRun(experiment: smallExperiment(["task.name": "coin"]))
    train(run, 300)
    let parameters = run.parameters
    var asked = 0
    let reached = try run.go(to: 1000) {
      asked += 1
      return asked > 20
    }
    #expect(reached == 320 && run.update == 320)
    asked = 0
    try run.go(to: 155) {
      asked += 1
      return asked > 2
    }
    #expect(run.update <= 155 && run.update > 100)
    try run.go(to: 300)
    #expect(run.parameters == parameters)
  }

  @Test("a past that cannot be made again is said, not passed over")
  func failure() throws {
    var start = TrainingRun.Start()
    start.parameters = try TrainingRun(experiment: smallExperiment([:])).parameters
    let run = try TrainingRun(experiment: smallExperiment([:]), start: start)
    train(run, 5)
    var checkpoint = run.checkpoint()
    let beginning = checkpoint.course.beginning
    var broken = beginning.start
    broken.parameters?.removeLast()
    let resumed = try TrainingRun(resuming: checkpoint)
    checkpoint.course.beginning = RunBeginning(
      experiment: beginning.experiment, start: broken, position: beginning.position)
    #expect(throws: TrainingError.self) { try TrainingRun(resuming: checkpoint) }
    resumed.course.beginning = checkpoint.course.beginning
    #expect(throws: TrainingError.self) { try resumed.go(to: 2) }
    #expect(resumed.rewind(by: 2) == 0 && resumed.failure != nil && resumed.update == 5)
  }
}
