import Foundation
import RecurrentNetworks
import Training

/// How each learning algorithm's memory and time a step grow, measured on a grid and fitted as powers, beside what they grow
/// by in theory.
///
/// Memory of backpropagation is what the arenas of its pass take beyond those of one step; of an algorithm that goes forward,
/// what it carries from an update to the next. Weights fall out of both. Time is the least of some runs. As many inputs as
/// units, doubles.
enum GrowthBenchmark {
  static func rows() throws -> [Benchmarks.Row] {
    var rows = try lengths() + units() + online()
    let head =
      "as a power of the size, measured / in theory".padded(46) + "memory".padded(15) + "time a step".padded(15)
    if !rows.isEmpty { rows[0].text = head + "\n" + (rows[0].text ?? "") }
    return rows
  }

  // MARK: What grows

  /// BPTT with the length of a window: sequences of `length(h)` steps.
  private static func lengths() throws -> [Benchmarks.Row] {
    let sizes = [32, 64, 128, 256]
    func grown(
      _ name: String, _ theory: (Double, Double), sizes: [Int] = sizes, batch: Int = 1,
      _ change: (inout Experiment, Int) -> Void
    ) throws -> [Benchmarks.Row] {
      let points = try sizes.map { h in
        var experiment = base(units: 32, batch: batch, length: h)
        change(&experiment, h)
        return try measure(experiment)
      }
      return row(name, "h = \(sizes[0])…\(sizes[sizes.count - 1])", sizes, points, theory)
    }
    return try grown("epochwise BPTT of h steps", (1, 0)) { _, _ in }
      + grown("√h checkpoints", (0.5, 0), sizes: [1_024, 4_096, 16_384], batch: 32) { experiment, _ in
        experiment.training.checkpoints = .sqrt
      }
      + grown("real-time BPTT of h steps", (1, 1)) { experiment, _ in experiment.training.k1 = .steps(1) }
      + grown("BPTT(h), sequences of 4h steps", (1, 1)) { experiment, h in
        experiment.task.length = 4 * h
        (experiment.training.k1, experiment.training.k2) = (.steps(1), .steps(h))
      }
      + grown("BPTT(h; 8), sequences of 4h steps", (1, 1)) { experiment, h in
        experiment.task.length = 4 * h
        (experiment.training.k1, experiment.training.k2) = (.steps(8), .steps(h))
      }
      + grown("ARTBP(1, h), sequences of 4h steps", (1, 1)) { experiment, h in
        experiment.task.length = 4 * h
        experiment.training.algorithm = .artbp
        (experiment.training.k1, experiment.training.k2) = (.steps(1), .steps(h))
      }
  }

  /// BPTT with the number of units.
  private static func units() throws -> [Benchmarks.Row] {
    let sizes = [64, 128, 256]
    let points = try sizes.map { n in
      try measure(base(units: n, batch: 1, length: 256))
    }
    return row("epochwise BPTT of n units, 256 steps", "n = 64…256", sizes, points, (1, 2))
  }

  /// The algorithms that go forward, with the number of units: what they hold beside a pass of BPTT.
  private static func online() throws -> [Benchmarks.Row] {
    try AlgorithmKind.allCases.filter(\.description.isForward).flatMap { algorithm -> [Benchmarks.Row] in
      let isCubic = power(algorithm, \.floats) > 2.5
      let sizes = isCubic ? [16, 32, 64, 96] : [64, 128, 256]
      let points = try sizes.map { n in
        let plain = base(units: n, batch: 1, length: 16)
        var experiment = plain
        for cell in CellKind.allCases {
          experiment = plain
          experiment.network.cell = cell
          experiment.training.algorithm = algorithm
          experiment.training.k1 = .steps(1)
          if (try? experiment.validate()) != nil { break }
        }
        return try measure(experiment)
      }
      let range = "n = \(sizes[0])…\(sizes[sizes.count - 1])"
      return row(
        "\(algorithm.rawValue) of n units", range, sizes, points,
        (power(algorithm, \.floats), power(algorithm, \.multiplyAdds)))
    }
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
      ? run.snapshot().algorithmMemory.count : arenas(experiment) - arenas(experiment, steps: 1)
    // A few sequences at least, so that short windows at their starts count alike; at least a few milliseconds.
    let steps = experiment.task.length
    let updates = max(1, (steps + min(steps, k1(experiment)) - 1) / k1(experiment))
    func sequence() { for _ in 0..<updates { run.trainOnce() } }
    sequence()
    let clock = ContinuousClock()
    var least = Double.infinity
    var spent = 0.0, runs = 0
    while runs < 3 || spent < 150 && runs < 200 {
      let start = clock.now
      sequence()
      let time = start.duration(to: clock.now) / .milliseconds(1)
      least = min(least, time)
      spent += time
      runs += 1
    }
    return Point(bytes: Double(max(bytes, 1)), milliseconds: least / Double(steps))
  }

  private static func k1(_ experiment: Experiment) -> Int {
    experiment.training.k1.resolved(length: experiment.task.length)
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
    _ name: String, _ range: String, _ sizes: [Int], _ points: [Point], _ theory: (memory: Double, time: Double)
  ) -> [Benchmarks.Row] {
    let memory = exponent(sizes, points.map(\.bytes)), time = exponent(sizes, points.map(\.milliseconds))
    func pair(_ measured: Double, _ theory: Double) -> String { String(format: "%5.2f / %.1f", measured, theory) }
    var row = Benchmarks.Row(name: name, milliseconds: points.last?.milliseconds ?? 0)
    row.text =
      name.padded(46) + pair(memory, theory.memory).padded(15) + pair(time, theory.time).padded(15)
      + "\(range), largest \(formatBytes(Int(points.last?.bytes ?? 0))), "
      + String(format: "%.4g µs", (points.last?.milliseconds ?? 0) * 1e3)
    return [row]
  }

  /// The slope of log y against log x by least squares.
  static func exponent(_ x: [Int], _ y: [Double]) -> Double {
    let points = zip(x, y).map { (log(Double($0)), log($1)) }
    let count = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.0 } / count, meanY = points.reduce(0) { $0 + $1.1 } / count
    let (xy, xx) = points.reduce((0.0, 0.0)) {
      ($0.0 + ($1.0 - meanX) * ($1.1 - meanY), $0.1 + ($1.0 - meanX) * ($1.0 - meanX))
    }
    return xy / xx
  }
}
