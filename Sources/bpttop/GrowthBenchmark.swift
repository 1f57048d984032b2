import Foundation
import LinearAlgebra
import RecurrentNetworks
import Training

/// How each learning algorithm's memory and time a step grow, measured on a grid and fitted as powers, beside what they grow
/// by in theory.
///
/// Memory of backpropagation is what the arenas of its pass take beyond those parts whose size is that of weights or of a
/// block of steps; of an algorithm that goes forward, what it carries from an update to the next. A pass keeps its whole
/// sequence, for a tape to walk through, so that sequences grow with the window here. Time is the processor's, the least of
/// some runs. As many inputs as units, doubles.
enum GrowthBenchmark {
  /// How far a fitted exponent may lie from the theory's.
  static let tolerance = 0.15

  static func rows() throws -> [Benchmarks.Row] {
    var rows = try lengths() + units() + online()
    if !rows.isEmpty { rows[0].text = head + "\n" + (rows[0].text ?? "") }
    return rows
  }

  private static var head: String {
    """
    How cost grows: the exponents p of size^p, by least squares over the sizes, / the theory's (off: further than \(tolerance))
    memory: what a pass keeps of its sequence, beside weights and scratch; rtrl to uoro: what goes on to the next update

    \("".padded(42))\("memory".padded(17))\("time a step".padded(17))\("sizes".padded(17))at the largest
    """
  }

  // MARK: What grows

  /// Windows, sequences and what lies between updates, in steps.
  private static func lengths() throws -> [Benchmarks.Row] {
    let windows = [128, 256, 512]
    func grown(
      _ name: String, _ theory: (Double, Double), _ symbol: String = "h", sizes: [Int], batch: Int = 1,
      times: Int = 1, _ change: (inout Experiment, Int) -> Void = { _, _ in }
    ) throws -> Benchmarks.Row {
      let points = try sizes.map { size in
        var experiment = base(units: 32, batch: batch, length: times * size)
        change(&experiment, size)
        return try measure(experiment)
      }
      return row(name, symbol, sizes, points, theory)
    }
    let roots = [1_024, 4_096, 16_384]
    let whole = try grown("the same, batch 32, nothing run again", (1, 0), sizes: roots, batch: 32)
    var checkpoints = try grown("the same, √h checkpoints", (0.5, 0), sizes: roots, batch: 32) { experiment, _ in
      experiment.training.checkpoints = .sqrt
    }
    checkpoints.text? += String(format: ", %.2f times the time", checkpoints.milliseconds / whole.milliseconds)
    return try [
      grown("epochwise BPTT of h steps", (1, 0), sizes: [256, 1_024, 4_096]), whole, checkpoints,
      grown("real-time BPTT of h steps", (1, 1), sizes: [256, 512, 1_024]) { experiment, _ in
        experiment.training.k1 = .steps(1)
      },
      grown("BPTT(h), sequences of 4h steps", (1, 1), sizes: windows, times: 4) { experiment, h in
        (experiment.training.k1, experiment.training.k2) = (.steps(1), .steps(h))
      },
      grown("BPTT(h; 8), sequences of 4h steps", (1, 1), sizes: windows, times: 4) { experiment, h in
        (experiment.training.k1, experiment.training.k2) = (.steps(8), .steps(h))
      },
      grown("BPTT(256; h′), of 1,024 steps", (0, -1), "h′", sizes: [2, 8, 32]) { experiment, h in
        experiment.task.length = 1_024
        (experiment.training.k1, experiment.training.k2) = (.steps(h), .steps(256))
      },
      grown("ARTBP(1, h), sequences of 4h steps", (1, 1), sizes: windows, times: 4) { experiment, h in
        experiment.training.algorithm = .artbp
        (experiment.training.k1, experiment.training.k2) = (.steps(1), .steps(h))
      },
    ]
  }

  /// BPTT with the number of units.
  private static func units() throws -> [Benchmarks.Row] {
    let sizes = [128, 256, 512]
    let points = try sizes.map { n in try measure(base(units: n, batch: 8, length: 128)) }
    return [row("epochwise BPTT of n units, batch 8", "n", sizes, points, (1, 2))]
  }

  /// The algorithms that go forward, with the number of units and with the sequence's length.
  private static func online() throws -> [Benchmarks.Row] {
    try AlgorithmKind.allCases.filter(\.description.isForward).flatMap { algorithm -> [Benchmarks.Row] in
      let isCubic = power(algorithm, \.floats) > 2.5
      let sizes = isCubic ? [32, 64, 128] : [48, 96, 192], lengths = [64, 256, 1_024]
      let theory = (power(algorithm, \.floats), power(algorithm, \.multiplyAdds))
      return try [
        row(
          "\(algorithm.rawValue) of n units", "n", sizes,
          sizes.map { try measure(forward(algorithm, units: $0, length: isCubic ? 8 : 16)) }, theory),
        row(
          "\(algorithm.rawValue) of h steps", "h", lengths,
          lengths.map { try measure(forward(algorithm, units: 16, length: $0)) }, (0, 0)),
      ]
    }
  }

  /// An update every step, with the first cell that the algorithm takes.
  private static func forward(_ algorithm: AlgorithmKind, units: Int, length: Int) -> Experiment {
    let plain = base(units: units, batch: 1, length: length)
    var experiment = plain
    for cell in CellKind.allCases {
      experiment = plain
      experiment.network.cell = cell
      experiment.training.algorithm = algorithm
      experiment.training.k1 = .steps(1)
      if (try? experiment.validate()) != nil { break }
    }
    return experiment
  }

  /// By what power of n an algorithm's cost grows where n is large, as its own formula says it.
  private static func power(_ algorithm: AlgorithmKind, _ part: KeyPath<AlgorithmCost, Double>) -> Double {
    func cost(_ n: Int) -> Double {
      algorithm.cost(AlgorithmSizes(units: n, inputs: n, outputs: 1, length: 16))[keyPath: part]
    }
    return log2(cost(200_000) / cost(100_000))
  }

  // MARK: Measuring

  private static func base(units: Int, batch: Int, length: Int) -> Experiment {
    var experiment = Benchmarks.referenceExperiment(hidden: units, precision: .float64)
    experiment.task.length = length
    experiment.training.batch = batch
    experiment.training.optimizer.learningRate = 0
    return experiment
  }

  /// Bytes held and milliseconds a step.
  private struct Point { var bytes: Double, milliseconds: Double }

  private static func measure(_ experiment: Experiment) throws -> Point {
    let run = try TrainingRun(
      experiment: experiment,
      start: Benchmarks.start(
        inputs: experiment.network.hidden, outputs: 2, steps: experiment.task.length, batch: experiment.training.batch))
    let bytes =
      experiment.training.algorithm.description.isForward
      ? run.algorithmBytes : arenas(experiment) - fixed(experiment)
    // A few sequences at least, so that short windows at their starts count alike; at least a few milliseconds.
    let steps = experiment.task.length
    let updates = max(1, (steps + min(steps, k1(experiment)) - 1) / k1(experiment))
    func sequence() { for _ in 0..<updates { run.trainOnce() } }
    sequence()
    var least = Double.infinity
    var spent = 0.0, runs = 0
    while runs < 3 || spent < 150 && runs < 200 {
      let start = Stopwatch.processorMilliseconds()
      sequence()
      let time = Stopwatch.processorMilliseconds() - start
      least = min(least, time)
      spent += time
      runs += 1
    }
    return Point(bytes: Double(max(bytes, 1)), milliseconds: least / Double(steps))
  }

  private static func k1(_ experiment: Experiment) -> Int {
    experiment.training.k1.resolved(length: experiment.task.length)
  }

  /// The bytes of a pass's arenas that are there however many steps it has: from a block's steps on it grows by the step.
  private static func fixed(_ experiment: Experiment) -> Int {
    var plain = experiment
    plain.training.checkpoints = .none
    let block = max(1, 128 / experiment.training.batch)
    return 2 * arenas(plain, steps: block) - arenas(plain, steps: 2 * block)
  }

  /// The bytes of a pass's arenas.
  private static func arenas(_ experiment: Experiment, steps: Int? = nil) -> Int {
    let network = experiment.network, batch = experiment.training.batch
    let length = steps ?? experiment.task.length
    let layout = ParameterLayout(network, inputs: network.hidden, outputs: 2)
    let bytes =
      experiment.training.checkpoints == .sqrt
      ? CheckpointedPass<Double>.bytesNeeded(network: network, layout: layout, length: length, batch: batch)
      : Pass<Double>.bytesNeeded(network: network, layout: layout, steps: length, batch: batch)
    return bytes ?? 0
  }

  // MARK: Fitting

  private static func row(
    _ name: String, _ symbol: String, _ sizes: [Int], _ points: [Point], _ theory: (memory: Double, time: Double)
  ) -> Benchmarks.Row {
    func fit(_ measured: [Double], _ theory: Double) -> String {
      let found = exponent(sizes, measured)
      let mark = abs(found - theory) <= tolerance ? "ok" : "off"
      return (String(format: "%5.2f /%4.1f ", found, theory) + mark).padded(17)
    }
    let (bytes, milliseconds) = (points.last?.bytes ?? 0, points.last?.milliseconds ?? 0)
    var row = Benchmarks.Row(name: name, milliseconds: milliseconds)
    row.text =
      name.padded(42) + fit(points.map(\.bytes), theory.memory) + fit(points.map(\.milliseconds), theory.time)
      + "\(symbol) = \(sizes[0])…\(sizes[sizes.count - 1])".padded(17)
      + formatBytes(Int(bytes)) + ", " + String(format: "%.4g µs", milliseconds * 1e3)
    return row
  }

  /// The slope of log y against log x by least squares.
  static func exponent(_ x: [Int], _ y: [Double]) -> Double {
    LineFit(zip(x, y).map { (x: log(Double($0)), y: log($1)) })?.slope ?? .nan
  }
}
