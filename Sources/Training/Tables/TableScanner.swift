/// How the cells of a table are set apart.
struct TableDialect: Equatable, Sendable {
  /// What stands between cells; a blank stands for any number of blanks and tabs.
  var delimiter = UInt8(ascii: ",")
  /// How numbers are written.
  var numbers = NumberStyle()

  /// Whether runs of blanks stand between cells.
  var isBlanks: Bool { delimiter == UInt8(ascii: " ") }

  /// The delimiter in words.
  var delimiterName: String {
    switch delimiter {
    case UInt8(ascii: "\t"): "tab"
    case UInt8(ascii: " "): "blanks"
    default: "\u{201C}\(Character(Unicode.Scalar(delimiter)))\u{201D}"
    }
  }
}

/// Goes through the rows of a table, one at a time, in memory of the size of a row.
///
/// Quotes may stand around a cell, doubled within it; blanks may stand before and behind them. Rows end with CR LF, LF or CR.
/// Lines that begin with #, % or // are comments.
struct TableScanner {
  let file: String
  var dialect: TableDialect
  /// The number of rows so far, with blank ones and comments: the row that was read last, counted from 1.
  private(set) var row = 0
  /// The comments so far, and the last of them.
  private(set) var commentCount = 0, lastComment: [UInt8] = []
  /// The rows that held nothing but blanks.
  private(set) var blankCount = 0

  private var reader: TextSource.Reader
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  /// The cells of the row.
  private(set) var cells: [Cell] = []

  /// The most bytes of a row.
  private static let rowLimit = 64 << 20

  /// Where a cell stands in the bytes that were read.
  struct Cell {
    fileprivate(set) var range: Range<Int>
    fileprivate(set) var hasDoubledQuotes = false
    fileprivate(set) var isQuoted = false
    static let empty = Cell(range: 0..<0)
  }

  /// Whether the bytes of rows that were found stay where they are, so that their cells can be read later.
  private var holdsRows = false

  init(_ source: TextSource, dialect: TableDialect) {
    file = source.file
    reader = source.reader()
    self.dialect = dialect
  }

  /// The number of cells of the row.
  var count: Int { cells.count }

  /// Calls `body` with the bytes of a cell of the row, without quotes around them.
  func withCell<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withBytes { Self.withCell(cells[index], in: $0, body) }
  }

  /// Calls `body` with the bytes in which the row's cells lie, and those of the rows before that are held.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    buffer.withUnsafeBufferPointer(body)
  }

  /// Calls `body` with the bytes of a cell, without quotes around them.
  static func withCell<Result>(
    _ cell: Cell, in bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    guard cell.hasDoubledQuotes else { return body(UnsafeBufferPointer(rebasing: bytes[cell.range])) }
    var plain: [UInt8] = []
    var isSecond = false
    for byte in bytes[cell.range] {
      isSecond = byte == UInt8(ascii: "\"") && !isSecond
      if !isSecond || byte != UInt8(ascii: "\"") { plain.append(byte) }
    }
    return plain.withUnsafeBufferPointer(body)
  }

  /// A cell as text, without blanks around it.
  func text(_ index: Int) -> String {
    withCell(index) { String(decoding: CellReader.trimmed($0), as: UTF8.self) }
  }

  /// Whether a cell holds nothing but blanks.
  func isEmpty(_ index: Int) -> Bool { withCell(index) { CellReader.trimmed($0).isEmpty } }

  /// Whether one of the first `width` cells has something in it.
  func isFilled(_ width: Int) -> Bool { (0..<min(width, count)).contains { !isEmpty($0) } }

  /// Whether a cell stands in quotes.
  func isQuoted(_ index: Int) -> Bool { cells[index].isQuoted }

  /// Goes to the next row that is neither blank nor a comment; false at the end. Where rows are held and many bytes of nothing
  /// follow them, it stops at a row of no cells: the held rows can be forgotten.
  /// - Throws: an error that names the row, on quotes that do not end and on text beside them.
  mutating func next() throws(TaskError) -> Bool {
    while true {
      guard try takeRow() else { return false }
      if isComment {
        if holdsTooMuch { return true }
        continue
      }
      let isBlank = cells.allSatisfy { cell in buffer[cell.range].allSatisfy(\.isBlank) && !cell.isQuoted }
      // A row of delimiters is a row: all of its cells are missing.
      if isBlank, cells.count <= 1 || dialect.isBlanks {
        blankCount += 1
        cells.removeAll(keepingCapacity: true)
        if holdsTooMuch { return true }
        continue
      }
      return true
    }
  }

  private var isComment: Bool { cells.isEmpty }

  /// Whether what is held has grown far beyond a block of rows.
  private var holdsTooMuch: Bool { holdsRows && position > 4 << 20 }

  /// Keeps the cells of this row and of those that follow until `forgetRows`.
  mutating func holdRows() { holdsRows = true }

  /// Gives the memory of all rows so far back.
  mutating func forgetRows() {
    buffer.removeFirst(position)
    (position, holdsRows) = (0, false)
  }

  /// Reads a row into `cells`; of a comment there are none.
  private mutating func takeRow() throws(TaskError) -> Bool {
    while true {
      if position >= buffer.count, isAtEnd { return false }
      let start = position
      if position < buffer.count, try scan() {
        row += 1
        return true
      }
      position = start
      guard buffer.count - position <= Self.rowLimit else {
        throw failed("a row of more than \(formatBytes(Self.rowLimit))", "rows that end")
      }
      try refill()
    }
  }

  /// Reads as much again behind what is not read yet.
  private mutating func refill() throws(TaskError) {
    if !holdsRows { forgetRows() }
    if try !reader.read(max(1 << 20, buffer.count - position), into: &buffer) { isAtEnd = true }
  }

  /// Scans the row at `position`; false where the buffer ends before it.
  private mutating func scan() throws(TaskError) -> Bool {
    cells.removeAll(keepingCapacity: true)
    if isCommentAhead() { return skipComment() }
    let outcome = buffer.withUnsafeBufferPointer { bytes in
      Self.scan(bytes, from: position, isLast: isAtEnd, dialect, into: &cells)
    }
    switch outcome {
    case .row(let end):
      position = end
      return true
    case .cut: return false
    case .openQuote:
      row += 1
      throw failed("a quote that does not end", "a closing \"")
    case .textAfterQuote:
      row += 1
      throw failed("text after a closing quote", "\(dialect.delimiterName) or the row's end")
    }
  }

  private func isCommentAhead() -> Bool {
    var place = position
    while place < buffer.count, buffer[place].isBlank { place += 1 }
    guard place < buffer.count else { return false }
    switch buffer[place] {
    case UInt8(ascii: "#"): return !isCellWithHash(at: place)
    case UInt8(ascii: "%"): return true
    case UInt8(ascii: "/"): return place + 1 < buffer.count && buffer[place + 1] == UInt8(ascii: "/")
    default: return false
    }
  }

  /// Whether a # begins a first cell: an error of a spreadsheet, as #N/A and #DIV/0!, or a column that is called # alone.
  private func isCellWithHash(at place: Int) -> Bool {
    let cell = buffer[place...].prefix { $0 != dialect.delimiter && $0 != 0x0A && $0 != 0x0D }
    let isLast = place + cell.count == buffer.count || buffer[place + cell.count] != dialect.delimiter
    if cell.count == 1 { return !isLast && !dialect.isBlanks }
    return cell.count <= 16
      && cell.withUnsafeBufferPointer { CellReader(style: dialect.numbers).value($0) == .missing }
  }

  private mutating func skipComment() -> Bool {
    var end = position
    while end < buffer.count, buffer[end] != 0x0A, buffer[end] != 0x0D { end += 1 }
    // A CR at the end may be half of CR LF.
    guard end + 1 < buffer.count || isAtEnd else { return false }
    if commentCount < 1000 { lastComment = Array(buffer[position..<min(end, position + 4000)]) }
    commentCount += 1
    position = end
    if position < buffer.count, buffer[position] == 0x0D { position += 1 }
    if position < buffer.count, buffer[position] == 0x0A { position += 1 }
    return true
  }

  private enum Outcome {
    case row(end: Int)
    case cut, openQuote, textAfterQuote
  }

  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isLast: Bool, _ dialect: TableDialect,
    into cells: inout [Cell]
  ) -> Outcome {
    let (quote, delimiter) = (UInt8(ascii: "\""), dialect.delimiter)
    let count = bytes.count
    var index = start
    func isEnd(_ byte: UInt8) -> Bool {
      byte == delimiter || byte == 0x0A || byte == 0x0D || (dialect.isBlanks && byte == 0x09)
    }
    if dialect.isBlanks { while index < count, bytes[index].isBlank { index += 1 } }
    while true {
      // A cell begins here, perhaps with blanks before its quote.
      var first = index
      if !dialect.isBlanks {
        while first < count, bytes[first].isBlank, bytes[first] != delimiter { first += 1 }
      }
      if first < count, bytes[first] == quote {
        var cell = Cell(range: first + 1..<first + 1, isQuoted: true)
        index = first + 1
        while true {
          while index < count, bytes[index] != quote { index += 1 }
          guard index < count else { return isLast ? .openQuote : .cut }
          // Whether the quote is doubled is seen by the next byte.
          guard index + 1 < count || isLast else { return .cut }
          guard index + 1 < count, bytes[index + 1] == quote else { break }
          cell.hasDoubledQuotes = true
          index += 2
        }
        cell.range = first + 1..<index
        cells.append(cell)
        index += 1
        while index < count, bytes[index].isBlank, bytes[index] != delimiter, !dialect.isBlanks { index += 1 }
        if index < count, !isEnd(bytes[index]) { return .textAfterQuote }
      } else {
        let begin = index
        while index < count, !isEnd(bytes[index]) { index += 1 }
        cells.append(Cell(range: begin..<index))
      }
      guard index < count else { return isLast ? .row(end: count) : .cut }
      let byte = bytes[index]
      if byte == 0x0D {
        guard index + 1 < count || isLast else { return .cut }
        return .row(end: index + 1 < count && bytes[index + 1] == 0x0A ? index + 2 : index + 1)
      }
      if byte == 0x0A { return .row(end: index + 1) }
      index += 1
      guard dialect.isBlanks else { continue }
      while index < count, bytes[index].isBlank { index += 1 }
      guard index < count else {
        if isLast { return .row(end: count) }
        return .cut
      }
      // Blanks before the row's end are no cell.
      if bytes[index] == 0x0A || bytes[index] == 0x0D {
        let isPair = bytes[index] == 0x0D && index + 1 < count && bytes[index + 1] == 0x0A
        return .row(end: index + (isPair ? 2 : 1))
      }
    }
  }

  func failed(_ found: String, _ expected: String) -> TaskError {
    TaskError(key: "task.file", file: file, line: row, column: nil, found: found, expected: expected, isTable: true)
  }
}
