import Canvas
import Training

/// The line that is being written, in place of the footer, and over it what it can become.
enum PromptOverlay {
  static func draw(prompt editor: LineEditor, _ state: DashboardState, _ buffer: inout Buffer) {
    let line = SettingLine(editor.text, state.experiment, others: state.screenSettings)
    let candidates = line.candidates
    var note = editor.problem
    if note == nil, line.value != nil, candidates.isEmpty, let key = try? line.onlyKey() {
      note = "\(key.summary): \(key.kind.expectation), now \(key.get(state.experiment))"
    }
    draw(
      ":", editor, candidates: candidates, note: note, isProblem: editor.problem != nil,
      hint: "⏎ set · ; one more · ⇥ complete · ↑↓ history · Esc back", state, &buffer)
  }

  static func draw(find editor: LineEditor, _ state: DashboardState, _ buffer: inout Buffer) {
    let found = state.findings(editor.text).map { (text: $0.name, about: $0.about) }
    draw(
      "/", editor, candidates: found, chosen: editor.chosen,
      note: found.isEmpty ? missing(editor.text) : nil,
      isProblem: found.isEmpty, hint: "↑ ↓ choose · ⏎ take it · Esc back", state, &buffer)
  }

  /// What is said where nothing has the name. Lessons are opened from the command line alone.
  private static func missing(_ text: String) -> String {
    text.lowercased().hasPrefix("lesson")
      ? "lessons are no part of a run: q, then bpttop lesson lists them" : "no knob, panel, mark or demo has this name"
  }

  static func draw(demos editor: LineEditor, _ state: DashboardState, _ buffer: inout Buffer) {
    let found = state.findings(editor.text).map { (text: $0.name, about: $0.about) }
    draw(
      "demo", editor, candidates: found, chosen: editor.chosen, most: max(6, buffer.height - 8),
      note: found.isEmpty ? "no demo has these words" : nil, isProblem: found.isEmpty,
      hint: "letters filter · ↑ ↓ choose · ⏎ open it · Esc back", state, &buffer)
  }

  private static func draw(
    _ sign: String, _ editor: LineEditor, candidates: [(text: String, about: String)], chosen: Int? = nil,
    most: Int = 6, note: String?, isProblem: Bool, hint: String, _ state: DashboardState, _ buffer: inout Buffer
  ) {
    let theme = state.theme
    let width = buffer.width
    let line = Rect(x: 0, y: buffer.height - 1, width: width, height: 1)
    buffer.fill(line, Cell(" ", theme[.background]))
    // What is left of the caret is what must be seen of a line that is too long.
    let before = String(editor.before.suffix(max(0, width - 4)))
    var x = buffer.put(" \(sign)" + (sign.count > 1 ? " " : ""), x: 0, y: line.y, style: theme[.keyName])
    x = buffer.put(before, x: x, y: line.y, style: theme[.value])
    let caret = editor.behind.first.map { String($0) } ?? " "
    let end = buffer.put(caret, x: x, y: line.y, style: theme[.selection])
    let last = buffer.put(
      String(editor.behind.dropFirst()), x: end, y: line.y, style: theme[.value], limit: width - end)
    if last + hint.columns + 2 < width {
      buffer.put(hint, x: width - hint.columns - 1, y: line.y, style: theme[.dimText])
    }
    let above = max(0, min(chosen ?? 0, candidates.count - 1) - most + 1)
    var rows: [(String, String, Role)] = candidates.enumerated().dropFirst(above).prefix(most).map { index, candidate in
      (candidate.text, candidate.about, index == chosen ? .selection : .value)
    }
    let below = candidates.count - above - rows.count
    if below > 0 { rows.append(("… \(below) more", "", .dimText)) }
    let column = (rows.map { $0.0.columns }.max() ?? 0) + 2
    // What does not fit beside the chosen one is told in full under the list.
    let isCut = { (about: String) in about.columns > width - 4 - column }
    let full = chosen.flatMap {
      candidates.indices.contains($0) && isCut(candidates[$0].about) ? candidates[$0].about : nil
    }
    let noteLines = (note ?? full)?.wrapped(to: width - 4) ?? []
    let height = rows.count + noteLines.count
    guard height > 0 else { return }
    let frame = Rect(x: 0, y: buffer.height - 3 - height, width: width, height: height + 2)
    buffer.fill(frame, theme.blank)
    let inside = buffer.box(frame, focused: true, theme: theme).inset(left: 1, right: 1)
    for (row, (text, about, role)) in rows.enumerated() {
      buffer.put(text, in: inside, row: row, style: theme[role])
      buffer.put(about, in: inside.inset(left: column), row: row, style: theme[.dimText], ellipsis: true)
    }
    for (row, text) in noteLines.enumerated() {
      buffer.put(text, in: inside, row: rows.count + row, style: theme[isProblem ? .error : .text])
    }
  }
}
