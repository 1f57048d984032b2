import Glibc
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

private func experiment(_ settings: [(String, String)]) throws -> Experiment {
  var experiment = Experiment()
  experiment.network.hidden = 6
  experiment.training.batch = 3
  experiment.training.reduction = .sum
  for (key, value) in settings { try experiment.set(key, value) }
  return experiment
}

/// Every update's tape, made from the snapshot before it, is the trainer's own pass, bit for bit.
private func expectTapesAreWhatHappens(_ settings: [(String, String)], updates: Int = 25) throws {
  for precision in Precision.allCases {
    let run = try TrainingRun(experiment: experiment(settings + [("precision", precision.rawValue)]))
    for _ in 0..<updates {
      let snapshot = run.snapshot()
      #expect(run.trainOnce() == .trained)
      // The gradient as the pass left it: nothing clips, nothing is added.
      #expect(tape(snapshot).gradient == run.engine.gradient)
      #expect(tape(snapshot).objective == run.history.newest?.loss)
      #expect(snapshot.schedule.k2 == run.history.newest?.k2)
    }
  }
}

private let plain = [("training.clip.kind", "none"), ("training.optimizer.learning_rate", "0.05")]

@Suite("ARTBP: random truncation without bias")
struct ARTBPTests {
  @Test(
    "the mean of 12,000 draws is BPTT's gradient, within five standard errors, by every parameter",
    arguments: [CellKind.elman, .leaky, .residual, .lstm, .gru, .fullyRecurrent])
  func unbiased(cell: CellKind) throws {
    var experiment = try experiment([
      ("network.cell", cell.rawValue), ("network.beta", cell == .leaky ? "0.6" : "1"),
      ("task.name", "coin"), ("task.length", "8"), ("network.hidden", "3"), ("training.batch", "1"),
      ("training.algorithm", "artbp"), ("training.artbp.probability", "0.25"),
    ])
    experiment.network.initialization.scale = 1.2
    let task = try experiment.task.makeTask(seed: 3)
    let data = task.sequences(index: 0, batch: 1, length: 8)
    let layout = ParameterLayout(experiment.network, inputs: data.inputs, outputs: data.outputs)
    let pass = Pass<Double>(network: experiment.network, layout: layout, steps: 8, batch: 1, loss: data.loss)
    for (index, value) in initialParameters(experiment.network, layout, seed: 5).enumerated() {
      pass.parameters[index] = value
    }
    pass.load(data)
    pass.forward(0..<8)
    let window = Window(steps: 0..<8, injected: 0..<8)
    _ = pass.backward(window, reduction: .sum)
    let truth = Array(pass.gradient)
    let draws = 12_000
    var sum = [Double](repeating: 0, count: layout.count), squares = sum
    for update in 0..<draws {
      _ = pass.backward(
        window, reduction: .sum, gradientScale: ARTBP<Double>.gradientScale(experiment, window: window, update: update))
      for index in sum.indices {
        let difference = pass.gradient[index] - truth[index]
        sum[index] += difference
        squares[index] += difference * difference
      }
    }
    let count = Double(draws)
    var scale = 0.0, error = 0.0
    for index in sum.indices {
      let mean = sum[index] / count
      let standardError = ((squares[index] / count - mean * mean) / (count - 1)).squareRoot()
      #expect(abs(mean) <= 5 * standardError + 1e-14)
      scale += truth[index] * truth[index]
      error += standardError * standardError
    }
    // Sharp enough to see a bias of a few per cent, and there is something random in it.
    #expect((1e-4...0.03).contains((error / scale).squareRoot()))
  }

  @Test("cuts are a function of seed and update, as frequent as c says; what passes is divided by 1 - c")
  func cuts() throws {
    var experiment = try experiment([("training.artbp.probability", "0.2")])
    let window = Window(steps: 10..<60, injected: 10..<60)
    let all = (0..<400).map { ARTBP<Double>.gradientScale(experiment, window: window, update: $0) }
    #expect(all[7] == ARTBP<Double>.gradientScale(experiment, window: window, update: 7))
    #expect(Set(all).count == 400)
    let factors = all.flatMap { $0 }
    #expect(factors.allSatisfy { $0 == 0 || $0 == 1.25 })
    // 20,000 draws of probability 0.2: a standard error of 0.0028.
    #expect(abs(Double(factors.count { $0 == 0 }) / 20_000 - 0.2) < 0.015)
    experiment.seed = 2
    #expect(ARTBP<Double>.gradientScale(experiment, window: window, update: 7) != all[7])
  }

  @Test("without cuts it is BPTT, bit for bit; with them its tapes are what happens")
  func runs() throws {
    let base = plain + [("task.name", "coin"), ("task.length", "20"), ("training.k1", "5")]
    let never = base + [("training.algorithm", "artbp"), ("training.artbp.probability", "0")]
    let (a, b) = try (TrainingRun(experiment: experiment(base)), TrainingRun(experiment: experiment(never)))
    for _ in 0..<10 {
      a.trainOnce()
      b.trainOnce()
    }
    #expect(a.parameters == b.parameters)
    try expectTapesAreWhatHappens(base + [("training.algorithm", "artbp"), ("network.layers", "2")])
  }
}

@Suite("Adaptive truncation")
struct AdaptiveTruncationTests {
  @Test("of a geometric fall the bias is β^K/(1 - 2β^R), by closed form", arguments: [0.5, 0.9])
  func geometric(ratio: Double) {
    let estimate = DecayEstimate((0..<40).map { 1e-200 * pow(ratio, Double($0)) })
    #expect(abs(estimate.logRatio - log(ratio)) < 1e-12)
    for (k, bias) in estimate.relativeBias.enumerated() {
      #expect(abs(bias / (pow(ratio, Double(k + 1)) / (1 - 2 * pow(ratio, 40))) - 1) < 1e-9)
    }
    let wanted = Int((log(0.1 * (1 - 2 * pow(ratio, 40))) / log(ratio)).rounded(.up))
    #expect(estimate.leastLags(tolerance: 0.1) == min(wanted, 40))
  }

  @Test("what does not fall has no bound: the longest window; what has fallen to nothing needs no more")
  func noBound() {
    #expect(DecayEstimate((0..<20).map { pow(1.01, Double($0)) }).leastLags(tolerance: 10) == 20)
    #expect(DecayEstimate([Double](repeating: 1, count: 20)).leastLags(tolerance: 0.5) == 20)
    #expect(DecayEstimate([1, 0.5] + [Double](repeating: 0, count: 18)).leastLags(tolerance: 0.01) == 2)
    #expect(DecayEstimate([Double](repeating: 0, count: 20)).leastLags(tolerance: 0.1) == 1)
    #expect(DecayEstimate([1]).leastLags(tolerance: 0.1) == 1)
  }

  /// Linear units and W_hh = 0.5 Q: ‖∂l_s/∂h_{s-k}‖ falls by ½ a step exactly.
  private let halving = [
    ("task.name", "coin"), ("task.length", "40"), ("training.k1", "2"), ("network.activation", "identity"),
    ("network.init.scale", "0.5"), ("training.algorithm", "adaptive"), ("training.optimizer.learning_rate", "0"),
  ]

  @Test(
    "W = ½Q, φ = identity: K is the least with ½^K under δ, and k2 = K + k1 - 1",
    arguments: [("0.3", 2), ("0.1", 4), ("0.01", 7), ("0.0001", 14)])
  func onANetwork(delta: String, lags: Int) throws {
    let run = try TrainingRun(experiment: experiment(halving + [("training.adaptive.tolerance", delta)]))
    #expect(run.snapshot().schedule.k2 == lags + 1)
    for _ in 0..<25 { run.trainOnce() }
    #expect(run.history.newest?.k2 == lags + 1)
    // The largest k2 bounds it.
    let bounded = try experiment(halving + [("training.adaptive.tolerance", delta), ("training.k2", "6")])
    #expect(try TrainingRun(experiment: bounded).snapshot().schedule.k2 == min(6, lags + 1))
  }

  @Test("the gradient of a sequence is as near to the full one as δ says", arguments: [0.3, 0.05, 0.002])
  func bias(delta: Double) throws {
    func gradient(_ settings: [(String, String)]) throws -> [Double] {
      let run = try TrainingRun(experiment: experiment(settings + [("training.clip.kind", "none")]))
      var sum = [Double](repeating: 0, count: run.parameters.count)
      repeat {
        run.trainOnce()
        for (index, value) in run.engine.gradient.enumerated() { sum[index] += value }
      } while run.snapshot().sequence == 0
      return sum
    }
    let truncated = try gradient(halving + [("training.adaptive.tolerance", "\(delta)")])
    let full = try gradient(halving.filter { $0.0 != "training.algorithm" })
    let difference = zip(truncated, full).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let relative = difference / full.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(relative <= delta && relative > 0)
  }

  @Test("its tapes are what happens, and measuring leaves the last gradient alone")
  func runs() throws {
    try expectTapesAreWhatHappens(
      plain + [
        ("task.name", "coin"), ("task.length", "30"), ("training.k1", "3"), ("training.algorithm", "adaptive"),
        ("network.layers", "2"),
      ])
  }

  @Test("a change at the start of a sequence, or within one, is taken back and made again bit for bit")
  func changes() throws {
    let run = try TrainingRun(
      experiment: experiment(
        plain + [
          ("task.name", "coin"), ("task.length", "30"), ("training.k1", "3"), ("training.algorithm", "adaptive"),
        ]))
    let changes = [
      (10, "network.activation", "sin"), (13, "training.adaptive.tolerance", "0.01"), (20, "training.k2", "9"),
      (24, "training.k1", "2"), (30, "network.init.spectral_radius", "0.4"),
    ]
    for (update, key, value) in changes {
      while run.update < update { run.trainOnce() }
      try run.change([Setting(key: key, value: value)])
    }
    for _ in 0..<60 { run.trainOnce() }
    let (parameters, history) = (run.parameters, run.history)
    for distance in [70, 81, 60, 5] {
      #expect(run.rewind(by: distance) == distance)
      for _ in 0..<distance { run.trainOnce() }
      #expect(run.parameters == parameters && run.history == history)
    }
  }
}

@Suite("The stored past: stale activations, checkpoints")
struct StoredPastTests {
  private let overlapping = [("task.name", "coin"), ("task.length", "24"), ("training.k1", "2"), ("training.k2", "9")]

  @Test("stale: at fixed weights as recompute, bit for bit; else not")
  func stale() throws {
    func train(_ settings: [(String, String)]) throws -> [[Double]] {
      let run = try TrainingRun(experiment: experiment(settings))
      return (0..<30).map { _ in
        run.trainOnce()
        return run.engine.gradient
      }
    }
    let stale = [("training.history", "stale")]
    let fixed = overlapping + [("training.optimizer.learning_rate", "0")]
    #expect(try train(fixed + stale) == train(fixed))
    let moving = try (train(overlapping + plain + stale), train(overlapping + plain))
    #expect(moving.0[0] == moving.1[0])
    #expect(moving.0[5] != moving.1[5] && relativeError(moving.0[5], moving.1[5]) < 0.5)
    // Chunks reach back behind no update.
    let chunks = [("task.name", "coin"), ("task.length", "24"), ("training.k1", "6"), ("training.k2", "6")] + plain
    #expect(try train(chunks + stale) == train(chunks))
  }

  @Test(
    "stale: the tape of a snapshot goes back over what was kept",
    arguments: ["elman", "leaky", "residual", "lstm", "gru"])
  func staleTapes(cell: String) throws {
    for inject in Injection.allCases {
      try expectTapesAreWhatHappens(
        overlapping + plain + [
          ("training.history", "stale"), ("network.cell", cell), ("network.alpha", cell == "residual" ? "0.2" : "1"),
          ("network.layers", "2"), ("training.optimizer.learning_rate", "0.01"),
          ("training.inject", inject.rawValue),
        ], updates: 15)
    }
  }

  @Test(
    "checkpoints: training is bit for bit what it is without, in less memory", arguments: ["coin", "temporal-order"])
  func checkpoints(task: String) throws {
    let base = plain + [("task.name", task), ("task.length", "300"), ("training.batch", "40")]
    let frugal = base + [("training.checkpoints", "sqrt")]
    let (a, b) = try (TrainingRun(experiment: experiment(base)), TrainingRun(experiment: experiment(frugal)))
    for _ in 0..<4 {
      a.trainOnce()
      let snapshot = b.snapshot()
      b.trainOnce()
      #expect(a.engine.gradient == b.engine.gradient && tape(snapshot).gradient == b.engine.gradient)
    }
    #expect(a.parameters == b.parameters && a.history == b.history)
    #expect(a.snapshot().carriedState == b.snapshot().carriedState)
    let (whole, few) = try (
      MemoryEstimate(experiment(base), inputs: 6, outputs: 4).bytes,
      MemoryEstimate(experiment(frugal), inputs: 6, outputs: 4).bytes
    )
    #expect(few < whole)
    let sizes = try (
      AlgorithmSizes(experiment(base), inputs: 6, outputs: 4), AlgorithmSizes(experiment(frugal), inputs: 6, outputs: 4)
    )
    let costs = (AlgorithmKind.bptt.cost(sizes.0), AlgorithmKind.bptt.cost(sizes.1))
    #expect(costs.1.floats < costs.0.floats / 6)
    #expect(abs(costs.1.multiplyAdds / costs.0.multiplyAdds - 4.0 / 3) < 1e-12)
  }

  @Test("what makes no sense is refused with a line that says what to choose")
  func refusals() throws {
    let refused: [([(String, String)], String)] = [
      ([("training.algorithm", "artbp"), ("training.checkpoints", "sqrt")], "none with artbp"),
      ([("training.algorithm", "artbp"), ("training.history", "stale")], "recompute with artbp"),
      ([("training.history", "stale"), ("training.checkpoints", "sqrt")], "none with history stale"),
      ([("training.k2", "10"), ("training.checkpoints", "sqrt")], "k1 and k2 full"),
      ([("training.inject", "last"), ("training.checkpoints", "sqrt")], "inject newest"),
      ([("training.algorithm", "adaptive"), ("training.k1", "full")], "a number under 50 with adaptive"),
      ([("training.algorithm", "adaptive"), ("training.k1", "9"), ("training.k2", "4")], "the largest window, 9"),
      ([("task.name", "coin"), ("training.algorithm", "recurrent_backprop")], "task.name settle"),
    ]
    for (settings, words) in refused {
      let wrong = try experiment(settings)
      #expect {
        try wrong.validate()
      } throws: { error in
        "\(error)".contains(words) && !"\(error)".contains("\n")
      }
    }
    // A choice brings along what it needs.
    let adaptive = try experiment([("training.algorithm", "adaptive")])
    try adaptive.validate()
    #expect(adaptive.training.k1 == .steps(5))
    let rtrl = try experiment([("training.history", "stale"), ("training.algorithm", "artbp")])
    #expect(rtrl.training.history == .recompute)
  }
}

@Suite("Recurrent backpropagation in training")
struct RecurrentBackpropagationTests {
  private let settle =
    plain + [("task.name", "settle"), ("task.length", "60"), ("training.algorithm", "recurrent_backprop")]

  @Test("the inputs of settle stand still, and its target is their product at the end")
  func task() throws {
    var specification = TaskSpecification()
    specification.name = .settle
    specification.length = 7
    let data = try specification.makeTask(seed: 4).sequences(index: 2, batch: 3, length: 7)
    guard case .values(let targets) = data.target else { throw TestFailure() }
    for b in 0..<3 {
      for t in 0..<7 {
        #expect(data.x[2 * (t * 3 + b)] == data.x[2 * b] && data.x[2 * (t * 3 + b) + 1] == data.x[2 * b + 1])
        #expect(data.targetMask[t * 3 + b] == (t == 6 ? 1 : 0))
      }
      #expect(targets[6 * 3 + b] == data.x[2 * b] * data.x[2 * b + 1])
    }
  }

  @Test("its tapes are what happens; its gradient is BPTT's, once the network has settled")
  func runs() throws {
    try expectTapesAreWhatHappens(settle + [("network.layers", "2")], updates: 5)
    let settled = settle + [("network.init.scale", "0.4"), ("training.optimizer.learning_rate", "0")]
    let (fixed, through) = try (
      TrainingRun(experiment: experiment(settled)),
      TrainingRun(experiment: experiment(settled + [("training.algorithm", "bptt")]))
    )
    for _ in 0..<3 {
      fixed.trainOnce()
      through.trainOnce()
      #expect(relativeError(fixed.engine.gradient, through.engine.gradient) < 1e-10)
    }
  }

  @Test("it learns the product of two numbers that stand still")
  func learns() throws {
    let run = try TrainingRun(
      experiment: experiment(
        settle + [
          ("task.length", "20"), ("network.hidden", "16"), ("training.batch", "16"),
          ("training.optimizer.name", "adam"), ("training.optimizer.learning_rate", "0.01"),
          ("network.init.scale", "0.5"),
          ("training.reduction", "mean"),
        ]))
    for _ in 0..<400 { run.trainOnce() }
    let losses = run.history.recent.suffix(20).map(\.loss)
    // A fifth of what always answering 0 costs, 1/18.
    #expect(losses.reduce(0, +) / 20 < 1.0 / 90)
  }
}

private struct TestFailure: Error {}
