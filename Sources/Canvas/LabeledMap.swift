/// A heat map of steps by steps with what is needed to read it: the numbers of its rows at the left and of its columns below, and
/// under them which color is how much. Where room is short the key goes first, then the numbers, and the map stays.
public struct LabeledMap: Sendable {
  /// The map.
  public var map: HeatMap
  /// What rows and columns are called: i, t.
  public var rowName: String, columnName: String
  /// Which color is how much.
  public var key: ColorKey
  /// What stands before the key, and what the colors are, longest first.
  public var before: [Span] = [], words: [String]
  /// Whether it is as wide as there is room, or near to a square.
  public var stretches = false

  /// A map of rows and columns that are counted from 1.
  public init(_ map: HeatMap, rows rowName: String, columns columnName: String, key: ColorKey, words: [String]) {
    (self.map, self.rowName, self.columnName, self.key, self.words) = (map, rowName, columnName, key, words)
  }

  /// Draws it and nothing outside of the rectangle.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    let first = "\(rowName)=1 ".words(theme)
    let gutter = max(first.columns, "\(map.rows) ".columns)
    let left = rect.width >= gutter + 12 ? gutter : 0, hasAxis = rect.height >= 4, hasKey = rect.height >= 6
    let height = rect.height - (hasAxis ? 1 : 0) - (hasKey ? 1 : 0)
    // As near to a square as there is room: a cell is twice as high as wide.
    let widest = stretches ? rect.width : 3 * height
    let field = Rect(x: rect.x + left, y: rect.y, width: min(rect.width - left, widest), height: height)
    guard !field.isEmpty else { return }
    map.draw(in: field, into: &buffer, theme: theme)
    if left > 0 { drawRowLabels(first, beside: field, in: rect, &buffer, theme) }
    if hasAxis { drawColumnLabels(under: field, in: rect, &buffer, theme) }
    guard hasKey else { return }
    let line = rect.line(rect.height - 1)
    let start = buffer.put(before, in: line)
    let end = key.draw(in: Rect(x: start, y: line.y, width: line.maxX - start, height: 1), &buffer, theme: theme)
    let text = String.fitting(line.maxX - end - 1, words.map { $0.words(theme) }) ?? ""
    buffer.put(text, x: end + 1, y: line.y, style: theme[.dimText])
  }

  private func drawRowLabels(
    _ first: String, beside field: Rect, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let places = Set([0, map.rows / 2, map.rows - 1]).filter { field.height >= 3 || $0 != map.rows / 2 }
    for place in places.sorted() {
      let y = field.y + (map.rows > 1 ? place * (field.height - 1) / (map.rows - 1) : 0)
      buffer.put(
        place == 0 ? first : "\(place + 1) ", in: Rect(x: rect.x, y: y, width: field.x - rect.x, height: 1),
        alignment: .right, style: theme[.dimText])
    }
  }

  private func drawColumnLabels(under field: Rect, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let name = columnName.words(theme) + " "
    buffer.put(
      name, in: Rect(x: rect.x, y: field.maxY, width: field.x - rect.x, height: 1), alignment: .right,
      style: theme[.dimText])
    drawStepLabels(
      .steps(1, map.columns), in: Rect(x: field.x, y: field.maxY, width: field.width, height: 1), into: &buffer,
      theme: theme)
  }
}
