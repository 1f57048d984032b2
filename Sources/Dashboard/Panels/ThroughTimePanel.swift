import Canvas

struct ThroughTimePanel: Panel {
  let id: PanelID = "through-time"
  let digit = 1
  let title = "Through time"
  let shortTitle = "Time"
  let minimumSize = Size(width: 40, height: 5)
  let help = [
    "One window's pass over the sequence: inputs, units h by time (colour is the value), φ′ and ‖δ_t‖.",
    "δ_t = ∂L/∂h_t in log10, colour and height alike; the brackets are the window (k2) and its newest losses (k1).",
    "Look for: the steps at which the gradient fades, and the units that are shut (φ′ near 0).",
  ]
  let heightWeight = 2
  let instruments: Set<Instrument> = [.gradientNorm, .saturation]

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
