/// A text whose characters have a logarithmic value each: it is their ground, and where there is room the height of a bar under
/// them, which every terminal shows.
public struct InkedText: Sendable {
  /// A character each, and log10 of its value; -infinity where it has none.
  public var symbols: [String], values: [Double]
  /// The character that all values are about, and the one under the cursor.
  public var chosen: Int?, cursor: Int?
  /// The most decades that are told apart.
  public var decades = 6.0
  /// The most columns of a character, and the most rows of a line's bars.
  private static let widestCharacter = 4, highestBars = 6

  /// A text with values.
  public init(symbols: [String], values: [Double], chosen: Int? = nil, cursor: Int? = nil) {
    (self.symbols, self.values, self.chosen, self.cursor) = (symbols, values, chosen, cursor)
  }

  /// Draws the lines that fit, the one with the chosen character among them; a text that fits in one line is spread over it.
  /// - Returns: the rows that it took.
  @discardableResult
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) -> Int {
    guard rect.width > 0, rect.height > 0, !symbols.isEmpty else { return 0 }
    // Characters of one width, so that it reads as a text.
    let width = max(1, min(Self.widestCharacter, rect.width / symbols.count)), perLine = rect.width / width
    let lines = (symbols.count + perLine - 1) / perLine
    let bars = max(0, min(Self.highestBars, rect.height / min(lines, max(1, rect.height / 2)) - 1))
    let shown = max(1, min(lines, rect.height / (1 + bars)))
    let first = max(0, min(lines - shown, (chosen ?? symbols.count - 1) / perLine - shown + 1))
    let axis = Axis.logarithmic(values, floor: decades)
    for line in first..<first + shown {
      let place = Rect(x: rect.x, y: rect.y + (line - first) * (1 + bars), width: rect.width, height: 1 + bars)
      draw(line * perLine..<min(symbols.count, (line + 1) * perLine), width, axis, in: place, &buffer, theme)
    }
    return shown * (1 + bars)
  }

  /// One line and its bars.
  private func draw(
    _ indices: Range<Int>, _ width: Int, _ axis: Axis, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let colors = ColorMap.sequential(theme)
    var (heights, styles): ([Double?], [Style]) = ([], [])
    for index in indices {
      let style = style(index, axis, theme), x = rect.x + (index - indices.lowerBound) * width
      let value = index < values.count ? values[index] : -.infinity
      for column in 0..<width {
        let isMiddle = column == (width - 1) / 2
        buffer.put(isMiddle ? String(symbols[index].prefix(1)) : " ", x: x + column, y: rect.y, style: style)
        heights.append(value == -.infinity ? nil : value.isNaN ? value : max(0.001, axis.fraction(value)))
        styles.append(theme.colors == .mono ? Style(bold: true) : Style(colors[axis.fraction(value)]))
      }
    }
    Bars(heights: heights, styles: styles).draw(in: rect.inset(top: 1), into: &buffer, theme: theme)
  }

  /// The look of a character: its value as the ground, the ink in whichever of black and white is seen on it.
  private func style(_ index: Int, _ axis: Axis, _ theme: Theme) -> Style {
    if index == chosen || index == cursor { return theme[index == chosen ? .selection : .cursor] }
    let value = index < values.count ? values[index] : -.infinity
    guard value > -.infinity else { return theme[.dimText] }
    guard !theme.drawsByInk, let ground = ColorMap.sequential(theme)[axis.fraction(value)] else {
      return theme[axis.fraction(value) > 0.66 ? .value : axis.fraction(value) > 0.33 ? .text : .dimText]
    }
    return Style(ground.luminance > 0.18 ? Color(0, 0, 0) : Color(255, 255, 255), on: ground)
  }
}
