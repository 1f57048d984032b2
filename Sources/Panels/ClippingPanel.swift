import Canvas
import Dashboard
import GradientFlow
import Instruments
import Training

/// The raw gradient norms of the last updates against the clipping threshold, and what clipping does to the next update.
struct ClippingPanel: Panel {
  let id: PanelID = "clipping"
  let title = "Clipping"
  let size = PanelSize(28, 5)
  let help = [
    "The share of the last updates (256 at most) whose gradient norm before clipping is at most ‖g‖, over log10 ‖g‖. The upright line is the threshold.",
    "Below it, of the next update: ‖g‖, what clipping multiplies it by, the angle by which it turns (0° where only the length changes), and the tensors with the largest shares of ‖g‖².",
    "Look for: a threshold above nearly all norms cuts nothing; below nearly all it is a second learning rate. Clipping by value turns the gradient.",
  ]
  let reads: [any Instrument.Type] = [ClippingInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[ClippingInstrument.self], !reading.norms.isEmpty else { return ["share of updates"] }
    let share = "\(state.lanePrefix)\(NumberText.percent(reading.clippedShare)) of the last \(reading.norms.count)"
    guard reading.clip.kind == .norm else { return ["\(share) clipped, by \(reading.clip.kind.rawValue)", share] }
    let place = NumberText.percent(reading.shareUnderThreshold)
    return ["\(share) clipped · threshold above \(place) of the norms", "\(share) clipped"]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let name = "the norms"
    guard let reading = reading(name, from: ClippingInstrument.self, of: state.lane, in: rect, &buffer, theme) else {
      return
    }
    let lines = words(reading).wrapped(to: rect.width, rows: rect.height - 4)
    let parts = rect.rows([.flexible(), .fixed(lines.count)])
    for (row, line) in lines.enumerated() { buffer.put(line, in: parts[1], row: row, style: theme[.text]) }
    let curves = state.series("updates with at most ‖g‖", role: .gradientNorm) { lane in
      let norms = lane[ClippingInstrument.self]?.norms.filter { $0 > 0 } ?? []
      return norms.enumerated().map { (x: NumberText.log10($1), y: Double($0 + 1) / Double(norms.count)) }
    }
    guard !curves.allSatisfy({ $0.points.isEmpty }) else {
      buffer.paragraph("no update yet: there are no norms to compare", in: parts[0], style: theme[.dimText])
      return
    }
    let threshold = NumberText.log10(reading.clip.threshold), hasThreshold = reading.clip.kind == .norm
    Plot(
      x: .logarithmic(curves.flatMap { $0.points.map(\.x) }, including: hasThreshold ? [threshold] : []),
      y: Axis(.linear, lower: 0, upper: 1), series: curves, xName: "‖g‖", cursor: hasThreshold ? threshold : nil
    ).draw(in: parts[0], into: &buffer, theme: theme)
  }

  /// What happens to the next update.
  private func words(_ reading: ClippingInstrument.Reading) -> [String] {
    let whose = reading.scale.isNaN ? "this module alone" : "next update"
    var next = "\(whose): ‖g‖ \(NumberText.short(reading.norm))"
    if reading.scale < 1 {
      // What rounding turns is no turn.
      let turn = reading.angle > 1e-6 ? "turned by \(NumberText.short(reading.angle, digits: 2))°" : "same direction"
      next += " × \(NumberText.short(reading.scale)), \(turn)"
    } else if reading.scale >= 1 {
      next += ", not clipped"
    }
    let shares = reading.shares.prefix(3).map { "\($0.name) \(NumberText.percent($0.share))" }
    return [next] + (shares.isEmpty ? [] : ["shares of ‖g‖²: " + shares.joined(separator: ", ")])
  }
}
