import Canvas

struct SpectrumPanel: Panel {
  let id: PanelID = "spectrum"
  let digit = 5
  let title = "Spectrum"
  let shortTitle = "W_hh"
  let minimumSize = Size(width: 18, height: 5)
  let help = [
    "The eigenvalues of W_hh in the complex plane, with the unit circle.",
    "ρ is the largest modulus, no unit; without φ′ it is what a step multiplies the gradient by.",
    "Look for: eigenvalues that leave the circle when learning makes memory.",
  ]
  let widthWeight = 3
  let heightWeight = 4
  let instruments: Set<Instrument> = [.spectrum]

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
