import Canvas

struct JacobianProductPanel: Panel {
  let id: PanelID = "jacobian-product"
  let digit = 3
  let title = "Jacobian product"
  let shortTitle = "∂h_T/∂h_k"
  let minimumSize = Size(width: 24, height: 5)
  let help = [
    "log10 of the singular values of ∂h_T/∂h_k by lag T-k, with the bound (γσ_max)^lag and the slope λ₁.",
    "No unit: how many times longer or shorter a small change of h becomes.",
    "Look for: the fan's opening; the horizon at which the largest falls under 10 % and 1 %.",
  ]
  let instruments: Set<Instrument> = [.product]

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
