import Testing

@testable import Canvas

@Suite struct BufferTests {
  private func drawn(_ text: String, width: Int, _ alignment: Alignment = .left, ellipsis: Bool = false) -> String {
    var buffer = Buffer(width: width + 2, height: 1, fill: Cell("~"))
    buffer.put(
      text, in: Rect(x: 1, y: 0, width: width, height: 1), alignment: alignment, style: Style(), ellipsis: ellipsis)
    return buffer.rows[0]
  }

  @Test func textIsClippedAndAligned() {
    #expect(drawn("abc", width: 5) == "~abc~~~")
    #expect(drawn("abc", width: 5, .right) == "~~~abc~")
    #expect(drawn("abc", width: 5, .center) == "~~abc~~")
    #expect(drawn("abcdef", width: 4) == "~abcd~")
    #expect(drawn("abcdef", width: 4, ellipsis: true) == "~abc…~")
    // Words stay whole.
    #expect(drawn("ab cdef", width: 5, ellipsis: true) == "~ab…~~~")
    #expect(drawn("ab cd ef", width: 6, ellipsis: true) == "~ab cd…~")
    #expect(drawn(" abcdef", width: 4, ellipsis: true) == "~ ab…~")
    #expect(drawn("abcdef", width: 0) == "~~")
  }

  @Test func everyCharacterTakesOneColumn() {
    #expect(drawn("日本", width: 4) == "~□□~~~")
    #expect(drawn("e\u{301}x", width: 3) == "~ex~~")
    #expect(drawn("é‖φ′", width: 4) == "~é‖φ′~")
    #expect(drawn("👍🏽!", width: 3) == "~□!~~")
    #expect(drawn("☀️", width: 2) == "~□~~")
    #expect("日e\u{301}".columns == 2)
  }

  @Test func controlsNeverReachTheScreen() {
    #expect(drawn("a\u{1B}[31m\n\t\u{7F}", width: 9) == "~a␛[31m␊␉␡~")
    #expect(drawn("a\r\nb", width: 3) == "~a␊b~")
    var buffer = Buffer(width: 3, height: 1)
    buffer[0, 0] = Cell("\u{1B}")
    buffer.fill(Rect(x: 1, y: 0, width: 1, height: 1), Cell("\u{202E}"))
    buffer.put("\u{9B}", x: 2, y: 0, style: Style())
    #expect(buffer.rows[0] == "␛□□")
    for value in UInt32(0)...0x2FFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      #expect(scalar.inOneCell.displayWidth == 1, "\(value)")
    }
  }

  @Test func aStyleWithoutGroundKeepsThatOfTheCell() {
    let ground = Color(1, 2, 3)
    var buffer = Buffer(width: 2, height: 1, fill: Cell(" ", Style(on: ground)))
    buffer.put("x", x: 0, y: 0, style: Style(Color(9, 9, 9)))
    buffer.put("y", x: 1, y: 0, style: Style(on: Color(4, 4, 4)))
    #expect(buffer[0, 0].style.background == ground)
    #expect(buffer[1, 0].style.background == Color(4, 4, 4))
  }

  /// Without colors a bar is reversed cells: text on it must not tear holes into it.
  @Test func reversedCellsAreAGround() {
    var buffer = Buffer(width: 2, height: 1, fill: Cell(" ", Style(reverse: true)))
    buffer.put("x", x: 0, y: 0, style: Style(bold: true))
    #expect(buffer[0, 0].style == Style(bold: true, reverse: true))
    // Dim ink would be a dim patch of the ground there.
    buffer.put("│", x: 1, y: 0, style: Style(dim: true))
    #expect(buffer[1, 0].style == Style(reverse: true))
  }

  @Test func spansAndParagraphs() {
    var buffer = Buffer(width: 10, height: 3)
    let bold = Style(bold: true)
    let end = buffer.put([Span("ab", bold), Span("cd", Style())], in: buffer.bounds)
    #expect(end == 4)
    #expect(buffer[1, 0].style == bold && buffer[2, 0].style == Style())
    #expect(buffer.paragraph("the quick brownishfoxes\nx", in: buffer.bounds, style: Style()) == 3)
    #expect(buffer.rows[0] == "the quick ")
    #expect("a bb ccc".wrapped(to: 4) == ["a bb", "ccc"])
    #expect("abcdefg".wrapped(to: 3) == ["abc", "def", "g"])
    #expect("abc".wrapped(to: 0).isEmpty)
  }
}
