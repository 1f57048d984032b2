import ArgumentParser
import Canvas

/// Keys written as text: plain characters as they are, special keys by name in angle brackets: `<tab>`, `<ctrl-l>`, `<lt>` for `<`.
struct KeyScript: Equatable, CustomStringConvertible {
  var keys: [Key] = []

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
      guard let end = rest.firstIndex(of: ">"), let key = Key(written: "<\(rest[..<end])>") else {
        let known = Key.names.map { "<\($0.name)>" }.joined(separator: " ")
        throw ValidationError("found <\(rest.prefix { $0 != ">" })>, expected one of \(known) <ctrl-l> …")
      }
      script.keys.append(key)
      rest = rest[rest.index(after: end)...]
    }
    return script
  }
}
