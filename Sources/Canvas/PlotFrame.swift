/// Where the data of a plot lie on the screen.
public struct PlotArea: Sendable {
  /// The cells that hold data.
  public let rect: Rect
  let x: Axis, y: Axis

  /// The value on the x axis at the middle of a column; nil outside of the data.
  public func value(atColumn column: Int) -> Double? {
    guard column >= rect.x, column < rect.maxX else { return nil }
    return x.lower + (Double(column - rect.x) + 0.5) / Double(rect.width) * (x.upper - x.lower)
  }

  /// The column of a value on the x axis; nil outside of the range.
  public func column(_ value: Double) -> Int? {
    let fraction = x.fraction(value)
    guard fraction >= 0 && fraction <= 1 && rect.width > 0 else { return nil }
    return rect.x + min(rect.width - 1, Int(fraction * Double(rect.width)))
  }

  /// The row of a value on the y axis; nil outside of the range.
  public func row(_ value: Double) -> Int? {
    let fraction = y.fraction(value)
    guard fraction >= 0 && fraction <= 1 && rect.height > 0 else { return nil }
    return rect.maxY - 1 - min(rect.height - 1, Int(fraction * Double(rect.height)))
  }
}

/// The rooms of a plot: labels at the left, names of guides at the right, legend above, labels below, data between.
struct PlotFrame {
  let data: Rect, left: Rect, right: Rect
  let legend: Rect?, bottom: Rect?

  init(_ plot: Plot, in rect: Rect) {
    let hasLegend = rect.height >= 5 && plot.series.contains { !$0.labels.isEmpty }
    let hasBottom = rect.height >= 4 && plot.labelsX
    let height = rect.height - (hasLegend ? 1 : 0) - (hasBottom ? 1 : 0)
    let labels = plot.y.ticks(atMost: max(2, height / 2)).map { $0.label.columns }.max() ?? 0
    let leftWidth = rect.width >= 20 ? max(plot.leastLeft, max(labels, hasBottom ? plot.xName.columns : 0) + 1) : 0
    let names = plot.guides.compactMap { guide in
      guide.labels.first { $0.columns + 1 <= rect.width * 2 / 5 }?.columns
    }
    let rightWidth = rect.width >= 36 ? max(plot.leastRight, names.max().map { $0 + 1 } ?? 0) : 0
    data = rect.inset(left: leftWidth, top: hasLegend ? 1 : 0, right: rightWidth, bottom: hasBottom ? 1 : 0)
    left = Rect(x: rect.x, y: data.y, width: leftWidth, height: data.height)
    right = Rect(x: data.maxX, y: data.y, width: rightWidth, height: data.height)
    legend = hasLegend ? Rect(x: data.x, y: rect.y, width: rect.maxX - data.x, height: 1) : nil
    bottom = hasBottom ? Rect(x: rect.x, y: rect.maxY - 1, width: rect.width, height: 1) : nil
  }
}

/// Writes an axis' labels under a row of data, each centred under its value, none over another or over the column `mark`.
func drawStepLabels(_ axis: Axis, in rect: Rect, avoiding mark: Int? = nil, into buffer: inout Buffer, theme: Theme) {
  guard !rect.isEmpty else { return }
  let widest = max(
    NumberText.grouped(Int(axis.lower.clamped)).columns, NumberText.grouped(Int(axis.upper.clamped)).columns)
  let area = PlotArea(rect: rect, x: axis, y: Axis(.linear, lower: 0, upper: 1))
  var end = rect.x
  let ticks = axis.ticks(atMost: max(2, rect.width / (widest + 6)))
  // The last label is the one that must not be lost.
  let lastStart = ticks.last.map { rect.maxX - $0.label.columns } ?? rect.maxX
  for (index, tick) in ticks.enumerated() {
    guard let column = area.column(tick.value) else { continue }
    let columns = tick.label.columns
    let start = max(rect.x, min(column - (columns - 1) / 2, rect.maxX - columns))
    let isLast = index == ticks.count - 1
    guard start >= end, isLast || start + columns + 1 <= lastStart || ticks.count == 1 else { continue }
    if let mark, (start..<start + columns).contains(mark) { continue }
    end = buffer.put(tick.label, x: start, y: rect.y, style: theme[.dimText], limit: rect.maxX - start) + 1
  }
}

extension Double {
  /// Within what Int can hold.
  fileprivate var clamped: Double { isFinite ? Swift.max(-1e15, Swift.min(1e15, self)) : 0 }
}
