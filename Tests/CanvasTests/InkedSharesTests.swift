import Testing

@testable import Canvas

/// Shares, drawn with colors or with ink alone.
@Suite struct InkedSharesTests {
  private func row(_ values: [Double], upTo largest: Double = 1, _ theme: Theme) -> String {
    let shown = HeatMap.shares(values, upTo: largest, theme: theme)
    var buffer = Buffer(width: values.count, height: 1)
    HeatMap(shown.values, rows: 1, columns: values.count, range: shown.range)
      .draw(in: Rect(x: 0, y: 0, width: values.count, height: 1), into: &buffer, theme: theme)
    return String(String.UnicodeScalarView(values.indices.map { buffer[$0, 0].character }))
  }

  @Test("without colors a share of a thousandth is seen, a missing one is not, and each decade has ink of its own")
  func ink() {
    let shares: [Double] = [-.infinity, 0, 0.001, 0.005, 0.02, 0.1, 1]
    #expect(row(shares, Theme(colors: .mono, characters: .block)) == " ··░▒▓█")
    #expect(row(shares, Theme(colors: .colors8, characters: .braille)) == " ··░▒▓█")
    let ascii = row(shares, Theme(colors: .mono, characters: .ascii))
    #expect(ascii.hasPrefix(" ..") && ascii.hasSuffix("@") && Set(ascii).count == 6)
    // Against the largest: of 50 equal shares all have the most ink.
    #expect(row([0.02, 0.02], upTo: 0.02, Theme(colors: .mono, characters: .block)) == "██")
  }

  @Test("with colors shares are drawn as they are")
  func colors() {
    let shown = HeatMap.shares([0, 0.5], upTo: 1, theme: Theme(colors: .colors256, characters: .block))
    #expect(shown.values == [0, 0.5] && shown.range == 0...1)
  }
}
