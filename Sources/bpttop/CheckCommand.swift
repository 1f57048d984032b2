import Architectures
import ArgumentParser
import Experiments
import RecurrentNetworks
import Training

/// `bpttop check`: BPTT against finite differences.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Gradient check: BPTT against finite differences, one line per parameter.",
    discussion: """
      Checks the window that would be trained next, with its truncation: the state before the window is held constant. Each \
      line tells a tensor, how many of its elements were compared, the largest error relative to the tensor's largest \
      gradient, and ok or WRONG; or ? where finite differences of several steps contradict each other, as they do on a \
      chaotic network. Under another learning algorithm than bptt, an extra line tells how far its own gradient of these \
      losses is from BPTT's to the sequence's start; of rtrl, which is exact, as ok or WRONG. Ends with 1 if any is WRONG.

      EXAMPLES
        bpttop check mine.yaml
        bpttop check mine.yaml --updates 100 --set training.k2=5
      """)

  /// How far BPTT may be from a finite difference in each precision, relative to the tensor's largest gradient.
  private static func tolerance(_ precision: Precision) -> Double { precision == .float64 ? 1e-6 : 1e-4 }

  @OptionGroup var options: ExperimentOptions
  @Option(parsing: .unconditional, help: "Updates to make first.", transform: Reading.count) var updates = 0
  @OptionGroup var given: StartOptions

  func run() throws {
    var source = try options.read(given)
    let (start, readings) = try given.read(&source, options)
    let run = try options.run(source, start: start)
    try options.announce(readings + [run.reading])
    try advance(run, updates: updates)
    let snapshot = run.snapshot()
    let experiment = snapshot.experiment
    // Cuts, a kept past, fixed points, clipping at every step and Ω are no derivative of the window's objective: plain
    // backpropagation is what is checked.
    let (check, gradient) = Self.check(snapshot)
    let tolerance = Self.tolerance(experiment.precision)
    var wrong = 0
    for row in check.rows() {
      // Written so that a NaN is wrong too.
      let isRight = row.largestError <= tolerance
      let isUnsettled = !isRight && row.spread > tolerance
      wrong += isRight || isUnsettled ? 0 : 1
      let shape = row.shape.map(String.init).joined(separator: "×")
      let isZero =
        row.largestError == 0 && (snapshot.layout[row.name]?.range.allSatisfy { gradient[$0] == 0 } ?? false)
      let words = [
        isRight ? "ok   " : isUnsettled ? "?    " : "WRONG", row.name.padded(16), shape.padded(9),
        "\(row.compared) compared".padded(14),
        isZero ? "no gradient arrives" : "largest error \(formatted(row.largestError))",
        isUnsettled ? "the finite differences themselves do not settle (\(formatted(row.spread)))" : "",
      ]
      try StandardOutput.print(words.joined(separator: " "))
    }
    if experiment.training.algorithm != .bptt, try !checkAlgorithm(snapshot, tolerance) { wrong += 1 }
    if wrong > 0 { throw Failure.run("\(wrong) of the gradients are wrong (tolerance \(formatted(tolerance)))") }
  }
}

extension CheckCommand {
  /// The check of the next window, and the gradient that is checked.
  private static func check(_ snapshot: Snapshot) -> (GradientCheck, [Double]) {
    let experiment = snapshot.experiment
    if let recording = snapshot.recording() {
      return (
        GraphRecording.check(
          experiment.architecture, experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
          data: snapshot.data, reduction: experiment.training.reduction), recording.gradient
      )
    }
    let tape = snapshot.tape(variant: PassVariant(), flow: FlowControl())
    return (
      GradientCheck(
        network: experiment.network, layout: snapshot.layout, parameters: snapshot.parameters, data: snapshot.data,
        window: snapshot.window, carriedState: snapshot.carriedState, reduction: experiment.training.reduction,
        gradient: tape.gradient), tape.gradient
    )
  }

  /// Prints how the algorithm's own gradient compares; false where it should be exact and is not.
  private func checkAlgorithm(_ snapshot: Snapshot, _ tolerance: Double) throws -> Bool {
    let report = AlgorithmReport.compute(snapshot)
    let scale = report.exact.reduce(0) { max($0, abs($1)) }
    let error =
      zip(report.gradient, report.exact).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(scale, .leastNormalMagnitude)
    // What was carried over an update is of older weights; from a sequence's start on RTRL is exact.
    let isExact = report.algorithm == .rtrl && snapshot.window.steps.lowerBound == 0
    let isRight = error <= tolerance
    let verdict = isExact ? (isRight ? "ok   " : "WRONG") : "     "
    try StandardOutput.print(
      "\(verdict) \(report.algorithm.rawValue.padded(16)) against BPTT to the sequence's start: "
        + "largest error \(formatted(error)), cosine \(formatted(report.overall.cosine))")
    return isRight || !isExact
  }
}

/// Makes `updates` updates; an explosion on the way ends the program.
func advance(_ run: TrainingRun, updates: Int) throws {
  while run.update < updates, run.trainOnce() == .trained {}
  if let explosion = run.explosion {
    throw Failure.run(
      "update \(explosion.update) exploded: \(explosion.factor) is not finite at time step \(explosion.step)")
  }
}

extension String {
  /// The string with blanks behind it, `width` wide at least.
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
