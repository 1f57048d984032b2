import RecurrentNetworks
import Testing

@testable import Training

private func experiment(_ changes: [String: String]) throws -> Experiment {
  var experiment = Experiment()
  experiment.network.hidden = 8
  experiment.training.batch = 2
  for (key, value) in changes.sorted(by: { $0.key < $1.key }) { try experiment.set(key, value) }
  return experiment
}

@Suite("Runs: changes, journal, rewinding, explosions")
struct RunTests {
  /// Kinds of run with different checkpoints: whole sequences, many updates in one, adam's memory, single precision.
  static let kinds: [[String: String]] = [
    [:],
    ["task.name": "coin", "task.length": "300", "training.k1": "1", "training.k2": "4"],
    [
      "task.name": "coin", "task.length": "30", "training.k1": "4", "training.k2": "9",
      "training.optimizer.name": "adam",
    ],
    ["task.name": "text", "task.length": "20", "training.k1": "7", "precision": "float32"],
    ["task.name": "copy", "task.length": "25", "training.optimizer.name": "momentum", "network.layers": "2"],
    [
      "task.name": "coin", "task.length": "30", "training.k1": "4", "training.k2": "9", "training.clip.kind": "step",
      "training.clip.threshold": "0.01", "training.regularizer.omega": "0.1",
    ],
    ["task.name": "coin", "task.length": "40", "training.k1": "5", "training.algorithm": "artbp"],
    ["task.name": "coin", "task.length": "60", "training.k1": "5", "training.algorithm": "adaptive"],
    [
      "task.name": "coin", "task.length": "70", "training.k1": "2", "training.k2": "9", "training.history": "stale",
      "precision": "float32", "network.layers": "2",
    ],
    ["task.name": "coin", "task.length": "70", "training.checkpoints": "sqrt"],
    [
      "task.name": "coin", "task.length": "70", "training.checkpoints": "sqrt", "training.clip.kind": "step",
      "training.clip.threshold": "0.01", "training.regularizer.omega": "0.1",
    ],
    ["task.name": "settle", "task.length": "30", "training.algorithm": "recurrent_backprop"],
  ]

  @Test("several keys begin a new run together, or not at all")
  func together() throws {
    let run = try TrainingRun(experiment: experiment([:]))
    train(run, 3)
    let before = run.parameters
    let settings = [Setting(key: "task.name", value: "copy"), Setting(key: "task.length", value: "21")]
    #expect(throws: TrainingError.self) {
      try run.change([Setting(key: "task.name", value: "copy"), Setting(key: "task.length", value: "20")])
    }
    #expect(run.parameters == before && run.update == 3)
    try run.change(settings)
    #expect(run.update == 0 && run.experiment.task.name == .copy && run.experiment.task.length == 21)
    #expect(run.journal.isEmpty && run.trainOnce() == .trained)
  }

  @Test("the trainer's flow is the tape's, and its record says how much was clipped")
  func flow() throws {
    let run = try TrainingRun(
      experiment: experiment([
        "task.name": "coin", "task.length": "30", "training.k1": "6", "training.k2": "12",
        "training.clip.kind": "step", "training.clip.threshold": "0.02", "training.regularizer.omega": "0.3",
      ]))
    for _ in 0..<7 {
      let snapshot = run.snapshot()
      let tape = Tape.compute(
        network: snapshot.experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
        data: snapshot.data, window: snapshot.window, carriedState: snapshot.carriedState,
        reduction: snapshot.experiment.training.reduction, precision: .float64,
        flow: snapshot.experiment.training.flow)
      #expect(run.trainOnce() == .trained)
      let record = try #require(run.history.newest)
      #expect(run.engine.gradient == tape.gradient)
      #expect(record.clipScale == tape.clipScales.min() && record.clipScale < 1 && tape.omega > 0)
    }
    // An algorithm without a backward pass has no flow to clip.
    #expect(throws: TrainingError.self) { try run.change([Setting(key: "training.regularizer.omega", value: "-1")]) }
    for algorithm in ["rtrl", "recurrent_backprop"] {
      var other = run.experiment
      try other.set("training.algorithm", algorithm)
      #expect(other.training.clip.kind == .norm && other.training.regularizer.omega == 0)
      #expect(throws: ExperimentKeyError.self) {
        try other.set("training.regularizer.omega", "0.1")
        try other.validate()
      }
    }
  }

  @Test("every optimizer comes back bit for bit, its memory with it", arguments: OptimizerKind.allCases)
  func optimizers(kind: OptimizerKind) throws {
    let run = try TrainingRun(
      experiment: experiment([
        "training.optimizer.name": kind.rawValue, "training.optimizer.weight_decay": "0.01",
        "training.schedule.kind": "exponential", "training.schedule.every": "20", "training.schedule.warmup": "10",
        "training.regularizer.noise": "0.001",
      ]))
    train(run, 45)
    // With another in between, whose memory is of another size.
    try run.change([Setting(key: "training.optimizer.name", value: "adam")])
    train(run, 20)
    try run.change([Setting(key: "training.optimizer.name", value: kind.rawValue)])
    train(run, 10)
    let parameters = run.parameters
    for distance in [3, 17, 52] {
      run.rewind(by: distance)
      train(run, distance)
      #expect(run.parameters == parameters)
    }
  }

  @Test("rewinding and going on again are bit-identical, for any distance", arguments: kinds)
  func rewinding(kind: [String: String]) throws {
    let run = try TrainingRun(experiment: experiment(kind))
    var parameters: [[Double]] = []
    for _ in 0..<230 {
      parameters.append(run.parameters)
      run.trainOnce()
    }
    parameters.append(run.parameters)
    let losses = run.history.recent.map(\.loss)
    #expect(run.rewindable >= 200)
    for (distance, on) in [(1, 1), (2, 0), (10, 8), (40, 44), (200, 180)] {
      let update = run.update
      #expect(run.rewind(by: distance) == distance)
      #expect(run.update == update - distance)
      #expect(run.parameters == parameters[run.update])
      #expect(run.history.recent.map(\.loss) == Array(losses.prefix(run.update)))
      train(run, on)
      #expect(run.parameters == parameters[run.update])
      #expect(run.history.recent.map(\.loss) == Array(losses.prefix(run.update)))
    }
    #expect(run.snapshot().rewindable == run.update)
    run.rewind(by: 1_000_000)
    #expect(run.update == 0)
    #expect(run.parameters == parameters[0])
  }

  /// A change of every kind, at uneven updates.
  static let changes: [(Int, String, String)] = [
    (3, "training.optimizer.learning_rate", "0.05"), (3, "network.activation", "sin"), (7, "training.k1", "5"),
    (8, "training.k2", "9"), (12, "training.inject", "window"), (13, "training.clip.kind", "value"),
    (13, "training.clip.threshold", "0.02"), (20, "training.optimizer.name", "adam"), (26, "task.length", "33"),
    (31, "training.batch", "5"), (35, "network.init.spectral_radius", "1.3"), (41, "training.reduction", "sum"),
    (44, "training.inject", "last"), (50, "training.k2", "full"), (57, "network.activation", "leaky_relu"),
    (58, "training.optimizer.beta1", "0.5"), (66, "training.k1", "full"), (70, "training.clip.kind", "none"),
  ]

  private func changedRun(_ task: String, observed: Bool = false) throws -> TrainingRun {
    let run = try TrainingRun(experiment: experiment(["task.name": task, "task.length": "40"]))
    for (update, key, value) in Self.changes {
      while run.update < update {
        run.trainOnce()
        if observed { _ = run.snapshot(sampleLength: 10) }
      }
      if observed { _ = run.snapshot() }
      try run.change([Setting(key: key, value: value)])
      if observed { _ = run.snapshot() }
    }
    train(run, 20)
    return run
  }

  @Test("the journal replays bit for bit, with changes of every kind", arguments: ["coin", "temporal-order", "text"])
  func journal(task: String) throws {
    let run = try changedRun(task)
    let snapshot = run.snapshot()
    #expect(snapshot.journal.flatMap(\.settings).map(\.key) == Self.changes.map(\.1))
    #expect(snapshot.journal.map(\.update) == Self.changes.map(\.0))
    let replay = try TimelineReplay(experiment: snapshot.initialExperiment, entries: snapshot.journal).run(
      to: run.update)
    #expect(replay.parameters == run.parameters)
    #expect(replay.experiment == run.experiment)
    #expect(replay.history == run.history)
  }

  @Test("being looked at changes nothing", arguments: ["coin", "temporal-order"])
  func observed(task: String) throws {
    let (seen, unseen) = try (changedRun(task, observed: true), changedRun(task))
    #expect(seen.parameters == unseen.parameters)
    #expect(seen.history == unseen.history)
  }

  @Test("changes that were taken back are made again at their updates, until a new one is made")
  func redo() throws {
    let run = try changedRun("coin")
    let (parameters, history) = (run.parameters, run.history)
    run.rewind(by: 85)
    #expect(run.update == 5)
    #expect(run.journal.flatMap(\.settings).map(\.key) == ["training.optimizer.learning_rate", "network.activation"])
    #expect(run.experiment.training.k1 == .full)
    train(run, 85)
    #expect(run.parameters == parameters)
    #expect(run.history == history)
    #expect(run.journal.count == Self.changes.count)

    run.rewind(by: 80)
    try run.change([Setting(key: "training.k2", value: "3")])
    train(run, 80)
    #expect(run.journal.flatMap(\.settings).map(\.key).suffix(1) == ["training.k2"])
    #expect(run.experiment.training.optimizer.name == .sgd)
    #expect(run.parameters != parameters)
  }

  @Test("an explosion stops before the weights are poisoned, is named, and the way back is open")
  func explosion() throws {
    let run = try TrainingRun(
      experiment: experiment([
        "network.activation": "identity", "task.length": "60", "training.clip.kind": "none",
        "task.name": "temporal-order",
      ]))
    train(run, 10)
    try run.change([Setting(key: "network.init.spectral_radius", value: "1000000000000")])
    let parameters = run.parameters
    #expect(run.trainOnce() == .exploded)
    let explosion = try #require(run.explosion)
    #expect(explosion.update == 11)
    #expect(explosion.factor == "pre-activation a")
    // a grows by 10¹² a step and leaves the doubles, below 10³⁰⁸, in the 26th step or so.
    #expect((24...28).contains(explosion.step))
    #expect(run.update == 10)
    #expect(run.parameters == parameters)
    #expect(run.trainOnce() == .exploded)
    #expect(run.update == 10)
    #expect(run.snapshot().explosion == explosion)
    #expect(run.history.recent.count == 10)

    run.rewind(by: 1)
    #expect(run.explosion == nil)
    #expect(run.update == 9)
    #expect(run.experiment.network.initialization.spectralRadius == nil)
    // Going on makes the change again, and explodes again; another change there lets it go on.
    #expect(run.trainOnce() == .trained)
    #expect(run.trainOnce() == .exploded)
    try run.change([Setting(key: "network.init.spectral_radius", value: "0.5")])
    #expect(run.trainOnce() == .trained)
  }

  @Test("a step too long poisons no weights either")
  func poison() throws {
    for optimizer in OptimizerKind.allCases.map(\.rawValue) {
      let run = try TrainingRun(
        experiment: experiment(["training.optimizer.name": optimizer, "training.clip.kind": "none"]))
      train(run, 5)
      // No key takes such a rate: it stands for whatever throws the weights out of range.
      var thrown = run.experiment
      thrown.training.optimizer.learningRate = 1e308
      try run.engine.configure(thrown)
      var updates = 0
      while updates < 50, run.trainOnce() == .trained { updates += 1 }
      #expect(run.explosion != nil)
      #expect(!run.parameters.contains { !$0.isFinite })
      run.rewind(by: updates + 1)
      try run.change([Setting(key: "training.optimizer.learning_rate", value: "0.01")])
      #expect(run.trainOnce() == .trained)
    }
  }

  @Test("structure begins a new run; length and batch a new sequence with the same weights")
  func structure() throws {
    let run = try TrainingRun(experiment: experiment([:]))
    train(run, 12)
    let parameters = run.parameters
    let continued = try run.change([Setting(key: "training.batch", value: "7")]).effect
    #expect(continued == .newSequence)
    #expect(run.parameters == parameters)
    #expect(run.update == 12)
    #expect(run.snapshot().data.batch == 7)
    let begunAnew = try run.change([Setting(key: "network.hidden", value: "12")]).effect
    #expect(begunAnew == .newRun)
    #expect(run.update == 0)
    #expect(run.journal.isEmpty)
    #expect(run.rewindable == 0)
    #expect(run.snapshot().initialExperiment.network.hidden == 12)
    train(run, 3)
    let again = try TrainingRun(experiment: run.snapshot().initialExperiment)
    train(again, 3)
    #expect(again.parameters == run.parameters)

    let first = try TrainingRun(experiment: experiment([:]))
    let start = first.parameters
    train(first, 9)
    try first.restart(.present)
    #expect(first.parameters == start)
    try first.restart(.seed(99))
    #expect(first.parameters != start)
    #expect(first.experiment.seed == 99)
  }

  @Test("what is wrong is refused, and nothing has changed")
  func refusals() throws {
    let run = try TrainingRun(experiment: experiment([:]))
    train(run, 3)
    let parameters = run.parameters
    for (key, value) in [
      ("training.k3", "5"), ("training.k1", "0"), ("task.length", "3"), ("network.hidden", "1000000"),
      ("training.batch", "100000000"), ("task.file", "/nowhere"), ("task.name", "csv"),
    ] {
      #expect(throws: TrainingError.self) { try run.change([Setting(key: key, value: value)]) }
    }
    #expect(run.parameters == parameters)
    #expect(run.update == 3)
    #expect(run.journal.isEmpty)
    #expect(run.trainOnce() == .trained)
  }

  @Test("memory is asked for before it is taken, by number")
  func memory() throws {
    let large = try experiment(["network.hidden": "4000", "task.length": "1000", "training.batch": "8"])
    // W_hh, its gradient and two memories alone are 512 MB, the states 256 MB.
    let needed = MemoryEstimate(large, inputs: 6, outputs: 4).bytes
    #expect(needed > 700 << 20 && needed < 8 << 30)
    #expect(throws: TrainingError.memory(needed: needed, limit: 600 << 20)) {
      try requireMemory(large, inputs: 6, outputs: 4, limit: 600 << 20)
    }
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: large, memory: 100 << 20) }
    // Sizes whose bytes cannot be counted.
    var endless = large
    endless.task.length = .max / 2
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: endless, memory: .max) }
  }

  @Test("given weights, states and data are used, and refused where they do not fit")
  func given() throws {
    let experiment = try experiment(["task.name": "coin"])
    let model = try TrainingRun(experiment: experiment)
    var start = TrainingRun.Start()
    start.parameters = model.parameters.map { $0 * 0.5 }
    start.carriedState = [(0..<16).map { Double($0) / 16 }]
    let run = try TrainingRun(experiment: experiment, start: start)
    #expect(run.parameters == start.parameters)
    #expect(run.snapshot().carriedState == start.carriedState)
    train(run, 4)
    try run.restart(.present)
    #expect(run.parameters == start.parameters)

    start.parameters?.removeLast()
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment, start: start) }
    start.parameters = model.parameters
    start.parameters?[3] = .nan
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment, start: start) }
    start = TrainingRun.Start()
    var data = model.snapshot().data
    for index in data.targetMask.indices { data.targetMask[index] = 0 }
    start.data = data
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment, start: start) }
    // Data whose only target no window of `last` injects.
    data.targetMask[2 * 5] = 1
    start.data = data
    var last = experiment
    last.training.inject = .last
    last.training.k1 = .steps(10)
    #expect(throws: TrainingError.noLosses(key: "training.inject")) { try TrainingRun(experiment: last, start: start) }
  }
}
