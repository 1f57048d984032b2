import Foundation
import RecurrentNetworks
import Training

/// How cost grows: a pass with its length, truncated training with k2/k1.
enum CostBenchmark {
  static func rows() throws -> [Benchmarks.Row] {
    headed("\nAn update over T steps, 64 units: what a step takes", try lengths())
      + headed("\nThe updates of a sequence, windows of k2 steps every k1, 64 units", try truncations())
      + headed("\nAn update of a short window beside its pass alone, 64 units", try shortWindows())
  }

  /// The rows under a head.
  private static func headed(_ head: String, _ rows: [Benchmarks.Row]) -> [Benchmarks.Row] {
    var rows = rows
    if !rows.isEmpty { rows[0].text = head + "\n" + rows[0].line }
    return rows
  }

  /// One update over T steps, for growing T; the cost a step is to stay what it is.
  private static func lengths() throws -> [Benchmarks.Row] {
    try [1_000, 10_000, 100_000].map { steps in
      let run = try TrainingRun(
        experiment: Benchmarks.referenceExperiment(hidden: 64, precision: .float64),
        start: Benchmarks.start(inputs: 8, outputs: 8, steps: steps, batch: 1))
      let time = Stopwatch.medianMilliseconds(warmup: 1, runs: max(3, 20_000 / steps)) { run.trainOnce() }
      return Benchmarks.Row(
        name: "pass T=\(steps)", milliseconds: time,
        remark: String(format: "%.3f µs a step", time * 1e3 / Double(steps)))
    }
  }

  /// The updates of one sequence of n = 240 steps: n/k1 windows of k2 steps.
  private static func truncations() throws -> [Benchmarks.Row] {
    let n = 240
    return try [(240, 240), (60, 60), (20, 60), (20, 20), (5, 60), (1, 20), (1, 60)].map { k1, k2 in
      var experiment = Benchmarks.referenceExperiment(hidden: 64, precision: .float64)
      experiment.training.k1 = .steps(k1)
      experiment.training.k2 = .steps(k2)
      let run = try TrainingRun(
        experiment: experiment, start: Benchmarks.start(inputs: 8, outputs: 8, steps: n, batch: 1))
      let time = Stopwatch.medianMilliseconds(warmup: 1, runs: 9) { for _ in 0..<n / k1 { run.trainOnce() } }
      let steps = Double(n * k2) / Double(k1)
      return Benchmarks.Row(
        name: "TBPTT(\(k1),\(k2)) n=\(n)", milliseconds: time,
        remark: String(format: "%.3f µs for each of n·k2/k1 = %.0f steps", time * 1e3 / steps, steps))
    }
  }

  /// Updates of windows of 5 and 10 steps, and what forward and backward over the same steps take: the rest is the
  /// optimizer's step, clipping, the next window and the run's record.
  private static func shortWindows() throws -> [Benchmarks.Row] {
    try [(5, 1), (10, 1), (5, 16), (10, 16)].map { steps, batch in
      var experiment = Benchmarks.referenceExperiment(hidden: 64, precision: .float64)
      experiment.training.k1 = .steps(steps)
      experiment.training.k2 = .steps(steps)
      let updates = 960, windows = 24
      let run = try TrainingRun(
        experiment: experiment,
        start: Benchmarks.start(inputs: 8, outputs: 8, steps: steps * windows, batch: batch))
      let pass = run.snapshot().pass(Double.self)
      let window = Window(steps: 0..<steps, injected: 0..<steps)
      // In turns, so that both have the same share of a machine that is not quiet.
      var least = (update: Double.infinity, pass: Double.infinity)
      for _ in 0..<20 {
        least.update = min(
          least.update,
          Stopwatch.medianMilliseconds(warmup: 0, runs: 1) { for _ in 0..<updates { run.trainOnce() } })
        least.pass = min(
          least.pass,
          Stopwatch.medianMilliseconds(warmup: 0, runs: 1) {
            for _ in 0..<updates {
              pass.forward(window.steps)
              _ = pass.backward(window, reduction: experiment.training.reduction)
            }
          })
      }
      return Benchmarks.Row(
        name: "window of \(steps), batch \(batch)", milliseconds: least.update / Double(updates),
        remark: String(
          format: "%.2f times its pass of %.2f µs", least.update / least.pass, least.pass * 1e3 / Double(updates)))
    }
  }
}
