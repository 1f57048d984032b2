import Canvas

struct LossPanel: Panel {
  let id: PanelID = "loss"
  let digit = 6
  let title = "Loss and gradient norm"
  let shortTitle = "Loss"
  let minimumSize = Size(width: 26, height: 5)
  let help = [
    "The loss by update (nats or half squares) with the task's known floors; under it the gradient's norm.",
    "The norm before clipping and after, log10, with the threshold and the share of updates clipped.",
    "Look for: steps down when something is learnt, and spikes of the norm before the loss jumps.",
  ]
  let widthWeight = 6
  let heightWeight = 4

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
