import GradientFlow
import RecurrentNetworks
import Testing

@testable import Training

private func untied(_ changes: [(String, String)] = []) throws -> Experiment {
  var experiment = Experiment()
  experiment.network.hidden = 6
  experiment.training.batch = 3
  experiment.training.clip.kind = .none
  for (key, value) in [("task.name", "temporal-order"), ("task.length", "12"), ("training.untied", "true")] + changes {
    try experiment.set(key, value)
  }
  return experiment
}

@Suite("Untied weights in training") struct UntiedWeightsTests {
  /// The first update: the copies' gradients add up to that of the weights which all steps share; then the copies part.
  @Test(arguments: [("elman", "1"), ("leaky", "2"), ("lstm", "2"), ("gru", "1")])
  func firstUpdate(cell: String, layers: String) throws {
    let changes = [("network.cell", cell), ("network.layers", layers)]
    let untiedRun = try TrainingRun(experiment: untied(changes))
    let tiedRun = try TrainingRun(experiment: untied(changes + [("training.untied", "false")]))
    #expect(untiedRun.layout.copied(tiedRun.parameters) == untiedRun.parameters)
    untiedRun.trainOnce()
    tiedRun.trainOnce()
    let sum = untiedRun.layout.summed(untiedRun.engine.gradient)
    #expect(relativeError(sum, tiedRun.engine.gradient) < 1e-12)
    #expect(abs((untiedRun.history.newest?.loss ?? 0) - (tiedRun.history.newest?.loss ?? 1)) < 1e-13)
    #expect(untiedRun.layout.shared(untiedRun.parameters) == nil)
    // The readout is one: its gradient is that of a network with shared weights.
    let (a, b) = (untiedRun.layout["readout.weight"], tiedRun.layout["readout.weight"])
    let (one, other) = (try #require(a), try #require(b))
    #expect(
      relativeError(Array(untiedRun.engine.gradient[one.range]), Array(tiedRun.engine.gradient[other.range])) < 1e-12)
  }

  /// With plain descent a copy has moved by η Σ of its own gradients; one that no gradient reaches has not moved at all.
  @Test func copiesMoveByTheirOwnGradients() throws {
    let run = try TrainingRun(
      experiment: untied([
        ("training.optimizer.name", "sgd"), ("training.optimizer.learning_rate", "0.1"),
        ("network.activation", "identity"),
        ("network.init.recurrent", "identity"), ("network.init.scale", "0.1"),
      ]))
    run.trainOnce()
    let snapshot = run.snapshot()
    let drift = try #require(CopyDrift(tape(snapshot), start: snapshot.startParameters))
    // The state before step 1 is 0, and so is ∂L/∂W_1 = δ_1 h_0ᵀ.
    #expect(drift.log10Moved[0] == -.infinity && drift.log10Gradient[0] == -.infinity)
    let gradient = run.engine.gradient
    for t in 1..<12 {
      let own = run.layout.recurrentWeights(layer: 0, step: t).elements(of: gradient)
      // ‖W_t at the start‖ = 0.1 √6, and the step is 0.1 ∂L/∂W_t, of which 0.1 + step keeps what its rounding leaves.
      let moved = euclideanNorm(own) / 6.0.squareRoot()
      #expect(moved > 1e-12 && abs(Log10.of(moved) - drift.log10Moved[t]) < 1e-4)
    }
    // Each step back takes a tenth.
    for t in 3..<12 {
      #expect(abs(drift.log10Gradient[t] - drift.log10Gradient[t - 1] - 1) < 0.75)
      #expect(drift.log10Moved[t] > drift.log10Moved[t - 1])
    }
    #expect(CopyDrift(tape(snapshot), start: []) == nil)
  }

  @Test("rewound, the copies are what they were, bit for bit", arguments: ["float64", "float32"])
  func rewinding(precision: String) throws {
    let run = try TrainingRun(
      experiment: untied([
        ("precision", precision), ("training.optimizer.name", "adam"), ("network.cell", "gru"), ("network.layers", "2"),
        ("training.regularizer.noise", "0.01"), ("training.optimizer.weight_decay", "0.001"),
      ]))
    var states = [run.parameters]
    for update in 1...40 {
      if update == 20 { try run.change([Setting(key: "network.init.spectral_radius", value: "0.8")]) }
      run.trainOnce()
      states.append(run.parameters)
    }
    let origin = run.snapshot().startParameters
    #expect(run.rewind(by: 33) == 33 && run.parameters == states[7])
    #expect(run.snapshot().startParameters == states[0])
    for update in 8...40 {
      run.trainOnce()
      // At 19 the change is made that was made before the next update.
      #expect(update == 19 || run.parameters == states[update], "update \(update)")
    }
    #expect(run.snapshot().startParameters == origin && origin != states[0])
  }

  @Test("every copy is rescaled to the radius asked for")
  func rescaling() throws {
    let run = try TrainingRun(experiment: untied())
    for _ in 0..<5 { run.trainOnce() }
    try run.change([Setting(key: "network.init.spectral_radius", value: "0.7")])
    let snapshot = run.snapshot()
    let tape = tape(snapshot)
    for t in 0..<12 {
      let spectrum = try #require(try MatrixSpectrum(recurrentWeightsOf: tape, step: t))
      #expect(abs(spectrum.spectralRadius - 0.7) < 1e-12)
    }
    let drift = try #require(CopyDrift(tape, start: snapshot.startParameters))
    #expect(drift.log10Moved.allSatisfy { $0 == -.infinity } && drift.fromMean.contains { $0 > 0 })
  }

  /// What begins a new run: the key itself, and another number of steps.
  @Test func changes() throws {
    let run = try TrainingRun(experiment: untied())
    let start = run.parameters
    run.trainOnce()
    #expect(try run.change([Setting(key: "training.batch", value: "2")]).effect == .newSequence && run.update == 1)
    #expect(
      try run.change([Setting(key: "task.length", value: "15")]).effect == .newRun && run.update == 0
        && run.layout.copies == 15)
    run.trainOnce()
    #expect(
      try run.change([Setting(key: "training.untied", value: "false")]).effect == .newRun && run.layout.copies == 1
        && run.update == 0)
    #expect(run.snapshot().startParameters.isEmpty)
    #expect(try run.change([Setting(key: "task.length", value: "12")]).effect == .newSequence)
    #expect(try run.change([Setting(key: "training.untied", value: "true")]).effect == .newRun)
    #expect(run.parameters == start && run.trainOnce() == .trained)
    let key = try ExperimentKey.named("task.length")
    #expect(key.effect(in: try untied()) == .newRun && key.effect(in: Experiment()) == .newSequence)
  }

  /// Weights handed in: those of all steps, or each step's; what all share goes on when the key is turned.
  @Test func givenWeights() throws {
    let tied = try TrainingRun(experiment: untied([("training.untied", "false"), ("seed", "9")]))
    var start = TrainingRun.Start()
    start.parameters = tied.parameters
    let run = try TrainingRun(experiment: untied(), start: start)
    #expect(run.parameters == run.layout.copied(tied.parameters))
    run.trainOnce()
    start.parameters = run.parameters
    let parted = try TrainingRun(experiment: untied(), start: start)
    #expect(parted.parameters == run.parameters)
    try run.change([Setting(key: "training.untied", value: "false")])
    #expect(run.parameters == tied.parameters)
    // Copies that differ are no shared weights: they are drawn.
    try parted.change([Setting(key: "training.untied", value: "false")])
    #expect(parted.layout.copies == 1 && parted.trainOnce() == .trained)
    start.parameters = Array(run.parameters.dropLast())
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: untied(), start: start) }
  }

  @Test(
    "what makes no sense is refused, and the way out is told",
    arguments: [
      ("training.k2", "5", "k1 and k2 full"), ("training.k1", "3", "k1 and k2 full"),
      ("training.algorithm", "rtrl", "only bptt"), ("training.algorithm", "adaptive", "only bptt"),
      ("task.name", "coin", "temporal-order"), ("task.name", "text", "temporal-order"),
      ("training.history", "stale", "history recompute"), ("training.checkpoints", "sqrt", "checkpoints none"),
    ])
  func refusals(key: String, value: String, way: String) throws {
    let experiment = try untied([(key, value)])
    do {
      try experiment.validate()
      Issue.record("\(key) \(value) was not refused")
    } catch {
      #expect(error.key == "training.untied" && error.problem.contains(way) && error.problem.contains("expected false"))
    }
    let run = try TrainingRun(experiment: untied())
    #expect(throws: TrainingError.self) { try run.change([Setting(key: key, value: value)]) }
    #expect(run.layout.copies == 12 && run.trainOnce() == .trained)
  }

  /// So many copies that they cannot be counted are too many, and said so.
  @Test func tooMany() throws {
    let experiment = try untied([("task.length", "1000000000"), ("network.hidden", "1000000")])
    #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment) }
    // Data handed in have no task to be refused for.
    let given = try TrainingRun(experiment: untied())
    var start = TrainingRun.Start()
    start.data = given.snapshot().data
    #expect(try TrainingRun(experiment: untied(), start: start).layout.copies == 12)
  }

  /// What is measured by a criterion is measured with each step's own weights.
  @Test func solved() throws {
    var experiment = try untied([("solved.measure", "loss"), ("solved.sequences", "20")])
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<20 { run.trainOnce() }
    let evaluated = try Evaluator(experiment).evaluate(run.parameters)
    experiment.training.untied = false
    let first = run.layout.entries.flatMap { run.parameters[$0.copy(0).range] }
    let shared = try Evaluator(experiment).evaluate(first)
    #expect(evaluated.value.isFinite && evaluated.value != shared.value)
    let same = try Evaluator(experiment).evaluate(try TrainingRun(experiment: experiment).parameters)
    experiment.training.untied = true
    let copies = try Evaluator(experiment).evaluate(try TrainingRun(experiment: experiment).parameters)
    #expect(abs(same.value - copies.value) < 1e-14)
  }
}
