import RecurrentNetworks

/// Tables as sequences of their own, a table each, or one a series of a table: padded to one length, with masks.
///
/// A target that is no input has a target only in the rows where its cell is filled: one label a sequence, or one a step.
public struct TableSequences: Sendable {
  /// The sequences.
  public let batch: SequenceBatch
  /// What was read as what, in one line.
  public let reading: String

  /// Reads the tables at `paths`, all by the columns of the first.
  ///
  /// - Throws: what is wrong with a file, by row and column, or a column that one of them has not.
  public init(paths: [String], _ task: TaskSpecification, memory: Int = 1 << 30) throws(TaskError) {
    let plan = try SequencePlan(paths, task, memory: memory)
    batch = try plan.batch()
    reading = plan.reading(batch)
  }
}

/// Which columns of several tables are inputs and targets, and which rows are sequences.
private struct SequencePlan {
  let tables: [Table]
  /// The input columns, and those that are the same everywhere and therefore are none.
  let inputs: [String], constant: [String]
  let targets: [String]
  /// How many rows ahead each target is asked for.
  let ahead: [Int]
  /// Mean and deviation of each column over all tables.
  let scales: [String: Table.Column]
  /// The words that the target is one of; empty where targets are numbers.
  let classes: [String]

  /// The most numbers of all sequences together.
  private static let limit = 1 << 28

  init(_ paths: [String], _ task: TaskSpecification, memory: Int) throws(TaskError) {
    let asTargets = Set(task.targets)
    var named = task, tables: [Table] = []
    for path in paths {
      let table = try Table(
        TextSource(path: path, encoding: task.encoding), named, memory: memory / max(1, paths.count),
        gaps: asTargets.subtracting(task.columns))
      // The others have the same columns, whatever theirs look like alone.
      if tables.isEmpty {
        named.columns = table.columns.map(\.name).filter { !asTargets.contains($0) || task.columns.contains($0) }
      }
      tables.append(table)
    }
    let scales = Self.scales(tables)
    let inputs = named.columns.filter { (scales[$0]?.deviation ?? 0) > 0 }
    let asInputs = Set(inputs)
    (self.tables, self.scales, self.inputs) = (tables, scales, inputs)
    constant = named.columns.filter { !asInputs.contains($0) }
    targets = task.targets.isEmpty ? inputs : task.targets
    ahead = targets.map { asInputs.contains($0) ? task.horizon : 0 }
    let words = tables.flatMap { table in table.columns.filter { asTargets.contains($0.name) }.flatMap(\.classes) }
    classes = Set(words).sorted()
    // Of two tables one may have words where the other has numbers.
    for table in tables where !classes.isEmpty {
      for column in table.columns where asTargets.contains(column.name) && column.classes.isEmpty {
        throw TaskError(
          key: "task.targets", file: table.name, column: column.name, found: "no words",
          expected: "one of \(list(classes, limit: 8)) in some row, as in other files")
      }
    }
  }

  /// The series that have a row with a target.
  private var used: [(table: Table, rows: Range<Int>)] {
    let most = ahead.max() ?? 0
    return tables.flatMap { table in table.series.map { (table: table, rows: $0) } }.filter { $0.rows.count > most }
  }

  // MARK: The numbers

  func batch() throws(TaskError) -> SequenceBatch {
    let used = used, most = ahead.max() ?? 0
    let steps = used.map { $0.rows.count - most }.max() ?? 0
    guard !inputs.isEmpty, steps > 0 else {
      throw TaskError(
        key: "--data", found: inputs.isEmpty ? "no column whose numbers vary" : "no sequence of two rows",
        expected: "one")
    }
    let positions = steps * used.count
    guard positions * (inputs.count + targets.count) <= Self.limit else {
      throw TaskError(
        key: "--data", found: "\(used.count) sequences of up to \(steps) steps", expected: "fewer or shorter ones")
    }
    var batch = SequenceBatch(
      steps: steps, batch: used.count, inputs: inputs.count, outputs: classes.isEmpty ? targets.count : classes.count,
      x: [Double](repeating: 0, count: positions * inputs.count), symbols: nil, target: .values([]),
      targetMask: [UInt8](repeating: 0, count: positions))
    // NaN is where there is no target.
    var cells = [Double](repeating: .nan, count: positions * targets.count)
    for (row, (table, rows)) in used.enumerated() { write(table, rows, row, into: &batch, &cells) }
    for position in 0..<positions {
      let hasTarget = cells[position * targets.count..<(position + 1) * targets.count].contains { !$0.isNaN }
      batch.targetMask[position] = hasTarget ? 1 : 0
    }
    guard batch.targetMask.contains(1) else {
      throw TaskError(
        key: "task.targets", found: "no cell in \(list(targets, limit: 4))", expected: "a row with a target")
    }
    if classes.isEmpty {
      batch.target = .values(cells.map { $0.isNaN ? 0 : $0 })
      let isPartial = batch.targetMask.indices.contains { position in
        batch.targetMask[position] == 1 && (0..<targets.count).contains { cells[position * targets.count + $0].isNaN }
      }
      if isPartial { batch.outputMask = cells.map { $0.isNaN ? 0 : 1 } }
    } else {
      batch.target = .classes(cells.map { $0.isNaN ? 0 : Int32($0) })
    }
    return batch
  }

  /// Writes a series into row `row` of the batch, and its targets into `cells`.
  private func write(
    _ table: Table, _ rows: Range<Int>, _ row: Int, into batch: inout SequenceBatch, _ cells: inout [Double]
  ) {
    let places = Dictionary(table.columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
    let from = inputs.map { places[$0] ?? 0 }, to = targets.map { places[$0] ?? 0 }
    let scaleOfInput = inputs.map { scales[$0] }, scaleOfTarget = targets.map { scales[$0] }
    let ofClass =
      table.columns.first { $0.name == targets.first }?.classes.map { classes.firstIndex(of: $0) ?? 0 } ?? []
    table.read(rows) { numbers in
      for step in 0..<rows.count - (ahead.max() ?? 0) {
        let position = step * batch.batch + row
        for index in inputs.indices {
          let number = numbers[step * table.width + from[index]]
          batch.x[position * inputs.count + index] = scaleOfInput[index]?.normalized(number) ?? 0
        }
        for index in targets.indices {
          let number = numbers[(step + ahead[index]) * table.width + to[index]]
          guard !number.isNaN else { continue }
          cells[position * targets.count + index] =
            classes.isEmpty ? scaleOfTarget[index]?.normalized(number) ?? 0 : Double(ofClass[Int(number)])
        }
      }
    }
  }

  /// Mean and deviation of each column over all tables; missing cells do not count.
  private static func scales(_ tables: [Table]) -> [String: Table.Column] {
    var sums: [String: (count: Double, sum: Double, squares: Double)] = [:], varied: Set<String> = []
    for table in tables {
      var table = table
      table.measure(over: table.series)
      var counts = [Double](repeating: 0, count: table.width)
      table.read(0..<table.rows) { cells in
        for index in cells.indices where !cells[index].isNaN { counts[index % table.width] += 1 }
      }
      for (column, count) in zip(table.columns, counts) {
        if !column.isSame { varied.insert(column.name) }
        let old = sums[column.name] ?? (0, 0, 0)
        sums[column.name] = (
          old.count + count, old.sum + count * column.mean,
          old.squares + count * (column.deviation * column.deviation + column.mean * column.mean)
        )
      }
    }
    return sums.reduce(into: [:]) { scales, entry in
      let (count, sum, squares) = entry.value
      let mean = sum / max(count, 1)
      let variance = squares / max(count, 1) - mean * mean
      let isVaried = variance > 1e-24 * max(mean * mean, .leastNormalMagnitude)
      scales[entry.key] = Table.Column(
        name: entry.key, mean: mean, deviation: isVaried ? variance.squareRoot() : 0,
        isSame: !varied.contains(entry.key))
    }
  }

  // MARK: What is said

  func reading(_ batch: SequenceBatch) -> String {
    let used = used, most = ahead.max() ?? 0
    let lengths = used.map { $0.rows.count - most }
    let shortest = lengths.min() ?? 0
    let words = shortest == batch.steps ? grouped(batch.steps) : "\(grouped(shortest)) to \(grouped(batch.steps))"
    let predicted = zip(targets, ahead).map { $1 == 0 ? $0 : "\($0) \($1 == 1 ? "a row" : "\($1) rows") ahead" }
    var pieces = [
      "\(counted(used.count, "sequence", "sequences")) of \(words) steps in \(counted(tables.count, "file", "files"))"
    ]
    pieces += notes
    pieces.append("reads \(list(inputs, limit: 8))")
    pieces.append(
      "predicts \(list(predicted, limit: 8))"
        + (classes.isEmpty ? "" : ", \(grouped(classes.count)) classes (\(list(classes, limit: 6)))"))
    let rows = lengths.reduce(0, +), filled = batch.targetMask.count { $0 == 1 }
    if filled < rows { pieces.append("targets in \(grouped(filled)) of \(grouped(rows)) rows") }
    let tooShort = tables.reduce(0) { $0 + $1.series.count } - used.count
    if tooShort > 0 { pieces.append("\(grouped(tooShort)) too short and left out") }
    let leftOut =
      (tables.first?.leftOut ?? []) + constant.map { "\($0) (\(scales[$0]?.whyConstant ?? "always the same"))" }
      + columnsOfOthers
    if !leftOut.isEmpty { pieces.append("left out: \(list(leftOut, limit: 8))") }
    return pieces.joined(separator: "; ")
  }

  /// How the first table was read, and the first of those that were read otherwise.
  private var notes: [String] {
    guard let first = tables.first else { return [] }
    let others = tables.filter { $0.notes != first.notes }
    guard let other = others.first else { return first.notes }
    let more = others.count > 1 ? " and \(grouped(others.count - 1)) more" : ""
    return first.notes + ["\(other.name)\(more) otherwise: \(other.notes.joined(separator: ", "))"]
  }

  /// The columns that the first table has not.
  private var columnsOfOthers: [String] {
    guard let first = tables.first else { return [] }
    var known = Set(first.names), found: [String] = []
    for table in tables.dropFirst() {
      for name in table.names where known.insert(name).inserted { found.append("\(name) (only in \(table.name))") }
    }
    return found
  }
}
