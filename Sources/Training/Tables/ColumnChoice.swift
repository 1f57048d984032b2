/// Which columns of a table are read, which tell when and of what a row is, and what is left out with its reason.
struct ColumnChoice {
  /// The columns that are read, in the file's order.
  private(set) var chosen: [Int] = []
  /// Those that are not, with why.
  private(set) var leftOut: [String] = []
  /// What else a user should know.
  private(set) var notes: [String] = []
  /// The columns that together tell series apart.
  private(set) var seriesColumns: [Int] = []
  /// Whether rows are read from the last to the first.
  private(set) var isNewestFirst = false
  /// Whether a cell that is read is missing.
  private(set) var hasMissing = false

  private let columns: [ColumnTally]
  /// Columns in which a missing cell is no fault.
  private let gaps: Set<String>
  private let rows: Int
  private let file: String

  /// The rows below which a column that counts up may be data, whatever it is called.
  private static let fewRows = 20

  /// What `task` and the columns themselves say.
  /// - Throws: a name that is none, a column that holds no numbers, the first cell that is none.
  init(
    _ pass: TablePass, _ task: TaskSpecification, file: String, gaps: Set<String> = []
  ) throws(TaskError) {
    (columns, rows, self.file, self.gaps) = (pass.columns, pass.rows, file, gaps)
    try chooseSeries(task)
    let named = task.columns.map { ("task.columns", $0) } + task.targets.map { ("task.targets", $0) }
    var chosen: Set<Int> = []
    for (key, name) in named { chosen.insert(try index(of: name, key: key)) }
    // Where inputs are not named, they are all columns of numbers beside the targets.
    if task.columns.isEmpty { chosen.formUnion(try numericColumns(hasRowNames: pass.head.hasRowNames, named: chosen)) }
    self.chosen = chosen.sorted()
    for index in self.chosen where try !isClasses(index, task) { try requireNumbers(index) }
    chooseOrder()
    try applyRule(task.missing)
  }

  private func failed(
    _ found: String, _ expected: String, row: Int? = nil, column: String? = nil, key: String = "task.file"
  ) -> TaskError {
    TaskError(key: key, file: file, line: row, column: column, found: found, expected: expected, isTable: true)
  }

  private func index(of name: String, key: String) throws(TaskError) -> Int {
    if let index = columns.firstIndex(where: { $0.name == name }) { return index }
    let names = columns.map(\.name)
    throw TaskError(
      key: key, found: "\u{201C}\(name)\u{201D}",
      expected: "a column of \(file) (\(names.prefix(12).joined(separator: ", ")))",
      nearest: nearestName(to: name, among: names))
  }

  /// Whether the numbers that are read are those of the file, in its order, all of one series and none missing.
  var isAsInFile: Bool {
    seriesColumns.isEmpty && !isNewestFirst && !hasMissing && !chosen.contains { columns[$0].isClasses }
  }

  // MARK: Series

  private mutating func chooseSeries(_ task: TaskSpecification) throws(TaskError) {
    if let name = task.id {
      let index = try index(of: name, key: "task.id")
      guard let ids = columns[index].ids, !ids.isFull else {
        throw failed("more than a million values", "an id for each series", column: name, key: "task.id")
      }
      seriesColumns = [index]
      return
    }
    let named = Set(task.columns + task.targets)
    for index in columns.indices where !named.contains(columns[index].name) {
      guard let ids = columns[index].ids, !ids.isFull, ids.count > 1 else { continue }
      // Beside one another come again and again under each value of it.
      let isSecond = !seriesColumns.isEmpty && rows >= 5 * ids.starts.count && columns[index].isWhole
      if isSeries(columns[index], ids) || isSecond { seriesColumns.append(index) }
    }
  }

  /// Whether a column that is called like an id tells series apart: each value has rows of its own, one after the other, or comes
  /// again and again in words.
  private func isSeries(_ column: ColumnTally, _ ids: IDRuns) -> Bool {
    guard column.kind == .words || (column.kind == .numbers && column.isWhole && column.missing == 0) else {
      return false
    }
    let isID = ColumnWords.isPlainID(column.name)
    guard rows >= (isID ? 2 : 5) * ids.count else { return false }
    return ids.isContiguous || column.kind == .words || isID
  }

  /// The rows of each series, in pieces where they do not follow each other.
  func series(rows: Int) -> [[Range<Int>]] {
    let runs = seriesColumns.compactMap { columns[$0].ids?.starts }.filter { !$0.isEmpty }
    guard !runs.isEmpty else { return [[0..<rows]] }
    // A series goes on while none of the columns changes.
    let starts = Set(runs.flatMap { $0.map(\.row) }).sorted()
    var places = [Int](repeating: 0, count: runs.count)
    var numbers: [[Int]: Int] = [:], series: [[Range<Int>]] = []
    for (index, start) in starts.enumerated() {
      for column in runs.indices {
        while places[column] + 1 < runs[column].count, runs[column][places[column] + 1].row <= start {
          places[column] += 1
        }
      }
      let codes = runs.indices.map { runs[$0][places[$0]].code }
      let end = index + 1 < starts.count ? starts[index + 1] : rows
      guard start < end else { continue }
      let number = numbers[codes] ?? series.count
      if number == series.count {
        numbers[codes] = number
        series.append([])
      }
      series[number].append(start..<end)
    }
    return series
  }

  /// The rows of a series in blocks of some thousand, in the order in which they are read.
  func blocks(of pieces: [Range<Int>]) -> [Range<Int>] {
    let size = max(1, (1 << 16) / max(1, columns.count))
    let blocks = pieces.flatMap { piece in
      stride(from: piece.lowerBound, to: piece.upperBound, by: size).map { $0..<min($0 + size, piece.upperBound) }
    }
    return isNewestFirst ? blocks.reversed() : blocks
  }

  // MARK: Columns

  /// The columns that hold numbers to learn from.
  private mutating func numericColumns(hasRowNames: Bool, named: Set<Int>) throws(TaskError) -> [Int] {
    var kept: [Int] = [], axes: [(index: Int, why: String)] = []
    let parts = partsOfDate
    for (index, column) in columns.enumerated() where !named.contains(index) {
      if seriesColumns.contains(index) {
        leftOut.append("\(column.name) (tells series apart)")
        continue
      }
      switch column.kind {
      case .empty: leftOut.append("\(column.name) (empty)")
      case .dates: leftOut.append("\(column.name) (\(column.timesOfDay == column.dates ? "times" : "dates"))")
      case .words:
        let example = column.firstText.map { ", as \u{201C}\($0.cell)\u{201D}" } ?? ""
        leftOut.append("\(column.name) (words\(example))")
      case .broken, .numbers:
        if let why = axis(index, parts: parts, hasRowNames: hasRowNames) {
          axes.append((index, why))
        } else {
          kept.append(index)
        }
      }
    }
    // A table of nothing but a clock is a table of a clock.
    if kept.isEmpty, named.isEmpty { (kept, axes) = (axes.map(\.index), []) }
    leftOut += axes.map { "\(columns[$0.index].name) (\($0.why))" }
    guard !kept.isEmpty || !named.isEmpty else {
      throw TaskError(
        key: "task.file", file: file,
        found: "no numeric column among \(columns.map(\.name).prefix(8).joined(separator: ", "))",
        expected: "at least one, with commas, semicolons, tabs, | or blanks between cells (task.delimiter)")
    }
    return kept
  }

  /// Why a column of numbers says when or which a row is, and is nothing to learn; nil where it is not so.
  private func axis(_ index: Int, parts: Set<Int>, hasRowNames: Bool) -> String? {
    let column = columns[index]
    if hasRowNames, index == 0 { return "the rows' names" }
    guard column.kind == .numbers, column.truths == 0, column.numbers > 1 else { return nil }
    if parts.contains(index) { return "part of the date" }
    if column.isCount, ColumnWords.isCount(column.name) || (index == 0 && rows >= Self.fewRows && columns.count > 1) {
      return "counts the rows"
    }
    if ColumnWords.isTime(column.name), column.rises != column.falls { return "the time" }
    if ColumnWords.isPlainID(column.name), column.isWhole, let ids = column.ids, ids.count == rows {
      return "an id a row"
    }
    return nil
  }

  /// The columns year, month, day, hour, …, where there are several of them.
  private var partsOfDate: Set<Int> {
    let parts = columns.indices.filter { index in
      let column = columns[index]
      return ColumnWords.isPartOfDate(column.name) && column.kind == .numbers && column.isWhole && column.least >= 0
        && column.greatest <= 2500
    }
    return parts.count > 1 ? Set(parts) : []
  }

  /// Whether a column holds the classes that are predicted: words, and the only target.
  private func isClasses(_ index: Int, _ task: TaskSpecification) throws(TaskError) -> Bool {
    let column = columns[index]
    guard column.isClasses, task.targets.contains(column.name), !task.columns.contains(column.name) else {
      return false
    }
    guard task.targets.count == 1 else {
      throw failed(
        "words beside other targets", "a column of words as the only target, or columns of numbers",
        column: column.name,
        key: "task.targets")
    }
    return true
  }

  private func requireNumbers(_ index: Int) throws(TaskError) {
    let column = columns[index]
    switch column.kind {
    case .numbers:
      if let (row, cell) = column.firstInfinite {
        throw failed("\u{201C}\(cell)\u{201D}", "a finite number", row: row, column: column.name)
      }
    case .broken:
      let first = column.firstText.map { ($0.row, $0.cell) } ?? (1, "a date")
      throw failed(
        "\u{201C}\(first.1)\u{201D}",
        "a finite number, as in \(grouped(column.numbers)) other rows; task.columns names the "
          + "columns to read", row: first.0, column: column.name)
    case .empty: throw failed("no cell with a number", "numbers", column: column.name)
    case .dates: throw failed("dates", "numbers", column: column.name)
    case .words:
      throw failed(
        "\u{201C}\(column.firstText?.cell ?? "")\u{201D}", "numbers", row: column.firstText?.row, column: column.name)
    }
  }

  // MARK: Order and missing cells

  private mutating func chooseOrder() {
    let times = columns.filter { column in
      column.datesFall
        || (column.kind == .numbers && ColumnWords.isTime(column.name) && column.falls && !column.rises
          && !chosen.contains { columns[$0].name == column.name })
    }
    if let time = times.first, seriesColumns.isEmpty {
      isNewestFirst = true
      notes.append("the newest row stands first (\(time.name)): read from the last row to the first")
    } else if seriesColumns.isEmpty, let time = columns.first(where: { $0.firstFall != nil }), let row = time.firstFall
    {
      notes.append("\(time.name) goes back at row \(grouped(row)): rows are read as they stand")
    }
  }

  /// The places among the chosen columns of those whose missing cells the rule is for.
  var ruled: [Int] { chosen.indices.filter { !gaps.contains(columns[chosen[$0]].name) } }

  private mutating func applyRule(_ rule: MissingRule) throws(TaskError) {
    let missing = ruled.map { chosen[$0] }.filter { columns[$0].missing > 0 }
    hasMissing = !missing.isEmpty
    guard rule == .refuse,
      let first = missing.compactMap({ index in columns[index].firstMissing.map { (index, $0) } })
        .min(by: { $0.1.row < $1.1.row })
    else { return }
    let column = columns[first.0]
    throw failed(
      (first.1.cell.isEmpty ? "nothing" : "\u{201C}\(first.1.cell)\u{201D}")
        + " (\(grouped(column.missing)) of \(grouped(rows)) cells are missing)",
      "a finite number, or task.missing: hold, drop or mean", row: first.1.row, column: column.name)
  }
}
