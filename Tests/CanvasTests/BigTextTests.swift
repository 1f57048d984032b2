import Testing

@testable import Canvas

@Suite struct BigTextTests {
  private func rows(_ text: String, width: Int) -> (rows: [String], columns: Int?) {
    var buffer = Buffer(width: width, height: 5)
    let columns = BigText.draw(text, in: buffer.bounds, Style(), into: &buffer)
    return (buffer.rows, columns)
  }

  @Test func digitsAreDrawn() {
    #expect(
      rows("42.7", width: 13).rows == [
        "█ █ ███   ███",
        "█ █   █     █",
        "███ ███     █",
        "  █ █      █ ",
        "  █ ███ █  █ ",
      ])
  }

  /// In the largest scale that fits, and not at all where none does.
  @Test func theyAreAsLargeAsThereIsRoom() {
    #expect(rows("42", width: 30).columns == 19 && rows("42", width: 18).columns == 13)
    #expect(rows("42", width: 7).columns == 7 && rows("42", width: 6).columns == nil)
    #expect(rows("42", width: 30).rows[0].hasPrefix("███   ███ █████████"))
  }

  @Test func whatHasNoGlyphIsNotDrawn() {
    #expect(rows("4x", width: 40).columns == nil && rows("4x", width: 40).rows[0].allSatisfy { $0 == " " })
    var low = Buffer(width: 40, height: 4)
    #expect(BigText.draw("1", in: low.bounds, Style(), into: &low) == nil)
  }

  /// All characters differ, and none is empty but the blank.
  @Test func charactersDiffer() {
    let all = "0123456789.,-+e×%…∞".map { rows(String($0), width: 3).rows.joined() }
    #expect(Set(all).count == all.count && all.allSatisfy { $0.contains("█") })
  }

  @Test func heavyLinesAreBlocks() {
    #expect(
      Theme().withHeavyLines.characters == .block
        && Theme(.light, characters: .ascii).withHeavyLines.characters == .ascii)
    #expect(Theme(.light).withHeavyLines.name == .light)
  }
}
