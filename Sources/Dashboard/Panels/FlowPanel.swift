import Canvas

struct FlowPanel: Panel {
  let id: PanelID = "flow"
  let digit = 4
  let title = "Flow ‖∂l_i/∂h_t‖"
  let shortTitle = "Flow"
  let minimumSize = Size(width: 22, height: 5)
  let help = [
    "Every term of the double sum: ‖∂l_i/∂h_t‖ of loss i (down) at state t (to the right), log10 as colour.",
    "What the truncation masks is dimmed; its share of the sum is told beside it.",
    "Look for: whether what is cut off is large, or had vanished anyway.",
  ]
  let widthWeight = 5
  let heightWeight = 4
  let instruments: Set<Instrument> = [.flow, .bias]

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
