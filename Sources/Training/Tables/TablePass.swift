/// One reading of all rows of a table: every cell that is a number, and what each column is.
struct TablePass {
  /// The most lines behind the data that are none.
  static let footerLimit = 10

  let head: TableHead
  /// All cells, row by row; NaN where a cell is no number.
  let cells: SpilledArray<Double>
  private(set) var columns: [ColumnTally]
  private(set) var rows = 0
  /// What a user should know of lines that were left out.
  private(set) var notes: [String]
  /// The row of the file that each of the first and last data rows is.
  private var lastLines: [(row: Int, line: Int)] = []
  private var repeatedHeaders = 0
  /// The rows of the file that those of the data are.
  private(set) var lines = RowLines()
  /// The rows since the last one that has a cell with anything in it.
  private var emptyTail = 0
  /// Rows with another number of cells than the table: a fault, unless nothing but such lines follow.
  private var odd: [(line: Int, count: Int, text: String, isText: Bool)] = []

  /// Reads the table in `source`.
  ///
  /// - Parameters:
  ///   - source: the text.
  ///   - task: says how it is written, and which column tells series apart, where the file does not.
  ///   - memory: the bytes up to which its numbers are kept in memory.
  /// - Throws: an error that names the row and the column.
  init(_ source: TextSource, _ task: TaskSpecification, memory: Int) throws(TaskError) {
    head = try TableHead(source, task)
    notes = head.notes
    cells = SpilledArray(memoryLimit: min(32 << 20, memory / 8), lost: .nan)
    columns = head.names.map { name in
      ColumnTally(
        name: name, mayTellSeries: task.id == name || (task.id == nil && ColumnWords.isSeries(name)))
    }
    try readRows(source)
    dropEmptyTail()
    takeFooter()
    if repeatedHeaders > 0 {
      notes.append("\(counted(repeatedHeaders, "repeated header", "repeated headers")) left out")
    }
    guard rows > 0 else {
      throw TaskError(
        key: "task.file", file: source.file, found: head.hasHeader ? "a header only" : "no row of data",
        expected: "rows of numbers below it")
    }
  }

  private mutating func readRows(_ source: TextSource) throws(TaskError) {
    var scanner = TableScanner(source, dialect: head.dialect)
    let reader = CellReader(style: head.dialect.numbers), width = head.width
    var block = RowBlock(width: width)
    func takeBlock() throws(TaskError) {
      do throws(FileProblem) { try cells.append(block.read(scanner, reader, into: &columns)) } catch {
        throw TaskError(key: "task.file", file: source.file, found: error.found, expected: error.expected)
      }
      block.removeAll()
      scanner.forgetRows()
    }
    /// Notes a row of the data, which is row `line` of the file.
    func note(line: Int) {
      lines.add(line, row: rows)
      rows += 1
    }
    let blankIsMissing = width == 1 && !head.isDoubleSpaced
    var blanks = 0
    while try scanner.next() {
      guard scanner.count > 0 else {
        try takeBlock()
        continue
      }
      guard scanner.row >= head.firstRow, try hasWidth(scanner), !isRepeatedHeader(scanner) else { continue }
      if blankIsMissing, rows > 0 {
        // Of one column a blank line is a cell with nothing in it.
        for blank in 0..<scanner.blankCount - blanks {
          block.addMissing(row: rows, line: scanner.row - (scanner.blankCount - blanks) + blank)
          note(line: scanner.row - (scanner.blankCount - blanks) + blank)
          if block.isFull { try takeBlock() }
        }
      }
      blanks = scanner.blankCount
      block.add(scanner, row: rows)
      emptyTail = scanner.isFilled(width) ? 0 : emptyTail + 1
      scanner.holdRows()
      lastLines.append((rows, scanner.row))
      if lastLines.count > 4 * Self.footerLimit { lastLines.removeFirst(2 * Self.footerLimit) }
      note(line: scanner.row)
      if block.isFull { try takeBlock() }
    }
    try takeBlock()
    if let first = odd.first, rows == 0 || odd.count > Self.footerLimit || !odd.allSatisfy(\.isText) {
      throw wrongWidth(first.line, first.count, file: source.file)
    }
    if !odd.isEmpty {
      notes.append(
        "\(counted(odd.count, "line", "lines")) at the end left out (\u{201C}\(odd[0].text)\u{201D})")
    }
    if scanner.commentCount > 0 {
      notes.append("\(counted(scanner.commentCount, "comment line", "comment lines")) left out")
    }
  }

  /// Whether a row has as many cells as the table; others are remembered, and refused once another row follows.
  private mutating func hasWidth(_ scanner: TableScanner) throws(TaskError) -> Bool {
    let count = scanner.count, width = head.width
    let isRight = count == width || (count > width && (width..<count).allSatisfy { scanner.isEmpty($0) })
    if isRight {
      if let first = odd.first { throw wrongWidth(first.line, first.count, file: scanner.file) }
      return true
    }
    let text = (0..<min(count, 8)).map { scanner.text($0) }.joined(separator: " ").trimmed
    let isText =
      count < width && !text.isEmpty
      && scanner.withCell(0) { cell in
        CellReader(style: head.dialect.numbers).value(cell) == .text && CellDate.read(cell) == nil
      }
    odd.append((scanner.row, count, shortened(text, to: 40), isText))
    guard odd.count <= Self.footerLimit, isText else {
      let first = odd[0]
      throw wrongWidth(first.line, first.count, file: scanner.file)
    }
    return false
  }

  private func wrongWidth(_ line: Int, _ count: Int, file: String) -> TaskError {
    TaskError(
      key: "task.file", file: file, line: line, found: "\(count) \(count == 1 ? "cell" : "cells")",
      expected: "\(head.width), as in other rows, with \(head.dialect.delimiterName) between them (task.delimiter)",
      isTable: true)
  }

  /// Whether a row is the header again, as files that were put together have it.
  private mutating func isRepeatedHeader(_ scanner: TableScanner) -> Bool {
    guard head.hasHeader, scanner.text(head.width - 1) == head.names[head.width - 1],
      (0..<head.width).allSatisfy({ scanner.text($0) == head.names[$0] })
    else { return false }
    repeatedHeaders += 1
    return true
  }

  /// Takes rows of nothing but delimiters at the end away.
  private mutating func dropEmptyTail() {
    guard emptyTail > 0, rows > emptyTail else { return }
    notes.append("\(counted(emptyTail, "empty row", "empty rows")) at the end left out")
    rows -= emptyTail
    for index in columns.indices { columns[index].dropEmptyRows(emptyTail, from: rows) }
    cells.truncate(to: rows * head.width)
  }

  private mutating func drop(_ last: [Int]) {
    for index in columns.indices { columns[index].dropFooter(rows: last) }
    rows -= last.count
    cells.truncate(to: rows * head.width)
  }

  /// Takes rows at the end away that have words where all others have numbers, or nothing where all others have a date: sums,
  /// sources.
  private mutating func takeFooter() {
    var footer: Set<Int> = [], undated: String?
    for column in columns {
      let ofData = column.numbers + column.dates
      if column.kind == .dates, (1...3).contains(column.missing), ofData > 10 * column.missing,
        column.lastMissing.count == column.missing, column.lastMissing.allSatisfy({ $0 >= rows - Self.footerLimit })
      {
        footer.formUnion(column.lastMissing)
        undated = undated ?? column.name
      }
      guard column.texts > 0, column.texts <= Self.footerLimit, ofData > 10 * column.texts,
        column.lastTexts.count == column.texts, column.lastTexts.allSatisfy({ $0 >= rows - Self.footerLimit })
      else { continue }
      footer.formUnion(column.lastTexts)
    }
    // They are the last rows, all of them.
    guard !footer.isEmpty, let first = footer.min(), rows - first == footer.count, first > 0 else { return }
    let lines = lastLines.filter { footer.contains($0.row) }.map { grouped($0.line) }
    let word =
      columns.compactMap { column in
        column.lastTexts.last.map(footer.contains) ?? false
          ? column.firstText.map { "\u{201C}\($0.cell)\u{201D}" } : nil
      }
      .first ?? undated.map { "nothing in \($0)" } ?? ""
    drop(footer.sorted())
    notes.append("row \(lines.joined(separator: ", ")) at the end left out (\(word))")
  }
}

/// The rows of a file that the rows of its data are.
struct RowLines: Sendable {
  /// How far they lie from each other, at each row at which that changes.
  private var offsets: [(row: Int, offset: Int)] = []
  private static let limit = 1 << 20

  /// Notes that data row `row` is row `line` of the file.
  mutating func add(_ line: Int, row: Int) {
    if offsets.last.map({ $0.offset != line - row }) ?? true, offsets.count < Self.limit {
      offsets.append((row, line - row))
    }
  }

  /// The row of the file, counted from 1, that data row `row` is.
  func line(of row: Int) -> Int {
    var low = 0, high = offsets.count
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle].row <= row { low = middle + 1 } else { high = middle }
    }
    return row + (low > 0 ? offsets[low - 1].offset : 1)
  }
}
