/// Which color is how much: 1e-12 ▓▓▓▓▓▓ 1.
public struct ColorKey: Sendable {
  /// What is written at the two ends.
  public var low: String, high: String
  /// Where on the scale of colors the lower end lies, from 0 to 1; where it is 1 there is one color, and only `high` is written.
  public var start: Double

  /// A key from `low` to `high`.
  public init(_ low: String, _ high: String, start: Double = 0) {
    (self.low, self.high, self.start) = (low, high, start)
  }

  /// Draws it at the left of a row, the colors over at most so many columns; nothing where there are under three for them.
  /// - Returns: the column after it.
  @discardableResult
  public func draw(in rect: Rect, most: Int = 10, role: Role = .dimText, _ buffer: inout Buffer, theme: Theme) -> Int {
    let isOne = start >= 1, low = isOne ? "" : low + " "
    let width = min(isOne ? 2 : most, rect.width - low.columns - high.columns - 1)
    guard width >= (isOne ? 1 : 3), rect.height > 0 else { return rect.x }
    let left = buffer.put(low, x: rect.x, y: rect.y, style: theme[role])
    let ramp = (0..<width).map { isOne ? 1 : start + (1 - start) * Double($0) / Double(width - 1) }
    HeatMap(ramp, rows: 1, columns: width, range: 0...1)
      .draw(in: Rect(x: left, y: rect.y, width: width, height: 1), into: &buffer, theme: theme)
    return buffer.put(" " + high, x: left + width, y: rect.y, style: theme[role])
  }
}
