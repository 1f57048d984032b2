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

  /// The rows at which another series begins, of each of `seriesColumns`.
  private var runs: [IDRuns] = []

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
    let isOneSeries = task.id == Self.oneSeries && !columns.contains { $0.name == Self.oneSeries }
    if !isOneSeries { try chooseSeries(task) }
    let named = task.columns.map { ("task.columns", $0) } + task.targets.map { ("task.targets", $0) }
    var chosen: Set<Int> = []
    for (key, name) in named { chosen.insert(try index(of: name, key: key)) }
    try chooseOrder(pass, named: chosen, isOneSeries: isOneSeries)
    // Where inputs are not named, they are all columns of numbers beside the targets.
    if task.columns.isEmpty { chosen.formUnion(try numericColumns(hasRowNames: pass.head.hasRowNames, named: chosen)) }
    self.chosen = chosen.sorted()
    for index in self.chosen where try !isClasses(index, task) { try requireNumbers(index) }
    noteFallingCounts()
    noteSentinels()
    noteLikelyThousands(pass.head.dialect)
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
      runs = [ids]
      if let first = columns[index].firstMissing {
        throw failed(
          "nothing (\(grouped(columns[index].missing)) of \(grouped(rows)) cells are empty)", "an id in every row",
          row: first.row, column: name)
      }
      return
    }
    let named = Set(task.columns + task.targets)
    for index in columns.indices where !named.contains(columns[index].name) {
      guard let ids = columns[index].ids, !ids.isFull, ids.count > 1 else { continue }
      // Beside one another come again and again under each value of it.
      let isSecond = !seriesColumns.isEmpty && rows >= 5 * ids.starts.count && columns[index].isWhole
      if isSeries(columns[index], ids) || isSecond { seriesColumns.append(index) }
    }
    runs = seriesColumns.compactMap { columns[$0].ids }
    // An id that stands in the first row of its rows alone.
    for index in seriesColumns {
      guard columns[index].missing > 0, let first = columns[index].firstMissing else { continue }
      throw failed(
        "nothing (\(grouped(columns[index].missing)) of \(grouped(rows)) cells are empty)",
        "an id in every row, or task.id: \(Self.oneSeries) for one series", row: first.row, column: columns[index].name)
    }
  }

  /// What task.id is where all rows are one series.
  static let oneSeries = "none"

  /// Whether a column that is called like an id tells series apart: each value has rows of its own, one after the other, or comes
  /// again and again in words.
  private func isSeries(_ column: ColumnTally, _ ids: IDRuns) -> Bool {
    guard column.kind == .words || (column.kind == .numbers && column.isWhole && column.missing == 0) else {
      return false
    }
    let isID = ColumnWords.isPlainID(column.name)
    guard rows >= (isID ? 2 : 5) * ids.count else { return false }
    return ids.isContiguous || column.kind == .words || isID
      || (ColumnWords.isStrongSeries(column.name) && rows >= 10 * ids.count && column.least >= 0)
  }

  /// The rows of each series, in pieces where they do not follow each other.
  func series(rows: Int) -> [[Range<Int>]] {
    let runs = runs.map(\.starts).filter { !$0.isEmpty }
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
        found: "no numeric column among \(columns.prefix(8).map(Self.shown).joined(separator: ", "))",
        expected: "at least one, with commas, semicolons, tabs, | or blanks between cells (task.delimiter)")
    }
    return kept
  }

  /// A column's name with the first of its words: "Vol (as “1.5K”)".
  private static func shown(_ column: ColumnTally) -> String {
    column.firstText.map { "\(column.name) (as \u{201C}\(shortened($0.cell, to: 20))\u{201D})" } ?? column.name
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
    if column.isCompactDate, ColumnWords.isLikeDate(column.name), column.rises != column.falls { return "the time" }
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
    if let odd = column.oddCell {
      throw failed(
        "\u{201C}\(odd.cell)\u{201D} among \(odd.others)", "cells of one kind; task.columns names the columns to read",
        row: odd.row, column: column.name)
    }
    switch column.kind {
    case .numbers:
      if let (row, cell) = column.firstInfinite {
        throw failed("\u{201C}\(cell)\u{201D}", "a finite number", row: row, column: column.name)
      }
    case .broken:
      let other = column.firstText ?? column.firstDate
      throw failed(
        "\u{201C}\(other?.cell ?? "")\u{201D}",
        "a finite number, as in \(grouped(column.numbers)) other rows; task.columns names the "
          + "columns to read", row: other?.row, column: column.name)
    case .empty: throw failed("no cell with a number", "numbers", column: column.name)
    case .dates: throw failed("dates", "numbers", column: column.name)
    case .words:
      throw failed(
        "\u{201C}\(column.firstText?.cell ?? "")\u{201D}", "numbers", row: column.firstText?.row, column: column.name)
    }
  }

  // MARK: Order and missing cells

  /// Finds out whether the rows of what is taken as a series are in the order of time; where they are not, which further column
  /// tells series apart.
  private mutating func chooseOrder(
    _ pass: TablePass, named: Set<Int>, isOneSeries: Bool
  ) throws(TaskError) {
    guard let times = RowTimes(columns, named: named) else {
      if !isOneSeries { try refuseBlocks(named) }
      return
    }
    if seriesColumns.isEmpty, columns.indices.contains(where: { times.columns == [$0] && columns[$0].datesRise }) {
      return
    }
    guard var order = RowOrder(pass, times, runs: runs, others: []) else { return }
    if !order.rises, !order.falls, !isOneSeries {
      let (found, doubtful) = otherSeries(pass, times, named: named)
      if let found {
        seriesColumns += found.columns
        runs += found.columns.map { IDRuns(of: $0, in: pass.cells, width: pass.head.width, rows: pass.rows) }
        guard runs.allSatisfy({ !$0.isFull }) else {
          throw failed("more than a million series", "task.id: the column that tells series apart")
        }
        order = found.order
        let names = found.columns.map { columns[$0].name }.joined(separator: " and ")
        notes.append("\(times.name) rises only within each \(names), which tells series apart")
      } else if times.isSure, order.isDisordered || doubtful != nil {
        try refuse(order, times, pass, doubtful: doubtful)
      }
    }
    guard times.isSure || order.falls || seriesColumns.isEmpty else { return }
    note(order, times, pass)
  }

  private mutating func note(_ order: RowOrder, _ times: RowTimes, _ pass: TablePass) {
    let isAlone = seriesColumns.isEmpty
    if order.falls {
      isNewestFirst = true
      notes.append(
        isAlone
          ? "the newest row stands first (\(times.name)): read from the last row to the first"
          : "the newest row of each series stands first (\(times.name)): read from the last row to the first")
    } else if times.isSure, let row = order.firstBack {
      notes.append(
        "\(times.name) goes back at row \(grouped(pass.lines.line(of: row)))\(isAlone ? "" : " within a series"): rows are read as they stand"
      )
    } else if times.isSure, order.notLater > 0 {
      notes.append(
        "\(times.name) is that of a row before in \(counted(order.notLater, "row", "rows")): read as they stand")
    }
  }

  /// Refuses rows that are in no order, and says which column might tell series apart.
  private func refuse(
    _ order: RowOrder, _ times: RowTimes, _ pass: TablePass, doubtful: Int?
  ) throws(TaskError) {
    let inside = seriesColumns.map { columns[$0].name }.joined(separator: " and ")
    let ofSeries = inside.isEmpty ? "" : " within one \(inside)"
    let found =
      order.firstBack.map { _ in
        "\(times.name) that goes back\(ofSeries) (\(grouped(order.notLater)) of \(grouped(pass.rows)) rows are no later than one before)"
      } ?? "the same \(times.name) in several rows\(ofSeries)"
    let column = doubtful.map { columns[$0].name } ?? "the column that tells series apart"
    throw failed(
      found,
      "task.id: \(column)\(doubtful == nil ? ", or rows in the order of time" : " where it tells series apart"), or task.id: \(Self.oneSeries) for one series as it stands",
      row: order.firstBack.map { pass.lines.line(of: $0) })
  }

  /// The further columns within whose values time rises, or falls; and the first of numbers for which that is so but whose name does not
  /// say what it is.
  private func otherSeries(
    _ pass: TablePass, _ times: RowTimes, named: Set<Int>
  ) -> (found: (columns: [Int], order: RowOrder)?, doubtful: Int?) {
    let candidates = columns.indices.filter { index in
      let column = columns[index]
      guard !named.contains(index), !times.columns.contains(index), !seriesColumns.contains(index),
        column.missing == 0, !ColumnWords.comesAgain(column.name)
      else { return false }
      switch column.kind {
      case .words: return column.isClasses && column.classes.names.count > 1
      case .numbers: return column.truths == 0 && column.isWhole && column.least < column.greatest
      default: return false
      }
    }
    func isLikely(_ index: Int) -> Bool {
      columns[index].kind == .words || ColumnWords.isSeries(columns[index].name)
    }
    let sorted = candidates.filter(isLikely) + candidates.filter { !isLikely($0) }
    let pairs = sorted.prefix(6).enumerated().flatMap { place, one in
      sorted.prefix(6).dropFirst(place + 1).map { [one, $0] }
    }
    // All rows are gone through for each: of many rows few are tried.
    let tries = max(2, min(40, 60_000_000 / max(1, rows)))
    var doubtful: Int?
    for columns in (sorted.map { [$0] } + pairs).prefix(tries) where runs.count + columns.count <= 3 {
      guard let order = RowOrder(pass, times, runs: runs, others: columns), order.series > 1,
        order.rises || order.falls
      else { continue }
      // Blocks one after the other, with time beginning anew in each, are plain.
      let isInBlocks =
        order.backsWithin == 0 && order.changes < rows / 3 && (times.isSure || order.changes < 2 * order.series)
      if isInBlocks || columns.allSatisfy(isLikely) { return ((columns, order), nil) }
      if doubtful == nil, columns.count == 1 { doubtful = columns[0] }
    }
    return (nil, doubtful)
  }

  /// Refuses words in blocks where nothing says when rows are: windows would go over the borders of the blocks.
  private func refuseBlocks(_ named: Set<Int>) throws(TaskError) {
    guard seriesColumns.isEmpty else { return }
    for (index, column) in columns.enumerated() where !named.contains(index) && column.isClasses {
      let words = column.classes
      guard column.missing == 0, words.names.count > 1, words.isInBlocks, rows >= 10 * words.names.count else {
        continue
      }
      throw failed(
        "\(grouped(words.names.count)) words in blocks of rows (\(list(words.names, limit: 4)))",
        "task.id: \(column.name) where it tells series apart, task.id: \(Self.oneSeries) for one series, or it among task.targets",
        column: column.name)
    }
  }

  /// Says of a column that counts down that rows may stand the other way round.
  private mutating func noteFallingCounts() {
    for index in chosen where !isNewestFirst {
      let column = columns[index]
      guard column.kind == .numbers, column.isWhole, column.falls, !column.rises, column.numbers == rows, rows > 2,
        ColumnWords.isCount(column.name)
      else { continue }
      notes.append("\(column.name) falls from row to row: if the newest row stands first, turn the rows round")
    }
  }

  /// Says of -999 and the like, far from all other numbers, that they may stand for missing cells.
  private mutating func noteSentinels() {
    let found = chosen.compactMap { index in columns[index].likelySentinel.map { (columns[index].name, $0) } }
    for (number, group) in Dictionary(grouping: found, by: \.1.number).sorted(by: { $0.key < $1.key }) {
      let count = group.reduce(0) { $0 + $1.1.count }
      notes.append(
        "\(Int(number)) stands \(counted(count, "time", "times")) in \(list(group.map(\.0), limit: 4)), far from the other "
          + "numbers: read as it is; where it means a missing cell, leave the cell empty (task.missing)")
    }
  }

  /// Says of numbers as 1.000 that they may be thousands.
  private mutating func noteLikelyThousands(_ dialect: TableDialect) {
    guard dialect.delimiter != UInt8(ascii: ","), dialect.numbers.decimal == UInt8(ascii: ".") else { return }
    let names = chosen.filter { columns[$0].hasLikelyThousands }.map { columns[$0].name }
    if !names.isEmpty {
      notes.append("1.234 in \(list(names, limit: 4)) read as 1.234 (task.decimal: comma reads it as 1234)")
    }
  }

  /// The places among the chosen columns of those whose missing cells the rule is for.
  var ruled: [Int] { chosen.indices.filter { !gaps.contains(columns[chosen[$0]].name) } }

  private mutating func applyRule(_ rule: MissingRule) throws(TaskError) {
    let missing = ruled.map { chosen[$0] }.filter { columns[$0].missing > 0 }
    hasMissing = !missing.isEmpty
    if rule == .mean, let index = missing.first(where: { columns[$0].isClasses }) {
      throw failed(
        "a missing class (\(grouped(columns[index].missing)) of \(grouped(rows)) cells)",
        "--set task.missing=drop or hold, as words have no mean", row: columns[index].firstMissing?.row,
        column: columns[index].name, key: "task.missing")
    }
    guard rule == .refuse,
      let first = missing.compactMap({ index in columns[index].firstMissing.map { (index, $0) } })
        .min(by: { $0.1.row < $1.1.row })
    else { return }
    let column = columns[first.0]
    throw failed(
      (first.1.cell.isEmpty ? "nothing" : "\u{201C}\(first.1.cell)\u{201D}")
        + " (\(grouped(column.missing)) of \(grouped(rows)) cells are missing)",
      column.isClasses
        ? "a word, or --set task.missing=hold or drop" : "a finite number, or --set task.missing=hold, drop or mean",
      row: first.1.row, column: column.name)
  }
}
