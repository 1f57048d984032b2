import RecurrentNetworks

/// The numbers of a CSV file to come: every input column one step ahead, or the columns named as targets.
///
/// A target that is an input too is asked for one row ahead; one that is no input, at its own row. The columns are normalized
/// to mean 0 and variance 1 over the file; rows and stream are as for a text.
struct CSVTask: NamedTask {
  static let widthEstimate = 128, source = TaskSource.table, isStream = true
  let description: TaskDescription
  private let file: String, name: String
  private let table: CSVTable
  private let inputs: [CSVTable.Column]
  private let outputs: [CSVTable.Column]
  /// 1 for an output that is asked for one row ahead, else 0.
  private let ahead: [Int]
  private let dropped: [String]
  /// The number of rows that a step can begin at.
  private var places: Int { table.rows - (ahead.max() ?? 0) }

  static func make(_ task: TaskSpecification, seed: UInt64, memory: Int) throws(TaskError) -> CSVTask {
    try CSVTask(task, memory: memory)
  }

  /// The file that `task` names.
  /// - Throws: what is wrong with the file, by row and column, with the names of columns, or that it is too short.
  init(_ task: TaskSpecification, memory: Int) throws(TaskError) {
    guard let file = task.file else {
      throw TaskError(key: "task.file", found: "no file", expected: "the path of the CSV file that csv reads")
    }
    // The bytes, and eight for each number of about as many characters.
    try self.init(TaskFile.bytes(file, limit: memory / 4), task, file: file)
  }

  /// The table in `bytes`.
  init(_ bytes: [UInt8], _ task: TaskSpecification, file: String) throws(TaskError) {
    let named = task.columns.map { ("task.columns", $0) } + task.targets.map { ("task.targets", $0) }
    let table = try CSVTable(bytes, file: file, wanted: task.columns.isEmpty && task.targets.isEmpty ? nil : named)
    // With targets but no columns named, every other numeric column is an input.
    let read =
      task.columns.isEmpty && !task.targets.isEmpty ? try CSVTable(bytes, file: file, wanted: nil) : table
    let constant = Set((read.columns + table.columns).filter { $0.deviation == 0 }.map(\.name))
    for (key, name) in named where constant.contains(name) {
      throw TaskError(
        key: key, file: file, column: name, found: "the same number in every row", expected: "numbers that vary")
    }

    let asTargets = Set(task.targets)
    let columns = task.columns.isEmpty ? read.columns.map(\.name).filter { !asTargets.contains($0) } : task.columns
    let kept = columns.filter { !constant.contains($0) }
    let targets = task.targets.isEmpty ? kept : task.targets
    guard !kept.isEmpty else {
      let found = columns.isEmpty ? "no numeric column beside the targets" : "the same numbers in every row"
      throw TaskError(key: "task.file", file: file, found: found, expected: "an input column whose numbers vary")
    }
    let byName = Dictionary((read.columns + table.columns).map { ($0.name, $0) }) { first, _ in first }
    self.name = TaskFile.name(of: file)
    self.table = table
    inputs = kept.compactMap { byName[$0] }
    outputs = targets.compactMap { byName[$0] }
    let asInputs = Set(kept)
    ahead = targets.map { asInputs.contains($0) ? 1 : 0 }
    dropped = columns.filter { constant.contains($0) }
    description = Self.describe(name, inputs: inputs, outputs: outputs, ahead: ahead)
    self.file = file
    try check(length: task.length)
  }

  private func check(length: Int) throws(TaskError) {
    guard places < length else { return }
    throw TaskError(
      key: "task.length", file: file, found: "\(grouped(table.rows)) rows",
      expected: "at least \(grouped(length + table.rows - places)) for task.length \(grouped(length))")
  }

  func resized(length: Int) throws(TaskError) -> any SequenceTask {
    try check(length: length)
    return self
  }

  private static func describe(
    _ name: String, inputs: [CSVTable.Column], outputs: [CSVTable.Column], ahead: [Int]
  ) -> TaskDescription {
    // Columns of variance 1: always answering 0 costs ½ a column.
    var floors: [TaskDescription.Floor] = [
      .init(name: "always answering the mean", short: "the mean", loss: Double(outputs.count) / 2)
    ]
    if ahead.allSatisfy({ $0 == 1 }), let rows = outputs.first?.values.count, rows > 1 {
      var sum = 0.0
      for column in outputs {
        for (before, after) in zip(column.values, column.values.dropFirst()) {
          sum += (after - before) * (after - before)
        }
      }
      floors.append(.init(name: "repeating the last row", short: "last row", loss: sum / 2 / Double(rows - 1)))
    }
    return TaskDescription(
      name: "csv", summary: "numbers of \(name) to come", inputs: inputs.count, outputs: outputs.count, loss: .squared,
      isStream: isStream, inputNames: inputs.map(\.name),
      outputNames: zip(outputs, ahead).map { $1 == 1 ? "\($0.name), next" : $0.name }, floors: floors)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch, places) = (data.steps, data.batch, places)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        let start = StreamRows.start(sequence: index, row: row, steps: n, batch: batch, places: places)
        for (column, input) in inputs.enumerated() {
          var place = start
          for t in 0..<n {
            x[(t * batch + row) * inputs.count + column] = input.values[place]
            place = place + 1 == places ? 0 : place + 1
          }
        }
        for (column, output) in outputs.enumerated() {
          var place = start
          for t in 0..<n {
            values[(t * batch + row) * outputs.count + column] = output.values[place + ahead[column]]
            place = place + 1 == places ? 0 : place + 1
          }
        }
      }
    }
  }

  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? {
    let place = StreamRows.start(sequence: index, row: 0, steps: steps, batch: batch, places: places)
    let constant =
      dropped.isEmpty ? "" : ", constant and left out: \(shortened(dropped.joined(separator: ", "), to: 100))"
    return
      "\(name): \(grouped(table.rows)) rows, \(inputs.count) \(inputs.count == 1 ? "column" : "columns") in, \(outputs.count) out\(constant), "
      + "at row \(grouped(place + 1)) (\(100 * place / places) %)"
  }
}
