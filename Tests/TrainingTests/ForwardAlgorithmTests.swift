import Foundation
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

/// An experiment at fixed weights (learning rate 0), without clipping, of sums of losses.
func fixedWeights(_ changes: [String: String]) throws -> Experiment {
  var experiment = Experiment()
  experiment.task.name = .copy
  experiment.task.length = 24
  experiment.network.hidden = 5
  experiment.network.initialization.scale = 1.1
  experiment.training.batch = 2
  experiment.training.reduction = .sum
  experiment.training.optimizer.learningRate = 0
  experiment.training.clip.kind = .none
  for (key, value) in changes.sorted(by: { $0.key < $1.key }) { try experiment.set(key, value) }
  return experiment
}

/// The gradients of the first `updates` updates.
private func gradients(_ experiment: Experiment, updates: Int, parameters: [Double]? = nil) throws -> [[Double]] {
  var start = TrainingRun.Start()
  start.parameters = parameters
  let run = try TrainingRun(experiment: experiment, start: start)
  return (0..<updates).map { _ in
    run.trainOnce()
    return run.engine.gradient
  }
}

@Suite("Algorithms that go forward in time")
struct ForwardAlgorithmTests {
  static let forward = AlgorithmKind.allCases.filter(\.description.isForward)

  /// A task with a target at every step; one whose outputs are few where they are units.
  private func task(_ cell: CellKind) -> [String: String] {
    ["network.cell": cell.rawValue, "task.name": cell.isFullyRecurrent ? "delayed-xor" : "copy"]
  }

  @Test(
    "RTRL = BPTT to the sequence's start, update by update, at fixed weights",
    arguments: CellKind.allCases.filter(\.hasRecurrentWeights))
  func rtrl(cell: CellKind) throws {
    for (layers, k1, inject) in [
      ("1", "1", "newest"), ("1", "5", "last"), ("2", "full", "newest"), ("3", "7", "newest"),
    ] {
      var settings = task(cell).merging(
        ["network.layers": layers, "training.k1": k1, "training.inject": inject]
      ) { $1 }
      let bptt = try fixedWeights(settings)
      settings["training.algorithm"] = "rtrl"
      let rtrl = try fixedWeights(settings)
      // A cell may have one layer only.
      guard (try? bptt.validate()) != nil else {
        #expect(layers != "1")
        continue
      }
      // The second sequence too, where the influence has begun anew.
      let updates = k1 == "full" ? 2 : 30
      for (found, expected) in try zip(gradients(rtrl, updates: updates), gradients(bptt, updates: updates)) {
        #expect(relativeError(found, expected) < 1e-12)
      }
    }
  }

  @Test("RTRL counts what a leak, a residual path and float32 carry", arguments: ["leaky", "residual"])
  func options(cell: String) throws {
    let option = cell == "leaky" ? ["network.beta": "0.3"] : ["network.alpha": "0.4"]
    let settings = option.merging(["network.cell": cell, "training.k1": "3"]) { $1 }
    let exact = try gradients(fixedWeights(settings), updates: 8)
    let rtrl = settings.merging(["training.algorithm": "rtrl"]) { $1 }
    for (found, expected) in try zip(gradients(fixedWeights(rtrl), updates: 8), exact) {
      #expect(relativeError(found, expected) < 1e-12)
    }
    let single = rtrl.merging(["precision": "float32"]) { $1 }
    for (found, expected) in try zip(gradients(fixedWeights(single), updates: 8), exact) {
      #expect(relativeError(found, expected) < 1e-4)
    }
  }

  @Test(
    "RTRL follows connections of other delays and units with clocks",
    arguments: [
      ["network.delays": "[1, 3]"], ["network.periods": "[1, 2]", "network.hidden": "4"],
      ["network.delays": "[1, 2, 5]", "network.layers": "2"],
      ["network.delays": "[1, 2]", "network.periods": "[1, 3]", "network.hidden": "4", "training.k1": "1"],
    ])
  func delays(options: [String: String]) throws {
    let settings = options.merging(["training.k1": "3", "task.name": "copy"]) { own, _ in own }
    let exact = try gradients(fixedWeights(settings), updates: 12)
    let rtrl = settings.merging(["training.algorithm": "rtrl"]) { $1 }
    for (found, expected) in try zip(gradients(fixedWeights(rtrl), updates: 12), exact) {
      #expect(relativeError(found, expected) < 1e-12)
    }
  }

  /// Drawn parameters with W_hh diagonal, in every gate.
  private func diagonal(_ experiment: Experiment) throws -> [Double] {
    let run = try TrainingRun(experiment: experiment)
    var parameters = run.parameters
    let hidden = experiment.network.hidden
    let weights = run.layout.recurrentWeights(layer: 0)
    for row in 0..<weights.rows {
      for column in 0..<hidden {
        parameters[weights.index(row, column)] = row % hidden == column ? 0.3 + 0.1 * Double(row) : 0
      }
    }
    return parameters
  }

  @Test(
    "Without W_hh SnAp-1 and RFLO are BPTT to the sequence's start, every parameter's gradient",
    arguments: CellKind.allCases.filter { !$0.hasRecurrentWeights }, [[:], ["network.discretization": "zoh"]])
  func diagonals(cell: CellKind, options: [String: String]) throws {
    guard options.isEmpty || cell == .lru else { return }
    for (k1, inject) in [("1", "newest"), ("5", "last"), ("full", "newest")] {
      var settings = task(cell).merging(["training.k1": k1, "training.inject": inject]) { $1 }.merging(options) { $1 }
      let bptt = try fixedWeights(settings)
      for algorithm in ["snap1", "rflo"] {
        settings["training.algorithm"] = algorithm
        let updates = k1 == "full" ? 2 : 30
        for (found, expected) in try zip(
          gradients(fixedWeights(settings), updates: updates), gradients(bptt, updates: updates))
        { #expect(relativeError(found, expected) < 1e-12) }
      }
    }
  }

  @Test(
    "RTRL and UORO of units that do not meet are refused with SnAp-1 to choose, which a choice of the cell takes",
    arguments: CellKind.allCases.filter { !$0.hasRecurrentWeights }, ["rtrl", "uoro"])
  func nothingToFollow(cell: CellKind, algorithm: String) throws {
    var experiment = Experiment()
    try experiment.set("network.cell", cell.rawValue)
    try experiment.validate()
    try experiment.set("training.algorithm", algorithm)
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    #expect(error?.key == "training.algorithm" && error?.problem.contains("snap1") == true)
    var chosen = Experiment()
    try chosen.set("training.algorithm", algorithm)
    try chosen.set("network.cell", cell.rawValue)
    try chosen.validate()
    #expect(chosen.training.algorithm == .snap1)
  }

  @Test(
    "SnAp-1 = RTRL where W_hh is diagonal, and only there", arguments: CellKind.allCases.filter(\.hasRecurrentWeights))
  func snap1(cell: CellKind) throws {
    let settings = task(cell).merging(["training.k1": "5", "training.algorithm": "rtrl"]) { $1 }
    let rtrl = try fixedWeights(settings)
    let snap1 = try fixedWeights(settings.merging(["training.algorithm": "snap1"]) { $1 })
    let parameters = try diagonal(rtrl)
    let pairs = try zip(
      gradients(snap1, updates: 6, parameters: parameters), gradients(rtrl, updates: 6, parameters: parameters))
    for (found, expected) in pairs { #expect(relativeError(found, expected) < 1e-12) }
    let drawn = try zip(gradients(snap1, updates: 1), gradients(rtrl, updates: 1)).map(relativeError)
    #expect(drawn.allSatisfy { $0 > 1e-3 })
  }

  @Test("rewinding is bit for bit, a change of the algorithm on the way included", arguments: forward)
  func rewinding(kind: AlgorithmKind) throws {
    for settings in [["task.name": "coin", "training.k1": "4"], ["training.k1": "full", "precision": "float32"]] {
      var experiment = try fixedWeights(settings.merging(["training.algorithm": kind.rawValue]) { $1 })
      experiment.training.optimizer.learningRate = 0.01
      let run = try TrainingRun(experiment: experiment)
      let again = try TrainingRun(experiment: experiment)
      var parameters: [[Double]] = []
      func train(_ updates: Int) {
        for _ in 0..<updates {
          parameters.append(run.parameters)
          run.trainOnce()
        }
      }
      train(40)
      for _ in 0..<40 { again.trainOnce() }
      #expect(run.parameters == again.parameters)
      try run.change([Setting(key: "training.algorithm", value: "bptt")])
      train(20)
      try run.change([Setting(key: "training.algorithm", value: kind.rawValue)])
      train(50)
      for distance in [1, 13, 30, 61, 90] {
        let last = run.parameters
        #expect(run.rewind(by: distance) == distance)
        #expect(run.parameters == parameters[run.update])
        for _ in 0..<distance { run.trainOnce() }
        #expect(run.parameters == last)
      }
    }
  }

  @Test("a window goes on from the last update, over steps without a loss too")
  func windows() throws {
    let schedule = TruncationSchedule(length: 50, k1: 10, k2: 50, inject: .newest, isOnline: true)
    #expect(
      schedule.windows == stride(from: 0, to: 50, by: 10).map { Window(steps: $0..<$0 + 10, injected: $0..<$0 + 10) })
    #expect(schedule.windows { $0 == 49 } == [Window(steps: 0..<50, injected: 40..<50)])
    #expect(schedule.untrainedLosses { _ in true } == 0)
    let last = TruncationSchedule(length: 7, k1: 3, k2: 7, inject: .last, isOnline: true)
    #expect(
      last.windows == [
        Window(steps: 0..<3, injected: 2..<3), Window(steps: 3..<6, injected: 5..<6),
        Window(steps: 6..<7, injected: 6..<7),
      ])
  }

  @Test(
    "what makes no sense is refused with what to choose; a choice of the algorithm lets it fall back",
    arguments: forward)
  func refusals(kind: AlgorithmKind) throws {
    var experiment = Experiment()
    try experiment.set("training.algorithm", kind.rawValue)
    try experiment.validate()
    for (key, value) in [
      ("training.k2", "7"), ("training.inject", "window"), ("training.clip.kind", "step"),
      ("training.regularizer.omega", "0.5"),
    ] {
      var wrong = experiment
      try wrong.set(key, value)
      let error = #expect(throws: ExperimentKeyError.self) { try wrong.validate() }
      #expect(error?.key == key)
      var chosen = Experiment()
      try chosen.set(key, value)
      try chosen.set("training.algorithm", kind.rawValue)
      try chosen.validate()
    }
    experiment.network.layers = 2
    if kind == .rtrl {
      try experiment.validate()
    } else {
      #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    }
    // An influence that no memory holds is refused before it is allocated.
    experiment.network.layers = 1
    experiment.network.hidden = 20_000
    #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
  }
}

@Suite("Reports on what an algorithm's gradient is")
struct AlgorithmReportTests {
  @Test("the gradient is the trainer's, bit for bit, wherever training stands", arguments: AlgorithmKind.allCases)
  func gradient(kind: AlgorithmKind) throws {
    for settings in [
      ["task.name": "coin", "training.k1": "4"], ["training.k1": "6", "precision": "float32"],
      ["training.k1": "4", "training.history": "stale"],
      ["training.clip.kind": "step", "training.clip.threshold": "0.01"],
    ] {
      var experiment = try fixedWeights(settings.merging(["training.algorithm": kind.rawValue]) { $1 })
      guard (try? experiment.validate()) != nil else { continue }
      experiment.training.optimizer.learningRate = 0.01
      let run = try TrainingRun(experiment: experiment)
      for _ in 0..<9 {
        let report = AlgorithmReport.compute(run.snapshot())
        run.trainOnce()
        #expect(report.gradient == run.engine.gradient)
        #expect(report.influence.count == (kind.description.isForward ? report.window.steps.count : 0))
      }
    }
  }

  @Test("at fixed weights RTRL is exact, and its influence the one from the sequence's start")
  func exact() throws {
    let run = try TrainingRun(experiment: fixedWeights(["training.algorithm": "rtrl", "training.k1": "5"]))
    for _ in 0..<3 { run.trainOnce() }
    let report = AlgorithmReport.compute(run.snapshot(), step: 17)
    #expect(abs(report.overall.cosine - 1) < 1e-12)
    #expect(abs(report.overall.ratio - 1) < 1e-12)
    #expect(report.window.steps == 15..<20)
    #expect(report.restarted.count == 20)
    #expect(relativeError(report.influence, Array(report.restarted[15...])) < 1e-12)
    // ‖M‖² is the sum over the units' squares.
    let whole = (report.byUnit?.elements ?? []).reduce(0) { $0 + $1 * $1 }
    #expect(report.step == 17)
    #expect(abs(whole.squareRoot() - pow(10, report.influence[2])) < 1e-12 * whole)
    let before = AlgorithmReport.compute(run.snapshot(), step: 3)
    #expect(before.step == 3 && before.byUnit != report.byUnit)
  }

  @Test("approximations are not exact, and lie on the same side", arguments: [AlgorithmKind.snap1, .rflo])
  func approximate(kind: AlgorithmKind) throws {
    let run = try TrainingRun(
      experiment: fixedWeights(["training.algorithm": kind.rawValue, "network.cell": "leaky", "network.beta": "0.5"]))
    let report = AlgorithmReport.compute(run.snapshot())
    #expect(report.overall.cosine > 0.5 && report.overall.cosine < 0.9999)
    // The readout's gradient is ordinary.
    for tensor in report.tensors where tensor.name.hasPrefix("readout") { #expect(abs(tensor.cosine - 1) < 1e-12) }
  }
}
