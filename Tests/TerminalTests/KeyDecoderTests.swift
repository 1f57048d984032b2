import Canvas
import Testing

@testable import Terminal

struct KeyDecoderTests {
  /// The characters of a text, as ncurses hands them over.
  private func typed(_ text: String) -> [RawInput] { text.unicodeScalars.map { .character($0.value) } }

  private func decode(_ inputs: [RawInput]) -> [DecodedInput] {
    var decoder = KeyDecoder()
    return decoder.decode(inputs)
  }

  @Test(arguments: [
    (UInt32(0x61), Key.character("a")), (0x5A, .character("Z")), (0x5B, .character("[")), (0x20, .character(" ")),
    (0xE9, .character("é")), (0x3BB, .character("λ")), (0x1F642, .character("🙂")), (0x09, .tab), (0x0A, .enter),
    (0x0D, .enter), (0x7F, .backspace), (0x08, .backspace), (0x1B, .escape), (0x01, .control("a")),
    (0x03, .control("c")), (0x0C, .control("l")), (0x1A, .control("z")), (0x1C, .control("\\")), (0x00, .control(" ")),
  ])
  func characters(_ value: UInt32, _ key: Key) {
    #expect(decode([.character(value)]) == [.key(key)])
  }

  // Codes of ncurses' own header (curses.h, KEY_*), in octal as there.
  @Test(arguments: [
    (Int32(0o402), Key.down), (0o403, .up), (0o404, .left), (0o405, .right), (0o406, .home), (0o407, .backspace),
    (0o411, .function(1)), (0o424, .function(12)), (0o512, .delete), (0o513, .insert), (0o522, .pageDown),
    (0o523, .pageUp), (0o527, .enter), (0o541, .backTab), (0o550, .end),
  ])
  func codes(_ code: Int32, _ key: Key) {
    #expect(decode([.code(code)]) == [.key(key)])
  }

  /// The answer may come in pieces, and may be cut; nothing of it is a key.
  @Test func answersOfTheTerminalAreNoKeys() {
    var decoder = KeyDecoder()
    #expect(
      decoder.decode([.character(0x61), .code(KeyDecoder.groundBegins)] + typed("rgb:ff")) == [.key(.character("a"))])
    #expect(decoder.isPasting)
    #expect(decoder.decode(typed("ff/ffff/ffff\u{07}b")) == [.ground(.light), .key(.character("b"))])
    #expect(!decoder.isPasting)
    #expect(
      decoder.decode([.code(KeyDecoder.groundBegins)] + typed("rgb:0/0/0\u{1B}\\q")) == [
        .ground(.dark), .key(.character("q")),
      ])
    _ = decoder.decode([.code(KeyDecoder.groundBegins)] + typed("rgb:"))
    #expect(decoder.decode([.code(KeyDecoder.pasteEnds)]).isEmpty && !decoder.isPasting)
    #expect(decoder.decode([.code(KeyDecoder.groundBegins)] + typed("?\u{07}c")) == [.key(.character("c"))])
  }

  @Test func escapeAloneAndTwiceIsEscape() {
    #expect(decode(typed("\u{1B}")) == [.key(.escape)])
    #expect(decode(typed("\u{1B}\u{1B}")) == [.key(.escape), .key(.escape)])
    #expect(decode([.character(0x1B), .code(0o403)]) == [.key(.escape), .key(.up)])
  }

  @Test func altAndUnknownSequencesAreNotKeys() {
    #expect(decode(typed("\u{1B}q")).isEmpty)
    #expect(decode(typed("\u{1B}[27;5;9~x")) == [.key(.character("x"))])
    #expect(decode(typed("\u{1B}[200;1Hq")) == [.key(.character("q"))])
    #expect(decode(typed("\u{1B}O5Pq")) == [.key(.character("q"))])
    #expect(decode(typed("\u{1B}[")).isEmpty)
  }

  @Test func aBurstKeepsItsOrder() {
    let burst = typed("]]") + [.code(0o403)] + typed("q")
    #expect(decode(burst) == [.key(.character("]")), .key(.character("]")), .key(.up), .key(.character("q"))])
  }

  @Test func aPasteIsOneThingEvenInPieces() {
    var decoder = KeyDecoder()
    #expect(decoder.decode(typed("a") + [.code(KeyDecoder.pasteBegins)] + typed("q\rspace")) == [.key(.character("a"))])
    #expect(decoder.isPasting)
    #expect(decoder.decode(typed(" [é")) == [])
    let end = decoder.decode([.code(KeyDecoder.pasteEnds)] + typed("z"))
    #expect(end == [.paste("q\nspace [é"), .key(.character("z"))])
    #expect(!decoder.isPasting)
  }

  @Test func anEndlessPasteIsCut() {
    var decoder = KeyDecoder()
    _ = decoder.decode([.code(KeyDecoder.pasteBegins)])
    for _ in 0..<3 { _ = decoder.decode(Array(repeating: .character(0x61), count: 40_000)) }
    #expect(decoder.decode([.code(KeyDecoder.pasteEnds)]) == [.paste(String(repeating: "a", count: 65_536))])
  }
}
