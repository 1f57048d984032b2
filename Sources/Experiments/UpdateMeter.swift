import Glibc
import GradientFlow
import RecurrentNetworks
import Training

/// Measures what a row of metrics tells beside an update's own record: asked before the update, and again after it.
public struct UpdateMeter {
  private let measuresGradient: Bool, measuresProduct: Bool
  private var inputs: PassInputs?
  private var slope: Double?

  /// A meter for the columns that are written; what none of them tells is not computed.
  public init(columns: [MetricsRow.Column] = MetricsRow.Column.allCases) {
    measuresGradient = columns.contains { $0 == .log10GradientFirst || $0 == .log10GradientLast }
    measuresProduct = columns.contains(.log10ProductPerStep)
  }

  /// Takes what the next update of `run` is a function of.
  public mutating func prepare(_ run: TrainingRun) {
    guard measuresGradient || measuresProduct else { return }
    let inputs = run.passInputs()
    self.inputs = inputs
    guard measuresProduct else { return }
    // The states of a plain pass are those of the update's own; one sequence tells them.
    let isPlain = inputs.variant == PassVariant()
    let tape = isPlain ? inputs.tape(ofSequence: 0) : inputs.tape()
    slope = tape.gradient.allSatisfy(\.isFinite) ? ProductGrowth(tape, maximumLags: Self.lags).slope : nil
  }

  /// The row of the update that `run` has made since.
  public func row(_ run: TrainingRun) -> MetricsRow? {
    guard let record = run.history.newest else { return nil }
    let norms = measuresGradient ? log10Norms(run) : nil
    return MetricsRow(
      record, log10GradientFirst: norms?.first, log10GradientLast: norms?.last, log10ProductPerStep: slope)
  }

  /// log10 ‖∂L/∂h_t‖ at the window's first and last step: from the update's own pass, or, where its numbers came near the ends
  /// of their range or it made no way back, from a pass with scales of its own.
  private func log10Norms(_ run: TrainingRun) -> (first: Double, last: Double)? {
    if let (first, last) = run.windowNorms, Self.middle.contains(first), last == 0 || Self.middle.contains(last) {
      return (log10(first), log10(last))
    }
    guard let tape = inputs?.tape(), tape.gradient.allSatisfy(\.isFinite) else { return nil }
    let norms = GradientNorms.log10(tape)
    guard let first = norms.first, let last = norms.last else { return nil }
    return (first, last)
  }

  /// The norms at so many lags tell the slope.
  static let lags = 8
  private static let middle = 1e-12...1e12
}
