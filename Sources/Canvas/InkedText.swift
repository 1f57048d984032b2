/// A text whose characters have a logarithmic value each: it is their ground, and where there is room the height of a bar under
/// them, which every terminal shows.
public struct InkedText: Sendable {
  /// A character each, and log10 of its value; -infinity where it has none.
  public var symbols: [String], values: [Double]
  /// The character that all values are about, and the one under the cursor.
  public var chosen: Int?, cursor: Int?
  /// The most decades that are told apart.
  public var decades = 6.0

  /// A text with values.
  public init(symbols: [String], values: [Double], chosen: Int? = nil, cursor: Int? = nil) {
    (self.symbols, self.values, self.chosen, self.cursor) = (symbols, values, chosen, cursor)
  }

  /// Draws the lines that fit, those with the chosen character among them.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    guard rect.width > 0, rect.height > 0, !symbols.isEmpty else { return }
    // A character is as wide as there is room for the whole text in one line; bars take a row each.
    let width = max(1, min(4, rect.width / symbols.count)), perLine = max(1, rect.width / width)
    let lines = (symbols.count + perLine - 1) / perLine
    let bars = max(0, min(6, rect.height / min(lines, max(1, rect.height / 2)) - 1))
    let shown = max(1, rect.height / (1 + bars))
    let first = max(0, min(lines - shown, (chosen ?? symbols.count - 1) / perLine - shown + 1))
    let axis = Axis.logarithmic(values, floor: decades)
    for line in first..<min(lines, first + shown) {
      let indices = line * perLine..<min(symbols.count, (line + 1) * perLine)
      let y = rect.y + (line - first) * (1 + bars)
      for index in indices {
        let x = rect.x + (index - indices.lowerBound) * width
        let style = style(index, axis, theme)
        for column in 0..<width {
          let isMiddle = column == (width - 1) / 2
          buffer.put(isMiddle ? String(symbols[index].prefix(1)) : " ", x: x + column, y: y, style: style)
        }
      }
      drawBars(indices, width, axis, in: Rect(x: rect.x, y: y + 1, width: rect.width, height: bars), &buffer, theme)
    }
  }

  private func drawBars(
    _ indices: Range<Int>, _ width: Int, _ axis: Axis, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let colors = ColorMap.sequential(theme)
    let heights = indices.flatMap { index -> [Double?] in
      let value = index < values.count ? values[index] : -.infinity
      return [Double?](repeating: value == -.infinity ? nil : max(0.001, axis.fraction(value)), count: width)
    }
    let styles = heights.map { theme.colors == .mono ? Style(bold: true) : Style(colors[$0 ?? 0]) }
    Bars(heights: heights, styles: styles).draw(in: rect, into: &buffer, theme: theme)
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
