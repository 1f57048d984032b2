import CNcurses
import Canvas

/// The strings that a terminal takes for moving its cursor and for attributes and colors, as bytes without padding.
struct TerminalCapabilities: Sendable {
  /// Drops all attributes and colors.
  var reset: [UInt8]
  var bold: [UInt8], dim: [UInt8], underline: [UInt8], reverse: [UInt8]
  /// By index; empty for a terminal without colors. With true color they are not used.
  var foreground: [[UInt8]], background: [[UInt8]]
  /// Back to the terminal's own color; empty where only `reset` does that.
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
    for index in 0..<tier.indexed {
      if tier != .colors256 {
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
    let standard = ecma48(tier), speaksECMA48 = terminfoSpeaksECMA48()
    var found = TerminalCapabilities(
      reset: bytes(curses_string("sgr0")), bold: bytes(curses_string("bold")), dim: bytes(curses_string("dim")),
      underline: bytes(curses_string("smul")), reverse: bytes(curses_string("rev")), foreground: standard.foreground,
      background: standard.background, defaultForeground: speaksECMA48 ? standard.defaultForeground : [],
      defaultBackground: speaksECMA48 ? standard.defaultBackground : [])
    // Asked for an index above its colors, terminfo's expression gives a sequence that means something else or nothing.
    if Int(tigetnum("colors")) >= tier.indexed {
      found.foreground = (0..<Int32(tier.indexed)).map { bytes(curses_string_with("setaf", $0)) }
      found.background = (0..<Int32(tier.indexed)).map { bytes(curses_string_with("setab", $0)) }
    }
    // The console of Linux draws dim as one dark color, whatever the color was; `ncv` says so.
    if tier != .mono && tigetnum("ncv") > 0 && tigetnum("ncv") & 16 != 0 { found.dim = [] }
    if !movesByECMA48() {
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

  /// Whether the present terminal takes ECMA-48's sequences for colors: those of terminfo are such, or there are none and its
  /// cursor moves by ECMA-48.
  static func terminfoSpeaksECMA48() -> Bool {
    let color = bytes(curses_string_with("setaf", 1))
    return color.isEmpty ? movesByECMA48() : color.starts(with: [0x1B, 0x5B])
  }

  private static func movesByECMA48() -> Bool { bytes(curses_move(4, 10)) == Array("\u{1B}[5;11H".utf8) }

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

extension ColorTier {
  /// How many colors are named by an index.
  fileprivate var indexed: Int {
    switch self {
    case .colors256: 256
    case .colors16: 16
    case .colors8: 8
    case .trueColor, .mono: 0
    }
  }
}
