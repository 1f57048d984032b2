import Glibc

/// What a cell of a table holds.
enum CellValue: Equatable {
  /// A finite number.
  case number(Double)
  /// A finite number with a sign of per cent or of a currency.
  case marked(Double, Unicode.Scalar)
  /// One of `true` and `false`, read as 1 and 0.
  case truth(Bool)
  /// Nothing, or a word that says so: NA, NaN, null, ?, -.
  case missing
  /// A number that is not finite, or too large.
  case notFinite
  /// Anything else.
  case text
}

/// How numbers are written in a table.
struct NumberStyle: Equatable, Sendable {
  /// The decimal point or comma.
  var decimal = UInt8(ascii: ".")
  /// Whether the other of the two may stand between thousands.
  var groupsThousands = true

  /// The one of point and comma that is not the decimal sign.
  var grouping: UInt8 { decimal == UInt8(ascii: ".") ? UInt8(ascii: ",") : UInt8(ascii: ".") }
}

extension UInt8 {
  var isDigit: Bool { self >= 0x30 && self <= 0x39 }
  var isBlank: Bool { self == 0x20 || self == 0x09 }
  var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
}

/// Reads one cell's bytes.
struct CellReader {
  let style: NumberStyle

  /// What `bytes` hold.
  func value(_ bytes: UnsafeBufferPointer<UInt8>) -> CellValue {
    let cell = Self.trimmed(bytes)
    if let number = plainNumber(cell) { return number.isFinite ? .number(number) : .notFinite }
    return unusual(cell)
  }

  /// Without blanks around it.
  static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0, end = bytes.count
    while start < end, bytes[start].isBlank || bytes[start] == 0x0A || bytes[start] == 0x0D { start += 1 }
    while end > start, bytes[end - 1].isBlank || bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }

  /// The powers of ten that a double holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// A number of digits, a decimal sign and an exponent, or nil.
  ///
  /// Up to 2⁵³ and 10²² both parts are exact, and their quotient is rounded once: the nearest double. Others go to strtod.
  private func plainNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = 0, isNegative = false
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
      isNegative = bytes[index] == UInt8(ascii: "-")
      index += 1
    }
    var mantissa: UInt64 = 0
    /// Takes the digits ahead; more than 19 overflow, and are not used.
    func takeDigits() -> Int {
      let start = index
      while index < bytes.count, bytes[index].isDigit {
        mantissa = mantissa &* 10 &+ UInt64(bytes[index] &- 0x30)
        index += 1
      }
      return index - start
    }
    let first = index
    var digits = takeDigits(), scale = 0
    // A code with a comma behind it, as weather stations have it: +0101,1.
    if digits >= 4, bytes[first] == UInt8(ascii: "0"), style.decimal == UInt8(ascii: ","), index < bytes.count,
      bytes[index] == style.decimal
    {
      return nil
    }
    if index < bytes.count, bytes[index] == style.decimal {
      index += 1
      scale = -takeDigits()
      digits -= scale
    }
    guard digits > 0 else { return nil }
    var exponent = 0
    if index < bytes.count {
      guard [UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "d"), UInt8(ascii: "D")].contains(bytes[index]) else {
        return nil
      }
      index += 1
      var isDown = false
      if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
        isDown = bytes[index] == UInt8(ascii: "-")
        index += 1
      }
      guard index < bytes.count else { return nil }
      while index < bytes.count {
        guard bytes[index].isDigit else { return nil }
        exponent = min(exponent * 10 + Int(bytes[index] - 0x30), 100_000)
        index += 1
      }
      if isDown { exponent = -exponent }
    }
    let power = scale + exponent
    guard digits <= 19, mantissa <= 1 << 53, abs(power) <= 22 else { return slowNumber(bytes) }
    let size = power < 0 ? Double(mantissa) / Self.powers[-power] : Double(mantissa) * Self.powers[power]
    return isNegative ? -size : size
  }

  /// The number of a cell that is known to write one.
  private func slowNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Double {
    var text = bytes.map { byte -> CChar in
      if byte == style.decimal { return CChar(UInt8(ascii: ".")) }
      return CChar(byte | 0x20 == UInt8(ascii: "d") ? UInt8(ascii: "e") : byte)
    }
    text.append(0)
    return strtod(text, nil)
  }

  private static let missingWords: Set<String> = [
    "", "na", "n/a", "nan", "-nan", "+nan", "null", "none", "nil", "-", "--", "---", "?", ".", "..", "…", "–", "—",
    "#n/a", "#na", "#n/a n/a", "<na>", "\\n", "missing", "nd", "n.a.", "n.d.", "1.#qnan", "-1.#ind", "1.#ind",
    "#div/0!",
    "#value!", "#ref!", "#num!", "#null!", "#name?",
  ]
  private static let infinities: Set<String> = [
    "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "∞", "-∞", "+∞", "1.#inf", "-1.#inf",
  ]

  private func unusual(_ cell: UnsafeBufferPointer<UInt8>) -> CellValue {
    // Words that mean something here are short; so are numbers.
    guard cell.count <= 64 else { return .text }
    guard !cell.isEmpty else { return .missing }
    let text = String(decoding: cell, as: UTF8.self)
    let word = text.lowercased()
    if Self.missingWords.contains(word) { return .missing }
    if Self.infinities.contains(word) { return .notFinite }
    if word == "true" || word == "false" { return .truth(word == "true") }
    guard let (plain, mark) = plainForm(text) else { return .text }
    var bytes = Array(plain.utf8)
    return bytes.withUnsafeMutableBufferPointer { bytes in
      guard let number = plainNumber(UnsafeBufferPointer(bytes)) else { return .text }
      guard number.isFinite else { return .notFinite }
      return mark.map { .marked(number, $0) } ?? .number(number)
    }
  }

  /// The same number without what people put around and into it, or nil: quotes, currency, per cent, thousands, brackets of
  /// accountants, a typographic minus; and the sign of per cent or of a currency.
  private func plainForm(_ text: String) -> (text: String, mark: Unicode.Scalar?)? {
    var mark: Unicode.Scalar?
    var scalars = Array(text.unicodeScalars)
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace || scalar == "\u{202F}" }
    func trim() {
      while let first = scalars.first, isSpace(first) { scalars.removeFirst() }
      while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    }
    if scalars.count >= 2, let quote = scalars.first, quote == "'" || quote == "\"", scalars.last == quote {
      scalars = Array(scalars.dropFirst().dropLast())
    }
    trim()
    var isNegative = false
    if scalars.first == "(", scalars.last == ")" {
      isNegative = true
      scalars = Array(scalars.dropFirst().dropLast())
      trim()
    }
    if scalars.last == "%" {
      mark = "%"
      scalars.removeLast()
      trim()
    }
    let signs: [Unicode.Scalar] = ["-", "\u{2212}", "\u{2013}", "\u{FE63}", "\u{FF0D}"]
    // A sign before or behind a currency, or behind the number.
    for _ in 0..<2 {
      if let first = scalars.first, signs.contains(first) || first == "+" {
        if signs.contains(first) { isNegative.toggle() }
        scalars.removeFirst()
      }
      trim()
      if let first = scalars.first, first.properties.generalCategory == .currencySymbol { mark = scalars.removeFirst() }
      if let last = scalars.last, last.properties.generalCategory == .currencySymbol { mark = scalars.removeLast() }
      trim()
    }
    if let last = scalars.last, signs.contains(last), scalars.count > 1 {
      isNegative.toggle()
      scalars.removeLast()
    }
    guard let joined = Self.joined(scalars, style), !joined.isEmpty else { return nil }
    return ((isNegative ? "-" : "") + joined, mark)
  }

  /// The digits with the signs between thousands taken out, where those stand before every third digit.
  private static func joined(_ scalars: [Unicode.Scalar], _ style: NumberStyle) -> String? {
    let decimal = Unicode.Scalar(style.decimal), grouping = Unicode.Scalar(style.grouping)
    let end = scalars.firstIndex { $0 == decimal || $0 == "e" || $0 == "E" } ?? scalars.count
    var whole = "", sinceGroup = 0, separator: Unicode.Scalar?
    for scalar in scalars[..<end] {
      if ("0"..."9").contains(scalar) {
        whole.unicodeScalars.append(scalar)
        sinceGroup += 1
        continue
      }
      let isSeparator =
        (style.groupsThousands && scalar == grouping) || scalar == "'" || scalar == "\u{2019}" || scalar == "_"
        || scalar == " " || scalar == "\u{A0}" || scalar == "\u{202F}" || scalar == "\u{2009}"
      guard isSeparator, separator == nil || separator == scalar, !whole.isEmpty else { return nil }
      // 1,234,567 and, as in India, 12,34,567.
      guard separator == nil ? sinceGroup <= 3 : sinceGroup == 3 || sinceGroup == 2 else { return nil }
      (separator, sinceGroup) = (scalar, 0)
    }
    // 0,500 is no number of thousands.
    if separator != nil, sinceGroup != 3 || whole.hasPrefix("0") { return nil }
    return whole + String(String.UnicodeScalarView(scalars[end...]))
  }
}
