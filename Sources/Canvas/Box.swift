extension Buffer {
  /// Draws a panel's border: its key and title at the left of the upper edge, a note (what is plotted, its unit) at
  /// the right. A title is never cut: where room is short the note gives way, form by form, then the title takes its
  /// next shorter form, and where none fits only the key is left.
  /// - Parameters:
  ///   - rect: the box, its lines included.
  ///   - title: forms of the title, longest first.
  ///   - note: forms of the note, longest first.
  ///   - key: the key that calls the panel.
  ///   - focused: whether keys go to this panel; shown by color and by heavier lines.
  ///   - theme: the colors and lines.
  /// - Returns: the room inside.
  @discardableResult
  public mutating func box(
    _ rect: Rect, title: [String] = [], note: [String] = [], key: String? = nil, focused: Bool = false,
    theme: Theme
  ) -> Rect {
    guard rect.width >= 2 && rect.height >= 2 else { return rect.inset(1) }
    let style = theme[focused ? .focusBorder : .border]
    let line = BoxLines(focused: focused, tier: theme.characters)
    for x in (rect.x + 1)..<(rect.maxX - 1) {
      put(line.horizontal, x: x, y: rect.y, style: style)
      put(line.horizontal, x: x, y: rect.maxY - 1, style: style)
    }
    for y in (rect.y + 1)..<(rect.maxY - 1) {
      put(line.vertical, x: rect.x, y: y, style: style)
      put(line.vertical, x: rect.maxX - 1, y: y, style: style)
    }
    put(line.corners.0, x: rect.x, y: rect.y, style: style)
    put(line.corners.1, x: rect.maxX - 1, y: rect.y, style: style)
    put(line.corners.2, x: rect.x, y: rect.maxY - 1, style: style)
    put(line.corners.3, x: rect.maxX - 1, y: rect.maxY - 1, style: style)

    // "╭ 1 Title ──── note ╮": blanks around each text, at least one piece of line between them.
    let room = rect.width - 4
    let prefix = key.map { $0.columns + 1 } ?? 0
    let shownTitle = String.fitting(room - prefix, title)
    let titleColumns = prefix + (shownTitle?.columns ?? 0)
    if let key, key.columns <= room {
      put(" " + key + " ", x: rect.x + 1, y: rect.y, style: theme[.keyName])
    }
    if let shownTitle {
      if key == nil { put(" ", x: rect.x + 1, y: rect.y, style: style) }
      put(shownTitle + " ", x: rect.x + 2 + prefix, y: rect.y, style: theme[.title])
    }
    // The note is shown only beside the title's longest form: the title gives way last.
    if shownTitle == title.first, let shownNote = String.fitting(room - titleColumns - 3, note), !shownNote.isEmpty {
      put(" " + shownNote + " ", x: rect.maxX - 3 - shownNote.columns, y: rect.y, style: theme[.dimText])
    }
    return rect.inset(1)
  }
}

/// The characters that a box is drawn with.
struct BoxLines {
  let horizontal: Unicode.Scalar, vertical: Unicode.Scalar
  /// Upper left, upper right, lower left, lower right.
  let corners: (Unicode.Scalar, Unicode.Scalar, Unicode.Scalar, Unicode.Scalar)

  init(focused: Bool, tier: CharacterTier) {
    switch (focused, tier) {
    case (false, .ascii): (horizontal, vertical, corners) = ("-", "|", ("+", "+", "+", "+"))
    case (true, .ascii): (horizontal, vertical, corners) = ("=", "|", ("#", "#", "#", "#"))
    case (false, .block): (horizontal, vertical, corners) = ("─", "│", ("┌", "┐", "└", "┘"))
    case (false, .braille): (horizontal, vertical, corners) = ("─", "│", ("╭", "╮", "╰", "╯"))
    case (true, _): (horizontal, vertical, corners) = ("━", "┃", ("┏", "┓", "┗", "┛"))
    }
  }
}
