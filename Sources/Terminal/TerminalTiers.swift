import Canvas

/// What terminfo says about a terminal's colors.
public struct TerminfoColors: Equatable, Sendable {
  /// `colors`: how many can be named; 0 or less for none.
  public var count: Int
  /// Whether it has one of the extended capabilities `RGB` and `Tc`, which say 24-bit color.
  public var direct: Bool

  /// What terminfo says.
  public init(count: Int, direct: Bool = false) {
    self.count = count
    self.direct = direct
  }
}

extension ColorTier {
  /// The colors to draw with, from the environment (`NO_COLOR`, `COLORTERM`, `TERM`, `TERM_PROGRAM` and others that
  /// terminals set) and terminfo.
  public static func detect(environment: [String: String], terminfo: TerminfoColors) -> ColorTier {
    // https://no-color.org: set and not empty, whatever its value.
    if let value = environment["NO_COLOR"], !value.isEmpty { return .mono }
    if speaksTrueColor(environment, terminfo) { return .trueColor }
    return named(terminfo)
  }

  /// The colors that were asked for, unless the terminal is known to take none of their sequences.
  static func forced(_ tier: ColorTier, terminfo: TerminfoColors, speaksECMA48: Bool) -> ColorTier {
    speaksECMA48 || tier == .mono ? tier : named(terminfo)
  }

  private static func named(_ terminfo: TerminfoColors) -> ColorTier {
    switch terminfo.count {
    case 256...: .colors256
    case 16...: .colors16
    case 8...: .colors8
    default: .mono
    }
  }

  private static func speaksTrueColor(_ environment: [String: String], _ terminfo: TerminfoColors) -> Bool {
    if terminfo.direct { return true }
    let type = environment["TERM"] ?? ""
    if type.hasSuffix("-direct") { return true }
    // GNU screen passes the outer terminal's COLORTERM on, and misreads 24-bit colors.
    let inScreen = type.hasPrefix("screen") && environment["TMUX"] == nil
    if inScreen || type == "linux" { return false }
    if let value = environment["COLORTERM"]?.lowercased(), value == "truecolor" || value == "24bit" { return true }
    // Inside tmux the outer terminal's own variables say nothing about tmux.
    if environment["TMUX"] != nil { return false }
    let programs: Set = ["iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper", "mintty", "rio", "WarpTerminal"]
    if programs.contains(environment["TERM_PROGRAM"] ?? "") { return true }
    return environment["WT_SESSION"] != nil
      || ["kitty", "foot", "alacritty", "wezterm", "ghostty"].contains { type.contains($0) }
  }
}

extension CharacterTier {
  /// The characters to draw with: braille in a UTF-8 locale, blocks on the Linux console, whose font has no braille,
  /// else ASCII.
  public static func detect(environment: [String: String], localeIsUTF8: Bool) -> CharacterTier {
    guard localeIsUTF8 else { return .ascii }
    return environment["TERM"] == "linux" ? .block : .braille
  }
}

extension Ground {
  /// What the environment says of the terminal's background: `COLORFGBG`, which rxvt and Konsole set to the indices of ink and
  /// ground, and the Linux console, which is black.
  public static func detect(environment: [String: String]) -> Ground {
    if let last = environment["COLORFGBG"]?.split(separator: ";").last, let index = Int(last), (0..<16).contains(index)
    {
      // The first seven, and bright black, are dark.
      return index < 7 || index == 8 ? .dark : .light
    }
    return environment["TERM"] == "linux" ? .dark : .unknown
  }

  /// The ground that a terminal tells after `ESC]11;`, as X11 writes colors: "rgb:ffff/ffff/ffff". Nil for anything else.
  init?(reply: String) {
    let parts = reply.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0] == "rgb" || parts[0] == "rgba" else { return nil }
    let channels = parts[1].split(separator: "/").prefix(3).compactMap { digits -> UInt8? in
      guard (1...4).contains(digits.count), let value = Int(digits, radix: 16), value >= 0 else { return nil }
      return UInt8(value * 255 / (1 << (4 * digits.count) - 1))
    }
    guard channels.count == 3 else { return nil }
    // Black and white are equally readable at a luminance of 0.179.
    self = Color(channels[0], channels[1], channels[2]).luminance < 0.179 ? .dark : .light
  }

  /// Whether the terminal can be asked for its background: what is known to answer, or to pass over the question.
  static func canBeAsked(environment: [String: String]) -> Bool {
    let type = environment["TERM"] ?? ""
    let kinds = ["xterm", "rxvt-unicode", "tmux", "konsole", "gnome", "vte", "alacritty", "foot", "wezterm", "st-"]
    return kinds.contains { type.hasPrefix($0) } || type.hasPrefix("screen") && environment["TMUX"] != nil
  }
}

/// Whether the terminal is known to show a frame between `ESC[?2026h` and `ESC[?2026l` at once. Others ignore the
/// brackets, but are spared them.
public func knowsSynchronizedOutput(environment: [String: String], terminfoHasSync: Bool) -> Bool {
  if terminfoHasSync { return true }
  let type = environment["TERM"] ?? ""
  if environment["TMUX"] != nil || type.hasPrefix("screen") || type.hasPrefix("tmux") { return false }
  if ["kitty", "foot", "alacritty", "wezterm", "ghostty", "contour"].contains(where: { type.contains($0) }) {
    return true
  }
  let programs: Set = ["iTerm.app", "WezTerm", "ghostty", "vscode", "mintty", "contour", "rio", "WarpTerminal"]
  return programs.contains(environment["TERM_PROGRAM"] ?? "") || environment["KITTY_WINDOW_ID"] != nil
    || environment["WT_SESSION"] != nil
}
