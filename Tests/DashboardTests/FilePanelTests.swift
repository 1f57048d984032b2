import Testing

@testable import Dashboard
@testable import Panels

/// What the File panel says of the file, at every width.
@Suite struct FilePanelTests {
  private let text = FileSummary("alice.txt: 148 kB, 146,012 characters, 69 symbols, at character 5,001 (3 %)")
  private let table = FileSummary("x.csv: 1,200 rows, 1 column in, 2 out, at row 1 (0 %)")

  @Test func theFormsOfAText() {
    #expect(
      text.lines(width: 90, height: 1)
        == ["alice.txt: 148 kB · 146,012 characters · 69 symbols · at character 5,001 (3 %)"])
    #expect(text.lines(width: 60, height: 1) == ["alice.txt 148 kB · 146,012 characters · 69 symbols · at 3 %"])
    #expect(text.lines(width: 38, height: 1) == ["alice.txt 148 kB · 69 symbols · at 3 %"])
    #expect(text.lines(width: 30, height: 1) == ["alice.txt 148 kB · at 3 %"])
    #expect(
      text.lines(width: 40, height: 2)
        == ["alice.txt: 148 kB · 146,012 characters", "69 symbols · at character 5,001 (3 %)"])
    #expect(text.lines(width: 30, height: 2) == ["alice.txt 148 kB · 69 symbols", "at 3 %"])
  }

  @Test(arguments: 10...100, 1...4)
  func noPieceIsBroken(_ width: Int, _ height: Int) {
    for summary in [text, table] {
      let lines = summary.lines(width: width, height: height)
      #expect(!lines.isEmpty && lines.count <= height)
      #expect(lines.allSatisfy { $0.filter { $0 == "(" }.count == $0.filter { $0 == ")" }.count })
    }
  }
}
