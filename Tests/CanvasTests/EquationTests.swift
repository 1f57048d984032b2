import Testing

@testable import Canvas

/// Equations with their numbers, laid out as text.
@Suite struct EquationTests {
  private let theme = Theme()

  private func sign(_ text: String) -> EquationBlock.Piece { .init(sign: Span(text, Style())) }

  private func numbers(_ name: String, _ rows: [[String]]) -> EquationBlock.Piece {
    .init(Span(name, Style()), rows, Style())
  }

  /// δ = W u + v of two units.
  private var block: EquationBlock {
    EquationBlock(
      [
        [numbers("δ", [["-0.167"], ["0.425"]]), sign("=")]
          + [numbers("W", [["0.123", "-0.500"], ["1.25", "3.92e-5"]]), numbers("u", [["1"], ["0"]])],
        [sign("+"), sign("tanh("), numbers("v", [["0.300"], ["·"]]), sign(")")],
      ], theme)
  }

  private func text(_ rows: [[Span]]?) -> [String]? { rows.map { $0.map { $0.map(\.text).joined() } } }

  @Test func numbersStandUnderTheirSymbols() {
    #expect(
      text(block.rows(width: 60)) == [
        "     δ = W                u + tanh(     v)",
        "-0.167   [ 0.123  -0.500] 1         0.300 ",
        " 0.425   [  1.25 3.92e-5] 0             · ",
      ])
  }

  /// It is broken between terms; a term that is wider than the room is not shown in part.
  @Test func itIsBrokenBetweenTerms() {
    #expect(
      text(block.rows(width: 30)) == [
        "     δ = W                u", "-0.167   [ 0.123  -0.500] 1", " 0.425   [  1.25 3.92e-5] 0", "  + tanh(     v)",
        "          0.300 ", "              · ",
      ])
    #expect(block.rows(width: 20) == nil)
  }

  /// Full forms while there is room, then shorter ones from the last equation on; nothing in part.
  @Test func aSheetShortensBeforeItGivesUp() throws {
    let short = EquationBlock([[numbers("δ", [["-0.167"], ["0.425"]])]], theme)
    let full = EquationSheet.Forms([block, block], width: 50), shorter = EquationSheet.Forms([short, short], width: 50)
    func rows(_ height: Int, isFull: Bool = false) -> [String]? {
      guard let sheet = EquationSheet(full, orShortened: isFull ? nil : shorter, height: height) else { return nil }
      var buffer = Buffer(width: 50, height: height)
      #expect(sheet.draw(in: buffer.bounds, &buffer) <= height)
      return (0..<height).map { y in
        String(String.UnicodeScalarView((0..<50).map { buffer[$0, y].character })).trimmingSpaces
      }
    }
    // One blank line between the two where there is room for it.
    let wide = try #require(rows(7, isFull: true))
    #expect(wide[0].hasSuffix("v)") && wide[3].isEmpty && wide[4].hasSuffix("v)"))
    #expect(try #require(rows(6, isFull: true))[3].hasSuffix("v)"))
    #expect(rows(5, isFull: true) == nil)
    // The second is short, and stands beside the first.
    let narrow = try #require(rows(5))
    #expect(narrow[0].hasSuffix("v)       δ") && narrow[3].isEmpty)
    #expect(rows(2) == nil)
    // In a room that no form fits there is none.
    #expect(EquationSheet(EquationSheet.Forms([block], width: 20), height: 50) == nil)
  }

  /// Where vectors find no room, norms stand there; what says that something is missing covers nothing.
  @Test func shorterFactsTakeThePlaceOfLongOnes() {
    func fact(_ text: String) -> EquationText.Fact { .init([Span(text, Style())], rank: 0) }
    let text = EquationText(
      equations: [[Span("a = b", Style())]], facts: [fact("vector (1, 2, 3)"), fact("vector (4, 5, 6)")],
      shorter: [fact("norm 3.74"), fact("norm 8.77")], theme: theme)
    func rows(_ width: Int, _ height: Int) -> [String] {
      var buffer = Buffer(width: width, height: height)
      text.draw(in: buffer.bounds, &buffer)
      return (0..<height).map { y in
        String(String.UnicodeScalarView((0..<width).map { buffer[$0, y].character })).trimmingSpaces
      }
    }
    #expect(rows(40, 2) == ["a = b", "vector (1, 2, 3)   vector (4, 5, 6)"])
    #expect(rows(25, 2) == ["a = b", "norm 3.74   norm 8.77"])
    #expect(rows(25, 3) == ["a = b", "vector (1, 2, 3)", "vector (4, 5, 6)"])
    #expect(rows(11, 1) == ["norm 3.74 …"])
    #expect(rows(10, 1) == ["…"] || rows(10, 1) == [""])
  }

  /// Counts of a million and more are in one style.
  @Test func countsAreWrittenAlike() {
    #expect(NumberText.count(42_240) == "42,240" && NumberText.count(999_999) == "999,999")
    #expect(NumberText.count(3_225_600) == "3.23 M" && NumberText.count(12_000_000) == "12.0 M")
    #expect(NumberText.count(1.24e9) == "1.24 G" && NumberText.count(0) == "0")
  }
}

extension String {
  /// Without the spaces at its end.
  fileprivate var trimmingSpaces: String { String(reversed().drop { $0 == " " }.reversed()) }
}
