import Training

/// JSON as a safetensors header has it: strict, members in order, duplicates kept for the reader to refuse.
enum JSON: Equatable {
  case object([(name: String, value: JSON)])
  case array([JSON])
  case string(String)
  /// The number's text: a header's offsets may need all 64 bits.
  case number(String)
  case bool(Bool)
  case null

  static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.object(let x), .object(let y)): x.elementsEqual(y) { $0.name == $1.name && $0.value == $1.value }
    case (.array(let x), .array(let y)): x == y
    case (.string(let x), .string(let y)), (.number(let x), .number(let y)): x == y
    case (.bool(let x), .bool(let y)): x == y
    case (.null, .null): true
    default: false
    }
  }

  /// What is wrong, and at which byte.
  struct SyntaxError: Error {
    let offset: Int
    let expected: String
  }

  /// The value that `bytes` write, with nothing but spaces around it.
  init(_ bytes: ArraySlice<UInt8>) throws(SyntaxError) {
    var parser = Parser(bytes: bytes, position: bytes.startIndex)
    self = try parser.value(depth: 0)
    parser.skipSpaces()
    if parser.position != bytes.endIndex { throw parser.error("the end") }
  }

  /// `text` as a JSON string, quotes included.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private struct Parser {
    let bytes: ArraySlice<UInt8>
    var position: Int

    var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    func error(_ expected: String) -> SyntaxError {
      SyntaxError(offset: position - bytes.startIndex, expected: expected)
    }

    mutating func skipSpaces() {
      while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) throws(SyntaxError) {
      skipSpaces()
      guard next == UInt8(ascii: character) else { throw error("'\(character)'") }
      position += 1
    }

    mutating func takes(_ character: Unicode.Scalar) -> Bool {
      skipSpaces()
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func value(depth: Int) throws(SyntaxError) -> JSON {
      guard depth < 20 else { throw error("less nesting") }
      skipSpaces()
      switch next {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      default: return .number(try number())
      }
    }

    mutating func object(depth: Int) throws(SyntaxError) -> JSON {
      try take("{")
      var members: [(name: String, value: JSON)] = []
      if takes("}") { return .object(members) }
      repeat {
        skipSpaces()
        let name = try string()
        try take(":")
        members.append((name, try value(depth: depth + 1)))
      } while takes(",")
      try take("}")
      return .object(members)
    }

    mutating func array(depth: Int) throws(SyntaxError) -> JSON {
      try take("[")
      var elements: [JSON] = []
      if takes("]") { return .array(elements) }
      repeat { elements.append(try value(depth: depth + 1)) } while takes(",")
      try take("]")
      return .array(elements)
    }

    mutating func word(_ word: String, _ value: JSON) throws(SyntaxError) -> JSON {
      guard bytes[position...].starts(with: word.utf8) else { throw error(word) }
      position += word.utf8.count
      return value
    }

    mutating func number() throws(SyntaxError) -> String {
      let start = position
      while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      guard Double(text) != nil else {
        position = start
        throw error("a value")
      }
      return text
    }

    mutating func string() throws(SyntaxError) -> String {
      guard next == UInt8(ascii: "\"") else { throw error("a string") }
      position += 1
      var content: [UInt8] = []
      while let byte = next {
        position += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let text = String(validating: content, as: UTF8.self) else { throw error("UTF-8") }
          return text
        case UInt8(ascii: "\\"): content.append(contentsOf: try escaped())
        case 0..<0x20: throw error("no control character in a string")
        default: content.append(byte)
        }
      }
      throw error("'\"'")
    }

    /// What follows a backslash, in UTF-8.
    mutating func escaped() throws(SyntaxError) -> [UInt8] {
      guard let byte = next else { throw error("an escape") }
      position += 1
      switch byte {
      case UInt8(ascii: "n"): return [0x0A]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "r"): return [0x0D]
      case UInt8(ascii: "b"): return [0x08]
      case UInt8(ascii: "f"): return [0x0C]
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
      case UInt8(ascii: "u"):
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code) {
          // A pair of surrogates stands for one scalar.
          guard bytes[position...].starts(with: "\\u".utf8) else { throw error("a second surrogate") }
          position += 2
          let low = try hexadecimal()
          guard (0xDC00..<0xE000).contains(low) else { throw error("a second surrogate") }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("a Unicode scalar") }
        return Array(String(scalar).utf8)
      default: throw error("an escape")
      }
    }

    mutating func hexadecimal() throws(SyntaxError) -> UInt32 {
      let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
      guard digits.utf8.count == 4, let code = UInt32(digits, radix: 16), digits.first != "+" else {
        throw error("four hexadecimal digits")
      }
      position += 4
      return code
    }
  }
}
