extension Key {
  /// The keys that are written by a name: `<tab>`, `<lt>` for `<`.
  public static let names: [(name: String, key: Key)] =
    [
      ("enter", .enter), ("tab", .tab), ("backtab", .backTab), ("esc", .escape), ("backspace", .backspace),
      ("delete", .delete), ("up", .up), ("down", .down), ("left", .left), ("right", .right), ("home", .home),
      ("end", .end), ("pageup", .pageUp), ("pagedown", .pageDown), ("space", .character(" ")), ("lt", .character("<")),
    ] + (1...12).map { ("f\($0)", .function($0)) }

  /// The key that a text names: a character as it is, others in angle brackets: `<tab>`, `<ctrl-l>`.
  public init?(written text: String) {
    if text.count == 1, let character = text.first {
      self = .character(character)
      return
    }
    guard text.hasPrefix("<"), text.hasSuffix(">") else { return nil }
    let name = text.dropFirst().dropLast().lowercased()
    if let known = Self.names.first(where: { $0.name == name }) {
      self = known.key
    } else if name.hasPrefix("ctrl-"), name.count == 6, let letter = name.last, letter.isLetter {
      self = .control(letter)
    } else {
      return nil
    }
  }
}
