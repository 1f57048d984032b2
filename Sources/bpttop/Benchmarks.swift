import Architectures
import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// What `bench` can measure, by name.
struct Benchmarks: Sendable {
  /// One figure.
  struct Row {
    var name = ""
    /// The median.
    var milliseconds: Double
    var remark = ""
    /// The share of the processor's own highest speed that its matrix products come up to, where they can be counted.
    var share: Double?
    /// The whole line, where it is another than name, time and remark.
    var text: String?
    /// What is printed.
    var line: String {
      text ?? "\(name.padded(28)) \(String(format: "%10.4f ms", milliseconds)) \(shareText)\(remark)"
    }

    private var shareText: String {
      share.map { String(format: "%3.0f %% of the peak of ", $0 * 100) } ?? ""
    }
  }

  var name: String
  /// Whether it is one of the reference workloads, all of which are run when none is named.
  var isReference: Bool
  var measure: @Sendable () throws -> [Row]

  static let all: [Benchmarks] = [
    reference("W1") { try update(hidden: 64, inputs: 8, outputs: 8, steps: 100, batch: 1, .float64, runs: 2000) },
    reference("W2") { try update(hidden: 128, inputs: 32, outputs: 32, steps: 200, batch: 32, .float32, runs: 100) },
    reference("W3") { try update(hidden: 256, inputs: 64, outputs: 64, steps: 100, batch: 32, .float32, runs: 60) },
    reference("W4") {
      try update(
        cell: .lstm, hidden: 128, inputs: 32, outputs: 32, steps: 100, batch: 32, .float32, runs: 100)
    },
    reference("W5") {
      try update(cell: .gru, hidden: 128, inputs: 32, outputs: 32, steps: 100, batch: 32, .float32, runs: 100)
    },
    reference("W6") {
      let (steps, hidden) = (100.0, 64.0)
      let tape = try classroomTape(steps: Int(steps))
      // A row of length H times W_hh for each of the T (T-1)/2 lags.
      return measured(.float64, operations: steps * (steps - 1) * hidden * hidden, warmup: 5, runs: 100) {
        _ = FlowMatrix(tape)
      }
    },
    reference("W7") {
      let tape = try classroomTape(steps: 200)
      return Row(milliseconds: try Stopwatch.medianMilliseconds(warmup: 1, runs: 11) { _ = try ProductByLag(tape) })
    },
    Benchmarks(name: "lru", isReference: false) {
      // 128 complex units: Tests/RecurrentNetworksTests/Fixtures/peers_lru.py measures the same elsewhere.
      var row = try update(cell: .lru, hidden: 256, inputs: 32, outputs: 32, steps: 1000, batch: 16, .float32, runs: 20)
      row.name = "lru"
      return [row]
    },
    Benchmarks(name: "transformer", isReference: false) {
      // One block of width 64 with four heads and a hidden layer of 256.
      [try architecture("transformer", .transformer, hidden: 64, steps: 100)]
    },
    Benchmarks(name: "bidirectional", isReference: false) {
      [try architecture("bidirectional", .bidirectional, cell: .lstm, hidden: 64, steps: 100)]
    },
    Benchmarks(name: "projected", isReference: false) {
      [try architecture("projected", .recurrent, cell: .lstm, hidden: 128, steps: 100) { $0.network.projection = 64 }]
    },
    Benchmarks(name: "clockwork", isReference: false) {
      [try architecture("clockwork", .recurrent, hidden: 128, steps: 100) { $0.network.periods = [1, 2, 4, 8] }]
    },
    Benchmarks(name: "tree", isReference: false) { [try architecture("tree", .tree, hidden: 128, steps: 256)] },
    Benchmarks(name: "cost", isReference: false, measure: { try GrowthBenchmark.rows() + CostBenchmark.rows() }),
    Benchmarks(name: "instruments", isReference: false, measure: InstrumentBenchmark.rows),
    Benchmarks(name: "live", isReference: false, measure: LiveBenchmark.rows),
  ]

  static var names: [String] { all.map(\.name) }

  private static func reference(_ name: String, _ measure: @escaping @Sendable () throws -> Row) -> Benchmarks {
    Benchmarks(name: name, isReference: true) {
      var row = try measure()
      row.name = name
      return [row]
    }
  }

  /// The median time of something whose matrix products take `operations` multiplications and additions.
  private static func measured(
    _ precision: Precision, operations: Double, warmup: Int, runs: Int, _ body: () -> Void
  ) -> Row {
    let paced =
      precision == .float64
      ? Stopwatch.paced(Double.self, warmup: warmup, runs: runs, body)
      : Stopwatch.paced(Float.self, warmup: warmup, runs: runs, body)
    return Row(
      milliseconds: paced.milliseconds,
      remark: String(format: "%.1f Gflop/s, \(InstructionSet.selected) \(precision.rawValue)", paced.peak * 1e-6),
      share: operations / paced.operations)
  }

  /// The median of one instrumented update of a network on random classes.
  private static func update(
    cell: CellKind = .elman, hidden: Int, inputs: Int, outputs: Int, steps: Int, batch: Int, _ precision: Precision,
    runs: Int
  ) throws -> Row {
    var experiment = referenceExperiment(hidden: hidden, precision: precision)
    // By its key, so that what the cell does not read falls back.
    try experiment.set("network.cell", cell.rawValue)
    let run = try TrainingRun(
      experiment: experiment,
      start: start(inputs: inputs, outputs: outputs, steps: steps, batch: batch))
    // W_hh h, W_hhᵀ ∂L/∂a but for the first step's, and ∂L/∂W_hh; W_ih x and ∂L/∂W_ih; W_ho h, W_hoᵀ ∂L/∂y and ∂L/∂W_ho
    let recurrent = cell.hasRecurrentWeights ? cell.gates * hidden * hidden : 0
    let input = cell.gates * hidden * inputs, readout = hidden * outputs
    let products = steps * (3 * recurrent + 2 * input + 3 * readout) - recurrent
    return measured(
      precision, operations: Double(2 * batch * products), warmup: max(5, runs / 10), runs: runs
    ) { run.trainOnce() }
  }

  /// The median of one update of a network of some kind, 16 sequences in single precision; of a tree with a class at the root, else
  /// with one at every step.
  private static func architecture(
    _ name: String, _ kind: NetworkKind, cell: CellKind = .elman, hidden: Int, inputs: Int = 8, steps: Int,
    _ change: (inout Experiment) -> Void = { _ in }
  ) throws -> Row {
    var experiment = referenceExperiment(hidden: hidden, precision: .float32)
    experiment.network.initialization = Initialization()
    experiment.architecture.kind = kind
    try experiment.set("network.cell", cell.rawValue)
    change(&experiment)
    if kind == .transformer { experiment.network.activation = .relu }
    var start = start(inputs: inputs, outputs: inputs, steps: steps, batch: 16)
    if kind == .tree, let data = start.data {
      start.data?.targetMask = data.targetMask.indices.map { $0 >= (steps - 1) * data.batch ? 1 : 0 }
    }
    let run = try TrainingRun(experiment: experiment, start: start)
    return Row(
      name: name, milliseconds: Stopwatch.medianProcessorMilliseconds(warmup: 10, runs: 100) { run.trainOnce() },
      remark:
        "of processor time, \(InstructionSet.selected) float32, update of 16 sequences of \(steps) steps, H = \(hidden)"
    )
  }

  /// An Elman tanh network as the frameworks' benchmark has it: gaussian weights, SGD at 1e-3, norm clipped at 1.
  static func referenceExperiment(hidden: Int, precision: Precision) -> Experiment {
    var experiment = Experiment()
    experiment.network.hidden = hidden
    experiment.network.initialization.recurrent = .gaussian
    experiment.network.initialization.scale = 1
    experiment.training.optimizer.learningRate = 1e-3
    experiment.precision = precision
    return experiment
  }

  /// Normal inputs and random classes, fixed.
  static func start(inputs: Int, outputs: Int, steps: Int, batch: Int) -> TrainingRun.Start {
    var random = CounterRandom(seed: 1, stream: 1)
    let x = (0..<steps * batch * inputs).map { _ in random.normal() }
    let classes = (0..<steps * batch).map { _ in Int32(random.integer(below: outputs)) }
    var start = TrainingRun.Start()
    start.data = SequenceBatch(
      steps: steps, batch: batch, inputs: inputs, outputs: outputs, x: x, symbols: nil, target: .classes(classes),
      targetMask: Array(repeating: 1, count: steps * batch))
    return start
  }

  /// The tape of an Elman tanh network of 64 units in doubles, one sequence; W_hh = 0.95 Q as in the frameworks' benchmark.
  private static func classroomTape(steps: Int) throws -> Tape {
    var experiment = referenceExperiment(hidden: 64, precision: .float64)
    experiment.network.initialization.recurrent = .orthogonal
    experiment.network.initialization.scale = 0.95
    let run = try TrainingRun(
      experiment: experiment, start: start(inputs: 8, outputs: 8, steps: steps, batch: 1))
    return run.snapshot().tape()
  }
}
