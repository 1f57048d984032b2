import Canvas
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
    "Look for: whether the inputs that the task turns on have a share, and how many of the last steps have nine tenths.",
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
      let name = "where the loss comes from"
      guard
        let reading = reading(name, from: AttributionInstrument.self, of: lane, in: place, &buffer, theme)
      else { continue }
      let field = state.lanes.count > 1 ? place.inset(left: 2) : place
      if field != place { buffer.put(lane.id.letter, in: place, style: theme[.accent]) }
      guard reading.attribution.log10Norm.contains(where: \.isFinite) else {
        let reason = reading.noGradientReason ?? "no input has a part in this loss: every path to it is exactly 0"
        buffer.paragraph(reason, in: field, style: theme[.dimText])
        continue
      }
      let step = state.term?.step ?? (state.cursor.phase == .update ? nil : state.cursor(in: lane).step)
      if let symbols = reading.symbols {
        InkedText(
          symbols: symbols.map { $0.text == " " ? "␣" : $0.text }, values: reading.attribution.log10Norm,
          chosen: reading.attribution.loss, cursor: step
        ).draw(in: field, into: &buffer, theme: theme)
      } else {
        InkedColumns(names: reading.inputNames, values: reading.attribution.log10Magnitude, cursor: step)
          .draw(in: field, into: &buffer, theme: theme)
      }
    }
  }
}
