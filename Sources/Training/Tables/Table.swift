/// Columns of numbers of a file, in the order of time, with the places where one series ends and the next begins.
///
/// What is read as what, what is left out and why is said in `notes`. The numbers are those of the file; a task normalizes them.
struct Table: Sendable {
  /// A column that is read.
  struct Column: Sendable, Equatable {
    let name: String
    /// The mean, and the standard deviation (0 where the column is constant), over the rows that are trained on.
    var mean = 0.0, deviation = 0.0
    /// Whether all rows that are trained on have one and the same number.
    var isSame = false
    /// Whether it takes two values, written as true and false.
    var isTruth = false
    /// The classes that its words are, in the order of the alphabet; its numbers count them from 0. Empty for numbers.
    var classes: [String] = []
  }

  /// The file's name.
  let name: String
  /// The names of all of its columns, of those that are not read too.
  let names: [String]
  /// The number of rows.
  private(set) var rows = 0
  /// The columns, in the file's order.
  private(set) var columns: [Column]
  /// The rows of each series, one after the other; all of them where the file has but one.
  private(set) var series: [Range<Int>] = []
  /// The column that tells series apart.
  private(set) var seriesColumn: String?
  /// What was read as what: "“;” between cells, decimal comma".
  private(set) var notes: [String] = []
  /// The columns that are not read, with why: "day (dates)".
  private(set) var leftOut: [String] = []
  /// All numbers, row by row.
  private var numbers: SpilledArray<Double>
  /// Of a table that lies on the disk as the file has it, which of its columns are read; nil where `numbers` holds these alone.
  private var places: (columns: [Int], width: Int)?
  /// 1 where a number was put into a missing cell, row by row; nil where none was.
  private var filled: SpilledArray<UInt8>?
  /// The rows of the file: those of the data, and where rows stand otherwise here, each of them.
  private let fileLines: RowLines
  private var ownLines: SpilledArray<Int>?

  /// Reads the columns that `task` names, or all that hold numbers.
  ///
  /// - Parameters:
  ///   - source: the file's text.
  ///   - task: which columns, and what is done about missing cells.
  ///   - memory: the bytes that a run may take; most of a large table lies on the disk.
  ///   - gaps: columns in which a missing cell is no fault: it stays NaN, whatever the rule.
  /// - Throws: an error that names the row, the column and what to do.
  init(
    _ source: TextSource, _ task: TaskSpecification, memory: Int, gaps: Set<String> = []
  ) throws(TaskError) {
    name = TaskFile.name(of: source.file)
    let pass = try TablePass(source, task, memory: memory)
    let choice = try ColumnChoice(pass, task, file: source.file, gaps: gaps)
    names = pass.columns.map(\.name)
    columns = choice.chosen.map { index in
      let column = pass.columns[index]
      return Column(
        name: column.name, isTruth: column.truths > 0,
        classes: column.isClasses ? column.classes.sorted.names : [])
    }
    numbers = SpilledArray(memoryLimit: min(32 << 20, memory / 8), lost: .nan)
    leftOut = choice.leftOut
    fileLines = pass.lines
    notes = [Self.form(source, pass.head)] + pass.notes + choice.notes
    if !choice.seriesColumns.isEmpty {
      seriesColumn = choice.seriesColumns.map { pass.columns[$0].name }.joined(separator: " and ")
    }
    do throws(FileProblem) {
      if choice.isAsInFile, pass.cells.isSpilled {
        share(pass, choice)
      } else {
        try arrange(pass, choice, task.missing)
      }
    } catch {
      throw TaskError(key: "task.file", file: source.file, found: error.found, expected: error.expected)
    }
    guard rows > 0 else {
      throw TaskError(
        key: "task.missing", file: source.file, found: "a missing cell in every row",
        expected: "a row without one, or --set task.missing=hold or mean, or columns named in task.columns")
    }
  }

  private static func form(_ source: TextSource, _ head: TableHead) -> String {
    var words = ["\(head.dialect.delimiterName) between cells"]
    if head.width == 1 { words = ["one column"] }
    if head.dialect.numbers.decimal == UInt8(ascii: ",") { words.append("decimal comma") }
    if let note = source.encodingNote { words.append(note) }
    return words.joined(separator: ", ")
  }

  /// The number of columns.
  var width: Int { columns.count }

  /// Calls `body` with the numbers of some rows, row by row.
  func read<Result>(_ rows: Range<Int>, _ body: (UnsafeBufferPointer<Double>) -> Result) -> Result {
    guard let places else { return numbers.read(rows.lowerBound * width..<rows.upperBound * width, body) }
    let all = places.width
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: rows.count * width) { taken in
      numbers.read(rows.lowerBound * all..<rows.upperBound * all) { cells in
        for row in 0..<rows.count {
          for (place, column) in places.columns.enumerated() {
            taken.initializeElement(at: row * width + place, to: cells[row * all + column])
          }
        }
      }
      return body(UnsafeBufferPointer(taken))
    }
  }

  /// The row of the file, counted from 1 with its header, that a row is.
  func line(of row: Int) -> Int { ownLines.map { $0.read(row..<row + 1) { $0[0] } } ?? fileLines.line(of: row) }

  /// Whether numbers stand in cells that were missing, or nothing does.
  private(set) var hasFilled = false

  /// 1 for each cell of some rows that was missing, row by row; empty where none was in the whole table.
  func filled(_ rows: Range<Int>) -> [UInt8] {
    guard hasFilled else { return [] }
    if let filled { return filled.read(rows.lowerBound * width..<rows.upperBound * width) { Array($0) } }
    return read(rows) { $0.map { $0.isNaN ? 1 : 0 } }
  }

  // MARK: Rows

  /// Reads the numbers where the pass has put them: a large table is not written to the disk a second time.
  private mutating func share(_ pass: TablePass, _ choice: ColumnChoice) {
    numbers = pass.cells
    rows = pass.rows
    series = rows > 0 ? [0..<rows] : []
    if choice.chosen.count < pass.head.width { places = (choice.chosen, pass.head.width) }
  }

  /// Puts the rows that are read in their order: series by series, the oldest first, missing cells as the rule says.
  private mutating func arrange(_ pass: TablePass, _ choice: ColumnChoice, _ rule: MissingRule) throws(FileProblem) {
    var dropped = 0, held = 0, before = 0, averaged = 0
    let ruled = choice.ruled
    let lines = SpilledArray<Int>(lost: 1)
    if choice.hasMissing, rule == .hold { filled = SpilledArray(lost: 0) }
    for pieces in choice.series(rows: pass.rows) {
      let start = rows
      var last = [Double](repeating: .nan, count: width)
      for block in choice.blocks(of: pieces) {
        var taken = Self.cells(of: block, pass, choice)
        var rowsOfFile = (choice.isNewestFirst ? block.reversed() : Array(block)).map { pass.lines.line(of: $0) }
        if choice.hasMissing, rule == .drop { dropped += Self.dropRows(&taken, &rowsOfFile, width: width, ruled) }
        try lines.append(rowsOfFile)
        try filled?.append(taken.map { $0.isNaN ? 1 : 0 })
        if choice.hasMissing, rule == .mean { averaged += Self.missing(taken, width: width, ruled) }
        if choice.hasMissing, rule == .hold { held += Self.hold(&taken, after: &last, ruled) }
        try numbers.append(taken)
        rows += taken.count / width
      }
      if choice.hasMissing, rule == .hold { before += backfill(start..<rows, ruled) }
      if rows > start { series.append(start..<rows) }
    }
    ownLines = lines
    func note(_ count: Int, _ one: String, _ several: String, _ words: String) {
      if count > 0 { notes.append("\(counted(count, one, several)) \(words)") }
    }
    hasFilled = held + before + averaged > 0
    note(dropped, "row", "rows", "with missing cells left out")
    note(held, "missing cell holds", "missing cells hold", "the number before")
    note(
      before, "missing cell, before all numbers, holds", "missing cells, before all numbers, hold", "the first number")
    note(averaged, "missing cell stands", "missing cells stand", "for the column's mean")
  }

  /// Puts the number before into missing cells; gives how many had one.
  private static func hold(_ cells: inout [Double], after last: inout [Double], _ ruled: [Int]) -> Int {
    var held = 0
    for row in stride(from: 0, to: cells.count, by: last.count) {
      for column in ruled {
        if cells[row + column].isNaN, !last[column].isNaN {
          cells[row + column] = last[column]
          held += 1
        }
        last[column] = cells[row + column]
      }
    }
    return held
  }

  private static func missing(_ cells: [Double], width: Int, _ ruled: [Int]) -> Int {
    stride(from: 0, to: cells.count, by: width).reduce(0) { count, row in
      count + ruled.count { cells[row + $0].isNaN }
    }
  }

  /// The chosen cells of some rows, from the last row to the first where the newest stands first.
  private static func cells(of rows: Range<Int>, _ pass: TablePass, _ choice: ColumnChoice) -> [Double] {
    let (all, count, chosen) = (pass.head.width, rows.count, choice.chosen)
    let classes = chosen.map { pass.columns[$0].isClasses ? pass.columns[$0].classes.sorted.places : nil }
    return pass.cells.read(rows.lowerBound * all..<rows.upperBound * all) { cells in
      [Double](unsafeUninitializedCapacity: count * chosen.count) { taken, filled in
        for place in 0..<count {
          let from = (choice.isNewestFirst ? count - 1 - place : place) * all
          for (column, places) in zip(chosen, classes) {
            let cell = cells[from + column]
            taken[filled] = places.map { cell.isNaN ? .nan : Double($0[Int(cell)]) } ?? cell
            filled += 1
          }
        }
      }
    }
  }

  /// Takes the rows with a missing cell out; gives how many.
  private static func dropRows(
    _ cells: inout [Double], _ lines: inout [Int], width: Int, _ ruled: [Int]
  ) -> Int {
    let rows = cells.count / width
    var kept: [Double] = [], keptLines: [Int] = []
    kept.reserveCapacity(cells.count)
    for row in 0..<rows {
      let numbers = cells[row * width..<(row + 1) * width]
      guard !ruled.contains(where: { cells[row * width + $0].isNaN }) else { continue }
      kept.append(contentsOf: numbers)
      keptLines.append(lines[row])
    }
    (cells, lines) = (kept, keptLines)
    return rows - kept.count / width
  }

  /// Puts the first number of a column into the rows of a series before it; gives how many.
  private mutating func backfill(_ rows: Range<Int>, _ ruled: [Int]) -> Int {
    guard !rows.isEmpty else { return 0 }
    var filled = 0
    for column in ruled where read(rows.lowerBound..<rows.lowerBound + 1, { $0[column].isNaN }) {
      let first = rows.first { row in !read(row..<row + 1) { $0[column].isNaN } }
      guard let first else { continue }
      let number = read(first..<first + 1) { $0[column] }
      for row in rows.lowerBound..<first { numbers.replace(row * width + column, by: number) }
      filled += first - rows.lowerBound
    }
    return filled
  }

  // MARK: Mean and deviation

  /// Takes mean and standard deviation of each column over the rows of `parts`; missing cells do not count.
  mutating func measure(over parts: [Range<Int>]) {
    let width = width
    guard width > 0 else { return }
    var magnitudes = [Double](repeating: 0, count: width)
    forEachBlock(of: parts) { cells in
      for row in stride(from: 0, to: cells.count, by: width) {
        for column in 0..<width where abs(cells[row + column]) > magnitudes[column] {
          magnitudes[column] = abs(cells[row + column])
        }
      }
    }
    var moments = [Moments](repeating: Moments(), count: width)
    forEachBlock(of: parts) { cells in
      for column in 0..<width where magnitudes[column] > 0 {
        moments[column].add(Moments(of: cells, from: column, by: width, in: magnitudes[column]))
      }
    }
    for column in 0..<width {
      let deviation = moments[column].deviation
      columns[column].mean = moments[column].mean * magnitudes[column]
      // Below the rounding of the numbers themselves there is no variation.
      columns[column].deviation = deviation > 1e-14 ? deviation * magnitudes[column] : 0
    }
    noteSame(parts)
  }

  /// Finds out which of the columns without a deviation have one and the same number in all rows of `parts`.
  private mutating func noteSame(_ parts: [Range<Int>]) {
    let constant = columns.indices.filter { columns[$0].deviation == 0 }
    guard !constant.isEmpty else { return }
    var firsts = [Double?](repeating: nil, count: width), isSame = [Bool](repeating: true, count: width)
    let width = width
    forEachBlock(of: parts) { cells in
      for row in stride(from: 0, to: cells.count, by: width) {
        for column in constant where !cells[row + column].isNaN {
          if let first = firsts[column] {
            if cells[row + column] != first { isSame[column] = false }
          } else {
            firsts[column] = cells[row + column]
          }
        }
      }
    }
    for column in constant { columns[column].isSame = isSame[column] }
  }

  /// Calls `body` with the rows of `parts`, some thousand at once.
  private func forEachBlock(of parts: [Range<Int>], _ body: (UnsafeBufferPointer<Double>) -> Void) {
    for part in parts {
      for start in stride(from: part.lowerBound, to: part.upperBound, by: max(1, 65_536 / width)) {
        read(start..<min(start + max(1, 65_536 / width), part.upperBound), body)
      }
    }
  }
}

/// The mean of numbers and the sum of their squared distances from it.
private struct Moments {
  var count = 0.0, mean = 0.0, squares = 0.0

  init() {}

  /// Those of every `width`-th number from `first` on, in shares of `magnitude`, which keep the sums finite; NaN does not count.
  init(of numbers: UnsafeBufferPointer<Double>, from first: Int, by width: Int, in magnitude: Double) {
    var sum = 0.0
    for index in stride(from: first, to: numbers.count, by: width) where !numbers[index].isNaN {
      sum += numbers[index] / magnitude
      count += 1
    }
    guard count > 0 else { return }
    mean = sum / count
    for index in stride(from: first, to: numbers.count, by: width) where !numbers[index].isNaN {
      let distance = numbers[index] / magnitude - mean
      squares += distance * distance
    }
  }

  /// Takes in those of other numbers. With δ the distance of the means: M₂ = M₂ᵃ + M₂ᵇ + δ² nᵃnᵇ / n (Chan, Golub and LeVeque,
  /// 1979).
  mutating func add(_ other: Moments) {
    guard other.count > 0 else { return }
    let total = count + other.count, distance = other.mean - mean
    squares += other.squares + distance * distance * count * other.count / total
    mean += distance * other.count / total
    count = total
  }

  var deviation: Double { count > 0 ? (squares / count).squareRoot() : 0 }
}

extension Table.Column {
  /// Why it is nothing to learn from, where its deviation is 0.
  var whyConstant: String { isSame ? "always the same" : "nearly the same" }

  /// z = (x - mean) / deviation; 0 for a missing cell, and in a column that is constant.
  func normalized(_ number: Double) -> Double {
    guard deviation > 0, !number.isNaN else { return 0 }
    let difference = number - mean
    // Of numbers about the largest the difference overflows.
    return difference.isFinite ? difference / deviation : number / deviation - mean / deviation
  }

  /// The number of the file that `normalized` makes z of.
  func restored(_ z: Double) -> Double { mean + z * deviation }
}
