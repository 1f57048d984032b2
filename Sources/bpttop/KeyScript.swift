import ArgumentParser
import Canvas

/// Keys written as text: plain characters as they are, special keys by name in angle brackets: `<tab>`, `<ctrl-l>`, `<lt>` for `<`.
struct KeyScript: Equatable, CustomStringConvertible {
  var keys: [Key] = []

  static let names: [(name: String, key: Key)] = [
    ("enter", .enter), ("tab", .tab), ("backtab", .backTab), ("esc", .escape), ("backspace", .backspace),
    ("delete", .delete), ("up", .up), ("down", .down), ("left", .left), ("right", .right), ("home", .home),
    ("end", .end), ("pageup", .pageUp), ("pagedown", .pageDown), ("space", .character(" ")), ("lt", .character("<")),
  ]

  init() {}

  var description: String { "" }

  /// Reads a script.
  static func read(_ text: String) throws -> KeyScript {
    var script = KeyScript()
    var rest = Substring(text)
    while let first = rest.popFirst() {
      guard first == "<" else {
        script.keys.append(.character(first))
        continue
      }
      guard let end = rest.firstIndex(of: ">"), let key = key(named: rest[..<end].lowercased()) else {
        let known = names.map { "<\($0.name)>" }.joined(separator: " ")
        throw ValidationError("found <\(rest.prefix { $0 != ">" })>, expected one of \(known) <ctrl-l> …")
      }
      script.keys.append(key)
      rest = rest[rest.index(after: end)...]
    }
    return script
  }

  private static func key(named name: String) -> Key? {
    if let known = names.first(where: { $0.name == name }) { return known.key }
    guard name.hasPrefix("ctrl-"), name.count == 6, let letter = name.last, letter.isLetter else { return nil }
    return .control(letter)
  }
}
