import GradientFlow

/// How open the units are: φ′ through time, and the gates of gated cells.
public enum SaturationInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "saturation"

  /// Of the batch's first sequence, in one layer.
  public struct Reading: Sendable {
    /// The first of the steps in the sequence.
    public let firstStep: Int
    /// φ′ by step and unit.
    public let derivatives: Saturation
    /// The gates; nil for cells without.
    public let gates: GateActivity?
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.sequenceOrWindow(budget), layer = pass.layer(focus)
    return Reading(
      firstStep: tape.window.steps.lowerBound, derivatives: Saturation(tape, layer: layer),
      gates: GateActivity(tape, layer: layer))
  }

  /// φ′ by step and unit; of a gated cell by step, gate and unit in one row.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let derivatives = reading.derivatives
    guard derivatives.derivative.count == derivatives.steps * derivatives.units else { return [] }
    return [ReadingArray("derivative", derivatives.derivative, shape: [derivatives.steps, derivatives.units])]
  }
}
