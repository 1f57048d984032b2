import Canvas
import Glibc
import Training

/// A measure of a sweep over two of its keys as a heat map: what is looked at, and how it is drawn.
public struct SweepMap: Sendable {
  /// The results.
  public var table: SweepTable { didSet { means = Self.means(table, measure, axes) } }
  /// What is drawn.
  public private(set) var measure: SweepMeasure
  /// The place of the cursor: a row and a column of the map.
  public private(set) var row = 0, column = 0

  /// The axes down and to the right; the same twice where there is one.
  private var axes: (rows: Int, columns: Int)
  /// The mean of the measure at each place, NaN where runs ended otherwise, -∞ where none is done.
  private var means: [Double]

  /// A map of a table: of its first two keys with more than one value.
  ///
  /// - Parameters:
  ///   - table: of a grid, not of random settings.
  ///   - measure: what is drawn.
  public init(_ table: SweepTable, measure: SweepMeasure) {
    let wide = table.plan.axes.indices.filter { table.plan.axes[$0].values.count > 1 }
    let first = wide.first ?? 0
    axes = (first, wide.dropFirst().first ?? first)
    (self.table, self.measure) = (table, measure)
    means = Self.means(table, measure, axes)
  }

  private var rowAxis: SweepAxis? { axes.rows == axes.columns ? nil : table.plan.axes[axes.rows] }
  private var columnAxis: SweepAxis { table.plan.axes[axes.columns] }
  private var rows: Int { rowAxis?.values.count ?? 1 }
  private var columns: Int { columnAxis.values.count }

  private static func means(
    _ table: SweepTable, _ measure: SweepMeasure, _ axes: (rows: Int, columns: Int)
  ) -> [Double] {
    let plan = table.plan
    let columns = plan.axes[axes.columns].values, rows = axes.rows == axes.columns ? [""] : plan.axes[axes.rows].values
    var sums = [Double](repeating: 0, count: rows.count * columns.count), counts = sums, runs = sums
    for result in table.results {
      let row = rows.count == 1 ? 0 : rows.firstIndex(of: result.point.values[axes.rows]) ?? 0
      guard let column = columns.firstIndex(of: result.point.values[axes.columns]) else { continue }
      runs[row * columns.count + column] += 1
      guard let value = result[measure] else { continue }
      sums[row * columns.count + column] += value
      counts[row * columns.count + column] += 1
    }
    return sums.indices.map { runs[$0] == 0 ? -.infinity : counts[$0] == 0 ? .nan : sums[$0] / counts[$0] }
  }

  // MARK: The reader

  /// Moves the cursor.
  public mutating func move(rows: Int, columns: Int) {
    row = min(max(0, row + rows), self.rows - 1)
    column = min(max(0, column + columns), self.columns - 1)
  }

  /// Where the cursor stands, and what is drawn, in a word.
  public var place: String { "\(measure.rawValue):\(row):\(column)" }

  /// Goes back to a place that was told; what it lacks stays as it is.
  public mutating func go(to place: String) {
    let words = place.split(separator: ":")
    if let named = words.first.flatMap({ SweepMeasure(rawValue: String($0)) }) {
      measure = named
      means = Self.means(table, measure, axes)
    }
    let numbers = words.dropFirst().compactMap { Int($0) }
    if numbers.count == 2 { move(rows: numbers[0] - row, columns: numbers[1] - column) }
  }

  /// The next of the measures that some run has, or the one before.
  public mutating func turn(by step: Int) {
    let measures = table.measures
    guard let here = measures.firstIndex(of: measure) else { return measure = measures.first ?? measure }
    measure = measures[(here + step + measures.count) % measures.count]
    means = Self.means(table, measure, axes)
  }

  /// The next pair of keys, where there are more than two.
  public mutating func turnAxes() {
    let wide = table.plan.axes.indices.filter { table.plan.axes[$0].values.count > 1 }
    let pairs = wide.flatMap { a in wide.filter { $0 != a }.map { (rows: a, columns: $0) } }
    guard !pairs.isEmpty else { return }
    let here = pairs.firstIndex { $0 == axes } ?? -1
    axes = pairs[(here + 1) % pairs.count]
    (row, column) = (0, 0)
    means = Self.means(table, measure, axes)
  }

  /// The first run at the cursor.
  public var result: SweepResult? { resultsAtCursor.first }

  private var resultsAtCursor: [SweepResult] {
    table.results.filter { result in
      result.point.values[axes.columns] == columnAxis.values[column]
        && (rowAxis.map { result.point.values[axes.rows] == $0.values[row] } ?? true)
    }
  }

  // MARK: The picture

  /// Draws the map over a whole screen.
  public func draw(size: Size, theme: Theme, keys: Bool) -> Buffer {
    var buffer = Buffer(width: size.width, height: size.height, fill: theme.blank)
    let screen = Rect(x: 0, y: 0, width: size.width, height: size.height)
    let total = table.plan.settingCount * table.plan.seeds
    buffer.put(
      [
        Span(" \(measure.words)", theme[.title]),
        Span("  \(table.plan.file) · \(table.results.count) of \(total) runs", theme[.dimText]),
      ], in: screen)
    guard size.width >= 40, size.height >= 12 else {
      buffer.put("the map needs 40×12", in: screen, row: 1, style: theme[.text])
      return buffer
    }
    let labels = rowAxis?.values ?? [""]
    let gutter = min(size.width / 3, 2 + (labels.map(\.columns).max() ?? 0))
    let room = screen.inset(left: gutter + 1, top: 4, right: 2, bottom: 5)
    let cell = Size(width: max(1, room.width / columns), height: max(1, room.height / rows))
    let grid = Rect(
      x: room.x, y: room.y, width: min(room.width, cell.width * columns), height: min(room.height, cell.height * rows))
    drawAxes(labels, grid, cell, &buffer, theme)
    let shown = scaled
    HeatMap(shown.values, rows: rows, columns: columns, range: 0...1, reduction: .mean)
      .draw(in: grid, into: &buffer, theme: theme)
    drawNumbers(grid, cell, &buffer, theme)
    drawCursor(grid, &buffer, theme)
    drawLegend(shown, in: screen, &buffer, theme)
    let reading = reading.words(theme)
    buffer.put(" " + reading, in: screen, row: size.height - 2, style: theme[.text])
    if keys {
      let line = " ←↑↓→ move  m M measure  x other keys down and across  ⏎ open the run  q quit".words(theme)
      buffer.put(line, in: screen, row: size.height - 1, style: theme[.keyName])
    }
    buffer.reduce(to: theme.characters)
    return buffer
  }

  private func drawAxes(
    _ labels: [String], _ grid: Rect, _ cell: Size, _ buffer: inout Buffer, _ theme: Theme
  ) {
    buffer.put(
      (rowAxis.map { "\($0.key) ↓   " } ?? "") + "\(columnAxis.key) →", x: grid.x, y: 2, style: theme[.dimText],
      limit: grid.width)
    var free = grid.x
    for (index, value) in columnAxis.values.enumerated() {
      let x = grid.x + index * grid.width / columns + max(0, (cell.width - value.columns) / 2)
      guard x >= free, x + value.columns <= grid.maxX + 2 else { continue }
      free = buffer.put(value, x: x, y: 3, style: theme[index == column ? .accent : .text]) + 1
    }
    var last = -1
    for (index, label) in labels.enumerated() {
      let y = grid.y + index * grid.height / rows + max(0, (cell.height - 1) / 2)
      guard y > last else { continue }
      last = y
      buffer.put(
        label, x: max(0, grid.x - 1 - label.columns), y: y, style: theme[index == row ? .accent : .text],
        limit: grid.x - 1)
    }
  }

  /// The numbers in their places, where there is room and a ground of one color to read them on.
  private func drawNumbers(_ grid: Rect, _ cell: Size, _ buffer: inout Buffer, _ theme: Theme) {
    guard cell.width >= 9 else { return }
    for (index, value) in means.enumerated() where value.isFinite {
      let (row, column) = (index / columns, index % columns)
      let text = NumberText.short(value), y = grid.y + row * grid.height / rows + (cell.height - 1) / 2
      let x = grid.x + column * grid.width / columns + (cell.width - text.columns) / 2
      guard x >= 0, y < buffer.height else { continue }
      guard !theme.drawsByInk, let ground = buffer[x, y].style.background else {
        buffer.put(" \(text) ", x: max(0, x - 1), y: y, style: theme[.text])
        continue
      }
      buffer.put(
        text, x: x, y: y, style: Style(ground.luminance > 0.18 ? Color(0, 0, 0) : Color(255, 255, 255), on: ground))
    }
  }

  private func drawCursor(_ grid: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let left = grid.x + column * grid.width / columns, right = grid.x + (column + 1) * grid.width / columns - 1
    let top = grid.y + row * grid.height / rows, bottom = grid.y + (row + 1) * grid.height / rows - 1
    let y = (top + max(top, bottom)) / 2
    buffer.put("▸", x: left, y: y, style: theme[.cursor])
    if right > left { buffer.put("◂", x: right, y: y, style: theme[.cursor]) }
  }

  /// The values between 0 and 1, by their logarithms where they span two decades.
  private var scaled: (values: [Double], lower: Double, upper: Double, isLogarithmic: Bool) {
    let finite = means.filter(\.isFinite)
    let lower = finite.min() ?? 0, upper = finite.max() ?? 1
    let isLogarithmic = lower > 0 && upper > 100 * lower
    func place(_ value: Double) -> Double {
      guard value.isFinite else { return value }
      guard upper > lower else { return 0.5 }
      return isLogarithmic ? log(value / lower) / log(upper / lower) : (value - lower) / (upper - lower)
    }
    return (means.map(place), lower, upper, isLogarithmic)
  }

  private func drawLegend(
    _ shown: (values: [Double], lower: Double, upper: Double, isLogarithmic: Bool), in screen: Rect,
    _ buffer: inout Buffer, _ theme: Theme
  ) {
    let y = screen.height - 4, width = min(24, screen.width / 3)
    let x = ColorKey(NumberText.short(shown.lower), NumberText.short(shown.upper)).draw(
      in: Rect(x: 1, y: y, width: screen.width - 1, height: 1), most: width, role: .text, &buffer, theme: theme)
    let scale = shown.isLogarithmic ? "  by logarithm" : ""
    buffer.put("\(scale)   ", x: x, y: y, style: theme[.dimText])
    if means.contains(where: \.isNaN) {
      buffer.put("! no run ended well", x: x + scale.columns + 3, y: y, style: theme[.error], limit: screen.width)
    }
  }

  /// What lies at the cursor.
  private var reading: String {
    let results = resultsAtCursor
    let place =
      (rowAxis.map { ["\(ExperimentKey.label(of: $0.key)) \($0.values[row])"] } ?? []) + [
        "\(ExperimentKey.label(of: columnAxis.key)) \(columnAxis.values[column])"
      ]
    let mean = SweepTable.Setting(values: [], results: results).mean(measure)
    let value = mean.map {
      NumberText.short($0.mean) + ($0.error.isFinite ? " ± " + NumberText.short($0.error, digits: 2) : "")
    }
    let bad = results.filter { $0.ending != .done }
    let words = results.isEmpty ? "no run is done" : value.map { "\(measure.words) \($0)" } ?? "no value"
    let runs = results.isEmpty ? "" : " · \(results.count) run\(results.count == 1 ? "" : "s")"
    return place.joined(separator: ", ") + ": " + words + runs
      + (bad.isEmpty ? "" : ", \(bad.count) stopped: \(bad[0].reason ?? "")")
  }
}
