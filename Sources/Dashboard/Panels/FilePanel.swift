import Canvas
import Training

/// The user's file: what is read, and what the network writes of it.
struct FilePanel: Panel {
  let id: PanelID = "file"
  let digit = 9
  let title = "File"
  let shortTitle = "File"
  let minimumSize = Size(width: 26, height: 2)
  let widthWeight = 5
  let heightWeight = 7
  let help = [
    "The file that is learnt: for a text its size, alphabet and place in it; for a CSV the names of its columns.",
    "Below it, for a text, what the network writes by itself at the present weights, drawn with its own probabilities.",
    "Look for: spaces between words first, then frequent words, as the loss falls under what counting letters gives.",
  ]

  func applies(to state: DashboardState) -> Bool { state.snapshot?.description.fileSummary != nil }

  func notes(_ state: DashboardState) -> [String] {
    state.shown?.sample.isEmpty == false ? ["below: what the network writes", "it writes"] : []
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let shown = state.shown else { return }
    let inside = rect.inset(left: 1, right: 1)
    let summary = shown.description.fileSummary ?? ""
    let hasSample = !shown.sample.isEmpty
    let lines = summary.wrapped(to: inside.width)
    let kept = lines.prefix(hasSample ? max(1, min(lines.count, (inside.height + 1) / 2)) : inside.height)
    for (row, line) in kept.enumerated() {
      let isCut = row == kept.count - 1 && kept.count < lines.count
      buffer.put(line + (isCut ? " …" : ""), in: inside, row: row, style: theme[.dimText], ellipsis: true)
    }
    var below = inside.inset(top: kept.count)
    if hasSample {
      drawSample(shown.sample, in: below, &buffer, theme)
    } else {
      for (title, names) in [("reads ", shown.description.inputNames), ("predicts ", shown.description.outputNames)]
      where !names.isEmpty {
        let rows = buffer.paragraph(title + names.joined(separator: ", "), in: below, style: theme[.text])
        below = below.inset(top: rows)
      }
    }
  }

  /// The newest of what the network writes, line feeds as ␊.
  private func drawSample(_ sample: String, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.width > 0, rect.height > 0 else { return }
    let characters = Array(sample)
    let rows = min(rect.height, (characters.count + rect.width - 1) / rect.width)
    let newest = characters.suffix(rows * rect.width)
    for (index, character) in newest.enumerated() {
      let shown = character == "\n" ? "␊" : String(character)
      let style = character == "\n" ? theme[.dimText] : theme[.text]
      buffer.put(shown, x: rect.x + index % rect.width, y: rect.y + index / rect.width, style: style)
    }
  }
}
