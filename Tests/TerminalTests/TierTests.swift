import Canvas
import Terminal
import Testing

struct TierTests {
  struct Colors: Sendable, CustomTestStringConvertible {
    var environment: [String: String], count: Int, direct = false, expected: ColorTier
    var testDescription: String { "\(environment) with \(count) colours" }
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
    Colors(environment: ["TERM": "linux", "COLORTERM": "truecolor"], count: 8, expected: .colors16),
    Colors(environment: ["TERM": "xterm"], count: 8, expected: .colors16),
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
