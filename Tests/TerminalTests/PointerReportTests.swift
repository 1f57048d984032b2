import Canvas
import Testing

@testable import Terminal

/// Reports of the mouse as xterm's mode 1006 sends them.
struct PointerReportTests {
  private func typed(_ text: String) -> [RawInput] { text.unicodeScalars.map { .character($0.value) } }

  private func decode(_ report: String) -> [DecodedInput] {
    var decoder = KeyDecoder()
    return decoder.decode([.code(KeyDecoder.pointerBegins)] + typed(report))
  }

  @Test(arguments: [
    ("0;1;1M", PointerEvent(.press, x: 0, y: 0)), ("0;12;5M", .init(.press, x: 11, y: 4)),
    ("0;12;5m", .init(.release, x: 11, y: 4)), ("32;13;5M", .init(.drag, x: 12, y: 4)),
    ("64;3;4M", .init(.wheelUp, x: 2, y: 3)), ("65;3;4M", .init(.wheelDown, x: 2, y: 3)),
    // With Shift, Alt and Ctrl.
    ("4;300;80M", .init(.press, x: 299, y: 79)), ("24;2;2M", .init(.press, x: 1, y: 1)),
  ])
  func reports(_ report: String, _ event: PointerEvent) {
    #expect(decode(report) == [.pointer(event)])
  }

  /// Motion alone is 35; 1 and 2 are the other buttons. None of their characters is a key.
  @Test(arguments: [
    "35;7;7M", "1;7;7M", "2;7;7m", "66;7;7M", "0;0;1M", "0;1M", "M", "0;1;1;1M", "0;99999;1M",
    "0;;1M", "99999999999999999999999;1;1M", ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;x",
  ])
  func othersMeanNothing(_ report: String) {
    #expect(decode(report).isEmpty)
  }

  @Test func aReportMayComeInPieces() {
    var decoder = KeyDecoder()
    #expect(
      decoder.decode([.character(0x61), .code(KeyDecoder.pointerBegins)] + typed("0;1")) == [.key(.character("a"))])
    #expect(decoder.isPasting)
    #expect(decoder.decode(typed("2;5Mq")) == [.pointer(.init(.press, x: 11, y: 4)), .key(.character("q"))])
    #expect(!decoder.isPasting)
    // One whose end does not come is given up.
    _ = decoder.decode([.code(KeyDecoder.pointerBegins)] + typed("0;1"))
    #expect(decoder.decode([.code(KeyDecoder.pasteEnds)]).isEmpty && !decoder.isPasting)
  }
}
