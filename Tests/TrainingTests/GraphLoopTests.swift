import Architectures
import RecurrentNetworks
import Testing

@testable import Training

/// Runs of networks that are no recurrent ones.
@Suite struct GraphLoopTests {
  private func experiment(_ settings: KeyValuePairs<String, String>) throws -> Experiment {
    try Experiment().setting(
      [
        Setting(key: "task.length", value: "10"), Setting(key: "training.batch", value: "3"),
        Setting(key: "network.hidden", value: "8"), Setting(key: "training.optimizer.name", value: "adam"),
      ] + settings.map { Setting(key: $0.key, value: $0.value) })
  }

  static let kinds = ["transformer", "attention", "tree", "feedforward"]

  @Test(
    "a rewound run trains the same numbers again, bit for bit, in both precisions", arguments: kinds, Precision.allCases
  )
  func rewind(kind: String, precision: Precision) throws {
    let run = try TrainingRun(
      experiment: experiment(["network.kind": kind, "precision": precision.rawValue]))
    for _ in 0..<7 { #expect(run.trainOnce() == .trained) }
    let middle = run.parameters, loss = run.newest?.loss
    for _ in 0..<5 { run.trainOnce() }
    let end = run.parameters
    #expect(run.rewind(by: 5) == 5)
    #expect(run.parameters == middle)
    #expect(run.newest?.loss == loss)
    for _ in 0..<5 { run.trainOnce() }
    #expect(run.parameters == end)
    #expect(end != middle)
  }

  @Test("a checkpoint taken apart and put together goes on with the same numbers", arguments: kinds)
  func checkpoint(kind: String) throws {
    let run = try TrainingRun(experiment: experiment(["network.kind": kind]))
    for _ in 0..<4 { run.trainOnce() }
    let checkpoint = run.checkpoint()
    let other = try TrainingRun(
      resuming: RunCheckpoint(fields: checkpoint.fields, arrays: checkpoint.arrays))
    for _ in 0..<4 {
      run.trainOnce()
      other.trainOnce()
    }
    #expect(run.parameters == other.parameters)
    #expect(run.update == 8 && other.update == 8)
  }

  @Test("a change of the kind begins a new run, and undo brings the one before back")
  func changeOfKind() throws {
    let run = try TrainingRun(experiment: experiment([:]))
    for _ in 0..<3 { run.trainOnce() }
    let before = run.parameters
    _ = try run.change([Setting(key: "network.kind", value: "transformer")])
    #expect(run.update == 0 && run.layout["layers.0.self_attn.in_proj_weight"]?.shape == [24, 8])
    run.trainOnce()
    _ = try run.undo()
    #expect(run.update == 3 && run.parameters == before)
  }

  @Test("a change of batch keeps the weights; of the learning rate the place")
  func changes() throws {
    let run = try TrainingRun(experiment: experiment(["network.kind": "transformer"]))
    for _ in 0..<3 { run.trainOnce() }
    let before = run.parameters
    _ = try run.change([Setting(key: "training.batch", value: "5")])
    #expect(run.parameters == before && run.snapshot().data.batch == 5)
    _ = try run.change([Setting(key: "training.optimizer.learning_rate", value: "0")])
    run.trainOnce()
    #expect(run.parameters == before)
  }

  @Test("the recording's gradient is the trainer's own", arguments: kinds)
  func recording(kind: String) throws {
    let run = try TrainingRun(experiment: experiment(["network.kind": kind, "training.clip.kind": "none"]))
    let recording = try #require(run.snapshot().recording())
    run.trainOnce()
    let record = try #require(run.newest)
    #expect(recording.objective == record.loss)
    let norm = recording.gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - record.gradientNorm) <= 1e-12 * norm)
  }

  @Test(
    "what makes no sense together is refused with why and what to choose",
    arguments: [
      (["network.heads": "3"], "a divisor of network.hidden 8, of which each head takes its share: 1, 2, 4, 8"),
      (["training.algorithm": "rtrl"], "expected bptt with network.kind transformer"),
      (["training.k2": "5"], "expected full with network.kind transformer: it takes a sequence at once"),
      (["network.cell": "lstm"], "expected elman with network.kind transformer"),
      (["network.positions": "rotary", "network.heads": "8"], "it turns pairs, so the width of a head must be even"),
      (["network.tree": "chain"], "only network.kind tree reads it"),
      (["network.layers": "5"], "at most 4 with network.kind transformer"),
    ] as [([String: String], String)])
  func refusals(settings: [String: String], words: String) throws {
    var experiment = try experiment(["network.kind": "transformer"])
    for (key, value) in settings { try experiment.set(key, value) }
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("choosing another kind lets fall back what it does not have")
  func fallsBack() throws {
    var experiment = try experiment(["training.k1": "2", "training.k2": "5", "network.cell": "lstm"])
    experiment = try experiment.setting([Setting(key: "network.kind", value: "transformer")])
    #expect(experiment.training.k1 == .full && experiment.training.k2 == .full && experiment.network.cell == .elman)
    experiment = try Experiment().setting([
      Setting(key: "network.delays", value: "[1, 4]"), Setting(key: "network.learned_initial_state", value: "true"),
    ])
    experiment = try experiment.setting([Setting(key: "network.kind", value: "transformer")])
    #expect(experiment.network.delays == [1] && !experiment.network.learnsInitialState)
  }

  @Test("a tree is not asked before its root")
  func treeTargets() throws {
    let experiment = try experiment(["network.kind": "tree", "task.name": "parity"])
    let error = #expect(throws: TrainingError.self) { _ = try TrainingRun(experiment: experiment) }
    #expect(error?.description.contains("found parity, which asks at step 1 of 10") == true)
  }

  @Test("the value of a nested expression, by hand")
  func booleanValue() {
    // a o x A O X: 0 ∧, 0 ∨, 0 ⊕, 1 ∧, 1 ∨, 1 ⊕; of five leaves the outermost operator stands before leaf 4.
    let expressions: [(symbols: [Int32], value: Bool)] = [
      ([3, 1, 5, 3], false),  // (1 ∧ 0) ∨ (1 ⊕ 1)
      ([3, 5, 1, 0], true),  // (1 ∧ 1) ⊕ (0 ∨ 0)
      ([3, 5, 5, 0], false),  // (1 ∧ 1) ⊕ (1 ⊕ 0)
      ([3, 3, 4, 3, 0], true),  // ((1 ∧ 1) ∧ 1) ∨ (1 ∧ 0)
      ([3, 3, 3, 3, 0], false),  // ((1 ∧ 1) ∧ 1) ∧ (1 ∧ 0)
      ([3, 0], false), ([4, 0], true),
    ]
    for (symbols, value) in expressions {
      #expect(BooleanTask.value(of: 0..<symbols.count) { symbols[$0] } == value, "\(symbols)")
    }
  }

  @Test("two heads, a layer and sixteen leaves are learned")
  func learns() throws {
    let settings: [KeyValuePairs<String, String>] = [
      ["network.kind": "transformer", "task.name": "temporal-order", "task.length": "20"],
      ["network.kind": "tree", "task.name": "boolean", "task.length": "4", "network.hidden": "16"],
      ["network.kind": "attention", "task.name": "recall", "task.length": "12"],
    ]
    for settings in settings {
      var experiment = try experiment(settings)
      experiment.training.optimizer.learningRate = 0.01
      experiment.training.batch = 32
      let run = try TrainingRun(experiment: experiment)
      for _ in 0..<400 { run.trainOnce() }
      let late = run.history.recent.suffix(50).reduce(0) { $0 + $1.loss } / 50
      let first = try #require(run.history.recent.first?.loss)
      #expect(late < 0.5 * max(first, 0.69), "\(settings): \(late)")
    }
  }
}
