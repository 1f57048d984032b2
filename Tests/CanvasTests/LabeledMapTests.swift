import Testing

@testable import Canvas

/// Heat maps with the numbers of their rows and columns, and with a key of their colors.
@Suite struct LabeledMapTests {
  private func rows(_ width: Int, _ height: Int, _ theme: Theme = Theme(colors: .mono, characters: .ascii)) -> [String]
  {
    var values: [Double] = []
    for row in 0..<20 { for column in 0..<20 { values.append(column > row ? -.infinity : Double(column) / 19) } }
    var buffer = Buffer(width: width, height: height)
    let map = LabeledMap(
      HeatMap(values, rows: 20, columns: 20, range: 0...1), rows: "i", columns: "t", key: ColorKey("0", "9"),
      words: ["how much of i is at t", "much"])
    map.draw(in: Rect(x: 0, y: 0, width: width, height: height), into: &buffer, theme: theme)
    return (0..<height).map { y in String(String.UnicodeScalarView((0..<width).map { buffer[$0, y].character })) }
  }

  @Test func itHasRowsColumnsAndAKey() {
    let drawn = rows(40, 9)
    #expect(drawn[0].hasPrefix("i=1 ") && drawn[6].hasPrefix(" 20 "))
    #expect(drawn.contains { $0.hasPrefix(" 11 ") })
    // 1 and 20 stand under the first and the last column; a cell is twice as high as wide.
    #expect(drawn[7].hasPrefix("  t 1 ") && drawn[7].dropFirst(4 + 19).hasPrefix("20"))
    #expect(drawn[8].hasPrefix("0 ") && drawn[8].contains(" 9 how much of i is at t"))
    // The key goes from no ink to the most.
    #expect(drawn[8].contains("@ 9"))
  }

  /// What there is no room for goes: the words, the key, the numbers; the map stays.
  @Test func smallOnesKeepTheMap() {
    #expect(rows(20, 9)[8].hasSuffix(" 9 much ") || rows(20, 9)[8].contains(" 9"))
    #expect(rows(40, 5)[4].hasPrefix("  t 1"))
    #expect(rows(40, 3).allSatisfy { !$0.contains("t 1") })
    #expect(rows(10, 4)[0].contains { !" ".contains($0) })
    for width in 0...12 { for height in 0...6 { _ = rows(width, height) } }
  }

  /// A key of one color names it alone.
  @Test func aKeyOfOneColor() {
    func line(_ key: ColorKey, _ width: Int) -> String {
      var buffer = Buffer(width: width, height: 1)
      let end = key.draw(
        in: Rect(x: 0, y: 0, width: width, height: 1), &buffer, theme: Theme(colors: .mono, characters: .ascii))
      #expect(end <= width)
      return String(String.UnicodeScalarView((0..<width).map { buffer[$0, 0].character }))
    }
    #expect(line(ColorKey("1", "1", start: 1), 8) == "@@ 1    ")
    #expect(line(ColorKey("1", "3", start: 1 / 3), 20).hasPrefix("1 "))
    #expect(line(ColorKey("1", "3"), 4) == "    ")
  }
}
