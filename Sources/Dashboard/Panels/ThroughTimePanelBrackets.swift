import Canvas

extension TimeDrawing {
  /// The window under its steps: ├── k2 = 20 ──┤, under it the steps whose losses are injected, ├─ k1 = 10 ─┤; with one row
  /// both in one line. Before it the state is only carried, after it nothing has been yet. ▲ is the cursor.
  func drawBrackets(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    let cursor = scale.middle(of: picture.cursor.step).map { rect.x + $0 }
    buffer.put(
      String.fitting(gutter.width - 1, ["window", "win", ""]) ?? "", x: gutter.x, y: rect.y, style: theme[.dimText],
      limit: gutter.width)
    let same = picture.injected == picture.window
    if rect.height > 1 || same {
      bracket(
        picture.window, labels: windowLabels(same: same, isOnlyRow: rect.height == 1), role: .window, row: rect.line(0),
        avoiding: cursor, &buffer)
      if !same {
        bracket(picture.injected, labels: injectedLabels, role: .newest, row: rect.line(1), avoiding: nil, &buffer)
      }
    } else {
      let older = picture.window.lowerBound..<max(picture.window.lowerBound, picture.injected.lowerBound)
      bracket(
        older, labels: windowLabels(same: false, isOnlyRow: true), role: .window, row: rect.line(0), avoiding: cursor,
        &buffer)
      bracket(picture.injected, labels: injectedLabels, role: .newest, row: rect.line(0), avoiding: cursor, &buffer)
    }
    drawAround(in: rect, &buffer)
    if let cursor, picture.cursor.phase != .update {
      buffer.put("▲", x: cursor, y: rect.y, style: theme[.cursor])
    }
    if let words = scale.words, rect.height > 1, let place = place(for: words, in: rect.line(1)) {
      buffer.put(words, x: place, y: rect.y + 1, style: theme[.dimText])
    }
  }

  /// The window's names; with how steps are shown where no row is left to say it.
  private func windowLabels(same: Bool, isOnlyRow: Bool) -> [String] {
    let labels = windowLabels(same: same)
    guard isOnlyRow, let words = scale.words else { return labels }
    return labels.map { $0 + " · " + words } + labels
  }

  private func windowLabels(same: Bool) -> [String] {
    let count = picture.window.count
    let cut = picture.wantedWindow > count && picture.window.lowerBound == 0 && picture.wantedWindow < picture.length
    if same {
      let all = count == picture.length ? ["k1 = k2 = n = \(count), full backpropagation"] : []
      return all + ["k2 = k1 = \(count)", "k2 = \(count)", "k2"]
    }
    let long = cut ? ["k2 = \(picture.wantedWindow), \(count) steps up to here"] : []
    return long + ["k2 = \(cut ? picture.wantedWindow : count)", "k2"]
  }

  private var injectedLabels: [String] {
    let count = picture.injected.count
    return count == 1 ? ["this loss"] : ["k1 = \(count) losses", "k1 = \(count)", "k1"]
  }

  private func drawAround(in rect: Rect, _ buffer: inout Buffer) {
    let before = scale.columns(of: 0..<picture.window.lowerBound)
    let after = scale.columns(of: picture.window.upperBound..<max(picture.window.upperBound, picture.length))
    let texts: [(Range<Int>?, [String])] = [
      (before, ["state carried, no gradient", "carried, no gradient", "state carried", "carried"]),
      (after, ["not yet trained", "not yet"]),
    ]
    for (columns, forms) in texts {
      guard let columns, let text = String.fitting(columns.count - 2, forms) else { continue }
      let start = rect.x + columns.lowerBound + (columns.count - text.columns) / 2
      buffer.put(text, x: start, y: rect.y, style: theme[.dimText])
    }
  }

  /// One bracket with a name in its middle, moved aside where the cursor stands.
  private func bracket(
    _ steps: Range<Int>, labels: [String], role: Role, row: Rect, avoiding cursor: Int?, _ buffer: inout Buffer
  ) {
    guard let columns = scale.columns(of: steps) else { return }
    let first = row.x + columns.lowerBound
    let last = row.x + columns.upperBound - 1
    let style = theme[role]
    for x in first...last { buffer.put("─", x: x, y: row.y, style: style) }
    // An end that is scrolled off is left open.
    if scale.steps.contains(steps.lowerBound) { buffer.put("├", x: first, y: row.y, style: style) }
    if scale.steps.contains(steps.upperBound - 1) {
      buffer.put(first == last ? "┼" : "┤", x: last, y: row.y, style: style)
    }
    guard let label = String.fitting(columns.count - 4, labels) else { return }
    var start = first + (columns.count - label.columns) / 2
    if let cursor, (start - 1...start + label.columns).contains(cursor) {
      let right = cursor + 2
      let left = cursor - 1 - label.columns
      start = right + label.columns < last ? right : left > first ? left : start
    }
    buffer.put(" " + label + " ", x: start - 1, y: row.y, style: style)
  }

  /// A place in the second row that the bracket does not take.
  private func place(for words: String, in row: Rect) -> Int? {
    guard words.columns <= row.width else { return nil }
    let taken = picture.injected == picture.window ? nil : scale.columns(of: picture.injected)
    guard let taken else { return row.x }
    if taken.lowerBound >= words.columns + 2 { return row.x }
    return row.width - taken.upperBound >= words.columns + 2 ? row.x + taken.upperBound + 2 : nil
  }
}
