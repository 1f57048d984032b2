import Experiments
import GradientFlow
import RecurrentNetworks
import Training

/// What the metrics tell of an update beside the update's own record; computed from the pass that the update is about to
/// make.
struct InstrumentedRow {
  private let first: Double?, last: Double?
  private let slope: Double?

  init(_ run: TrainingRun) throws {
    let tape = Tape(run.snapshot())
    guard tape.gradient.allSatisfy(\.isFinite) else {
      (first, last, slope) = (nil, nil, nil)
      return
    }
    let norms = GradientNorms.log10(tape)
    first = norms.first
    last = norms.last
    slope = try? ProductByLag(tape, maximumLags: 1).slope
  }

  /// The row of `record`.
  func row(_ record: UpdateRecord) -> MetricsRow {
    MetricsRow(record, log10GradientFirst: first, log10GradientLast: last, log10ProductPerStep: slope)
  }
}
