import Canvas

struct FilePanel: Panel {
  let id: PanelID = "file"
  let digit = 9
  let title = "File"
  let shortTitle = "File"
  let minimumSize = Size(width: 26, height: 2)
  let help = [
    "The file that is learnt: size, alphabet and place for a text, the columns for a CSV.",
    "Below it what the network writes by itself at the present weights.",
    "Look for: letters, then words, as the loss falls.",
  ]
  let widthWeight = 5
  let heightWeight = 1
  func applies(to state: DashboardState) -> Bool { state.shown?.description.fileSummary != nil }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    buffer.put("waiting for the first pass", in: rect, style: theme[.dimText])
  }
}
