import CDemoText
import Glibc

/// A text as a row of classes: its characters, which are Unicode scalars here, so that an alphabet stays small.
///
/// A byte order mark is dropped and CR LF read as one line feed.
struct TextCorpus: Sendable {
  /// The file's name.
  let name: String
  /// Its size in bytes.
  let bytes: Int
  /// The characters that occur, by class, ascending.
  let alphabet: [Unicode.Scalar]
  /// The class of each character.
  let codes: [Int32]

  /// The text that ships with the program.
  static let shipped = "alice.txt"

  /// The text of the file at `path`, or the one that ships with the program.
  /// - Throws: an error on a file that cannot be read, is no UTF-8 text, is empty, or knows one character only.
  init(path: String?, memory: Int) throws(TaskError) {
    // Bytes, scalars and classes: some ten bytes for a byte of the file.
    let raw =
      if let path {
        try TaskFile.bytes(path, limit: memory / 10)
      } else {
        [UInt8](UnsafeBufferPointer(start: cdemotext_bytes(), count: cdemotext_count()))
      }
    try self.init(raw, name: path ?? Self.shipped)
  }

  /// The text that `raw` encodes in UTF-8.
  init(_ raw: [UInt8], name file: String) throws(TaskError) {
    func failed(_ found: String, _ expected: String, line: Int? = nil) -> TaskError {
      TaskError(key: "task.file", file: file, line: line, found: found, expected: expected)
    }
    guard !raw.isEmpty else { throw failed("an empty file", "a text") }
    if let offset = raw.firstIndex(of: 0) {
      throw failed("a zero byte", "a text in UTF-8", line: Self.line(of: offset, in: raw))
    }
    guard let text = String(validating: raw, as: UTF8.self) else {
      let offset = Self.firstInvalid(raw)
      throw failed(
        "byte 0x\(String(raw[offset], radix: 16)), which is no UTF-8", "a text in UTF-8",
        line: Self.line(of: offset, in: raw))
    }
    let scalars = Self.characters(text)
    let alphabet = Set(scalars).sorted()
    guard alphabet.count > 1 else {
      let found = alphabet.isEmpty ? "no character" : "one character over and over"
      throw failed(found, "a text of two characters or more")
    }
    var classes: [Unicode.Scalar: Int32] = [:]
    for (index, scalar) in alphabet.enumerated() { classes[scalar] = Int32(index) }
    self.name = TaskFile.name(of: file)
    self.bytes = raw.count
    self.alphabet = alphabet
    self.codes = scalars.map { classes[$0] ?? 0 }
  }

  private static func characters(_ text: String) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      if scalar == "\u{FEFF}", scalars.isEmpty { continue }
      scalars.append(scalar)
    }
    return scalars
  }

  /// The line that byte `offset` is in, counted from 1.
  private static func line(of offset: Int, in raw: [UInt8]) -> Int {
    1 + raw[..<offset].count { $0 == UInt8(ascii: "\n") }
  }

  /// The offset of the first byte that is not part of a character in UTF-8.
  private static func firstInvalid(_ raw: [UInt8]) -> Int {
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = raw.makeIterator()
    var offset = 0
    while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { offset += scalar.count }
    return min(offset, raw.count - 1)
  }

  /// How a character is written on one cell of a screen: marks for spaces and line ends, none that moves the cursor.
  static func symbol(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case " ": "␣"
    case "\n": "⏎"
    case "\t": "⇥"
    case _ where isControl(scalar): "\u{FFFD}"
    case _ where scalar.properties.generalCategory == .nonspacingMark: "◌\(scalar)"
    default: String(scalar)
    }
  }

  /// Whether a terminal would obey the character instead of showing it.
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
    default: false
    }
  }

  /// The entropy of a character in nats, knowing nothing, and knowing the character before it (nil where the table of pairs
  /// would be large).
  func entropies() -> (single: Double, afterOne: Double?) {
    let classes = alphabet.count
    func entropy(_ counts: [Int]) -> Double {
      let total = Double(counts.reduce(0, +))
      return counts.reduce(0) { $1 > 0 ? $0 - Double($1) * log(Double($1) / total) : $0 }
    }
    var counts = [Int](repeating: 0, count: classes)
    for code in codes { counts[Int(code)] += 1 }
    let single = entropy(counts) / Double(codes.count)
    guard classes <= 1024, codes.count > 1 else { return (single, nil) }
    var pairs = [Int](repeating: 0, count: classes * classes)
    for index in 1..<codes.count { pairs[Int(codes[index - 1]) * classes + Int(codes[index])] += 1 }
    let sum = (0..<classes).reduce(0.0) { $0 + entropy(Array(pairs[$1 * classes..<($1 + 1) * classes])) }
    return (single, sum / Double(codes.count - 1))
  }
}
