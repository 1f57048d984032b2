import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The eigenvalues of W_hh and of J_t with their trail over training, on the contours of their pseudospectra.
struct EigenvaluesPanel: Panel {
  let id: PanelID = "eigenvalues"
  let title = "Eigenvalues over training"
  let shortTitle = "Eigenvalues"
  let size = PanelSize(24, 8, widthWeight: 3, heightWeight: 14)
  let help = [
    "The eigenvalues of W_hh and of J_t = ∂s_t/∂s_{t-1} (t at the cursor or the window's last; of gated cells J_t alone) in the plane with the unit circle. Small dots are where they were at earlier updates that were measured.",
    "The thin lines enclose where a change of the matrix of norm 0.1, and of 0.01, can bring an eigenvalue: σ_min(zI - A) = 0.1, 0.01. κ is σ_max/σ_min; K, the Kreiss constant, is the least that the largest power of the matrix comes to.",
    "Look for: eigenvalues that wander to the unit circle as memory is learned; lines that reach far out of it, K over 1: the gradient grows over some steps before it vanishes.",
  ]
  let reads: [any Instrument.Type] = [EigenvaluesInstrument.self, PseudospectrumInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    let parts = state.lane[EigenvaluesInstrument.self]?.parts ?? []
    let words = parts.map { "κ(\($0.symbol)) \(NumberText.short($0.condition, digits: 2))" }
    return [words.joined(separator: " · ")] + words.prefix(1)
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    state.sideBySide(in: rect, &buffer, theme) { lane, rect, buffer in
      let name = "the eigenvalues"
      guard let reading = reading(name, from: EigenvaluesInstrument.self, of: lane, in: rect, &buffer, theme) else {
        return
      }
      let parts = rect.width >= 50 ? reading.parts : Array(reading.parts.prefix(1))
      for (part, place) in zip(parts, rect.columns(parts.map { _ in .flexible() }, gap: 2)) {
        let symbol = part.name == "jacobian" ? "\(part.symbol), t = \(reading.step + 1)" : part.symbol
        draw(part, symbol, lane, in: place, &buffer, theme)
      }
    }
  }

  private func draw(
    _ part: EigenvaluesInstrument.Part, _ symbol: String, _ lane: Lane, in rect: Rect, _ buffer: inout Buffer,
    _ theme: Theme
  ) {
    let radius = part.spectrum.spectralRadius
    guard radius < 1e6 else {
      let words = "ρ(\(part.symbol)) = \(NumberText.short(radius)): beside it the unit circle is a dot"
      buffer.paragraph(words, in: rect, style: theme[.error])
      return
    }
    var scatter = CircleScatter(
      points: part.spectrum.eigenvalues.map { ($0.real, $0.imaginary) }, circles: [(1, .full)])
    scatter.trail = lane.trends.trail(EigenvaluesInstrument.self, part.name).dropLast().flatMap { values in
      stride(from: 0, to: values.count - 1, by: 2).map { (values[$0], values[$0 + 1]) }
    }
    let field = lane[PseudospectrumInstrument.self]?.first { $0.name == part.name }
    if let field {
      scatter.field = PlaneField(field.log10Distance, side: field.side, radius: field.radius)
      scatter.contours = [Contour(-1, role: .sigma, symbol: "1"), Contour(-2, role: .bound, symbol: "2")]
    }
    let kreiss = field.map { "  K \(NumberText.short($0.kreissConstant))" } ?? ""
    let condition = "κ \(NumberText.short(part.condition, digits: 2))\(kreiss)"
    let rho = "ρ \(NumberText.short(radius))"
    let forms = ["\(symbol)  \(rho)  \(condition)", "\(symbol)  \(rho)", part.symbol].map { $0.words(theme) }
    buffer.put(String.fitting(rect.width, forms) ?? "", in: rect, alignment: .center, style: theme[.truncated])
    let hasLegend = field != nil && rect.height >= 10
    if hasLegend {
      let legend = [
        Span("σ_min(zI - A) ".words(theme), theme[.dimText]), Span("0.1", theme[.sigma]), Span(" 0.01", theme[.bound]),
      ]
      buffer.put(fitting: [legend, Array(legend.dropFirst())], in: rect, row: rect.height - 1, alignment: .center)
    }
    scatter.draw(in: rect.inset(top: 1, bottom: hasLegend ? 1 : 0), role: .truncated, into: &buffer, theme: theme)
  }
}
