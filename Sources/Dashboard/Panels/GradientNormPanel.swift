import Canvas

struct GradientNormPanel: Panel {
  let id: PanelID = "gradient-norm"
  let digit = 2
  let title = "Gradient norm"
  let shortTitle = "‖δ‖"
  let minimumSize = Size(width: 24, height: 5)
  let help = [
    "log10 ‖∂L/∂h_t‖ by step t: the truncated gradient, and full backpropagation behind it.",
    "The unit is that of the loss by that of h; a straight line is an exponential decay.",
    "Look for: how much of the full gradient the truncation leaves, and the slope per step.",
  ]
  let instruments: Set<Instrument> = [.gradientNorm]

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
