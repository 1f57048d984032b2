import Canvas
import Testing

@testable import Terminal

struct FrameEncoderTests {
  private func encoder(_ colors: ColorTier = .trueColor, _ characters: CharacterTier = .braille) -> FrameEncoder {
    FrameEncoder(capabilities: .ecma48(colors), colorTier: colors, characterTier: characters)
  }

  private func encode(_ encoder: inout FrameEncoder, _ frame: Buffer) -> String {
    var bytes: [UInt8] = []
    encoder.encode(frame, width: frame.width, height: frame.height, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func theSameFrameWritesNothing() {
    var encoder = encoder(), frame = Buffer(width: 20, height: 4)
    frame[3, 2] = Cell("x", Style(Color(1, 2, 3), bold: true))
    #expect(!encode(&encoder, frame).isEmpty)
    #expect(encode(&encoder, frame).isEmpty)
    encoder.invalidate()
    #expect(encode(&encoder, frame).contains("x"))
  }

  @Test func oneCellIsMovedToAndWritten() {
    var encoder = encoder(), frame = Buffer(width: 20, height: 4)
    _ = encode(&encoder, frame)
    frame[3, 2] = Cell("x", Style(Color(1, 20, 255)))
    #expect(encode(&encoder, frame) == "\u{1B}[3;4H\u{1B}[38;2;1;20;255mx")
    // The next one to the right needs neither a move nor a color, a gap of two blanks is written again.
    frame[4, 2] = frame[3, 2]
    #expect(encode(&encoder, frame) == "x")
    frame[19, 2] = Cell("y", Style(Color(1, 20, 255)))
    #expect(encode(&encoder, frame) == "\u{1B}[14Cy")
    // To the left of where the last frame ended in the same row.
    frame[7, 2] = Cell("z", Style(Color(1, 20, 255)))
    #expect(encode(&encoder, frame) == "\u{1B}[3;8Hz")
    frame[2, 2] = Cell("w", Style(Color(1, 20, 255)))
    #expect(encode(&encoder, frame) == "\u{1B}[3;3Hw")
  }

  @Test func attributesAreTakenBackByAReset() {
    var encoder = encoder(), frame = Buffer(width: 4, height: 1)
    _ = encode(&encoder, frame)
    frame[0, 0] = Cell("a", Style(Color(9, 9, 9), on: Color(1, 1, 1), bold: true, underline: true))
    frame[1, 0] = Cell("b", Style(Color(9, 9, 9)))
    let expected =
      "\u{1B}[1;1H\u{1B}[1m\u{1B}[4m\u{1B}[38;2;9;9;9m\u{1B}[48;2;1;1;1ma" + "\u{1B}[m\u{1B}[38;2;9;9;9mb"
    #expect(encode(&encoder, frame) == expected)
  }

  @Test func colorsThatLookTheSameAreNotWrittenAgain() {
    var encoder = encoder(.colors256), frame = Buffer(width: 4, height: 1)
    frame[0, 0] = Cell("a", Style(Color(255, 0, 0)))
    #expect(encode(&encoder, frame).contains("\u{1B}[38;5;196ma"))
    frame[0, 0].style.foreground = Color(254, 1, 1)
    #expect(encode(&encoder, frame).isEmpty)
    // A blank's ink is not seen.
    frame[1, 0] = Cell(" ", Style(Color(0, 255, 0), bold: true))
    #expect(encode(&encoder, frame).isEmpty)
  }

  @Test func aBlankBetweenWordsTakesTheirInk() {
    var encoder = encoder(), frame = Buffer(width: 6, height: 1)
    _ = encode(&encoder, frame)
    for (x, character) in "ab cd".unicodeScalars.enumerated() {
      frame[x, 0] = Cell(character, Style(Color(1, 2, 3), bold: true))
    }
    #expect(encode(&encoder, frame) == "\u{1B}[1;1H\u{1B}[1m\u{1B}[38;2;1;2;3mab cd")
    // Not another background, nor underlining.
    frame[2, 0] = Cell(" ", Style(Color(1, 2, 3), underline: true))
    #expect(encode(&encoder, frame).contains("\u{1B}[4m"))
    frame[2, 0] = Cell(" ", Style(on: Color(9, 9, 9)))
    #expect(encode(&encoder, frame).contains("\u{1B}[48;2;9;9;9m "))
  }

  @Test func monoHasAttributesOnly() {
    var encoder = encoder(.mono), frame = Buffer(width: 2, height: 1)
    frame[0, 0] = Cell("a", Style(Color(255, 0, 0), on: Color(0, 0, 9), reverse: true))
    #expect(encode(&encoder, frame) == "\u{1B}[1;1H\u{1B}[m\u{1B}[7ma\u{1B}[m ")
  }

  @Test func eightColorsHaveNoBrightOnes() {
    var encoder = encoder(.colors8), frame = Buffer(width: 1, height: 1)
    frame[0, 0] = Cell("a", Style(Color(255, 0, 0)))
    #expect(encode(&encoder, frame).hasSuffix("\u{1B}[31ma"))
  }

  @Test func asciiAndWideCharactersKeepTheirPlaces() {
    var encoder = encoder(.mono, .ascii), frame = Buffer(width: 4, height: 1)
    for (x, character) in "δ─a│".unicodeScalars.enumerated() { frame[x, 0] = Cell(character) }
    #expect(encode(&encoder, frame).hasSuffix("d-a|"))
    var wide = self.encoder(.mono)
    let text = encode(&wide, Buffer(width: 2, height: 1, fill: Cell("漢")))
    #expect(!text.contains("漢"))
    let control = encode(&wide, Buffer(width: 2, height: 1, fill: Cell("\u{1B}")))
    #expect(!control.dropFirst(6).contains("\u{1B}"))
  }

  @Test func theLastCellIsLeftWhereItWouldScroll() {
    var capabilities = TerminalCapabilities.ecma48(.mono)
    capabilities.scrollsAtEnd = true
    var encoder = FrameEncoder(capabilities: capabilities, colorTier: .mono, characterTier: .braille)
    #expect(encode(&encoder, Buffer(width: 2, height: 2, fill: Cell("x"))) == "\u{1B}[1;1H\u{1B}[mxx\u{1B}[2;1Hx")
  }

  @Test func aFrameIsBracketedOnlyIfItWrites() {
    var capabilities = TerminalCapabilities.ecma48(.mono)
    capabilities.beginFrame = Array("<".utf8)
    capabilities.endFrame = Array(">".utf8)
    var encoder = FrameEncoder(capabilities: capabilities, colorTier: .mono, characterTier: .braille)
    let frame = Buffer(width: 1, height: 1, fill: Cell("x"))
    #expect(encode(&encoder, frame) == "<\u{1B}[1;1H\u{1B}[mx>")
    #expect(encode(&encoder, frame).isEmpty)
  }

  @Test func paddingOfTerminfoIsLeftAway() {
    #expect("\u{1B}[H$<5/>x$<2>".withCString { TerminalCapabilities.bytes($0) } == Array("\u{1B}[Hx".utf8))
    #expect(TerminalCapabilities.bytes(nil).isEmpty)
  }

  /// Random frames over one another, of changing sizes: a model of a terminal shows each as it was meant.
  @Test(arguments: ColorTier.allCases)
  func aTerminalShowsTheFrame(_ tier: ColorTier) {
    var random = Generator(state: 1)
    var encoder = encoder(tier)
    var model = ModelTerminal(width: 30, height: 8), last = Buffer(width: 30, height: 8)
    for round in 0..<120 {
      let width = round < 60 ? 30 : 1 + Int(random.next() % 40), height = round < 60 ? 8 : 1 + Int(random.next() % 9)
      // Every other frame changes little of the one before.
      var frame = round % 2 == 1 && round < 60 ? last : Buffer(width: width, height: height)
      let density = 1 + random.next() % (round % 2 == 0 ? 20 : 500)
      for y in 0..<height {
        for x in 0..<width where random.next() % density == 0 { frame[x, y] = random.cell() }
      }
      var bytes: [UInt8] = []
      if (width, height) != (model.width, model.height) { model = ModelTerminal(width: width, height: height) }
      encoder.encode(frame, width: width, height: height, into: &bytes)
      model.write(bytes)
      last = frame
      #expect(model.cells == frame.cells.map { ModelTerminal.Shown($0, tier) })
      #expect(model.unknown.isEmpty)
    }
  }
}

/// Random cells of few characters and colors, so that neighbors are often alike.
private struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  mutating func cell() -> Cell {
    let characters: [Unicode.Scalar] = [" ", "a", "b", "─", "⣿", "λ", "█"]
    let colors: [Color?] = [nil, nil, Color(255, 0, 0), Color(0, 95, 255), Color(8, 8, 8), Color(250, 251, 252)]
    let bits = next()
    return Cell(
      characters[Int(next() % 7)],
      Style(
        colors[Int(next() % 6)], on: colors[Int(next() % 6)], bold: bits & 3 == 0, dim: bits & 12 == 0,
        underline: bits & 48 == 0, reverse: bits & 192 == 0))
  }
}
