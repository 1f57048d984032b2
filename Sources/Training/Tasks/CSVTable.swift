/// Rows of comma-separated cells (RFC 4180): quotes around cells, doubled within them, CR LF or LF between rows.
struct CSVRows {
  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  /// The number of rows read, with blank ones: the row that was read last, counted from 1.
  private(set) var row = 0

  /// The rows of `bytes`; a byte order mark is dropped.
  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next row that is not blank, into `cells`; false at the end.
  /// - Throws: an error that names the row, on quotes that do not end and on text beside them.
  mutating func next(_ cells: inout [String]) throws(TaskError) -> Bool {
    while position < bytes.count {
      cells.removeAll(keepingCapacity: true)
      row += 1
      var ended = false
      while !ended { ended = try readCell(&cells) }
      if cells.count > 1 || cells[0].contains(where: { !$0.isWhitespace }) { return true }
    }
    return false
  }

  /// Reads one cell and what ends it; whether the row ends there.
  private mutating func readCell(_ cells: inout [String]) throws(TaskError) -> Bool {
    let quote = UInt8(ascii: "\"")
    guard position < bytes.count, bytes[position] == quote else {
      let start = position
      while position < bytes.count, !isEnd(bytes[position]) { position += 1 }
      cells.append(String(decoding: bytes[start..<position], as: UTF8.self))
      return endCell()
    }
    var cell: [UInt8] = []
    position += 1
    while true {
      guard position < bytes.count else { throw failed("a quote that does not end", "a closing \"") }
      let byte = bytes[position]
      position += 1
      guard byte == quote else {
        cell.append(byte)
        continue
      }
      guard position < bytes.count, bytes[position] == quote else { break }
      cell.append(quote)
      position += 1
    }
    guard position == bytes.count || isEnd(bytes[position]) else {
      throw failed("text after a closing quote", "a comma or the row's end")
    }
    cells.append(String(decoding: cell, as: UTF8.self))
    return endCell()
  }

  private func isEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  /// Steps over a comma or a line's end.
  private mutating func endCell() -> Bool {
    guard position < bytes.count else { return true }
    let byte = bytes[position]
    position += 1
    if byte == UInt8(ascii: "\r"), position < bytes.count, bytes[position] == UInt8(ascii: "\n") { position += 1 }
    return byte != UInt8(ascii: ",")
  }

  private func failed(_ found: String, _ expected: String) -> TaskError {
    TaskError(key: "task.file", file: file, line: row, column: nil, found: found, expected: expected, isTable: true)
  }
}

/// The numeric columns of a CSV file.
struct CSVTable: Sendable {
  /// One column, normalized to mean 0 and variance 1 over the file.
  struct Column: Sendable {
    let name: String
    var values: [Double]
    /// The mean, and the standard deviation (0 where the column is constant; then its values are 0).
    var mean = 0.0, deviation = 0.0
  }

  /// The number of rows of data.
  let rows: Int
  /// The columns that were read, in the file's order.
  let columns: [Column]

  /// Reads the columns called `wanted`, or all numeric ones if nil.
  ///
  /// The first row names the columns, unless all of its cells are numbers; then they are column 1, column 2, …
  /// - Throws: an error that names the row and the column.
  init(_ bytes: [UInt8], file: String, wanted: [(key: String, name: String)]?) throws(TaskError) {
    func failed(_ found: String, _ expected: String, row: Int? = nil, column: String? = nil) -> TaskError {
      TaskError(
        key: "task.file", file: file, line: row, column: column, found: found, expected: expected, isTable: true)
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw failed("a zero byte", "text", row: 1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") })
    }
    var reader = CSVRows(bytes, file: file)
    var cells: [String] = []
    guard try reader.next(&cells) else { throw failed("an empty file", "rows of comma-separated numbers") }
    let width = cells.count
    var names = (1...width).map { "column \($0)" }
    if cells.contains(where: { Self.number($0) == nil }) {
      for (index, cell) in cells.enumerated() where !Self.trimmed(cell).isEmpty { names[index] = Self.trimmed(cell) }
      guard try reader.next(&cells) else { throw failed("a header only", "rows of comma-separated numbers") }
    }

    let chosen = try Self.choose(wanted, names: names, firstRow: cells, file: file)
    var columns = chosen.map { Column(name: names[$0], values: []) }
    var rows = 0
    repeat {
      guard cells.count == width else {
        throw failed("\(cells.count) cells", "\(width), as in the first row", row: reader.row)
      }
      for (index, column) in chosen.enumerated() {
        guard let value = Self.number(cells[column]) else {
          let found = Self.trimmed(cells[column]).isEmpty ? "nothing" : "“\(Self.shortened(cells[column]))”"
          throw failed(found, "a finite number", row: reader.row, column: names[column])
        }
        columns[index].values.append(value)
      }
      rows += 1
    } while try reader.next(&cells)
    for index in columns.indices { try columns[index].normalize(file: file) }
    self.rows = rows
    self.columns = columns
  }

  /// The indices of the wanted columns, or of those in which the first row has a number.
  private static func choose(
    _ wanted: [(key: String, name: String)]?, names: [String], firstRow: [String], file: String
  ) throws(TaskError) -> [Int] {
    guard let wanted else {
      let numeric = names.indices.filter { $0 < firstRow.count && number(firstRow[$0]) != nil }
      guard !numeric.isEmpty else {
        throw TaskError(
          key: "task.file", file: file, found: "no numeric column among \(names.prefix(8).joined(separator: ", "))",
          expected: "at least one")
      }
      return numeric
    }
    var chosen: Set<Int> = []
    for (key, name) in wanted {
      guard let index = names.firstIndex(of: name) else {
        throw TaskError(
          key: key, found: "“\(name)”", expected: "a column of \(file) (\(names.prefix(12).joined(separator: ", ")))",
          nearest: nearestName(to: name, among: names))
      }
      chosen.insert(index)
    }
    return chosen.sorted()
  }

  /// The finite number that a cell writes, or nil.
  static func number(_ cell: String) -> Double? {
    let value = Double(cell) ?? Double(trimmed(cell))
    return value.flatMap { $0.isFinite ? $0 : nil }
  }

  private static func trimmed(_ cell: String) -> String {
    var cell = Substring(cell)
    while cell.first?.isWhitespace == true { cell.removeFirst() }
    while cell.last?.isWhitespace == true { cell.removeLast() }
    return String(cell)
  }

  private static func shortened(_ cell: String) -> String {
    let shown = String(String.UnicodeScalarView(cell.unicodeScalars.prefix(40).filter { !TextCorpus.isControl($0) }))
    return cell.unicodeScalars.count > 40 ? shown + "…" : shown
  }
}

extension CSVTable.Column {
  /// z = (x - mean) / deviation over the file; a constant column becomes 0.
  fileprivate mutating func normalize(file: String) throws(TaskError) {
    // Halves of the largest magnitude keep the sums finite.
    let magnitude = values.reduce(0) { max($0, abs($1)) }
    guard magnitude > 0 else { return }
    let count = Double(values.count)
    let scaledMean = values.reduce(0) { $0 + $1 / magnitude } / count
    let variance = values.reduce(0) { $0 + ($1 / magnitude - scaledMean) * ($1 / magnitude - scaledMean) } / count
    let scaledDeviation = variance.squareRoot()
    mean = scaledMean * magnitude
    // Below the rounding of the numbers themselves there is no variation.
    guard scaledDeviation > 1e-14 else {
      for index in values.indices { values[index] = 0 }
      return
    }
    deviation = scaledDeviation * magnitude
    for index in values.indices { values[index] = (values[index] / magnitude - scaledMean) / scaledDeviation }
  }
}
