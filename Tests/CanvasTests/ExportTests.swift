import Testing

@testable import Canvas

@Suite struct ExportTests {
  private var sample: Buffer {
    var buffer = Buffer(width: 6, height: 2)
    buffer.put("a<&b", x: 0, y: 0, style: Style(Color(255, 0, 0), bold: true))
    buffer.put("█⠁─", x: 0, y: 1, style: Style(Color(0, 255, 0), on: Color(0, 0, 255)))
    return buffer
  }

  @Test func plainText() {
    #expect(sample.plainText == "a<&b\n█⠁─\n")
  }

  @Test func ansiByTier() {
    let red = "\u{1B}[0;1;38;2;255;0;0ma<&b\u{1B}[0m  \n"
    #expect(sample.ansi(.trueColor).hasPrefix(red))
    #expect(sample.ansi(.colors256).hasPrefix("\u{1B}[0;1;38;5;196m"))
    #expect(sample.ansi(.colors16).hasPrefix("\u{1B}[0;1;91m"))
    #expect(sample.ansi(.mono).hasPrefix("\u{1B}[0;1ma<&b"))
    #expect(sample.ansi(.colors16).contains("\u{1B}[0;92;44m"))
  }

  @Test func svgIsEscapedExactAndOfShapes() {
    let svg = sample.svg(title: "a & b")
    #expect(svg.contains("<title>a &amp; b</title>"))
    #expect(svg.contains(">a&lt;&amp;b</text>"))
    #expect(svg.contains("fill=\"#ff0000\" font-weight=\"bold\""))
    // The full block, the dot and the line are shapes of the exact color, no letters.
    #expect(svg.contains("<path fill=\"#00ff00\" shape-rendering=\"crispEdges\" d=\"M0 18h9v18h-9z\"/>"))
    #expect(svg.contains("d=\"M11.25 20.25h.01\""))
    #expect(!svg.contains("█") && !svg.contains("⠁"))
    #expect(svg.contains("width=\"54\" height=\"36\""))
  }

  @Test func svgShowsReverseAndTiers() {
    var buffer = Buffer(width: 1, height: 1)
    buffer.put("x", x: 0, y: 0, style: Style(Color(10, 200, 30), reverse: true))
    #expect(buffer.svg().contains("<path fill=\"#0ac81e\" shape-rendering=\"crispEdges\" d=\"M0 0h9v18h-9z\"/>"))
    #expect(buffer.svg(theme: Theme(colors: .colors16)).contains("#00cd00"))
  }

  /// The paper is that of the theme, and where it is the terminal's own, white for a light one.
  @Test func svgStandsOnTheThemesGround() {
    let buffer = Buffer(width: 1, height: 1)
    func paper(_ theme: Theme) -> String? {
      buffer.svg(theme: theme).split(separator: "\n").first { $0.hasPrefix("<rect") }.map {
        String($0.suffix(10).prefix(7))
      }
    }
    #expect(
      paper(Theme()) == "#10141b" && paper(Theme(.light)) == "#ffffff" && paper(Theme(.highContrast)) == "#000000")
    #expect(paper(Theme(colors: .colors8, ground: .light)) == "#ffffff")
    #expect(paper(Theme(colors: .mono)) == "#10141b")
  }
}
