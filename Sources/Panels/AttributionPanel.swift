import Canvas
import Dashboard
import GradientFlow
import Instruments

/// Where on the input the loss under the cursor comes from, as color on the input itself.
struct AttributionPanel: Panel {
  let id: PanelID = "attribution"
  let title = "Attribution ‖∂l_i/∂x_t‖"
  let shortTitle = "Attribution"
  let size = PanelSize(40, 3, heightWeight: 8)
  let help = [
    "∂l_i/∂x_t: how much the loss of step i changes with the input of step t, by all paths; log10 as color on the symbols, or on the columns of the input, and as bars. Of the batch's first sequence.",
    "i is the loss at the cursor's step, or the next one after it; at rest the last one. The symbol of step i is reversed; inputs after it have no part.",
    "Look for: whether the inputs that the task depends on have a share, and how many of the last steps have nine tenths of the gradient.",
  ]
  let reads: [any Instrument.Type] = [AttributionInstrument.self]
  let keys = DashboardState.termKeys

  func isWanted(_ state: DashboardState) -> Bool { false }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? { state.moveTerm(key) }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[AttributionInstrument.self] else { return [] }
    let whose = reading.batch > 1 ? "sequence 1 of \(reading.batch) · " : ""
    let loss = "loss i = \(reading.attribution.loss + 1)"
    guard let half = reading.attribution.reach(0.5), let most = reading.attribution.reach(0.9) else { return [loss] }
    let words = "\(loss): 50 % from the last \(half), 90 % from the last \(most) steps"
    return [whose + words, words, "\(loss): 90 % from the last \(most)", loss]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let lanes = state.lanes.count > 1 && rect.height >= 6 ? state.lanes : [state.lane]
    for (lane, place) in zip(lanes, rect.rows(lanes.map { _ in .flexible() })) {
      let field = state.lanes.count > 1 ? place.inset(left: 2) : place
      if field != place { buffer.put(lane.id.letter, in: place, style: theme[.accent]) }
      let taken = draw(lane, state, in: field, &buffer, theme)
      if taken > 0, field.height - taken >= 9 { drawReach(lane, in: field.inset(top: taken + 1), &buffer, theme) }
    }
  }

  /// The input of a lane's pass.
  /// - Returns: the rows that it took; 0 where there is nothing to draw.
  private func draw(
    _ lane: Lane, _ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) -> Int {
    let name = "where the loss comes from"
    guard let reading = reading(name, from: AttributionInstrument.self, of: lane, in: rect, &buffer, theme) else {
      return 0
    }
    guard reading.attribution.log10Norm.contains(where: \.isFinite) else {
      let reason = reading.noGradientReason ?? "no input has a part in this loss: every path to it is exactly 0"
      buffer.paragraph(reason, in: rect, style: theme[.dimText])
      return 0
    }
    let cursor = state.cursor(in: lane), step = state.term?.step ?? (cursor.phase == .update ? nil : cursor.step)
    if let symbols = reading.symbols {
      return InkedText(
        symbols: symbols.map { $0.text == " " ? "␣" : $0.text }, values: reading.attribution.log10Norm,
        chosen: reading.attribution.loss, cursor: step
      ).draw(in: rect, into: &buffer, theme: theme)
    }
    return InkedColumns(names: reading.inputNames, values: reading.attribution.log10Magnitude, cursor: step)
      .draw(in: rect, into: &buffer, theme: theme)
  }

  /// Over training, how many of the last steps have half and nine tenths.
  private func drawReach(_ lane: Lane, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    func points(_ name: String) -> [(x: Double, y: Double)] {
      lane.trends[AttributionInstrument.self, name].map { (x: Double($0.update), y: $0.value) }
    }
    let curves = [
      Series(points("reach"), role: .truncated, labels: ["steps that have 90 %", "90 %"]),
      Series(points("half"), .line(.dotted), role: .sigma, symbol: "o", labels: ["50 %"]),
    ]
    guard let first = curves[0].points.first, let last = curves[0].points.last, last.x > first.x else { return }
    Plot(
      x: .steps(Int(first.x), Int(last.x)), y: .linear(curves.flatMap { $0.points.map(\.y) }, including: [0]),
      series: curves, xName: "update"
    ).draw(in: rect, into: &buffer, theme: theme)
  }
}
