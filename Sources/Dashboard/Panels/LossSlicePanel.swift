import Canvas
import GradientFlow
import Instruments

/// The loss along the gradient's direction, and where the next step lands on it, clipped and unclipped.
struct LossSlicePanel: Panel {
  let id: PanelID = "loss-slice"
  let title = "Loss along -g"
  let shortTitle = "Slice"
  let size = PanelSize(28, 6)
  let help = [
    "The window's loss at w - s g/‖g‖ over s, how far the weights are moved against the gradient, both in powers of ten; the line across is the loss as it is. ● is where the next step lands, ○ where it would land without clipping. Where clipping turns the step it lies beside the curve.",
    "Where there is room: ‖∂L/∂w‖ at the same places.",
    "Look for: ● on the way down; ○ behind a wall, where the loss or its gradient is many times larger: the cliff that clipping is for; ● long before the lowest place: a learning rate or threshold that is too small.",
  ]
  let reads: [any Instrument.Type] = [LossSliceInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[LossSliceInstrument.self] else { return ["L(w - s g/‖g‖)"] }
    guard let made = reading.places.first(where: \.isClipped) else {
      return ["\(reading.optimizer)'s step is not along g", reading.optimizer]
    }
    let now = NumberText.short(reading.loss), next = "\(now) → ● \(NumberText.short(made.loss))"
    let unclipped = reading.places.first { !$0.isClipped }.map { ", ○ \(NumberText.short($0.loss))" } ?? ""
    return [next + unclipped, next]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let name = "the loss along the gradient"
    guard let reading = reading(name, from: LossSliceInstrument.self, of: state.lane, in: rect, &buffer, theme) else {
      return
    }
    func points(_ lane: Lane, _ values: (LossSliceInstrument.Reading) -> [Double]) -> [(x: Double, y: Double)] {
      guard let reading = lane[LossSliceInstrument.self] else { return [] }
      return zip(reading.distances, values(reading)).map { (NumberText.log10($0), NumberText.log10($1)) }
    }
    let losses = state.series("loss", role: .loss) { points($0) { $0.losses } }
    let norms = state.series("‖∂L/∂w‖", role: .gradientNorm) { points($0) { $0.gradientNorms } }
    let landings = state.lanes.flatMap { lane in
      (lane[LossSliceInstrument.self]?.places ?? []).filter { $0.distance > 0 }.map { place in
        Series(
          [(NumberText.log10(place.distance), NumberText.log10(place.loss))], .glyph(place.isClipped ? "●" : "○"),
          role: place.isClipped ? .truncated : .threshold, symbol: place.isClipped ? "@" : "o",
          labels: lane.id == state.lane.id ? [place.isClipped ? "next step" : "unclipped"] : [])
      }
    }
    let x = Axis.logarithmic(losses.flatMap { $0.points.map(\.x) })
    var upper = Plot(
      x: x, y: .logarithmic((losses + landings).flatMap { $0.points.map(\.y) }, floor: 12),
      series: landings + losses, xName: "s")
    upper.guides = [Guide(NumberText.log10(reading.loss), ["now"], role: .full)]
    guard rect.height >= 14 else {
      upper.draw(in: rect, into: &buffer, theme: theme)
      return
    }
    var lower = Plot(x: x, y: .logarithmic(norms.flatMap { $0.points.map(\.y) }, floor: 12), series: norms, xName: "s")
    lower.guides = [Guide(NumberText.log10(reading.gradientNorm), ["now"], role: .full)]
    upper.labelsX = false
    let parts = rect.rows([.flexible(), .flexible()])
    Plot.draw(upper, in: parts[0], over: lower, in: parts[1], into: &buffer, theme: theme)
  }
}
