import CNcurses
import Canvas

/// The strings that a terminal takes for moving its cursor and for attributes and colours, as bytes without padding.
struct TerminalCapabilities: Sendable {
  /// Drops all attributes and colours.
  var reset: [UInt8]
  var bold: [UInt8], dim: [UInt8], underline: [UInt8], reverse: [UInt8]
  /// By index; empty for a terminal without colours. With true colour they are not used.
  var foreground: [[UInt8]], background: [[UInt8]]
  /// Back to the terminal's own colour; empty where only `reset` does that.
  var defaultForeground: [UInt8], defaultBackground: [UInt8]
  /// Whether the cursor moves by ECMA-48's CUP and CUF; else by `moves`.
  var movesByECMA48 = true
  /// `cup` from row and column, from 0, where it is not ECMA-48's.
  var moves: (@Sendable (Int, Int) -> [UInt8])?
  /// Whether a character in the last cell of the last row would scroll the screen.
  var scrollsAtEnd = false
  /// Written before and after a frame; empty where the terminal is not known to understand it.
  var beginFrame: [UInt8] = [], endFrame: [UInt8] = []

  /// ECMA-48 as xterm and its kin speak it.
  static func ecma48(_ tier: ColorTier) -> TerminalCapabilities {
    var foreground: [[UInt8]] = [], background: [[UInt8]] = []
    let count = tier == .colors256 ? 256 : tier == .colors16 ? 16 : 0
    for index in 0..<count {
      if count == 16 {
        foreground.append(Array("\u{1B}[\(index < 8 ? 30 + index : 82 + index)m".utf8))
        background.append(Array("\u{1B}[\(index < 8 ? 40 + index : 92 + index)m".utf8))
      } else {
        foreground.append(Array("\u{1B}[38;5;\(index)m".utf8))
        background.append(Array("\u{1B}[48;5;\(index)m".utf8))
      }
    }
    return TerminalCapabilities(
      reset: Array("\u{1B}[m".utf8), bold: Array("\u{1B}[1m".utf8), dim: Array("\u{1B}[2m".utf8),
      underline: Array("\u{1B}[4m".utf8), reverse: Array("\u{1B}[7m".utf8), foreground: foreground,
      background: background, defaultForeground: Array("\u{1B}[39m".utf8),
      defaultBackground: Array("\u{1B}[49m".utf8))
  }

  /// What terminfo says of the present terminal; to be called after ncurses has started.
  static func terminfo(_ tier: ColorTier, synchronized: Bool) -> TerminalCapabilities {
    let count = tier == .colors256 ? 256 : tier == .colors16 ? min(16, max(0, Int(tigetnum("colors")))) : 0
    let colors = (0..<Int32(count)).map {
      (bytes(curses_string_with("setaf", $0)), bytes(curses_string_with("setab", $0)))
    }
    let speaksECMA48 = tier == .trueColor || bytes(curses_string_with("setaf", 1)).starts(with: [0x1B, 0x5B])
    let standard = ecma48(.mono)
    var found = TerminalCapabilities(
      reset: bytes(curses_string("sgr0")), bold: bytes(curses_string("bold")), dim: bytes(curses_string("dim")),
      underline: bytes(curses_string("smul")), reverse: bytes(curses_string("rev")), foreground: colors.map(\.0),
      background: colors.map(\.1), defaultForeground: speaksECMA48 ? standard.defaultForeground : [],
      defaultBackground: speaksECMA48 ? standard.defaultBackground : [])
    if bytes(curses_move(4, 10)) != Array("\u{1B}[5;11H".utf8) {
      found.movesByECMA48 = false
      found.moves = { row, column in bytes(curses_move(Int32(row), Int32(column))) }
    }
    found.scrollsAtEnd = tigetflag("am") > 0 && tigetflag("xenl") <= 0
    if synchronized {
      found.beginFrame = Array("\u{1B}[?2026h".utf8)
      found.endFrame = Array("\u{1B}[?2026l".utf8)
    }
    return found
  }

  /// A capability's bytes without its padding `$<…>`, which no terminal of today wants; empty for null.
  static func bytes(_ capability: UnsafePointer<CChar>?) -> [UInt8] {
    guard let capability else { return [] }
    var result: [UInt8] = [], text = String(cString: capability).utf8[...]
    while let byte = text.first {
      if text.starts(with: "$<".utf8), let end = text.firstIndex(of: UInt8(ascii: ">")) {
        text = text[text.index(after: end)...]
      } else {
        result.append(byte)
        text = text.dropFirst()
      }
    }
    return result
  }
}
