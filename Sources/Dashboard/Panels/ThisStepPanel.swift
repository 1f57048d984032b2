import Canvas

struct ThisStepPanel: Panel {
  let id: PanelID = "this-step"
  let digit = 8
  let title = "This step"
  let shortTitle = "Step"
  let minimumSize = Size(width: 40, height: 2)
  let help = [
    "The step under the cursor: its equation with this step's own numbers, forward, backward, then the update.",
    "Norms are over the batch of sequences; δ_t = ∂L/∂h_t in the unit of the loss by that of h.",
    "Look for: whether φ′ or W_hh takes the gradient away (the factors on the right).",
  ]
  let widthWeight = 6
  let heightWeight = 1
  let maximumHeight: Int? = 7

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
