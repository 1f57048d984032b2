/// Values over something, in one color.
public struct Series: Sendable {
  /// How its points are drawn.
  public enum Mark: Hashable, Sendable {
    /// Joined by lines.
    case line(LinePattern)
    /// Each by a dot.
    case dots
    /// Each by a line from the lower edge.
    case stems
    /// Each by a character over everything else; on the ASCII tier by the series' symbol.
    case glyph(Unicode.Scalar)
  }

  /// (x, y) in the axes' units, x rising.
  public var points: [(x: Double, y: Double)]
  /// How its points are drawn.
  public var mark: Mark
  /// Its color.
  public var role: Role
  /// What draws it in ASCII.
  public var symbol: Unicode.Scalar
  /// Its names in the legend, longest first; empty for none.
  public var labels: [String]
  /// Whether it is drawn over series that stand before it: for a line with gaps, which leaves them theirs there.
  public var isOverlaid = false

  /// A series.
  public init(
    _ points: [(x: Double, y: Double)], _ mark: Mark = .line(.solid), role: Role, symbol: Unicode.Scalar = "*",
    labels: [String] = []
  ) {
    self.points = points
    self.mark = mark
    self.role = role
    self.symbol = symbol
    self.labels = labels
  }
}

/// A horizontal line at a value, its name at the right edge beside the plot, where no data are.
public struct Guide: Hashable, Sendable {
  /// Where: on a logarithmic axis the decimal logarithm.
  public var value: Double
  /// Its names, longest first.
  public var labels: [String]
  /// Its color.
  public var role: Role
  /// Whether it is drawn across the plot or only named beside it, as the newest value of a series is.
  public var isLine: Bool

  /// A guide.
  public init(_ value: Double, _ labels: [String], role: Role, isLine: Bool = true) {
    self.value = value
    self.labels = labels
    self.role = role
    self.isLine = isLine
  }
}

/// Series over two axes, with a legend, guides and a cursor. Data, axis labels, legend and the names of guides each have
/// places of their own; where room is short the names go first, then the labels, and the data stay.
public struct Plot: Sendable {
  /// The axes.
  public var x: Axis, y: Axis
  /// What is drawn, the most important first: it keeps its color where others cross it.
  public var series: [Series]
  /// Horizontal lines.
  public var guides: [Guide] = []
  /// Where the pass stands, in x.
  public var cursor: Double?
  /// What x is, as short as "t" or "lag"; written before its labels.
  public var xName = ""
  /// Whether x is labeled; not where another plot stands under this one over the same axis.
  public var labelsX = true
  /// The least room for labels at the left and for names at the right, so that plots over one axis stand under each other.
  public var leastLeft = 0, leastRight = 0
  /// Lines drawn at labeled values when the plot is at least so many rows high.
  public var gridFrom = 14

  /// A plot without guides; `xName` is what x is, `cursor` where the pass stands.
  public init(x: Axis, y: Axis, series: [Series], xName: String = "", cursor: Double? = nil) {
    (self.x, self.y) = (x, y)
    self.series = series
    self.xName = xName
    self.cursor = cursor
  }

  /// Leaves only what lies at some x; the axes stay those of all of it, and what names the lines' ends goes with the ends.
  public mutating func keep(_ isShown: (Double) -> Bool) {
    let count = series.reduce(0) { $0 + $1.points.count }
    for index in series.indices { series[index].points.removeAll { !isShown($0.x) } }
    if series.reduce(0, { $0 + $1.points.count }) < count { guides.removeAll { !$0.isLine } }
  }

  /// Draws two plots over one x axis, one under the other, their data in the same columns.
  public static func draw(
    _ upper: Plot, in upperRect: Rect, over lower: Plot, in lowerRect: Rect, into buffer: inout Buffer, theme: Theme
  ) {
    var (upper, lower) = (upper.words(theme), lower.words(theme))
    let (above, below) = (PlotFrame(upper, in: upperRect), PlotFrame(lower, in: lowerRect))
    (upper.leastLeft, upper.leastRight) = (below.left.width, below.right.width)
    (lower.leastLeft, lower.leastRight) = (above.left.width, above.right.width)
    upper.draw(in: upperRect, into: &buffer, theme: theme)
    lower.draw(in: lowerRect, into: &buffer, theme: theme)
  }

  /// The same with names in words that `theme` can show.
  private func words(_ theme: Theme) -> Plot {
    guard theme.characters == .ascii else { return self }
    var plot = self
    plot.xName = xName.words(theme)
    for index in series.indices { plot.series[index].labels = series[index].labels.map { $0.words(theme) } }
    for index in guides.indices { plot.guides[index].labels = guides[index].labels.map { $0.words(theme) } }
    return plot
  }

  /// Draws the plot and nothing outside of the rectangle.
  /// - Returns: where the data lie.
  @discardableResult
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) -> PlotArea {
    words(theme).drawPlain(in: rect, into: &buffer, theme: theme)
  }

  /// Where the data lie when the plot is drawn in a rectangle.
  public func area(in rect: Rect, theme: Theme) -> PlotArea {
    PlotArea(rect: PlotFrame(words(theme), in: rect).data, x: x, y: y)
  }

  private func drawPlain(in rect: Rect, into buffer: inout Buffer, theme: Theme) -> PlotArea {
    let frame = PlotFrame(self, in: rect)
    let area = PlotArea(rect: frame.data, x: x, y: y)
    guard !frame.data.isEmpty else { return area }
    if let legend = frame.legend { drawLegend(in: legend, into: &buffer, theme: theme) }
    drawLabels(frame, area, into: &buffer, theme: theme)
    drawGuides(frame, area, into: &buffer, theme: theme)
    drawSeries(area, into: &buffer, theme: theme)
    return area
  }

  private func drawLegend(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    var shown = series.filter { !$0.labels.isEmpty }
    var forms = [Int](repeating: 0, count: shown.count)
    func columns() -> Int { zip(shown, forms).reduce(-2) { $0 + 5 + $1.0.labels[$1.1].columns } }
    // The less important series are shortened first, then left away.
    while columns() > rect.width, !shown.isEmpty {
      if let last = shown.indices.last(where: { forms[$0] + 1 < shown[$0].labels.count }) {
        forms[last] += 1
      } else {
        shown.removeLast()
        forms.removeLast()
      }
    }
    let spans = zip(shown, forms).map { series, form in
      Span(series.sample(theme.characters) + " " + series.labels[form] + "  ", theme[series.role])
    }
    buffer.put(spans, in: rect)
  }

  private func drawLabels(_ frame: PlotFrame, _ area: PlotArea, into buffer: inout Buffer, theme: Theme) {
    for tick in y.ticks(atMost: max(2, frame.data.height / 2)) {
      guard let row = area.row(tick.value) else { continue }
      if frame.data.height >= gridFrom {
        for column in frame.data.x..<frame.data.maxX { buffer.put("·", x: column, y: row, style: theme[.grid]) }
      }
      if frame.left.width > 0 {
        buffer.put(
          tick.label + " ", in: Rect(x: frame.left.x, y: row, width: frame.left.width, height: 1), alignment: .right,
          style: theme[.dimText])
      }
    }
    guard let bottom = frame.bottom else { return }
    buffer.put(
      xName + " ", in: Rect(x: bottom.x, y: bottom.y, width: max(0, frame.data.x - bottom.x), height: 1),
      alignment: .right, style: theme[.dimText])
    drawStepLabels(
      x, in: Rect(x: frame.data.x, y: bottom.y, width: frame.data.width, height: 1),
      avoiding: cursor.flatMap(area.column), into: &buffer, theme: theme)
    if let cursor, let column = area.column(cursor) {
      for row in frame.data.y..<frame.data.maxY { buffer.put("┊", x: column, y: row, style: theme[.dimText]) }
      buffer.put("▲", x: column, y: bottom.y, style: theme[.cursor])
    }
  }

  private func drawGuides(_ frame: PlotFrame, _ area: PlotArea, into buffer: inout Buffer, theme: Theme) {
    var names: [GuideName] = []
    for guide in guides {
      guard let row = area.row(guide.value) else { continue }
      if guide.isLine {
        for column in frame.data.x..<frame.data.maxX { buffer.put("╌", x: column, y: row, style: theme[guide.role]) }
      }
      // The first named are the most important: they stay where there are more names than rows.
      guard frame.right.width > 1, names.count < frame.data.height,
        let text = String.fitting(frame.right.width - 1, guide.labels)
      else { continue }
      names.append(GuideName(value: guide.value, row: row, text: text, role: guide.role, isLine: guide.isLine))
    }
    names.sort { $0.value > $1.value }
    names = Self.apart(names, in: frame.data.y..<frame.data.maxY)
    for name in names {
      buffer.put(
        name.text, x: frame.right.x + 1, y: name.row, style: theme[name.role], limit: frame.right.width - 1)
    }
  }

  /// A name beside the plot, at the row of its value.
  private struct GuideName {
    var value: Double, row: Int, text: String, role: Role, isLine: Bool
  }

  /// Names of values that lie close move apart and keep the order of their values. Those of lines stay on them where the
  /// others, which have no line, find room between.
  private static func apart(_ names: [GuideName], in rows: Range<Int>) -> [GuideName] {
    func spread(_ names: [GuideName]) -> [GuideName] {
      var names = names
      for index in names.indices.dropFirst() { names[index].row = max(names[index].row, names[index - 1].row + 1) }
      for index in names.indices.reversed() {
        let below = index + 1 < names.count ? names[index + 1].row : rows.upperBound
        names[index].row = min(names[index].row, below - 1)
      }
      return names
    }
    var placed = spread(names.filter(\.isLine))
    for name in names where !name.isLine {
      let index = placed.firstIndex { $0.value < name.value } ?? placed.count
      let first = index > 0 ? placed[index - 1].row + 1 : rows.lowerBound
      let end = index < placed.count ? placed[index].row : rows.upperBound
      guard first < end else { return spread(names) }
      var name = name
      name.row = min(max(name.row, first), end - 1)
      placed.insert(name, at: index)
    }
    return placed
  }

  private func drawSeries(_ area: PlotArea, into buffer: inout Buffer, theme: Theme) {
    var canvas = DotCanvas(columns: area.rect.width, rows: area.rect.height, tier: theme.characters)
    var edges: [Edge] = [], glyphs: [Glyph] = []
    let seen = series.indices.prefix(254)
    let order = seen.filter { series[$0].isOverlaid } + seen.filter { !series[$0].isOverlaid }
    for place in order {
      let series = series[place]
      // Lines of one color share their cells: they join rather than erase each other.
      let owner = self.series.firstIndex { $0.role == series.role && $0.symbol == series.symbol } ?? place
      let index = min(owner, 254)
      var previous: (x: Int, y: Int)?
      var isOutside = false
      for point in series.points {
        guard point.x.isFinite, let column = area.column(point.x) else {
          previous = nil
          continue
        }
        let fractionY = y.fraction(point.y)
        guard fractionY >= 0 && fractionY <= 1 else {
          // What runs out of the range is marked where it does; what is no number, or exactly nothing, wherever it is.
          if !point.y.isFinite || !isOutside {
            let word = point.y.isFinite ? "" : NumberText.fixed(point.y, 0)
            edges.append(Edge(column: column, isTop: !(point.y < y.lower), word: word, role: series.role))
          }
          isOutside = true
          previous = nil
          continue
        }
        isOutside = false
        let dot = (
          x: min(canvas.width - 1, Int(x.fraction(point.x) * Double(canvas.width))),
          y: canvas.height - 1 - min(canvas.height - 1, Int(fractionY * Double(canvas.height)))
        )
        switch series.mark {
        case .glyph(let sign):
          let row = area.rect.y + dot.y / canvas.down
          glyphs.append(
            Glyph(column: column, row: row, sign: theme.characters == .ascii ? series.symbol : sign, role: series.role))
        case .dots: canvas.set(dot.x, dot.y, owner: UInt8(index))
        case .stems: canvas.line(from: dot, to: (dot.x, canvas.height - 1), owner: UInt8(index))
        case .line(let pattern):
          canvas.line(from: previous ?? dot, to: dot, owner: UInt8(index), pattern: previous == nil ? .solid : pattern)
        }
        previous = dot
      }
    }
    canvas.draw(
      at: area.rect.x, area.rect.y, into: &buffer, styles: series.map { theme[$0.role] }, symbols: series.map(\.symbol))
    // The most important is drawn last.
    for glyph in glyphs.reversed() { buffer.put(glyph.sign, x: glyph.column, y: glyph.row, style: theme[glyph.role]) }
    drawEdges(edges.reversed(), area, into: &buffer, theme: theme)
  }

  /// A point that is a character.
  private struct Glyph {
    var column: Int, row: Int, sign: Unicode.Scalar, role: Role
  }

  /// Something that lies outside of the range.
  private struct Edge {
    var column: Int
    var isTop: Bool
    /// What it is called if it is no number.
    var word: String
    var role: Role
  }

  /// What lies outside of the range: ▾ at the lower edge, ▴ at the upper; what is no number is called by its name there, once.
  private func drawEdges(_ edges: [Edge], _ area: PlotArea, into buffer: inout Buffer, theme: Theme) {
    var words: [String: Int] = [:]
    for edge in edges {
      let row = edge.isTop ? area.rect.y : area.rect.maxY - 1
      let isAlarming = edge.isTop && !edge.word.isEmpty
      buffer.put(edge.isTop ? "▴" : "▾", x: edge.column, y: row, style: theme[isAlarming ? .error : edge.role])
      if isAlarming { words[edge.word] = edge.column }
    }
    for (word, column) in words.sorted(by: { $0.value < $1.value }) {
      let start = max(area.rect.x, min(column, area.rect.maxX - word.columns))
      buffer.put(word, x: start, y: area.rect.y, style: theme[.error], limit: area.rect.maxX - start)
    }
  }
}

extension Series {
  /// Two columns that show how it is drawn.
  public func sample(_ tier: CharacterTier) -> String {
    if tier == .ascii { return String(String.UnicodeScalarView([symbol, symbol])) }
    return switch mark {
    case .line(let pattern): pattern.sample
    case .dots: "∙∙"
    case .stems: "▗▐"
    case .glyph(let sign): " \(sign)"
    }
  }
}
