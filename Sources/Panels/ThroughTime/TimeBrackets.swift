import Canvas
import Dashboard
import Training

extension TimeDrawing {
  /// The window under its steps: ├── k2 = 20 ──┤, under it the steps whose losses are injected, ├─ k1 = 10 ─┤; with one row
  /// these at the window's end, ├── k2 = 20 ───[═ k1 = 10 ═]. Before it the state is only carried, after it nothing has been
  /// yet. ▲ is the cursor.
  func drawBrackets(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    let cursor = scale.middle(of: picture.cursor.step).map { rect.x + $0 }
    guard !picture.hidden.contains(.window) else {
      guard picture.cursor.phase != .update, let cursor else { return }
      label(["cursor"], row: rect.y, &buffer)
      buffer.put("▲", x: cursor, y: rect.y, style: theme[.cursor])
      return
    }
    buffer.put(
      String.fitting(gutter.width - 1, ["window", "win", ""]) ?? "", x: gutter.x, y: rect.y, style: theme[.dimText],
      limit: gutter.width)
    let same = picture.injected == picture.window
    let isOnlyRow = rect.height == 1
    let row = rect.line(0)
    let words = picture.windowWords
    let labels = isOnlyRow ? notes.map { note in words.map { $0 + " · " + note } + words } ?? words : words
    let avoided = picture.cursor.phase == .update ? nil : cursor
    var taken = rect.x..<rect.x
    if isOnlyRow && !same {
      let inner = scale.columns(of: picture.injected)?.count ?? 0
      let both = words.map { $0 + ", " + (picture.injectedWords.last ?? "k1") }
      taken = bracket(
        picture.window, labels: labels, beside: both, reserved: inner, role: .window, row: row, avoiding: avoided,
        &buffer)
      nestedBracket(row: row, avoiding: avoided, &buffer)
    } else {
      taken = bracket(
        picture.window, labels: labels, beside: words, role: .window, row: row, avoiding: avoided, &buffer)
    }
    drawAround(in: row, taken, &buffer)
    if let avoided { buffer.put("▲", x: avoided, y: rect.y, style: theme[.cursor]) }
    guard !isOnlyRow else { return }
    let second = rect.line(1)
    var used = rect.x..<rect.x
    if !same {
      let words = picture.injectedWords
      used = bracket(picture.injected, labels: words, beside: words, role: .newest, row: second, &buffer)
    }
    if let notes, let place = place(for: notes, in: second, beside: used) {
      buffer.put(notes, x: place, y: second.y, style: theme[.dimText])
    }
  }

  /// What else is to be said: how steps are shown, and which inputs are not.
  private var notes: String? {
    let marks = picture.marks(hiddenFrom: rows.inputs)
    let inputs = picture.inputs.indices.dropFirst(rows.inputs).filter { $0 != marks }.map { picture.inputs[$0].name }
    let hidden = picture.symbols == nil ? inputs + picture.hiddenInputs : []
    let words =
      hidden.isEmpty
      ? nil : (hidden.count > 3 ? "\(hidden.count) inputs" : hidden.joined(separator: ", ")) + " not shown"
    let all = [scale.words, words].compactMap { $0 }
    return all.isEmpty ? nil : all.joined(separator: " · ")
  }

  private func drawAround(in row: Rect, _ taken: Range<Int>, _ buffer: inout Buffer) {
    let before = scale.columns(of: 0..<picture.window.lowerBound)
    let after = scale.columns(of: picture.window.upperBound..<max(picture.window.upperBound, picture.length))
    let carried =
      picture.carriesInfluence
      ? ["state and influence ∂h/∂w carried", "h and ∂h/∂w carried", "carried"]
      : ["state carried, no gradient", "carried, no gradient", "state carried", "carried"]
    let texts: [(Range<Int>?, [String])] = [
      (before, carried),
      (after, ["not reached yet in this sequence", "not reached yet", "not yet"]),
    ]
    for (columns, forms) in texts {
      guard let columns else { continue }
      var free = (row.x + columns.lowerBound)..<(row.x + columns.upperBound)
      if taken.overlaps(free) {
        // A name that stands beside the bracket takes its room first.
        free =
          taken.lowerBound > free.lowerBound
          ? free.lowerBound..<taken.lowerBound : min(taken.upperBound, free.upperBound)..<free.upperBound
      }
      guard let text = String.fitting(free.count - 2, forms) else { continue }
      buffer.put(text, x: free.lowerBound + (free.count - text.columns) / 2, y: row.y, style: theme[.dimText])
    }
  }

  /// One bracket with a name in its middle, moved aside where the cursor stands; where it is too narrow the name stands
  /// beside it.
  /// - Parameter reserved: so many columns at its end are taken by something else.
  /// - Returns: the columns of a name beside it.
  @discardableResult
  private func bracket(
    _ steps: Range<Int>, labels: [String], beside: [String], reserved: Int = 0, role: Role, row: Rect,
    avoiding cursor: Int? = nil, _ buffer: inout Buffer
  ) -> Range<Int> {
    let nothing = row.x..<row.x
    guard let columns = scale.columns(of: steps) else { return nothing }
    let first = row.x + columns.lowerBound
    let last = row.x + columns.upperBound - 1
    let style = theme[role]
    for x in first...last { buffer.put("─", x: x, y: row.y, style: style) }
    // An end that is scrolled off is left open.
    if scale.steps.contains(steps.lowerBound) { buffer.put("├", x: first, y: row.y, style: style) }
    if scale.steps.contains(steps.upperBound - 1) {
      buffer.put(first == last ? "┼" : "┤", x: last, y: row.y, style: style)
    }
    let room = columns.count - reserved
    if room >= 5, let (label, start) = place(labels, avoiding: cursor, from: first, to: last - reserved) {
      buffer.put(" " + label + " ", x: start - 1, y: row.y, style: style)
      return nothing
    }
    // Beside it: after it where there is room, else before it.
    let after = row.maxX - last - 3, before = first - row.x - 2
    if let label = String.fitting(max(after, before), beside) {
      let start = label.columns <= after ? last + 2 : first - 1 - label.columns
      buffer.put(label, x: start, y: row.y, style: style)
      return (start - 1)..<(start + label.columns + 1)
    }
    return nothing
  }

  /// The longest name that finds room between two columns, and where: in the middle, or beside the cursor; nil where none does.
  private func place(
    _ labels: [String], avoiding cursor: Int?, from first: Int, to last: Int
  ) -> (label: String, start: Int)? {
    for label in labels where !label.isEmpty && label.columns <= last - first - 3 {
      let start = first + (last - first + 1 - label.columns) / 2
      guard let cursor, (start - 1...start + label.columns).contains(cursor) else { return (label, start) }
      let right = cursor + 2, left = cursor - 1 - label.columns
      if right + label.columns < last { return (label, right) }
      if left > first { return (label, left) }
    }
    return nil
  }

  /// The injected losses inside of the window's bracket: [═ k1 = 10 ═].
  private func nestedBracket(row: Rect, avoiding cursor: Int?, _ buffer: inout Buffer) {
    guard let columns = scale.columns(of: picture.injected) else { return }
    let first = row.x + columns.lowerBound
    let last = row.x + columns.upperBound - 1
    let style = theme[.newest]
    for x in first...last { buffer.put("═", x: x, y: row.y, style: style) }
    if last > first {
      buffer.put("[", x: first, y: row.y, style: style)
      buffer.put("]", x: last, y: row.y, style: style)
    }
    guard let (label, start) = place(picture.injectedWords, avoiding: cursor, from: first, to: last) else { return }
    buffer.put(" " + label + " ", x: start - 1, y: row.y, style: style)
  }

  /// A place in the second row that neither the bracket nor its name takes.
  private func place(for words: String, in row: Rect, beside used: Range<Int>) -> Int? {
    guard words.columns <= row.width else { return nil }
    let columns = picture.injected == picture.window ? nil : scale.columns(of: picture.injected)
    guard let columns else { return row.x }
    var taken = (row.x + columns.lowerBound)..<(row.x + columns.upperBound)
    if !used.isEmpty { taken = min(taken.lowerBound, used.lowerBound)..<max(taken.upperBound, used.upperBound) }
    if taken.lowerBound - row.x >= words.columns + 2 { return row.x }
    return row.maxX - taken.upperBound >= words.columns + 2 ? taken.upperBound + 2 : nil
  }
}

extension TimePicture {
  /// k1 as it was asked for.
  private var newest: Int { wantedNewest ?? injected.count }

  /// What Williams and Peng call a truncation whose windows overlap.
  private var fieldName: String {
    if newest == 1 { return wantedWindow >= length ? "real-time BPTT" : "BPTT(h), h = \(wantedWindow)" }
    return "BPTT(h; h′), h = \(min(wantedWindow, length)), h′ = \(newest)"
  }

  /// The window's names, longest first: where it reaches back to the state before the sequence, with what that is.
  var windowWords: [String] {
    guard window.lowerBound == 0, let first = ownWords.first else { return ownWords }
    return firstState.map { "\(first), \($0)" } + ownWords
  }

  /// k2, how much of it there is, and k1 where both share one bracket.
  private var ownWords: [String] {
    let count = window.count
    guard !isRecorded else { return ["\(count) steps as they were recorded", "\(count) steps"] }
    guard isRecurrent else { return ["the whole sequence at once, n = \(count)", "n = \(count)"] }
    let name = wantedWindow >= length ? "k2 = n = \(wantedWindow)" : "k2 = \(wantedWindow)"
    // A window reaches back to its sequence's start at most.
    let isCut = count < wantedWindow && window.lowerBound == 0
    let own =
      (isCut ? ["\(name), only \(count) \(count == 1 ? "step" : "steps") so far", "\(name): \(count) so far"] : []) + [
        name
      ]
    let short = own + ["k2 = \(wantedWindow)"]
    guard injected == window else { return (injection == .newest ? ["\(own[0]): \(fieldName)"] : []) + short }
    if count == length && newest >= length {
      return (isWhole ? ["k1 = k2 = n = \(count), full (epochwise) backpropagation"] : []) + ["k1 = k2 = n = \(count)"]
        + short
    }
    switch injection {
    case .window: return ["\(own[0]), all its losses, k1 = \(newest)", "\(own[0]), all its losses"] + short
    case .newest where newest == wantedWindow && !isCut: return ["k2 = k1 = \(count)"] + short
    case .newest where newest > count && window.lowerBound > 0 && untrainedLosses > 0:
      // Losses since the last update that lie before the window are trained by no update.
      let missed = untrainedLosses == 1 ? "1 loss is" : "\(untrainedLosses) losses are"
      return ["\(own[0]) < k1 = \(newest): \(missed) never trained on", "\(own[0]) < k1 = \(newest): losses left out"]
        + own.map { "\($0) · k1 = \(newest)" } + short
    default: return own.map { "\($0) · k1 = \(newest)" } + short
    }
  }

  /// The names of the losses that are injected, longest first.
  var injectedWords: [String] {
    let count = injected.count
    if injection == .last { return ["the last loss", "last"] }
    if newest > count { return ["k1 = \(newest), here \(count) losses", "k1 = \(newest): \(count)", "k1 = \(newest)"] }
    return [count == 1 ? "k1 = 1 loss" : "k1 = \(count) losses", "k1 = \(count)"]
  }
}
