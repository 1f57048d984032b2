import Canvas
import Instruments

/// Where the gradient under the cursor comes from, in networks that are no recurrent ones.
struct SitePanel: Panel {
  let id: PanelID = "site"
  let title = "Where it comes from"
  let size = PanelSize(46, 4, heightWeight: 10)
  let help = [
    "The gradient at the cursor's position as a sum: each line is a later site that is computed from it, and its share of the sum of the norms.",
    "A recurrent network has one such site a step, a deep network too; attention has every later position, a tree the node above.",
    "Look for: how many steps the shortest path from the loss has.",
  ]
  let reads: [any Instrument.Type] = [SiteInstrument.self]

  func applies(to state: DashboardState) -> Bool { !state.lane.experiment.isRecurrent }

  func notes(_ state: DashboardState) -> [String] { ["sequence 1"] }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("the gradient", from: SiteInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let inside = rect.inset(left: 1, right: 1)
    let isThere = state.cursor.phase != .forward
    let lines =
      isThere
      ? reading.lines(inside.height) { NumberText.power(log10: $0, digits: 3) }
      : ["\(reading.name): the backward pass has not come yet"]
    for (row, line) in lines.enumerated() {
      buffer.put(
        line.words(theme), in: inside, row: row, style: theme[row == 0 ? .value : .text], ellipsis: true)
    }
  }
}
