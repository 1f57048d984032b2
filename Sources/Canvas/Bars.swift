/// Vertical bars, one a column.
public struct Bars: Sendable {
  /// Heights from 0 to 1, one a column; nil for none. What is above 1 is cut, NaN is marked.
  public var heights: [Double?]
  /// The color of each bar.
  public var styles: [Style]

  private static let eighths: [Unicode.Scalar] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  private static let ascii: [Unicode.Scalar] = [" ", ".", ":", "#"]

  /// Bars with a style each, or one style for all.
  public init(heights: [Double?], styles: [Style]) {
    self.heights = heights
    self.styles = styles
  }

  /// Draws the bars from the lower edge of the rectangle upwards: eighths of a cell, thirds in ASCII. A bar of any height
  /// above 0 shows at least its least step, so that small is not nothing.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    guard rect.height > 0 else { return }
    let glyphs = theme.characters == .ascii ? Self.ascii : Self.eighths
    let steps = glyphs.count - 1
    for (index, height) in heights.enumerated().prefix(max(0, rect.width)) {
      guard let height else { continue }
      let style = styles.isEmpty ? theme[.text] : styles[min(index, styles.count - 1)]
      guard !height.isNaN else {
        buffer.put("!", x: rect.x + index, y: rect.maxY - 1, style: theme[.error])
        continue
      }
      guard height > 0 else { continue }
      var left = max(1, Int((min(1, height) * Double(rect.height * steps)).rounded()))
      var row = rect.maxY - 1
      while left > 0 && row >= rect.y {
        buffer.put(glyphs[min(left, steps)], x: rect.x + index, y: row, style: style)
        left -= steps
        row -= 1
      }
    }
  }

  /// A horizontal bar in one row, from 0 to 1 of its width.
  public static func horizontal(
    _ fraction: Double, in rect: Rect, style: Style, into buffer: inout Buffer, theme: Theme
  ) {
    guard !rect.isEmpty, fraction > 0 else { return }
    let glyphs: [Unicode.Scalar] =
      theme.characters == .ascii ? [" ", "#"] : [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]
    let steps = glyphs.count - 1
    var left = max(1, Int((min(1, fraction) * Double(rect.width * steps)).rounded()))
    var column = rect.x
    while left > 0 && column < rect.maxX {
      buffer.put(glyphs[min(left, steps)], x: column, y: rect.y, style: style)
      left -= steps
      column += 1
    }
  }
}
