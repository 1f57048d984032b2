/// What the beginning of a table says of all of it: what stands between cells, how numbers are written, where the names are.
struct TableHead: Sendable {
  private(set) var dialect = TableDialect()
  /// The number of cells of a row.
  private(set) var width = 0
  /// The columns' names, each another.
  private(set) var names: [String] = []
  /// The first row that has data, counted from 1.
  private(set) var firstRow = 1
  /// Whether a row names the columns.
  private(set) var hasHeader = false
  /// Whether the header has one cell less than the rows, whose first cells are then the rows' names.
  private(set) var hasRowNames = false
  /// Whether a blank line stands behind each row.
  private(set) var isDoubleSpaced = false
  /// What a user should know: "2 lines before the header left out".
  private(set) var notes: [String] = []

  /// What was sampled under a dialect.
  private struct Sample {
    var dialect: TableDialect
    /// The cells of each row, and the row's number.
    var rows: [(cells: [String], number: Int)]
    var width = 1
    /// The share of rows that have that width, and of cells below the first row that are numbers, dates or missing.
    var consistency = 0.0, typed = 0.0
    var comment = ""
    /// Why it could not be read to its end.
    var failure: TaskError?
    /// Whether the first row has several cells, all of them words.
    var hasNames = false
    /// Whether numbers have commas that may stand between thousands or be decimal.
    var hasAmbiguousComma = false
    /// Whether numbers have a decimal comma that can be nothing else.
    var hasDecimalComma = false

    /// Whether its first row names as many columns as all rows have.
    var hasFittingHeader: Bool { hasNames && width > 1 && rows.first?.cells.count == width && consistency > 0.95 }
    /// Whether its first row is no row of the table, nor its header.
    var losesHeader: Bool { rows.first.map { $0.cells.count != width && $0.cells.count != width - 1 } ?? false }
  }

  /// The bytes, and the rows, that are looked at.
  private static let sampleBytes = 1 << 18, sampleRows = 200
  /// The most lines before a header.
  private static let preambleLimit = 30

  /// The head of the table in `source`, as far as `task` does not say it.
  init(_ source: TextSource, _ task: TaskSpecification) throws(TaskError) {
    let (text, isWhole) = try Self.beginning(of: source)
    if let foreign = ForeignText.problem(ofTable: text) {
      throw TaskError(key: "task.file", file: source.file, found: foreign.found, expected: foreign.expected)
    }
    var forced = task.delimiter.byte
    var skipped = 0
    if let sep = Self.separatorLine(text) {
      if forced == nil { forced = sep }
      skipped = 1
    }
    let sample = try Self.best(text, isWhole: isWhole, file: source.file, delimiter: forced, decimal: task.decimal)
    dialect = sample.dialect
    width = sample.width
    var rows = sample.rows
    if skipped == 1 { rows.removeFirst(min(1, rows.count)) }
    guard !rows.isEmpty else {
      throw TaskError(
        key: "task.file", file: source.file, found: "no row", expected: "rows of numbers, with commas between them")
    }
    if sample.hasAmbiguousComma {
      notes.append(
        dialect.numbers.decimal == UInt8(ascii: ",")
          ? "1,234 read as 1.234 (task.decimal: point reads it as 1234)"
          : "1,234 read as 1234 (task.decimal: comma reads it as 1.234)")
    }
    isDoubleSpaced =
      rows.count > 2 && zip(rows, rows.dropFirst()).allSatisfy { $1.number - $0.number > 1 }
    try takePreamble(&rows, file: source.file)
    takeHeader(&rows, comment: sample.comment)
    try refuseDatesWithoutName(rows, file: source.file)
    takeUnits(&rows)
    firstRow = rows.first?.number ?? Int.max
  }

  // MARK: The dialect

  /// The first lines, whole ones only.
  private static func beginning(of source: TextSource) throws(TaskError) -> (text: [UInt8], isWhole: Bool) {
    var reader = source.reader()
    var text: [UInt8] = []
    var isWhole = false
    // One row may be long.
    var wanted = sampleBytes
    while true {
      while text.count < wanted {
        if try !reader.read(sampleBytes, into: &text) {
          isWhole = true
          break
        }
      }
      if isWhole { return (text, true) }
      if let end = text.lastIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
        return (Array(text[..<end]), false)
      }
      guard wanted < 64 << 20 else { return (text, false) }
      wanted *= 4
    }
  }

  /// The delimiter that a first line `sep=;` names.
  private static func separatorLine(_ text: [UInt8]) -> UInt8? {
    let line = text.prefix { $0 != 0x0A && $0 != 0x0D }.filter { $0 != UInt8(ascii: "\"") }
    guard line.count == 5, String(decoding: line[..<4], as: UTF8.self).lowercased() == "sep=" else { return nil }
    return line[4]
  }

  /// The dialect under which rows are of one width and cells are numbers, as far as can be.
  private static func best(
    _ text: [UInt8], isWhole: Bool, file: String, delimiter: UInt8?, decimal: TableDecimal
  ) throws(TaskError) -> Sample {
    let source = try TextSource(text, file: file, encoding: .utf8)
    var samples: [Sample] = []
    for candidate in delimiter.map({ [$0] }) ?? Array(",;\t| ".utf8) {
      for sign in decimal.candidates {
        var dialect = TableDialect(delimiter: candidate)
        dialect.numbers.decimal = sign
        samples.append(try look(source, dialect, isWhole: isWhole))
      }
    }
    // Names with delimiters between them, as many as the rows have cells, are no single name.
    if samples.contains(where: { $0.width > 1 && $0.hasNames }) { samples.removeAll { $0.width == 1 } }
    // A tab in all rows alike is no blank.
    if samples.contains(where: { $0.dialect.delimiter == 0x09 && $0.width > 1 && $0.consistency > 0.99 }) {
      samples.removeAll { $0.dialect.isBlanks }
    }
    // Rows by which the header is split as they are come before others.
    // Blanks split titles too.
    let fitting = samples.filter { $0.hasFittingHeader && !$0.dialect.isBlanks }
    if !fitting.isEmpty {
      samples.removeAll { sample in
        sample.losesHeader && fitting.contains { $0.dialect.delimiter != sample.dialect.delimiter }
      }
    }
    let best = samples.dropFirst().reduce(samples[0]) { best, sample in isBetter(sample, than: best) ? sample : best }
    if let failure = best.failure { throw failure }
    return best
  }

  private static func isBetter(_ one: Sample, than other: Sample) -> Bool {
    let (a, b) = (one.consistency * one.typed, other.consistency * other.typed)
    if abs(a - b) > 1e-9 { return a > b }
    if one.dialect.delimiter != other.dialect.delimiter { return one.width > other.width }
    // Both signs make numbers of all cells: where a semicolon stands between cells, commas are decimal.
    return one.dialect.delimiter == UInt8(ascii: ";") && (one.hasAmbiguousComma || one.hasDecimalComma)
      && one.dialect.numbers.decimal == UInt8(ascii: ",")
  }

  private static func look(_ source: TextSource, _ dialect: TableDialect, isWhole: Bool) throws(TaskError) -> Sample {
    var scanner = TableScanner(source, dialect: dialect)
    let reader = CellReader(style: dialect.numbers)
    var sample = Sample(dialect: dialect, rows: [])
    var widths: [Int: Int] = [:]
    var values: [[CellKind]] = []
    do throws(TaskError) {
      while sample.rows.count < sampleRows, try scanner.next() {
        var cells: [String] = [], kinds: [CellKind] = []
        for index in 0..<scanner.count {
          // Of a row of thousands of cells the first say enough.
          if index < 256 {
            let kind = scanner.withCell(index) { CellKind($0, reader) }
            kinds.append(kind)
            if kind.isAmbiguous { sample.hasAmbiguousComma = true }
            if kind.hasDecimalComma { sample.hasDecimalComma = true }
          }
          cells.append(scanner.text(index))
        }
        sample.rows.append((cells, scanner.row))
        values.append(kinds)
        // A trailing delimiter is no cell of its own.
        widths[cells.count, default: 0] += 1
        sample.comment = sample.rows.count == 1 ? String(decoding: scanner.lastComment, as: UTF8.self) : sample.comment
      }
    } catch {
      // The sample may end within quotes.
      if isWhole { sample.failure = error }
    }
    guard let first = sample.rows.first else { return sample }
    let most = widths.max { ($0.value, $0.key) < ($1.value, $1.key) }
    sample.width = most?.key ?? 1
    sample.hasNames = first.cells.count > 1 && values[0].allSatisfy { !$0.isTyped && !$0.isMissing }
    sample.consistency = Double(most?.value ?? 0) / Double(sample.rows.count)
    let below = sample.rows.count > 1 ? values.dropFirst() : values[...]
    let kinds = below.filter { $0.count == min(sample.width, 256) }.joined()
    // What is missing says nothing of how numbers are written.
    let told = kinds.filter { !$0.isMissing }
    sample.typed = told.isEmpty ? 0.5 : Double(told.count { $0.isTyped }) / Double(told.count)
    return sample
  }

  /// What a cell of the sample says.
  private struct CellKind {
    var isTyped: Bool, isMissing: Bool, isAmbiguous: Bool, hasDecimalComma: Bool

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ reader: CellReader) {
      let value = reader.value(bytes)
      isMissing = value == .missing
      switch value {
      case .number, .marked, .truth, .notFinite: isTyped = true
      case .missing: isTyped = false
      case .text: isTyped = CellDate.read(bytes) != nil
      }
      // Digits, one comma, three digits.
      let cell = CellReader.trimmed(bytes)
      let commas = cell.indices.filter { cell[$0] == UInt8(ascii: ",") }
      isAmbiguous =
        commas.count == 1 && cell.count - commas[0] == 4 && commas[0] > 0
        && cell.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }
        && cell[0] != UInt8(ascii: "0")
      hasDecimalComma =
        reader.style.decimal == UInt8(ascii: ",") && isTyped && commas.count == 1 && !isAmbiguous
        && cell.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }
    }
  }

  // MARK: What stands before the data

  /// Whether a cell is one that only data have: a number or a date.
  private func isData(_ cell: String) -> Bool { kind(cell).isTyped }

  /// Whether a cell may be a name.
  private func isWord(_ cell: String) -> Bool {
    let kind = kind(cell)
    return !kind.isTyped && !kind.isMissing
  }

  private func kind(_ cell: String) -> CellKind {
    var bytes = Array(cell.utf8)
    return bytes.withUnsafeMutableBufferPointer {
      CellKind(UnsafeBufferPointer($0), CellReader(style: dialect.numbers))
    }
  }

  /// Takes lines of another width than the table's from its beginning: a title, a source, where a station stands.
  /// - Throws: names that are not as many as the cells under them.
  private mutating func takePreamble(
    _ rows: inout [(cells: [String], number: Int)], file: String
  ) throws(TaskError) {
    var taken = 0
    while taken < min(rows.count, Self.preambleLimit), !isTable(rows, from: taken) {
      // A row of nothing but numbers is data with a cell too many or too few.
      guard rows[taken].cells.contains(where: isWord) else { break }
      taken += 1
    }
    // Only where a table follows.
    guard taken > 0, taken < rows.count else { return }
    let last = rows[taken - 1].cells
    if rows[taken].cells.contains(where: isData), last.count > 1, last.allSatisfy(isWord) {
      let isComma = width == 2 * last.count && dialect.delimiter == UInt8(ascii: ",")
      throw TaskError(
        key: "task.file", file: file, line: rows[taken].number, found: "\(width) cells under \(last.count) names",
        expected: isComma
          ? "as many: where commas are decimal, another delimiter or quotes" : "as many (task.delimiter)",
        isTable: true)
    }
    try refuseOtherDelimiter(last, over: rows[taken], file: file)
    let first = shortened(rows[0].cells.joined(separator: " "), to: 40)
    notes.append(
      "\(counted(taken, "line", "lines")) before the header left out (\u{201C}\(first)\u{201D})")
    rows.removeFirst(taken)
  }

  /// Names that another delimiter splits are no title: the rows are split wrongly then.
  private func refuseOtherDelimiter(
    _ line: [String], over row: (cells: [String], number: Int), file: String
  ) throws(TaskError) {
    guard line.count == 1 else { return }
    for delimiter in ";\t|," where delimiter != Character(Unicode.Scalar(dialect.delimiter)) {
      let names = line[0].split(separator: delimiter, omittingEmptySubsequences: false).map { String($0).trimmed }
      let cells = row.cells.joined(separator: ",").split(separator: delimiter, omittingEmptySubsequences: false)
      guard names.count > 1, names.count == cells.count, names.allSatisfy(isWord) else { continue }
      throw TaskError(
        key: "task.file", file: file, line: row.number,
        found: "names with \u{201C}\(delimiter)\u{201D} between them over cells with \(dialect.delimiterName)",
        expected: "one delimiter in both (task.delimiter, or no line sep= that says another)", isTable: true)
    }
  }

  /// Dates under no name, where each row has a cell more than there are names, are no names of rows: a cell was split in two.
  private func refuseDatesWithoutName(
    _ rows: [(cells: [String], number: Int)], file: String
  ) throws(TaskError) {
    guard hasRowNames, !dialect.isBlanks, let first = rows.first, let cell = first.cells.first,
      Array(cell.utf8).withUnsafeBufferPointer({ CellDate.read($0) }) != nil
    else { return }
    throw TaskError(
      key: "task.file", file: file, line: first.number,
      found: "\(width) cells under \(width - 1) names, with a date in the first (\(cell))",
      expected:
        "as many names as cells: quotes around numbers with \(dialect.delimiterName) in them, or a name for each column",
      isTable: true)
  }

  /// Whether the table may begin with a row: it has the table's width, or is a header without a name for the first column, or with or
  /// without a last delimiter.
  private func isTable(_ rows: [(cells: [String], number: Int)], from index: Int) -> Bool {
    let cells = rows[index].cells
    if cells.count == width || (cells.count == width + 1 && cells[width].isEmpty) { return true }
    guard cells.count == width - 1, index + 1 < rows.count, cells.allSatisfy({ !isData($0) }),
      cells.contains(where: isWord)
    else { return false }
    return rows[index + 1].cells.count == width && rows[index + 1].cells.contains(where: isData)
      // A title over a table of two columns without names is no name.
      && (width > 2 || rows[index + 1].cells[1].isEmpty || isWord(rows[index + 1].cells[0]) || !cells[0].contains(" "))
  }

  private mutating func takeHeader(_ rows: inout [(cells: [String], number: Int)], comment: String) {
    let first = rows[0].cells
    if first.count == width - 1, rows.count > 1, first.allSatisfy({ !isData($0) }) {
      hasHeader = true
      let hasTrailing = rows.dropFirst().allSatisfy { $0.cells.count < width || $0.cells[width - 1].isEmpty }
      hasRowNames = !hasTrailing
      if hasTrailing { width -= 1 }
      name(hasTrailing ? first : [""] + first)
      rows.removeFirst()
      return
    }
    if isNumberedHeader(rows) {
      hasHeader = true
      notes.append("the numbers of the first row are the columns' names")
      name(first)
      rows.removeFirst()
    } else if isHeader(first, next: rows.dropFirst().first?.cells) {
      hasHeader = true
      name(first)
      rows.removeFirst()
    } else if let words = commentedHeader(comment) {
      hasHeader = true
      notes.append("names from the comment before the data")
      name(words)
    } else {
      notes.append("no header")
      name([String](repeating: "", count: width))
    }
  }

  /// Whether the first row names the columns: it has words and no data, or words where the next row has data and numbers that
  /// may be names, as years are.
  private func isHeader(_ first: [String], next: [String]?) -> Bool {
    guard first.contains(where: isWord) else { return false }
    guard first.contains(where: isData), let next, next.count == first.count else { return true }
    // A word above data names it, unless the row is data itself with words in the same columns.
    if zip(first, next).contains(where: { isWord($0) && isData($1) }) { return true }
    let numbers = first.filter(isData)
    return Set(numbers).count == numbers.count
      && numbers.allSatisfy { Int($0).map { (1800...2200).contains($0) } ?? false }
  }

  /// Whether the first row numbers the columns, 0, 1, 2, or names years: numbers in a row over others that are none, with nothing
  /// over an index.
  private func isNumberedHeader(_ rows: [(cells: [String], number: Int)]) -> Bool {
    let cells = rows[0].cells, below = rows.dropFirst().prefix(20)
    guard cells.count == width, below.count > 1, below.allSatisfy({ $0.cells.count == width }) else { return false }
    let hasIndex = cells[0].isEmpty
    let numbers = cells.dropFirst(hasIndex ? 1 : 0).compactMap { Int($0) }
    guard numbers.count == cells.count - (hasIndex ? 1 : 0), numbers.count > 1 || (hasIndex && numbers == [0]),
      zip(numbers, numbers.dropFirst()).allSatisfy({ $1 == $0 + 1 }),
      numbers[0] == 0 || (1800...2200).contains(numbers[0])
    else { return false }
    if hasIndex { return below.allSatisfy { !$0.cells[0].isEmpty } }
    // A column of fractions has no whole number at its top.
    return cells.indices.contains { column in
      below.allSatisfy { row in isData(row.cells[column]) && Int(row.cells[column]) == nil }
    }
  }

  /// The names in a comment as `# t x y` has them.
  private func commentedHeader(_ comment: String) -> [String]? {
    let text = comment.drop { $0 == "#" || $0 == "%" || $0 == "/" || $0 == " " }
    let words =
      dialect.isBlanks
      ? text.split(whereSeparator: \.isWhitespace).map(String.init)
      : text.split(separator: Character(Unicode.Scalar(dialect.delimiter)), omittingEmptySubsequences: false)
        .map { String($0).trimmed }
    return words.count == width && words.allSatisfy(isWord) ? words : nil
  }

  /// Rows of units, or of more names, under the names.
  private mutating func takeUnits(_ rows: inout [(cells: [String], number: Int)]) {
    guard hasHeader, let first = rows.firstIndex(where: { $0.cells.contains(where: isData) }), (1...3).contains(first),
      rows[..<first].allSatisfy({ $0.cells.contains(where: isWord) && $0.cells.count == rows[first].cells.count }),
      zip(rows[0].cells, rows[first].cells).contains(where: { isWord($0) && isData($1) })
    else { return }
    let words = rows[..<first].flatMap { $0.cells }.joined(separator: " ")
    notes.append(
      "\(first == 1 ? "a row" : "\(first) rows") under the names left out (\u{201C}\(shortened(words, to: 40))\u{201D})"
    )
    rows.removeFirst(first)
  }

  /// Names the columns; those that have none by their place, those that share one by a number behind it.
  private mutating func name(_ words: [String]) {
    var taken: Set<String> = [], repeated: [String] = []
    for index in 0..<width {
      let word = index < words.count ? words[index] : ""
      let name = word.isEmpty ? "column \(index + 1)" : word
      var unique = name, copy = 0
      while !taken.insert(unique).inserted {
        copy += 1
        unique = "\(name).\(copy)"
      }
      if copy > 0 { repeated.append(unique) }
      names.append(unique)
    }
    if !repeated.isEmpty {
      notes.append("names that stand twice told apart: \(list(repeated, limit: 4))")
    }
  }
}

/// Some names in a row, and how many more there are.
func list(_ names: [String], limit: Int) -> String {
  let shown = names.prefix(limit).map { shortened($0, to: 30) }.joined(separator: ", ")
  return names.count > limit ? shown + " and \(grouped(names.count - limit)) more" : shown
}

/// A number of things: 1 line, 2 lines.
func counted(_ count: Int, _ one: String, _ several: String) -> String {
  "\(grouped(count)) \(count == 1 ? one : several)"
}

/// What stands between the cells of a table, by the names of the experiment file; `auto` looks at the file.
public enum TableDelimiter: String, CaseIterable, Sendable {
  case auto, comma, semicolon, tab, pipe, blanks

  /// The delimiter itself; nil where the file says it.
  var byte: UInt8? {
    switch self {
    case .auto: nil
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: UInt8(ascii: "\t")
    case .pipe: UInt8(ascii: "|")
    case .blanks: UInt8(ascii: " ")
    }
  }
}

/// The decimal sign of a table's numbers; `auto` looks at the file.
public enum TableDecimal: String, CaseIterable, Sendable {
  case auto, point, comma

  var candidates: [UInt8] {
    switch self {
    case .auto: [UInt8(ascii: "."), UInt8(ascii: ",")]
    case .point: [UInt8(ascii: ".")]
    case .comma: [UInt8(ascii: ",")]
    }
  }
}

/// What is done about cells without a number.
public enum MissingRule: String, CaseIterable, Sendable {
  /// The table is not read.
  case refuse
  /// The last number of the column stays; before the first one, the first stands.
  case hold
  /// The row is left out.
  case drop
  /// The column's mean stands for it.
  case mean
}

/// Whether the state goes on from a sequence to the next.
public enum CarryRule: String, CaseIterable, Sendable {
  /// It goes on where the sequences do.
  case state
  /// It begins at 0 with every sequence.
  case reset
}
