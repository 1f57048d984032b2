import Canvas
import Testing

@testable import Terminal

struct TierTests {
  struct Colors: Sendable, CustomTestStringConvertible {
    var environment: [String: String], count: Int, direct = false, expected: ColorTier
    var testDescription: String { "\(environment) with \(count) colors" }
  }

  @Test(arguments: [
    Colors(environment: ["TERM": "xterm-256color"], count: 256, expected: .colors256),
    Colors(environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor"], count: 256, expected: .trueColor),
    Colors(environment: ["TERM": "xterm-256color", "COLORTERM": "24bit"], count: 256, expected: .trueColor),
    Colors(environment: ["TERM": "xterm-256color", "COLORTERM": "yes"], count: 256, expected: .colors256),
    Colors(environment: ["TERM": "xterm-256color"], count: 256, direct: true, expected: .trueColor),
    Colors(environment: ["TERM": "xterm-direct"], count: 1 << 24, expected: .trueColor),
    Colors(environment: ["TERM": "tmux-256color", "TMUX": "x"], count: 256, expected: .colors256),
    Colors(
      environment: ["TERM": "screen-256color", "TMUX": "x", "COLORTERM": "truecolor"], count: 256, expected: .trueColor),
    // GNU screen hands the outer terminal's COLORTERM on.
    Colors(environment: ["TERM": "screen-256color", "COLORTERM": "truecolor"], count: 256, expected: .colors256),
    // In tmux, the outer terminal's name says nothing.
    Colors(
      environment: ["TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "WezTerm"], count: 256, expected: .colors256),
    Colors(environment: ["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"], count: 256, expected: .trueColor),
    Colors(environment: ["TERM": "xterm-kitty"], count: 256, expected: .trueColor),
    Colors(environment: ["TERM": "linux", "COLORTERM": "truecolor"], count: 8, expected: .colors8),
    Colors(environment: ["TERM": "xterm"], count: 8, expected: .colors8),
    Colors(environment: ["TERM": "rxvt-88color"], count: 88, expected: .colors16),
    Colors(environment: ["TERM": "xterm-16color"], count: 16, expected: .colors16),
    Colors(environment: ["TERM": "vt100"], count: -1, expected: .mono),
    Colors(
      environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], count: 256, expected: .mono),
    Colors(environment: ["TERM": "xterm-256color", "NO_COLOR": ""], count: 256, expected: .colors256),
  ])
  func colorsOfAnEnvironment(_ row: Colors) {
    let terminfo = TerminfoColors(count: row.count, direct: row.direct)
    #expect(ColorTier.detect(environment: row.environment, terminfo: terminfo) == row.expected)
  }

  /// Wyse 350's colors, for one, are not ECMA-48's.
  @Test func forcedColorsAreNotSentToTerminalsThatCannotKnowThem() {
    func forced(_ tier: ColorTier, _ count: Int, _ speaksECMA48: Bool) -> ColorTier {
      .forced(tier, terminfo: TerminfoColors(count: count), speaksECMA48: speaksECMA48)
    }
    #expect(forced(.colors256, 8, true) == .colors256 && forced(.trueColor, 8, true) == .trueColor)
    #expect(forced(.colors256, 8, false) == .colors8 && forced(.trueColor, -1, false) == .mono)
    #expect(forced(.mono, 8, false) == .mono)
  }

  @Test(arguments: [
    ("15;0", Ground.dark), ("0;15", .light), ("0;default;15", .light), ("12;8", .dark), ("0;7", .light),
    ("0;x", .unknown),
    ("", .unknown), ("1;99", .unknown),
  ])
  func groundsOfAnEnvironment(_ value: String, _ ground: Ground) {
    #expect(Ground.detect(environment: ["TERM": "xterm", "COLORFGBG": value]) == ground)
    #expect(Ground.detect(environment: ["TERM": "xterm"]) == .unknown)
    #expect(Ground.detect(environment: ["TERM": "linux"]) == .dark)
  }

  @Test(arguments: [
    ("rgb:ffff/ffff/ffff", Ground.light), ("rgb:0000/0000/0000", .dark), ("rgb:00/2b/36", .dark),
    ("rgb:fd/f6/e3", .light), ("rgba:ffff/ffff/ffff/8000", .light), ("rgb:f/f/f", .light),
  ])
  func groundsThatTerminalsTell(_ reply: String, _ ground: Ground) {
    #expect(Ground(reply: reply) == ground)
  }

  @Test func otherAnswersTellNothing() {
    for reply in ["", "rgb:", "rgb:ff/ff", "rgb:ffff0/0/0", "#ffffff", "rgb:-1/0/0", "rgb:x/y/z"] {
      #expect(Ground(reply: reply) == nil, "\(reply)")
    }
  }

  @Test func charactersOfALocale() {
    #expect(CharacterTier.detect(environment: ["TERM": "xterm"], localeIsUTF8: true) == .braille)
    #expect(CharacterTier.detect(environment: ["TERM": "linux"], localeIsUTF8: true) == .block)
    #expect(CharacterTier.detect(environment: ["TERM": "xterm"], localeIsUTF8: false) == .ascii)
    #expect(CharacterTier.detect(environment: ["TERM": "linux"], localeIsUTF8: false) == .ascii)
  }

  @Test func framesAreBracketedOnlyWhereThatIsKnown() {
    #expect(knowsSynchronizedOutput(environment: ["TERM": "xterm"], terminfoHasSync: true))
    #expect(knowsSynchronizedOutput(environment: ["TERM": "foot"], terminfoHasSync: false))
    #expect(knowsSynchronizedOutput(environment: ["TERM": "xterm", "TERM_PROGRAM": "ghostty"], terminfoHasSync: false))
    #expect(!knowsSynchronizedOutput(environment: ["TERM": "xterm-256color"], terminfoHasSync: false))
    #expect(!knowsSynchronizedOutput(environment: ["TERM": "linux"], terminfoHasSync: false))
    #expect(
      !knowsSynchronizedOutput(
        environment: ["TERM": "tmux", "KITTY_WINDOW_ID": "1", "TMUX": "x"], terminfoHasSync: false))
  }
}
