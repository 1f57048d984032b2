/// Rows of logarithmic values by step, each with its name: the columns of a table through time, as colors.
public struct InkedColumns: Sendable {
  /// A name a row, and log10 of the values, [steps, rows]; -infinity where there is none.
  public var names: [String], values: [Double]
  /// The step under the cursor.
  public var cursor: Int?
  /// The most decades that are told apart.
  public var decades = 6.0

  /// Rows with values.
  public init(names: [String], values: [Double], cursor: Int? = nil) {
    (self.names, self.values, self.cursor) = (names, values, cursor)
  }

  /// Draws a row each; of more rows than there is room for, those with the largest values.
  /// - Returns: the rows that it took.
  @discardableResult
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) -> Int {
    guard !names.isEmpty, !rect.isEmpty else { return 0 }
    let steps = values.count / names.count, hasAxis = rect.height > min(names.count, 5)
    let room = rect.height - (hasAxis ? 1 : 0)
    func largest(_ row: Int) -> Double {
      (0..<steps).reduce(-.infinity) { max($0, values[$1 * names.count + row]) }
    }
    let strongest = names.indices.sorted { largest($0) > largest($1) }.prefix(room)
    let rows = names.indices.filter(strongest.contains)
    let gutter = min(rect.width / 3, 1 + (rows.map { names[$0].columns }.max() ?? 0))
    let axis = Axis.logarithmic(values, floor: decades), each = max(1, min(3, room / rows.count))
    let field = rect.inset(left: gutter)
    for (place, row) in rows.enumerated() {
      let line = Rect(x: field.x, y: rect.y + place * each, width: field.width, height: each)
      buffer.put(
        names[row], in: Rect(x: rect.x, y: line.y, width: gutter - 1, height: 1), style: theme[.text], ellipsis: true)
      HeatMap(
        (0..<steps).map { values[$0 * names.count + row] }, rows: 1, columns: steps, range: axis.lower...axis.upper
      ).draw(in: line, into: &buffer, theme: theme)
    }
    guard hasAxis, steps > 0 else { return rows.count * each }
    drawAxis(steps, in: Rect(x: field.x, y: rect.y + rows.count * each, width: field.width, height: 1), &buffer, theme)
    return rows.count * each + 1
  }

  private func drawAxis(_ steps: Int, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    buffer.put("t=1", in: rect, style: theme[.dimText])
    if rect.width > 10 { buffer.put("\(steps)", in: rect, alignment: .right, style: theme[.dimText]) }
    guard let cursor, cursor < steps else { return }
    buffer.put("▲", x: rect.x + (2 * cursor + 1) * rect.width / (2 * steps), y: rect.y, style: theme[.cursor])
  }
}
