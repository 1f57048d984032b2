import Canvas

/// What terminfo says about a terminal's colours.
public struct TerminfoColors: Equatable, Sendable {
  /// `colors`: how many can be named; 0 or less for none.
  public var count: Int
  /// Whether it has one of the extended capabilities `RGB` and `Tc`, which say 24-bit colour.
  public var direct: Bool

  /// What terminfo says.
  public init(count: Int, direct: Bool = false) {
    self.count = count
    self.direct = direct
  }
}

extension ColorTier {
  /// The colours to draw with, from the environment (`NO_COLOR`, `COLORTERM`, `TERM`, `TERM_PROGRAM` and others that
  /// terminals set) and terminfo.
  public static func detect(environment: [String: String], terminfo: TerminfoColors) -> ColorTier {
    // https://no-color.org: set and not empty, whatever its value.
    if let value = environment["NO_COLOR"], !value.isEmpty { return .mono }
    if speaksTrueColor(environment, terminfo) { return .trueColor }
    if terminfo.count >= 256 { return .colors256 }
    return terminfo.count >= 8 ? .colors16 : .mono
  }

  private static func speaksTrueColor(_ environment: [String: String], _ terminfo: TerminfoColors) -> Bool {
    if terminfo.direct { return true }
    let type = environment["TERM"] ?? ""
    if type.hasSuffix("-direct") { return true }
    // GNU screen passes the outer terminal's COLORTERM on, and misreads 24-bit colours.
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
