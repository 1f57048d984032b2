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

  /// Without colours a bar is reversed cells: text on it must not tear holes into it.
  @Test func reversedCellsAreAGround() {
    var buffer = Buffer(width: 2, height: 1, fill: Cell(" ", Style(reverse: true)))
    buffer.put("x", x: 0, y: 0, style: Style(bold: true))
    #expect(buffer[0, 0].style == Style(bold: true, reverse: true))
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

  @Test func blitIsCutAtTheEdges() {
    var buffer = Buffer(width: 3, height: 2, fill: Cell("."))
    buffer.blit(Buffer(width: 2, height: 2, fill: Cell("x")), x: 2, y: -1)
    #expect(buffer.rows == ["..x", "..."])
  }
}

@Suite struct DifferenceTests {
  @Test func equalBuffersHaveNoChanges() {
    let buffer = Buffer(width: 5, height: 2)
    #expect(buffer.changes(from: buffer).isEmpty)
    #expect(buffer.changes(from: nil).count == 2)
    #expect(buffer.changes(from: Buffer(width: 4, height: 2)).count == 2)
  }

  @Test func nearChangesOfOneStyleAreOneRun() {
    let old = Buffer(width: 20, height: 2)
    var new = old
    new.put("a", x: 1, y: 0, style: Style())
    new.put("b", x: 4, y: 0, style: Style())
    new.put("c", x: 15, y: 0, style: Style())
    new.put("d", x: 16, y: 0, style: Style(bold: true))
    let runs = new.changes(from: old)
    #expect(runs.map(\.x) == [1, 15, 16])
    #expect(runs.map(\.length) == [4, 1, 1])
    #expect(new.text(of: runs[0]) == "a  b")
  }

  /// Drawing the changes over the old buffer gives the new one.
  @Test func changesRebuildTheBuffer() {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var old = Buffer(width: 13, height: 4)
    for _ in 0..<50 {
      var new = old
      for _ in 0..<next(12) {
        let scalar: Unicode.Scalar = ["x", "y", " "][next(3)]
        new[next(13), next(4)] = Cell(scalar, Style(bold: next(2) == 0))
      }
      var screen = old
      for run in new.changes(from: old) {
        for x in run.x..<(run.x + run.length) { screen[x, run.y] = Cell(new[x, run.y].character, run.style) }
      }
      #expect(screen == new)
      old = new
    }
  }
}
