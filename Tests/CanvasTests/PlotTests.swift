import Testing

@testable import Canvas

@Suite struct DotCanvasTests {
  /// U+2801 is dot 1, U+28FF all eight (Unicode's braille patterns).
  @Test func brailleDots() {
    var canvas = DotCanvas(columns: 2, rows: 1, tier: .braille)
    canvas.set(0, 0, owner: 0)
    for x in 2...3 { for y in 0...3 { canvas.set(x, y, owner: 0) } }
    canvas.set(9, 9, owner: 0)
    var buffer = Buffer(width: 2, height: 1)
    canvas.draw(at: 0, 0, into: &buffer, styles: [Style()], symbols: ["*"])
    #expect(buffer.rows == ["\u{2801}\u{28FF}"])
  }

  @Test func theFirstOwnerKeepsTheCell() {
    var canvas = DotCanvas(columns: 1, rows: 1, tier: .block)
    canvas.set(0, 0, owner: 0)
    canvas.set(1, 1, owner: 1)
    var buffer = Buffer(width: 1, height: 1)
    canvas.draw(at: 0, 0, into: &buffer, styles: [Style(bold: true), Style()], symbols: ["a", "b"])
    #expect(buffer[0, 0] == Cell("▘", Style(bold: true)))
  }

  @Test func linesJoinTheirEnds() {
    var canvas = DotCanvas(columns: 5, rows: 3, tier: .ascii)
    canvas.line(from: (0, 2), to: (4, 0), owner: 0)
    var buffer = Buffer(width: 5, height: 3)
    canvas.draw(at: 0, 0, into: &buffer, styles: [Style()], symbols: ["*"])
    #expect(buffer.rows == ["   **", " **  ", "*    "])
    canvas.line(from: (0, -1_000_000_000), to: (4, 1_000_000_000), owner: 0)
  }
}

@Suite struct PlotTests {
  private func plot(_ values: [Double], _ tier: CharacterTier = .ascii, width: Int = 24, height: Int = 6) -> Buffer {
    var buffer = Buffer(width: width, height: height)
    let points = values.enumerated().map { (x: Double($0 + 1), y: $1) }
    var plot = Plot(
      x: .steps(1, max(1, values.count)), y: .logarithmic(values),
      series: [Series(points, role: .truncated, symbol: "*", labels: ["truncated", "trunc"])])
    plot.xName = "t"
    plot.draw(in: buffer.bounds, into: &buffer, theme: Theme(characters: tier))
    return buffer
  }

  @Test func aLineWithItsLabels() {
    #expect(
      plot([-3, -2, -1, 0]).rows == [
        "     ** truncated       ",
        "   1               ***  ",
        "              *****     ",
        "1e-2      ****          ",
        "       ***              ",
        "   t   1             4  ",
      ])
  }

  @Test func whatIsNoNumberIsNamedAtTheTop() {
    let buffer = plot([0, .nan, -1, .infinity, -.infinity])
    #expect(buffer.rows[1].contains("NaN") && buffer.rows[1].contains("inf"))
    #expect(buffer.rows[4].contains("▾"))
  }

  @Test func namesOfGuidesLieBesideTheData() {
    var buffer = Buffer(width: 50, height: 8)
    var plot = Plot(
      x: .steps(1, 9), y: Axis(.linear, lower: 0, upper: 2), series: [Series([(1, 1), (9, 1)], role: .loss)])
    plot.guides = [
      Guide(1.39, ["ln 4 = 1.386", "ln 4"], role: .floor), Guide(1.4, ["loss 1"], role: .loss, isLine: false),
    ]
    let area = plot.draw(in: buffer.bounds, into: &buffer, theme: Theme())
    #expect(buffer.rows.contains { $0.hasSuffix(" ln 4 = 1.386") })
    #expect(buffer.rows.contains { $0.contains(" loss 1") })
    #expect(area.rect.maxX == 50 - 13)
  }

  /// Four lines within one row: their names stand under each other, the highest on top.
  @Test func namesKeepTheOrderOfTheirLines() {
    var buffer = Buffer(width: 40, height: 6)
    var plot = Plot(x: .steps(1, 9), y: Axis(.linear, lower: 0, upper: 9), series: [])
    plot.labelsX = false
    plot.guides = [0.1, 0.4, 0.2, 0.3].map { Guide($0, ["v\(Int($0 * 10))"], role: .floor) }
    plot.draw(in: buffer.bounds, into: &buffer, theme: Theme())
    #expect(buffer.rows.map { $0.suffix(2) } == ["  ", "  ", "v4", "v3", "v2", "v1"])
  }

  @Test(arguments: CharacterTier.allCases) func nothingOutsideAtAnySize(_ tier: CharacterTier) {
    let values: [[Double]] = [[], [0], [.nan], [-.infinity, .infinity, 3, -4000, 1e9], [1, 2, 3]]
    let theme = Theme(colors: tier == .ascii ? .mono : .trueColor, characters: tier)
    for width in 0...30 {
      for height in 0...10 {
        for values in values {
          var buffer = Buffer(width: 40, height: 16, fill: Cell("~"))
          let rect = Rect(x: 4, y: 3, width: width, height: height)
          let points = values.enumerated().map { (x: Double($0), y: $1) }
          var plot = Plot(
            x: .steps(0, max(0, values.count - 1)), y: .logarithmic(values),
            series: [
              Series(points, role: .truncated, labels: ["name"]), Series(points, .stems, role: .full),
              Series(points, .dots, role: .bound, labels: ["other", "o"]),
            ])
          plot.guides = [Guide(1, ["a guide"], role: .floor)]
          plot.cursor = 1
          plot.xName = "step"
          plot.gridFrom = 3
          plot.draw(in: rect, into: &buffer, theme: theme)
          CircleScatter(points: points.map { ($0.x, $0.y) }, circles: [(1, .grid)])
            .draw(in: rect, role: .truncated, into: &buffer, theme: theme)
          Bars(heights: values, styles: []).draw(in: rect, into: &buffer, theme: theme)
          for map in [HeatMap.Map.sequential, .diverging] {
            HeatMap(values, rows: 1, columns: values.count, range: -1...1, map: map) { _, t in t % 2 == 0 }
              .draw(in: rect, into: &buffer, theme: theme)
          }
          expectOnlyInside(rect, buffer)
        }
      }
    }
  }

  private func expectOnlyInside(_ rect: Rect, _ buffer: Buffer) {
    for y in 0..<buffer.height {
      for x in 0..<buffer.width where !rect.contains(x: x, y: y) {
        if buffer[x, y] != Cell("~") {
          Issue.record("(\(x), \(y)) outside of \(rect)")
          return
        }
      }
    }
  }
}

@Suite struct HeatMapTests {
  private func drawn(_ map: HeatMap, _ width: Int, _ height: Int, _ theme: Theme) -> Buffer {
    var buffer = Buffer(width: width, height: height)
    map.draw(in: buffer.bounds, into: &buffer, theme: theme)
    return buffer
  }

  private let ascii = Theme(colors: .mono, characters: .ascii)

  @Test func densityRises() {
    let map = HeatMap((0..<10).map { Double($0) / 9 }, rows: 1, columns: 10, range: 0...1)
    #expect(drawn(map, 10, 1, ascii).rows == [" .:-=+*#%@"])
    #expect(drawn(map, 20, 1, ascii).rows == ["  ..::--==++**##%%@@"])
    // Reduced by the largest.
    #expect(drawn(map, 5, 1, ascii).rows == [".-+#@"])
  }

  @Test func reductions() {
    let values = [-1.0, 0.5, 0.25, -0.25]
    func value(_ reduction: HeatMap.Reduction) -> String {
      drawn(
        HeatMap(values, rows: 1, columns: 4, range: -1...1, map: .diverging, reduction: reduction), 2, 1, ascii
      ).rows[0]
    }
    #expect(value(.maximumMagnitude) == "=+")
    #expect(value(.mean) == "- ")
  }

  /// Two values a cell: the upper one in the ink, the lower one in the ground.
  @Test func halfBlocks() {
    let theme = Theme()
    let buffer = drawn(HeatMap([0, 1], rows: 2, columns: 1, range: 0...1), 1, 1, theme)
    let map = ColorMap.sequential(theme)
    #expect(buffer[0, 0] == Cell("▀", Style(map[0], on: map[1])))
  }

  @Test func maskedPlacesAreHatchedOnEveryTier() {
    for colors in ColorTier.allCases {
      for characters in CharacterTier.allCases {
        let theme = Theme(colors: colors, characters: characters)
        let map = HeatMap([0.9, 0.9, 0.9, 0.9], rows: 2, columns: 2, range: 0...1) { _, t in t == 1 }
        let buffer = drawn(map, 2, 1, theme)
        #expect(buffer[0, 0].character != buffer[1, 0].character)
        #expect(["╱", "/"].contains(buffer[1, 0].character))
      }
    }
  }

  @Test func emptyPlacesStayEmptyAndNaNIsMarked() {
    let map = HeatMap([-.infinity, .nan, 0.5], rows: 1, columns: 3, range: 0...1)
    #expect(drawn(map, 3, 1, ascii).rows == [" !+"])
    #expect(drawn(map, 3, 1, Theme())[0, 0] == Cell())
  }
}

@Suite struct BarsTests {
  @Test func eighthsAndThirds() {
    func drawn(_ theme: Theme, _ heights: [Double?]) -> [String] {
      var buffer = Buffer(width: heights.count, height: 2)
      Bars(heights: heights, styles: []).draw(in: buffer.bounds, into: &buffer, theme: theme)
      return buffer.rows
    }
    #expect(drawn(Theme(), [0, 1e-9, 0.5, 0.75, 1, 7, nil, .nan]) == ["   ▄██  ", " ▁████ !"])
    #expect(drawn(Theme(characters: .ascii), [0, 0.01, 0.5, 1, nil]) == ["   # ", " .## "])
  }

  @Test func circlesAreRound() {
    var buffer = Buffer(width: 40, height: 20)
    CircleScatter(points: [], circles: [(1, .grid)]).draw(
      in: buffer.bounds, role: .truncated, into: &buffer, theme: Theme())
    let rows = buffer.rows.enumerated().filter { $0.element.contains { $0 != " " && $0 != "+" } }
    let columns = buffer.rows.flatMap { row in row.enumerated().filter { $0.element != " " }.map(\.offset) }
    let height = (rows.last?.offset ?? 0) - (rows.first?.offset ?? 0) + 1
    let width = (columns.max() ?? 0) - (columns.min() ?? 0) + 1
    #expect(abs(width - 2 * height) <= 1)
  }
}
