import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The loss along the gradient's direction, and where the next step lands on it, clipped and unclipped.
struct LossSlicePanel: Panel {
  let id: PanelID = "loss-slice"
  let title = "Loss along -g"
  let shortTitle = "Slice"
  let size = PanelSize(28, 6)
  let help = [
    "The window's loss at w - s g/‖g‖ over s, how far the weights are moved against the gradient, both in powers of ten; the line across is the loss as it is. ● is where the next step lands, ○ where it would land without clipping. Where clipping or the optimizer turns the step it lies beside the curve, at how far it goes along -g.",
    "Where there is room: ‖∂L/∂w‖ at the same places.",
    "Look for: ● on the way down; ○ behind a wall, where the loss or its gradient is many times larger: the cliff that clipping is for; ● long before the lowest place: a learning rate or threshold that is too small.",
  ]
  let reads: [any Instrument.Type] = [LossSliceInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[LossSliceInstrument.self] else { return ["L(w - s g/‖g‖)"] }
    guard let made = reading.places.first(where: \.isClipped) else { return ["the next step is not known"] }
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
      return zip(reading.distances, values(reading)).map { (NumberText.log10($0), Self.log10($1)) }
    }
    let losses = state.series("loss", role: .loss) { points($0) { $0.losses } }
    let norms = state.series("‖∂L/∂w‖", role: .gradientNorm) { points($0) { $0.gradientNorms } }
    let landings = reading.places.filter { $0.distance > 0 }.map { place in
      Series(
        [(NumberText.log10(place.distance), Self.log10(place.loss))], .glyph(place.isClipped ? "●" : "○"),
        role: place.isClipped ? .truncated : .threshold, symbol: place.isClipped ? "@" : "o",
        labels: [place.isClipped ? "next step" : "unclipped"])
    }
    let x = Axis.logarithmic(losses.flatMap { $0.points.map(\.x) })
    var upper = Plot(x: x, y: Self.axis(losses + landings, above: reading.loss), series: landings + losses, xName: "s")
    upper.guides = [Guide(Self.log10(reading.loss), ["now"], role: .full)]
    guard rect.height >= 14 else {
      upper.draw(in: rect, into: &buffer, theme: theme)
      return
    }
    var lower = Plot(x: x, y: Self.axis(norms, above: reading.gradientNorm), series: norms, xName: "s")
    lower.guides = [Guide(Self.log10(reading.gradientNorm), ["now"], role: .full)]
    upper.labelsX = false
    let parts = rect.rows([.flexible(), .flexible()])
    Plot.draw(upper, in: parts[0], over: lower, in: parts[1], into: &buffer, theme: theme)
  }

  /// A wall may be hundreds of decades high: six above the present value tell it from a slope.
  private static func axis(_ series: [Series], above now: Double) -> Axis {
    .logarithmic(
      series.flatMap { $0.points.map(\.y) }.filter { $0 <= log10(now) + 6 }, including: [log10(now)], floor: 12)
  }

  /// A pass that blew up is as high as can be.
  private static func log10(_ value: Double) -> Double { value.isFinite ? NumberText.log10(value) : .infinity }
}
