/// Where a text lies in the room that it is given.
public enum Alignment: Hashable, Sendable { case left, center, right }

/// A text in one style: a line is made of some.
public struct Span: Hashable, Sendable {
  /// What is written.
  public var text: String
  /// How it looks.
  public var style: Style

  /// A span.
  public init(_ text: String, _ style: Style) {
    self.text = text
    self.style = style
  }

  /// How many columns it takes.
  public var columns: Int { text.columns }
}

extension Sequence<Span> {
  /// How many columns they take.
  public var columns: Int { reduce(0) { $0 + $1.columns } }
}

extension Buffer {
  /// Draws a text in one row from column x on, at most `limit` columns of it. A style without a background keeps
  /// that of the cells.
  /// - Returns: the column after the text.
  @discardableResult
  public mutating func put(
    _ text: some StringProtocol, x: Int, y: Int, style: Style, limit: Int = .max
  ) -> Int {
    var column = x
    var left = limit
    for character in text {
      guard left > 0 else { break }
      guard let scalar = character.cellScalar else { continue }
      put(scalar, x: column, y: y, style: style)
      column += 1
      left -= 1
    }
    return column
  }

  /// Draws a text in a row of a rectangle and never outside of it. What does not fit is cut; if `ellipsis` says so,
  /// after a whole word, with … behind it.
  public mutating func put(
    _ text: some StringProtocol, in rect: Rect, row: Int = 0, alignment: Alignment = .left, style: Style,
    ellipsis: Bool = false
  ) {
    guard row >= 0 && row < rect.height && rect.width > 0 else { return }
    let columns = text.columns
    let space = max(0, rect.width - columns)
    let offset =
      switch alignment {
      case .left: 0
      case .center: space / 2
      case .right: space
      }
    let shown = ellipsis && columns > rect.width ? text.cut(to: rect.width) : String(text)
    put(shown, x: rect.x + offset, y: rect.y + row, style: style, limit: rect.width)
  }

  /// Draws the first of some forms of a line that fits into a row of a rectangle; none of them where none does.
  public mutating func put(fitting forms: [[Span]], in rect: Rect, row: Int = 0, alignment: Alignment = .left) {
    put(forms.first { $0.columns <= rect.width } ?? [], in: rect, row: row, alignment: alignment)
  }

  /// Draws spans one after the other in a row of a rectangle, cut at its end.
  /// - Returns: the column after the last.
  @discardableResult
  public mutating func put(_ spans: [Span], in rect: Rect, row: Int = 0, alignment: Alignment = .left) -> Int {
    guard row >= 0 && row < rect.height && rect.width > 0 else { return rect.x }
    let columns = alignment == .left ? 0 : spans.columns
    let space = max(0, rect.width - columns)
    var column =
      switch alignment {
      case .left: rect.x
      case .center: rect.x + space / 2
      case .right: rect.x + space
      }
    for span in spans {
      column = put(span.text, x: column, y: rect.y + row, style: span.style, limit: rect.maxX - column)
    }
    return column
  }

  /// Draws paragraphs, wrapped between words, from a row of the rectangle on.
  /// - Returns: how many rows it took.
  @discardableResult
  public mutating func paragraph(_ text: String, in rect: Rect, row: Int = 0, style: Style) -> Int {
    let lines = [text].wrapped(to: rect.width, rows: rect.height - row)
    for (index, line) in lines.enumerated() { put(line, in: rect, row: row + index, style: style) }
    return lines.count
  }
}

extension StringProtocol {
  /// As many whole words as fit so many columns, and …; a single word that is too long is cut itself.
  fileprivate func cut(to columns: Int) -> String {
    var head = String(prefix(Swift.max(0, columns - 1)))
    let endsInWord = dropFirst(head.count).first.map { $0 != " " } ?? false
    if endsInWord, let blank = head.lastIndex(of: " "), head[..<blank].contains(where: { $0 != " " }) {
      head = String(head[..<blank])
    }
    while head.last == " " { head.removeLast() }
    return head + "…"
  }
}

extension [String] {
  /// The texts in at most so many rows, each wrapped; where there are more, the last row ends in "…".
  public func wrapped(to columns: Int, rows: Int) -> [String] {
    let lines = flatMap { $0.wrapped(to: columns) }
    guard rows > 0 else { return [] }
    guard lines.count > rows else { return lines }
    let last = lines[rows - 1]
    return lines.prefix(rows - 1) + [last.columns < columns ? last + "…" : last.cut(to: columns)]
  }
}

extension String {
  /// Lines of at most so many columns, broken between words; a longer word is broken where it must be.
  public func wrapped(to columns: Int) -> [String] {
    guard columns > 0 else { return [] }
    var lines: [String] = []
    for paragraph in split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        var word = word
        let needed = line.isEmpty ? word.columns : line.columns + 1 + word.columns
        if needed > columns && !line.isEmpty {
          lines.append(line)
          line = ""
        }
        while line.isEmpty && word.columns > columns {
          lines.append(String(word.prefix(columns)))
          word = word.dropFirst(columns)
        }
        line += line.isEmpty ? word : " " + word
      }
      lines.append(line)
    }
    return lines
  }

  /// The first of some forms of a text, longest first, that fits so many columns; nil if none does.
  public static func fitting(_ columns: Int, _ forms: [String]) -> String? {
    forms.first { $0.columns <= columns }
  }
}

extension String {
  /// The paragraphs of a file's head, each in one line: a paragraph begins behind an empty line, and with a word and a colon.
  public var paragraphs: [String] {
    var paragraphs: [String] = []
    var isBehindEmpty = true
    for line in split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ").joined(separator: " ")
      let label = line.prefix { $0 != ":" }
      let begins = label.count < min(12, line.count) && label.first?.isUppercase == true && !label.contains(".")
      if words.isEmpty || begins || isBehindEmpty || paragraphs.isEmpty {
        if !paragraphs.isEmpty || !words.isEmpty { paragraphs.append(words) }
      } else {
        paragraphs[paragraphs.count - 1] += " " + words
      }
      isBehindEmpty = words.isEmpty
    }
    return paragraphs
  }
}
