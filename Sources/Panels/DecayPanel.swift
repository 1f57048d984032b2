import Canvas
import Dashboard
import GradientFlow
import Instruments

/// Who did it: what φ′, W_hh and the gates each do to the gradient on every step back.
struct DecayPanel: Panel {
  let id: PanelID = "decay"
  let title = "Causes of decay"
  let shortTitle = "Causes"
  let size = PanelSize(28, 5)
  let help = [
    "log10 of the factor by which each part of J_tᵀ changes the gradient's norm on its way from step t to t-1: φ′ (the activation's slope), W_hhᵀ, and for gated cells the gate on the memory path. 1 keeps it; over the batch.",
    "At the right the mean factors. For cells without gates the product of the parts is the whole. Non-normality (Henrici's departure) says how far W_hh is from a normal matrix: at 0 its eigenvalues say all, above 0 the gradient may first grow and then vanish.",
    "Look for: the part with the lowest line. φ′ low: units are saturated. W_hhᵀ low: raise ρ. The gate low: raise the forget bias.",
  ]
  let reads: [any Instrument.Type] = [DecayInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[DecayInstrument.self], !reading.parts.isEmpty else { return ["factor a step back"] }
    let parts = reading.parts.map { "\($0.symbol) \(Self.factor($0.mean))" }.joined(separator: " · ")
    return ["\(state.lanePrefix)a step back: \(parts)", state.lanePrefix + parts]
  }

  private static func factor(_ log10: Double) -> String { "×" + NumberText.short(Log10.power(log10)) }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let name = "the causes of decay"
    guard let reading = reading(name, from: DecayInstrument.self, of: state.lane, in: rect, &buffer, theme) else {
      return
    }
    if let reason = reading.noGradientReason ?? (reading.parts.isEmpty ? "no gradient goes back a step here" : nil) {
      buffer.paragraph(reason, in: rect, style: theme[.dimText])
      return
    }
    let line = reading.nonNormality.map(Self.words)
    let parts = rect.rows([.flexible(), .fixed(line != nil && rect.height > 5 ? 1 : 0)])
    let looks: [(Series.Mark, Role, Unicode.Scalar)] = [
      (.line(.solid), .truncated, "*"), (.line(.dotted), .newest, "."), (.line(.alternating), .sigma, "o"),
    ]
    let curves = zip(reading.parts, looks).map { part, look in
      let points = part.log10Factor.enumerated().map { (x: Double(reading.firstStep + $0 + 1), y: $1) }
      return Series(
        points.filter { $0.y.isFinite }, look.0, role: look.1, symbol: look.2, labels: [part.symbol])
    }
    var plot = Plot(
      x: .steps(1, max(1, reading.length)), y: .logarithmic(curves.flatMap { $0.points.map(\.y) }, including: [0]),
      series: curves, xName: "t", cursor: state.cursor.stepOfPlot)
    plot.guides = [Guide(0, ["×1: kept", "×1"], role: .floor)]
    plot.draw(in: parts[0], into: &buffer, theme: theme)
    if let line { buffer.put(fitting: line.map { [Span($0, theme[.text])] }, in: parts[1]) }
  }

  /// What W_hh is beside its eigenvalues.
  private static func words(_ matrix: NonNormality) -> [String] {
    let departure = "non-normality of W_hh \(NumberText.short(matrix.departure, digits: 2))"
    let growth =
      matrix.peakPower == 0
      ? "no power of it has a norm over 1"
      : "its powers grow to \(NumberText.short(matrix.peak)) at \(matrix.peakPower)"
        + (matrix.peakPower == NonNormality.powers ? " and on" : "")
    return ["\(departure) · \(growth)", departure]
  }
}
