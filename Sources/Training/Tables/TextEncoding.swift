/// How a file writes characters as bytes, by the names of the experiment file; `auto` looks at the file.
public enum TextEncoding: String, CaseIterable, Sendable {
  case auto
  case utf8 = "utf-8"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"
  case utf32LittleEndian = "utf-32le"
  case utf32BigEndian = "utf-32be"
  case windows1250 = "windows-1250"
  case windows1251 = "windows-1251"
  case windows1252 = "windows-1252"
  case windows1253 = "windows-1253"
  case windows1254 = "windows-1254"
  case latin1 = "iso-8859-1"
  case latin2 = "iso-8859-2"
  case latin9 = "iso-8859-15"
  case koi8r = "koi8-r"
  case macintosh
  case shiftJIS = "shift_jis"
  case eucJP = "euc-jp"
  case eucKR = "euc-kr"
  case gb18030
  case big5

  /// What the system's converter calls it.
  var systemName: String {
    switch self {
    case .auto, .utf8: "UTF-8"
    case .windows1250, .windows1251, .windows1252, .windows1253, .windows1254: "CP" + rawValue.dropFirst(8)
    default: rawValue.uppercased()
    }
  }

  /// The mark at a file's beginning that says how it is encoded, and its bytes.
  static func mark(_ bytes: UnsafeRawBufferPointer) -> (encoding: TextEncoding, count: Int)? {
    // That of UTF-32 begins with that of UTF-16.
    let marks: [([UInt8], TextEncoding)] = [
      ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE, 0, 0], .utf32LittleEndian), ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
      ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
    ]
    return marks.first { bytes.starts(with: $0.0) }.map { ($0.1, $0.0.count) }
  }

  /// UTF-16 without a mark: of text that is mostly Latin every other byte is zero.
  static func unmarked(_ bytes: UnsafeRawBufferPointer) -> TextEncoding? {
    let pairs = bytes.count / 2
    guard pairs >= 4 else { return nil }
    var even = 0, odd = 0
    for pair in 0..<pairs {
      if bytes[2 * pair] == 0 { even += 1 }
      if bytes[2 * pair + 1] == 0 { odd += 1 }
    }
    if odd * 10 >= pairs * 4, even * 50 <= pairs { return .utf16LittleEndian }
    if even * 10 >= pairs * 4, odd * 50 <= pairs { return .utf16BigEndian }
    return nil
  }
}

/// What a look at all bytes of a file says about whether they are UTF-8, fed piece by piece.
struct UTF8Survey {
  /// The line, from 1, and the value of the first byte that is not part of a character in UTF-8.
  private(set) var firstInvalid: (line: Int, byte: UInt8)?
  /// The line of the first zero byte.
  private(set) var firstZero: Int?
  /// The bytes above 0x7F, those that Windows-1252 has no character for, and all bytes.
  private(set) var highBytes = 0, undefined = 0, bytes = 0
  private var line = 1
  /// How many bytes of the present character are still to come, and what the next of them may be.
  private var pending = 0
  private var range: ClosedRange<UInt8> = 0x80...0xBF
  /// The first byte of the present character.
  private var lead: UInt8 = 0

  /// Looks at the next bytes.
  mutating func add(_ piece: UnsafeRawBufferPointer) {
    bytes += piece.count
    var index = 0
    while index < piece.count {
      // Eight bytes of plain text at once; no byte of them is zero or a line feed that is not counted.
      if pending == 0, index + 8 <= piece.count {
        let word = piece.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 == 0, !Self.hasZero(word) {
          let feeds = word ^ 0x0A0A_0A0A_0A0A_0A0A
          if Self.hasZero(feeds) { for byte in piece[index..<index + 8] where byte == 0x0A { line += 1 } }
          index += 8
          continue
        }
      }
      take(piece[index])
      index += 1
    }
  }

  private static func hasZero(_ word: UInt64) -> Bool {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0
  }

  private mutating func take(_ byte: UInt8) {
    if byte >= 0x80 {
      highBytes += 1
      if [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains(byte) { undefined += 1 }
    } else if byte == 0, firstZero == nil {
      firstZero = line
    }
    guard firstInvalid == nil else {
      if byte == 0x0A { line += 1 }
      return
    }
    if pending > 0 {
      if range.contains(byte) {
        pending -= 1
        range = 0x80...0xBF
        return
      }
      firstInvalid = (line, lead)
    } else {
      lead = byte
      switch byte {
      case 0..<0x80: break
      case 0xC2...0xDF: pending = 1
      case 0xE0: (pending, range) = (2, 0xA0...0xBF)
      case 0xED: (pending, range) = (2, 0x80...0x9F)
      case 0xE1...0xEF: pending = 2
      case 0xF0: (pending, range) = (3, 0x90...0xBF)
      case 0xF1...0xF3: pending = 3
      case 0xF4: (pending, range) = (3, 0x80...0x8F)
      default: firstInvalid = (line, byte)
      }
    }
    if byte == 0x0A { line += 1 }
  }

  /// Ends the survey: a character may not be cut.
  mutating func end() { if pending > 0, firstInvalid == nil { firstInvalid = (line, lead) } }

  /// Whether the bytes may well be Windows-1252: few of them are beyond ASCII, and all of those are characters there.
  var isLikeWindows1252: Bool { undefined == 0 && highBytes * 5 <= bytes }
}
