import CDemoText
import Glibc

/// A text as a row of classes: its characters, which are Unicode scalars here, so that an alphabet stays small.
///
/// A byte order mark is dropped and CR LF read as one line feed. A text larger than memory lies on the disk, as classes.
struct TextCorpus: Sendable {
  /// The file's name.
  let name: String
  /// Its size in bytes.
  let bytes: Int
  /// How it is encoded, where that is worth a word.
  let encodingNote: String?
  /// How many lines end with CR LF, which is read as one line feed.
  let carriageReturns: Int
  /// The characters that occur, by class, ascending.
  let alphabet: [Unicode.Scalar]
  /// The characters that are trained on, and behind them those of a file of held-out text.
  let count: Int, heldOutCount: Int
  /// The class of each kept code: characters get a code as they come.
  private let classes: [Int32]
  private let stored: CorpusCodes
  /// How often each class comes, and behind which other, [C, C]; nil where the table would be large.
  private let counts: [Int], pairs: [Int]?

  /// The text that ships with the program.
  static let shipped = "alice.txt"

  /// The text of the file at `path`, or the one that ships with the program.
  /// - Throws: an error on a file that cannot be read, is no text, is empty, or knows one character only.
  init(
    path: String?, memory: Int, encoding: TextEncoding = .auto, heldOutPath: String? = nil
  ) throws(TaskError) {
    let source =
      if let path {
        try TextSource(path: path, encoding: encoding)
      } else {
        try TextSource(
          [UInt8](UnsafeBufferPointer(start: cdemotext_bytes(), count: cdemotext_count())), file: Self.shipped)
      }
    var heldOut: TextSource?
    if let heldOutPath { heldOut = try TextSource(path: heldOutPath, encoding: encoding) }
    try self.init(source, heldOut: heldOut, memory: memory)
  }

  /// The text that `raw` encodes.
  init(_ raw: [UInt8], name file: String) throws(TaskError) {
    try self.init(TextSource(raw, file: file), heldOut: nil, memory: 1 << 30)
  }

  private init(_ source: TextSource, heldOut: TextSource?, memory: Int) throws(TaskError) {
    var writer = CorpusWriter(memory: memory)
    try writer.take(source)
    let count = writer.stored.count
    if let heldOut { try writer.takeUncounted(heldOut) }
    guard count > 0, writer.characters.count > 1 else {
      throw TaskError(
        key: "task.file", file: source.file, found: count == 0 ? "no character" : "one character over and over",
        expected: "a text of two characters or more")
    }
    name = TaskFile.name(of: source.file)
    bytes = source.bytes
    encodingNote = source.encodingNote
    carriageReturns = writer.carriageReturns
    stored = writer.stored
    (self.count, heldOutCount) = (count, writer.stored.count - count)
    let order = writer.characters.indices.sorted { writer.characters[$0] < writer.characters[$1] }
    alphabet = order.map { writer.characters[$0] }
    var classes = [Int32](repeating: 0, count: order.count)
    for (index, code) in order.enumerated() { classes[code] = Int32(index) }
    self.classes = classes
    counts = order.map { writer.counts[$0] }
    let side = CorpusWriter.pairLimit
    pairs =
      order.count <= side && count > 1
      ? order.flatMap { first in order.map { writer.pairs[first * side + $0] } } : nil
  }

  /// The classes of some characters.
  func read(_ range: Range<Int>, _ body: (_ index: Int, _ symbol: Int32) -> Void) {
    stored.read(range) { body($0, classes[$1]) }
  }

  /// The class of every character; of a large text that is large.
  var codes: [Int32] {
    var codes = [Int32](repeating: 0, count: count)
    read(0..<count) { codes[$0] = $1 }
    return codes
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
    func entropy(_ counts: ArraySlice<Int>) -> Double {
      let total = Double(counts.reduce(0, +))
      return counts.reduce(0) { $1 > 0 ? $0 - Double($1) * log(Double($1) / total) : $0 }
    }
    let single = entropy(counts[...]) / Double(count)
    guard let pairs else { return (single, nil) }
    let classes = alphabet.count
    let sum = (0..<classes).reduce(0.0) { $0 + entropy(pairs[$1 * classes..<($1 + 1) * classes]) }
    return (single, sum / Double(count - 1))
  }
}

/// Turns the characters of a text into codes, each new one into the next, and counts them.
private struct CorpusWriter {
  /// The most characters of which pairs are counted, and the most characters.
  static let pairLimit = 1024, characterLimit = 1 << 16

  private(set) var stored: CorpusCodes
  private(set) var characters: [Unicode.Scalar] = []
  private(set) var counts: [Int] = []
  /// How often one code comes behind another, [pairLimit, pairLimit].
  private(set) var pairs = [Int](repeating: 0, count: pairLimit * pairLimit)
  /// The code of each scalar, from 1; 0 for those that have not come yet. Scalars beyond the table are looked up.
  private var table = [UInt32](repeating: 0, count: 0x3000)
  private var others: [UInt32: UInt32] = [:]
  private var last: Int?
  private var isCounting = true
  /// The code of each byte that is an ASCII character and has come before, but for the carriage return; `unknown` for the others.
  private var asciiCodes = [UInt16](repeating: unknown, count: 256)
  /// How many CR LF were read as one line feed.
  private(set) var carriageReturns = 0
  private static let unknown = UInt16.max
  /// How often one ASCII character came behind another and is not in `pairs` yet, [128, 128]: small enough to stay in the cache.
  private var asciiPairs = [UInt32](repeating: 0, count: 128 * 128)

  init(memory: Int) { stored = CorpusCodes(memoryLimit: min(64 << 20, memory / 8)) }

  /// Takes a text that is held out: its characters are known, and not counted.
  mutating func takeUncounted(_ source: TextSource) throws(TaskError) {
    isCounting = false
    try take(source)
  }

  mutating func take(_ source: TextSource) throws(TaskError) {
    var reader = source.reader()
    var buffer: [UInt8] = [], codes: [UInt16] = []
    var isFirst = true
    while try reader.read(1 << 20, into: &buffer) {
      let used = try decode(buffer, isFirst: isFirst, into: &codes, file: source.file)
      countASCII()
      buffer.removeFirst(used)
      isFirst = false
      try append(&codes, file: source.file)
    }
    // A carriage return may have waited for its line feed.
    if buffer == [0x0D] {
      codes.append(try code(of: 0x0D, file: source.file))
      try append(&codes, file: source.file)
    }
  }

  private mutating func append(_ codes: inout [UInt16], file: String) throws(TaskError) {
    do throws(FileProblem) { try stored.append(codes, of: characters.count) } catch {
      throw TaskError(key: "task.file", file: file, found: error.found, expected: error.expected)
    }
    codes.removeAll(keepingCapacity: true)
  }

  /// Appends the codes of all whole characters of `buffer`, which is UTF-8; gives how many bytes they take.
  private mutating func decode(
    _ buffer: [UInt8], isFirst: Bool, into codes: inout [UInt16], file: String
  ) throws(TaskError) -> Int {
    var index = 0
    let count = buffer.count
    codes.reserveCapacity(count)
    while index < count {
      index += appendKnown(buffer, from: index, into: &codes)
      guard index < count else { break }
      let byte = buffer[index]
      var scalar = UInt32(byte), size = 1
      if byte == 0x0D {
        guard index + 1 < count else { return index }
        if buffer[index + 1] == 0x0A {
          carriageReturns += 1
          index += 1
          continue
        }
      } else if byte >= 0x80 {
        size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        guard index + size <= count else { return index }
        scalar = UInt32(byte) & (0xFF >> UInt32(size + 1))
        for next in buffer[index + 1..<index + size] { scalar = scalar << 6 | UInt32(next & 0x3F) }
        // A mark at the very beginning is no character.
        if scalar == 0xFEFF, isFirst, index == 0 {
          index += size
          continue
        }
      }
      codes.append(try code(of: scalar, file: file))
      index += size
    }
    return index
  }

  /// Appends the codes of the ASCII characters ahead, up to the first that has not come before or is a carriage return: nearly
  /// all of most texts. Gives how many there are.
  private mutating func appendKnown(_ buffer: [UInt8], from start: Int, into codes: inout [UInt16]) -> Int {
    guard start < buffer.count, asciiCodes[Int(buffer[start])] != Self.unknown else { return 0 }
    let first = asciiCodes[Int(buffer[start])]
    codes.append(first)
    count(Int(first))
    var index = start + 1, last = Int(buffer[start])
    buffer.withUnsafeBufferPointer { bytes in
      asciiCodes.withUnsafeBufferPointer { known in
        asciiPairs.withUnsafeMutableBufferPointer { pairs in
          while index < bytes.count {
            let byte = Int(bytes[index]), code = known[byte]
            guard code != Self.unknown else { break }
            codes.append(code)
            pairs[last * 128 + byte] &+= 1
            last = byte
            index += 1
          }
        }
      }
    }
    if isCounting, index > start + 1 { self.last = Int(asciiCodes[last]) }
    return index - start
  }

  /// Puts the pairs of ASCII characters among all others.
  private mutating func countASCII() {
    for (place, times) in asciiPairs.enumerated() where times > 0 {
      asciiPairs[place] = 0
      guard isCounting else { continue }
      let first = Int(asciiCodes[place / 128]), second = Int(asciiCodes[place % 128])
      counts[second] += Int(times)
      if first < Self.pairLimit, second < Self.pairLimit { pairs[first * Self.pairLimit + second] += Int(times) }
    }
  }

  private mutating func count(_ code: Int) {
    guard isCounting else { return }
    counts[code] += 1
    if let last, last < Self.pairLimit, code < Self.pairLimit { pairs[last * Self.pairLimit + code] += 1 }
    last = code
  }

  private mutating func code(of scalar: UInt32, file: String) throws(TaskError) -> UInt16 {
    let known = scalar < 0x3000 ? table[Int(scalar)] : others[scalar] ?? 0
    let code: Int
    if known > 0 {
      code = Int(known) - 1
    } else {
      code = characters.count
      guard code < Self.characterLimit else {
        throw TaskError(
          key: "task.file", file: file, found: "more than \(grouped(Self.characterLimit)) different characters",
          expected: "a text whose characters can be classes; task.encoding names its encoding")
      }
      if scalar < 0x3000 { table[Int(scalar)] = UInt32(code + 1) } else { others[scalar] = UInt32(code + 1) }
      characters.append(Unicode.Scalar(scalar) ?? "\u{FFFD}")
      counts.append(0)
      if scalar < 0x80, scalar != 0x0D { asciiCodes[Int(scalar)] = UInt16(code) }
    }
    count(code)
    return UInt16(truncatingIfNeeded: code)
  }
}
