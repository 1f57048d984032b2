import Glibc

/// The text of a file as UTF-8, read in pieces, from the beginning as often as is asked.
///
/// A regular file is never held in memory whole. What a pipe brings is, up to 256 MiB.
struct TextSource: Sendable {
  /// The path, or what the text is called in messages.
  let file: String
  /// The size of the file in bytes.
  let bytes: Int
  /// How it is encoded, and why where that was not plain: "windows-1252 (byte 0xe9 on line 3 is no UTF-8)".
  let encoding: TextEncoding
  let encodingNote: String?
  private let backing: Backing
  /// The bytes of the mark at the beginning.
  private let skipped: Int

  private enum Backing: Sendable {
    case memory([UInt8])
    case file(OpenFile)
  }

  /// A descriptor that is closed when nobody reads it any more.
  private final class OpenFile: Sendable {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  /// The text of the file at `path`.
  /// - Throws: that it cannot be read, is empty, is not text, or that its encoding must be named.
  init(path: String, encoding: TextEncoding = .auto) throws(TaskError) {
    if let table = TaskFile.shippedTable(path) {
      try self.init(table, file: path, encoding: encoding)
      return
    }
    let opened: FileReader.Opened
    do throws(FileProblem) {
      // A task's file called - would be one of that name.
      opened = try FileReader.openText(path == "-" ? "./-" : path)
    } catch {
      let isFolder = error == FileReader.folder
      let hint = isFolder ? "; a folder of sequences, a table each, is read by --data" : ""
      throw TaskError(key: "task.file", file: path, found: error.found, expected: error.expected + hint)
    }
    switch opened {
    case .regular(let descriptor, let size):
      try self.init(.file(OpenFile(descriptor)), size: size, file: path, encoding: encoding)
    case .whole(let bytes): try self.init(.memory(bytes), size: bytes.count, file: path, encoding: encoding)
    }
  }

  /// The text that `bytes` write.
  init(_ bytes: [UInt8], file: String, encoding: TextEncoding = .auto) throws(TaskError) {
    try self.init(.memory(bytes), size: bytes.count, file: file, encoding: encoding)
  }

  private init(_ backing: Backing, size: Int, file: String, encoding: TextEncoding) throws(TaskError) {
    self.backing = backing
    self.file = file
    bytes = size
    func failed(_ found: String, _ expected: String, line: Int? = nil, key: String = "task.file") -> TaskError {
      TaskError(key: key, file: file, line: line, found: found, expected: expected)
    }
    guard size > 0 else { throw failed("an empty file", "a text") }
    let head = try Self.bytes(backing, 0..<min(size, 1 << 16), file: file)
    if let foreign = ForeignText.problem(head) { throw failed(foreign.found, foreign.expected) }
    let mark = head.withUnsafeBytes { TextEncoding.mark($0) }
    guard encoding == .auto else {
      self.encoding = encoding
      skipped = mark.flatMap { $0.encoding == encoding ? $0.count : nil } ?? 0
      encodingNote = encoding.rawValue
      return
    }
    skipped = mark?.count ?? 0
    if let marked = mark?.encoding, marked != .utf8 {
      self.encoding = marked
      encodingNote = marked.rawValue
      return
    }
    if mark == nil, let found = head.withUnsafeBytes({ TextEncoding.unmarked($0) }) {
      self.encoding = found
      encodingNote = "\(found.rawValue), as its zero bytes say"
      return
    }
    let survey = try Self.survey(backing, size: size, file: file)
    if let line = survey.firstZero { throw failed("a zero byte", "text; task.encoding names its encoding", line: line) }
    guard let invalid = survey.firstInvalid else {
      self.encoding = .utf8
      encodingNote = nil
      return
    }
    let byte = "byte 0x\(String(invalid.byte, radix: 16))"
    guard survey.isLikeWindows1252 else {
      throw failed(
        "\(byte), which is no UTF-8", "UTF-8, or the encoding named, as in task.encoding: shift_jis, gb18030, koi8-r",
        line: invalid.line)
    }
    self.encoding = .windows1252
    encodingNote = "windows-1252, as \(byte) on line \(grouped(invalid.line)) is no UTF-8 (task.encoding names another)"
  }

  private static func survey(_ backing: Backing, size: Int, file: String) throws(TaskError) -> UTF8Survey {
    var survey = UTF8Survey()
    var offset = 0
    while offset < size {
      let piece = try bytes(backing, offset..<min(offset + 1 << 20, size), file: file)
      // A file that was cut meanwhile.
      if piece.isEmpty { break }
      piece.withUnsafeBytes { survey.add($0) }
      offset += piece.count
      // What has a zero byte is no text: the rest of a huge file need not be read.
      if survey.firstZero != nil { break }
    }
    survey.end()
    return survey
  }

  private static func bytes(_ backing: Backing, _ range: Range<Int>, file: String) throws(TaskError) -> [UInt8] {
    switch backing {
    case .memory(let bytes): return Array(bytes[range])
    case .file(let open):
      var code: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
        repeat {
          let got = pread(open.descriptor, buffer.baseAddress, range.count, off_t(range.lowerBound))
          code = got < 0 ? errno : 0
          count = max(got, 0)
        } while code == EINTR
      }
      guard code == 0 else {
        throw TaskError(
          key: "task.file", file: file, found: "a file that cannot be read (\(String(cString: strerror(code))))",
          expected: "a readable file")
      }
      return bytes
    }
  }

  /// Reads the text from its beginning.
  func reader() -> Reader { Reader(source: self) }

  /// A reader that stands somewhere in the text.
  struct Reader {
    private let source: TextSource
    private var offset: Int
    private var decoder: TextDecoder?

    fileprivate init(source: TextSource) {
      self.source = source
      offset = source.skipped
    }

    /// Appends the next bytes of the text, about `count` of them, to `buffer`; false at the end.
    /// - Throws: that the file cannot be read, or the first bytes that its encoding has no character for.
    mutating func read(_ count: Int, into buffer: inout [UInt8]) throws(TaskError) -> Bool {
      let end = min(offset + count, source.bytes)
      guard offset < end else { return false }
      let piece = try TextSource.bytes(source.backing, offset..<end, file: source.file)
      guard !piece.isEmpty else { return false }
      offset += piece.count
      if source.encoding == .utf8 {
        buffer.append(contentsOf: piece)
        return true
      }
      if decoder == nil { decoder = try TextDecoder(source.encoding, file: source.file) }
      try decoder?.decode(piece, isLast: offset >= source.bytes, into: &buffer)
      return true
    }
  }
}

/// Turns bytes of another encoding into UTF-8, piece by piece, by the system's converter.
private final class TextDecoder {
  private let converter: iconv_t
  private let encoding: TextEncoding
  private let file: String
  /// The bytes of a character that is not whole yet.
  private var rest: [UInt8] = []

  init(_ encoding: TextEncoding, file: String) throws(TaskError) {
    guard let converter = iconv_open("UTF-8", encoding.systemName), converter != iconv_t(bitPattern: -1) else {
      throw TaskError(
        key: "task.encoding", found: encoding.rawValue,
        expected: "an encoding that this system can convert (iconv -l lists them)")
    }
    (self.converter, self.encoding, self.file) = (converter, encoding, file)
  }

  deinit { iconv_close(converter) }

  func decode(_ piece: [UInt8], isLast: Bool, into buffer: inout [UInt8]) throws(TaskError) {
    var input = rest + piece
    rest = []
    let total = input.count
    var done = 0, failure: Int32 = 0
    // No character takes more bytes in UTF-8 than three for one.
    var output = [UInt8](repeating: 0, count: 3 * total + 16)
    var written = 0
    input.withUnsafeMutableBytes { input in
      output.withUnsafeMutableBytes { output in
        var from = input.baseAddress?.assumingMemoryBound(to: CChar.self), left = total
        var to = output.baseAddress?.assumingMemoryBound(to: CChar.self), room = output.count
        if iconv(converter, &from, &left, &to, &room) == Int(bitPattern: UInt.max) { failure = errno }
        done = total - left
        written = output.count - room
      }
    }
    buffer.append(contentsOf: output[..<written])
    // EINVAL: a character is cut by the piece's end.
    if failure == EINVAL, !isLast {
      rest = Array(input[done...])
      return
    }
    guard failure == 0 else {
      throw TaskError(
        key: "task.file", file: file,
        found: "byte 0x\(String(input[done], radix: 16)), which is no \(encoding.rawValue)",
        expected: "text in \(encoding.rawValue); task.encoding names another")
    }
  }
}
