import Testing

@testable import Canvas

/// Characters and columns that carry a value as their ground.
@Suite struct InkedTests {
  private func rows(_ buffer: Buffer) -> [String] {
    (0..<buffer.height).map { y in
      String(String.UnicodeScalarView((0..<buffer.width).map { buffer[$0, y].character }))
    }
  }

  @Test func aShortTextIsWideAndALongOneGoesOverSomeLines() {
    var buffer = Buffer(width: 20, height: 4)
    let five = InkedText(symbols: ["a", "b", "c", "d", "e"], values: [-4, -3, -2, -1, 0], chosen: 4)
    #expect(five.draw(in: Rect(x: 0, y: 0, width: 20, height: 4), into: &buffer, theme: Theme()) == 4)
    #expect(rows(buffer)[0].filter { $0 != " " } == "abcde" && rows(buffer)[0].hasPrefix(" a   b"))
    // 50 characters in 20 columns: three lines; two lines of room with bars show those up to the chosen one.
    let symbols = (0..<50).map { String(UnicodeScalar(UInt8(65 + $0 % 26))) }
    var long = InkedText(symbols: symbols, values: (0..<50).map(Double.init), chosen: 30)
    var page = Buffer(width: 20, height: 4)
    long.draw(in: Rect(x: 0, y: 0, width: 20, height: 4), into: &page, theme: Theme())
    #expect(rows(page)[0].hasPrefix("ABC") && rows(page)[2] == symbols[20..<40].joined())
    long.chosen = 49
    page = Buffer(width: 20, height: 4)
    long.draw(in: Rect(x: 0, y: 0, width: 20, height: 4), into: &page, theme: Theme())
    #expect(rows(page)[2].hasPrefix(symbols[40..<50].joined()))
  }

  @Test func theLargestIsSeenOnEveryTerminal() {
    for colors in [ColorTier.trueColor, .colors256, .colors16, .colors8, .mono] {
      let theme = Theme(colors: colors, characters: .block)
      var buffer = Buffer(width: 3, height: 3)
      InkedText(symbols: ["a", "b", "c"], values: [-9, 0, -.infinity]).draw(
        in: Rect(x: 0, y: 0, width: 3, height: 3), into: &buffer, theme: theme)
      #expect(buffer[0, 0].style != buffer[1, 0].style, "\(colors)")
      #expect(buffer[1, 1].character == "█" && buffer[0, 1].character != "█" && buffer[2, 2].character == " ")
    }
  }

  @Test func ofManyColumnsTheStrongestAreNamed() {
    let names = (0..<8).map { "x\($0)" }
    // Column 5 and 2 have the largest values.
    let values = (0..<10).flatMap { _ in (0..<8).map { $0 == 5 ? 0 : $0 == 2 ? -1 : -8.0 } }
    var buffer = Buffer(width: 20, height: 3)
    InkedColumns(names: names, values: values, cursor: 9).draw(
      in: Rect(x: 0, y: 0, width: 20, height: 3), into: &buffer, theme: Theme())
    // Three rows for eight columns: the names are worth more than the axis.
    #expect(rows(buffer).map { $0.prefix(2) }[1...] == ["x2", "x5"])
    var high = Buffer(width: 20, height: 9)
    InkedColumns(names: names, values: values, cursor: 9).draw(
      in: Rect(x: 0, y: 0, width: 20, height: 9), into: &high, theme: Theme())
    #expect(rows(high).map { $0.prefix(2) }[..<8] == ArraySlice(names.map { $0.prefix(2) }))
    #expect(rows(high)[8].hasSuffix("▲"))
  }
}
