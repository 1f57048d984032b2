import RecurrentNetworks

/// Tables as sequences of their own, a table each, or one a series of a table: padded to one length, with masks.
public struct TableSequences: Sendable {
  /// The sequences.
  public let batch: SequenceBatch
  /// What was read as what, in one line.
  public let reading: String

  /// The most numbers of all sequences together.
  private static let limit = 1 << 28

  /// Reads the tables at `paths`, all by the columns of the first.
  ///
  /// - Throws: what is wrong with a file, by row and column, or a column that one of them has not.
  public init(paths: [String], _ task: TaskSpecification, memory: Int = 1 << 30) throws(TaskError) {
    var tables: [Table] = []
    var named = task
    for path in paths {
      let table = try Table(
        TextSource(path: path, encoding: task.encoding), named, memory: memory / max(1, paths.count))
      // The others have the same columns, whatever theirs look like alone.
      if tables.isEmpty { named.columns = table.columns.map(\.name).filter { !task.targets.contains($0) } }
      tables.append(table)
    }
    let scales = Self.scales(tables)
    let inputs = named.columns.filter { (scales[$0]?.deviation ?? 0) > 0 }
    let targets = task.targets.isEmpty ? inputs : task.targets
    let asInputs = Set(inputs)
    let ahead = targets.map { asInputs.contains($0) ? task.horizon : 0 }
    let most = ahead.max() ?? 0
    let series = tables.flatMap { table in table.series.map { (table: table, rows: $0) } }
    let used = series.filter { $0.rows.count > most }
    let steps = used.map { $0.rows.count - most }.max() ?? 0
    guard !inputs.isEmpty, steps > 0 else {
      throw TaskError(
        key: "--data", found: inputs.isEmpty ? "no column whose numbers vary" : "no sequence of two rows",
        expected: "one")
    }
    guard steps * used.count * (inputs.count + targets.count) <= Self.limit else {
      throw TaskError(
        key: "--data", found: "\(used.count) sequences of up to \(steps) steps", expected: "fewer or shorter ones")
    }
    var batch = SequenceBatch(
      steps: steps, batch: used.count, inputs: inputs.count, outputs: targets.count,
      x: [Double](repeating: 0, count: steps * used.count * inputs.count), symbols: nil,
      target: .values([]), targetMask: [UInt8](repeating: 0, count: steps * used.count))
    var values = [Double](repeating: 0, count: steps * used.count * targets.count)
    for (row, (table, rows)) in used.enumerated() {
      let places = Dictionary(table.columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
      table.read(rows) { cells in
        func number(_ step: Int, _ name: String) -> Double {
          places[name].flatMap { place in scales[name]?.normalized(cells[step * table.width + place]) } ?? 0
        }
        for step in 0..<rows.count - most {
          let position = step * used.count + row
          for (index, name) in inputs.enumerated() { batch.x[position * inputs.count + index] = number(step, name) }
          for (index, name) in targets.enumerated() {
            values[position * targets.count + index] = number(step + ahead[index], name)
          }
          batch.targetMask[position] = 1
        }
      }
    }
    batch.target = .values(values)
    self.batch = batch
    let lengths = used.map { $0.rows.count - most }
    let words =
      (lengths.min() ?? 0) == steps
      ? "\(grouped(steps)) steps" : "\(grouped(lengths.min() ?? 0)) to \(grouped(steps)) steps"
    var pieces = [
      "\(grouped(used.count)) sequences of \(words) in \(grouped(paths.count)) \(paths.count == 1 ? "file" : "files")",
      "reads \(list(inputs, limit: 8))",
      "predicts \(list(zip(targets, ahead).map { $1 == 0 ? $0 : "\($0) \($1 == 1 ? "a row" : "\($1) rows") ahead" }, limit: 8))",
    ]
    if used.count < series.count { pieces.append("\(grouped(series.count - used.count)) too short and left out") }
    let leftOut =
      (tables.first?.leftOut ?? []) + named.columns.filter { !asInputs.contains($0) }.map { "\($0) (always the same)" }
    if !leftOut.isEmpty { pieces.append("left out: \(list(leftOut, limit: 8))") }
    reading = pieces.joined(separator: "; ")
  }

  /// Mean and deviation of each column over all tables.
  private static func scales(_ tables: [Table]) -> [String: Table.Column] {
    var counts: [String: (count: Double, sum: Double, squares: Double)] = [:]
    for table in tables {
      var table = table
      table.measure(over: table.series)
      for column in table.columns {
        let count = Double(table.rows)
        let old = counts[column.name] ?? (0, 0, 0)
        counts[column.name] = (
          old.count + count, old.sum + count * column.mean,
          old.squares + count * (column.deviation * column.deviation + column.mean * column.mean)
        )
      }
    }
    return counts.reduce(into: [:]) { scales, entry in
      let (count, sum, squares) = entry.value
      let mean = sum / count
      let variance = squares / count - mean * mean
      let isVaried = variance > 1e-24 * max(mean * mean, .leastNormalMagnitude)
      scales[entry.key] = Table.Column(name: entry.key, mean: mean, deviation: isVaried ? variance.squareRoot() : 0)
    }
  }
}
