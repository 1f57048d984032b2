import Architectures
import GradientFlow
import RecurrentNetworks

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

  /// It reads networks whose units have a slope.
  public static let readsAnyNetwork = true

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    if !pass.isRecurrent { return slopes(pass, focus, budget) }
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

  /// φ′ where a graph has it.
  private static func slopes(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let graph = pass.graph(budget), let recording = pass.recording,
      let track = graph.tracks.first(where: { $0.kind == .overUnits })
    else { return nil }
    let layer = recording.graphLayer(pass.layer(focus))
    let values = graph.sites.filter { $0.layer == layer }.map { graph.values(of: track, at: $0.id) }
    return Reading(
      firstStep: 0,
      derivatives: Saturation(values, largest: pass.snapshot.experiment.network.activation.maximumDerivative),
      gates: nil)
  }
}
