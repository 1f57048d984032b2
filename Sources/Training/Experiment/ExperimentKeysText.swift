// Scalars as the experiment file writes them: plain, 'single' or "double" quoted, and lists of them.

extension String {
  /// Without spaces and line ends around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}

/// Whether `text` writes null: nothing, `~` or `null`.
func isNull(_ text: String) -> Bool { text.isEmpty || text == "~" || text == "null" }

/// `text` as a scalar that reads back as itself: plain where that is safe, else in double quotes.
package func quotedIfNeeded(_ text: String) -> String {
  let plain = text.unicodeScalars.allSatisfy { scalar in
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "/", "+", " ": true
    default: scalar.value > 0xA0 && scalar.properties.isAlphabetic
    }
  }
  let ambiguous = isNull(text) || Double(text) != nil || ["true", "false", "yes", "no"].contains(text.lowercased())
  let edges = text.first.map { $0 == " " || $0 == "-" } ?? true
  return plain && !ambiguous && !edges && text.last != " " ? text : quoted(text)
}

/// `text` in double quotes.
package func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\r": result += "\\r"
    case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
      result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// The text that a scalar stands for, or nil where its quotes do not end.
func unquoted(_ text: String) -> String? {
  guard let quote = text.first, quote == "\"" || quote == "'" else { return text }
  var scanner = Substring(text)
  guard let value = takeQuoted(&scanner), scanner.isEmpty else { return nil }
  return value
}

/// The names of `[a, "b, c"]`, or of `a, b` without brackets; nil where quotes or brackets do not end.
func listElements(_ text: String) -> [String]? {
  if isNull(text) { return [] }
  var rest = Substring(text)
  if rest.first == "[" {
    guard rest.last == "]", rest.count >= 2 else { return nil }
    rest = rest.dropFirst().dropLast()
    if String(rest).trimmed.isEmpty { return [] }
  }
  var names: [String] = []
  while true {
    rest = rest.drop { $0.isWhitespace }
    let name: String
    if rest.first == "\"" || rest.first == "'" {
      guard let value = takeQuoted(&rest) else { return nil }
      name = value
      rest = rest.drop { $0.isWhitespace }
      guard rest.isEmpty || rest.first == "," else { return nil }
    } else {
      name = String(rest.prefix { $0 != "," }).trimmed
      rest = rest.drop { $0 != "," }
      guard !name.isEmpty, !name.contains("["), !name.contains("]") else { return nil }
    }
    names.append(name)
    guard rest.first == "," else { return names }
    rest = rest.dropFirst()
  }
}

/// Takes one quoted scalar from the front of `rest`, or gives nil where it does not end.
private func takeQuoted(_ rest: inout Substring) -> String? {
  guard let quote = rest.popFirst() else { return nil }
  var value = ""
  while let character = rest.popFirst() {
    if character == quote {
      guard quote == "'", rest.first == "'" else { return value }
      rest.removeFirst()
      value.append("'")
    } else if character == "\\", quote == "\"" {
      guard let escaped = rest.popFirst() else { return nil }
      switch escaped {
      case "n": value.append("\n")
      case "t": value.append("\t")
      case "r": value.append("\r")
      case "x":
        guard let code = UInt8(rest.prefix(2), radix: 16) else { return nil }
        rest = rest.dropFirst(2)
        value.unicodeScalars.append(Unicode.Scalar(code))
      default: value.append(escaped)
      }
    } else {
      value.append(character)
    }
  }
  return nil
}
