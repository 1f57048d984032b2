import RecurrentNetworks

/// The numbers of a table to come: every input column ahead, or the columns named as targets.
///
/// A target that is an input too is asked for `task.horizon` rows ahead; one that is no input, at its own row (or, with a horizon
/// above 1, as far ahead). A target column of words is a class, asked for alone. The columns are normalized to mean 0 and variance 1 over the rows that are trained on; rows and stream are
/// as for a text. Of several series, and with held-out rows, no sequence crosses a border.
struct CSVTask: NamedTask {
  static let widthEstimate = 128, source = TaskSource.table, isStream = true, mayHaveFrames = true
  private(set) var description: TaskDescription
  /// What was read as what, and what was left out.
  let reading: String?
  private let task: TaskSpecification
  private let file: String
  private var table: Table
  /// The columns of inputs and outputs among the table's, and how they are normalized.
  private let inputs: [Int], outputs: [Int]
  private let scales: [Table.Column]
  /// How many rows ahead an output is asked for.
  private let ahead: [Int]
  private let dropped: [String]
  /// The rows that a step may begin at, of each series.
  private let trained: [Range<Int>], validated: [Range<Int>]
  /// The table of held-out rows, where they have a file of their own.
  private let other: Table?
  /// The classes that are predicted; empty where numbers are. And of each class of the held-out table its place among them.
  private let classes: [String]
  private var classPlaces: [Int32]
  private var places: SequencePlaces
  /// Whether cells that were missing are no targets: in what is scored, a number that was put there is no truth.
  private var leavesFilledOut = false

  static func make(_ task: TaskSpecification, seed: UInt64, memory: Int) throws(TaskError) -> CSVTask {
    guard let file = task.file else {
      throw TaskError(key: "task.file", found: "no file", expected: "the path of the CSV file that csv reads")
    }
    return try CSVTask(TextSource(path: file, encoding: task.encoding), task, memory: memory)
  }

  /// The table in `bytes`.
  init(_ bytes: [UInt8], _ task: TaskSpecification, file: String) throws(TaskError) {
    try self.init(TextSource(bytes, file: file, encoding: task.encoding), task, memory: 1 << 30)
  }

  /// The table that `source` writes.
  /// - Throws: what is wrong with the file, by row and column, with the names of columns, or that it is too short.
  init(_ source: TextSource, _ task: TaskSpecification, memory: Int) throws(TaskError) {
    var table = try Table(source, task, memory: memory)
    let names = table.columns.map(\.name)
    let asTargets = Set(task.targets)
    let columns = task.columns.isEmpty ? names.filter { !asTargets.contains($0) } : task.columns
    // What is held out says nothing of how numbers are scaled.
    table.measure(over: table.series.map { $0.lowerBound..<$0.lowerBound + task.heldOut.trained(of: $0.count) })
    let rows = table.series.map(\.count).max() ?? 0, left = task.heldOut.trained(of: rows)
    guard left > 1 || rows < 2 else {
      throw TaskError(
        key: "task.held_out", file: source.file,
        found: "\(grouped(left)) of \(grouped(rows)) rows beside those held out",
        expected: "at least \(grouped(task.length + 1)), or fewer in task.held_out")
    }
    let constant = Set(table.columns.filter { $0.deviation == 0 }.map(\.name))
    let named = task.columns.map { ("task.columns", $0) } + task.targets.map { ("task.targets", $0) }
    for (key, name) in named where constant.contains(name) {
      throw TaskError(
        key: key, file: source.file, column: name,
        found: table.columns.first { $0.name == name }?.isSame == false
          ? "numbers that vary by less than 1e-14 of their size" : "the same in every row",
        expected: "a column that varies")
    }
    let kept = columns.filter { !constant.contains($0) }
    let targets = task.targets.isEmpty ? kept : task.targets
    guard !kept.isEmpty else {
      let others =
        table.leftOut.isEmpty ? "" : " of \(list(columns, limit: 4)); left out: \(list(table.leftOut, limit: 8))"
      let found =
        columns.isEmpty
        ? "no numeric column beside the targets" : "the same numbers in every row\(others)"
      throw TaskError(key: "task.file", file: source.file, found: found, expected: "an input column whose numbers vary")
    }
    let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    let asInputs = Set(kept)
    inputs = kept.compactMap { places[$0] }
    outputs = targets.compactMap { places[$0] }
    let horizon = task.horizon
    ahead = targets.map { asInputs.contains($0) ? horizon : horizon > 1 ? horizon : 0 }
    dropped = columns.filter { constant.contains($0) }
    scales = table.columns
    classes = targets.count == 1 ? table.columns.first { $0.name == targets[0] }?.classes ?? [] : []
    self.table = table
    self.task = task
    file = source.file
    let most = ahead.max() ?? 0
    trained = Self.steps(table.series.map { $0.lowerBound..<$0.lowerBound + task.heldOut.trained(of: $0.count) }, most)
    if case .file(let path) = task.heldOut {
      let held = try Self.heldOutTable(path, like: task, kept, targets, memory: memory)
      validated = Self.steps(held.series, most)
      other = held
    } else {
      validated =
        task.heldOut == .none
        ? [] : Self.steps(table.series.map { $0.lowerBound + task.heldOut.trained(of: $0.count)..<$0.upperBound }, most)
      other = nil
    }
    self.places = Self.places(trained, of: table, steps: task.length)
    classPlaces = try Self.places(of: other, target: targets.first, among: classes, task.heldOut)
    let words = CSVWords(
      table: table, inputs: kept, outputs: targets, ahead: ahead, dropped: dropped, task: task, classes: classes)
    description = words.description(isStream: self.places.isStream && task.carry == .state)
    reading = words.reading(other: other)
    try check(length: task.length)
    let floors = CSVFloors(table: table, rows: trained, outputs: outputs, ahead: ahead, scales: scales)
    guard classes.isEmpty else {
      description.floors = floors.ofClasses(classes.count)
      return
    }
    description.outputUnits = outputs.map {
      TaskDescription.Unit(mean: scales[$0].mean, deviation: scales[$0].deviation)
    }
    description.floors = floors.floors
  }

  /// The rows of each part at which a step may begin, so that its targets lie in the part too.
  private static func steps(_ parts: [Range<Int>], _ ahead: Int) -> [Range<Int>] {
    parts.map { $0.lowerBound..<max($0.lowerBound, $0.upperBound - ahead) }
  }

  private static func places(_ parts: [Range<Int>], of table: Table, steps: Int) -> SequencePlaces {
    if parts.count == 1, table.seriesColumn == nil { return SequencePlaces(stream: parts[0]) }
    return SequencePlaces(windows: parts, steps: steps)
  }

  private static func heldOutTable(
    _ path: String, like task: TaskSpecification, _ inputs: [String], _ targets: [String], memory: Int
  ) throws(TaskError) -> Table {
    var other = task
    (other.columns, other.targets, other.heldOut) = (inputs, targets, .none)
    do {
      return try Table(TextSource(path: path, encoding: task.encoding), other, memory: memory)
    } catch {
      var error = error
      // A column that is missing there is no fault of the key that names it here.
      if error.file == nil { (error.file, error.key) = (path, "task.held_out") }
      throw error
    }
  }

  /// The places of a held-out table's classes among those that are trained on; of the table itself each is its own.
  private static func places(
    of other: Table?, target: String?, among classes: [String], _ heldOut: HeldOut
  ) throws(TaskError) -> [Int32] {
    guard let other, !classes.isEmpty, let column = other.columns.first(where: { $0.name == target }) else {
      return classes.indices.map { Int32($0) }
    }
    var places: [Int32] = []
    for name in column.classes {
      guard let place = classes.firstIndex(of: name) else {
        throw TaskError(
          key: "task.held_out", file: other.name, column: column.name, found: "\u{201C}\(name)\u{201D}",
          expected: "one of the classes that are trained on: \(list(classes, limit: 12))",
          nearest: nearestName(to: name, among: classes))
      }
      places.append(Int32(place))
    }
    return places
  }

  /// The held-out rows, as a task of their own; nil where there are none.
  var heldOut: (any SequenceTask)? {
    guard !validated.isEmpty else { return nil }
    var task = self
    if let other { task.table = other }
    task.places = Self.places(validated, of: task.table, steps: self.task.length)
    task.description.isStream = task.places.isStream && self.task.carry == .state
    return task.places.count > 0 ? task.scored : nil
  }

  /// The same, with no targets in cells that were missing.
  var scored: CSVTask {
    var task = self
    task.leavesFilledOut = table.hasFilled
    return task
  }

  /// How many sequences of a batch cover the file once.
  func sequenceCount(steps: Int, batch: Int) -> Int? { places.sequences(steps: steps, batch: batch) }

  private func check(length: Int) throws(TaskError) {
    let most = ahead.max() ?? 0
    let forWhat =
      "at least \(grouped(length + most)) for task.length \(grouped(length))"
      + (most > 1 ? " and task.horizon \(grouped(most))" : "")
    func isEnough(_ parts: [Range<Int>]) -> Bool { parts.contains { $0.count >= length } }
    let several = table.series.count > 1 ? " in the longest of \(grouped(table.series.count)) series" : ""
    let rows = table.series.map(\.count).max() ?? 0
    guard isEnough(trained) else {
      let left = table.series.map { task.heldOut.trained(of: $0.count) }.max() ?? 0
      let isEnoughWithout = rows >= length + most
      throw TaskError(
        key: isEnoughWithout ? "task.held_out" : "task.length", file: file,
        found: isEnoughWithout
          ? "\(grouped(left)) of \(grouped(rows)) rows\(several) beside those held out"
          : "\(grouped(rows)) rows\(several)",
        expected: forWhat + (isEnoughWithout ? ", or fewer in task.held_out" : ""))
    }
    guard task.heldOut != .none, !isEnough(validated) else { return }
    let held = (validated.map(\.count).max() ?? 0) + most
    let own = other.map { $0.series.map(\.count).max() ?? 0 } ?? min(held, rows)
    throw TaskError(
      key: "task.held_out", file: other?.name ?? file, found: "\(grouped(own)) held-out rows\(several)",
      expected: forWhat)
  }

  func resized(length: Int) throws(TaskError) -> any SequenceTask {
    try check(length: length)
    var resized = self
    resized.places = Self.places(trained, of: table, steps: length)
    return resized
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch, most, width) = (data.steps, data.batch, ahead.max() ?? 0, table.width)
    // The columns of a table of held-out rows lie otherwise.
    let column = other.map { _ in table.columns.map(\.name) }
    func place(_ own: Int) -> Int { column?.firstIndex(of: scales[own].name) ?? own }
    let (from, to) = (inputs.map(place), outputs.map(place))
    /// Writes the inputs, and calls `body` with each position and the cells of its outputs.
    func write(
      _ x: UnsafeMutableBufferPointer<Double>,
      _ body: (_ position: Int, _ output: Int, _ cell: Double, _ isFilled: Bool) -> Void
    ) {
      for row in 0..<batch {
        let start = places.start(sequence: index, row: row, steps: n, batch: batch)
        places.forEachPiece(from: start, steps: n) { place, step, count in
          let filled = leavesFilledOut ? table.filled(place..<place + count + most) : []
          table.read(place..<place + count + most) { cells in
            for t in 0..<count {
              let position = (step + t) * batch + row
              for (index, input) in inputs.enumerated() {
                x[position * inputs.count + index] = scales[input].normalized(cells[t * width + from[index]])
              }
              for index in outputs.indices {
                let cell = (t + ahead[index]) * width + to[index]
                body(position, index, cells[cell], !filled.isEmpty && filled[cell] == 1)
              }
            }
          }
        }
      }
    }
    guard classes.isEmpty else {
      data.writeNumbersAndClasses { x, targets, mask in
        write(x) { position, _, cell, isFilled in
          mask[position] = cell.isNaN || isFilled ? 0 : 1
          targets[position] = cell.isNaN ? 0 : classPlaces[Int(cell)]
        }
      }
      return
    }
    var ofOutputs = [UInt8](repeating: 1, count: leavesFilledOut ? n * batch * outputs.count : 0)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: leavesFilledOut ? 0 : 1)
      write(x) { position, index, cell, isFilled in
        values[position * outputs.count + index] = scales[outputs[index]].normalized(cell)
        guard leavesFilledOut else { return }
        if isFilled { ofOutputs[position * outputs.count + index] = 0 } else { mask[position] = 1 }
      }
    }
    data.outputMask = leavesFilledOut ? ofOutputs : nil
  }

  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? {
    let place = places.start(sequence: index, row: 0, steps: steps, batch: batch)
    let constant =
      dropped.isEmpty ? "" : ", constant and left out: \(shortened(dropped.joined(separator: ", "), to: 100))"
    return
      "\(table.name): \(grouped(table.rows)) rows, \(inputs.count) \(inputs.count == 1 ? "column" : "columns") in, \(outputs.count) out\(constant), "
      + "at row \(grouped(place + 1)) (\(100 * place / max(1, table.rows)) %)"
  }

  // MARK: In the file's units

  /// The numbers of the file that outputs stand for.
  func restored(_ outputs: some Sequence<Double>) -> [Double] {
    zip(self.outputs, outputs).map { scales[$0].restored($1) }
  }

  /// Whether a class is predicted, and no numbers.
  var predictsClasses: Bool { !classes.isEmpty }

  /// The columns that are predicted, and how many rows ahead.
  var outputNames: [String] { outputs.map { scales[$0].name } }
  var rowsAhead: [Int] { ahead }

  /// The place that a sequence of a batch of one begins at.
  func place(of sequence: Int, steps: Int) -> Int { places.start(sequence: sequence, row: 0, steps: steps, batch: 1) }

  /// The row of the file that a place is.
  func line(of place: Int) -> Int { table.line(of: place) }

  /// Whether a step may begin at a place.
  func isPlace(_ place: Int) -> Bool { places.contains(place) }

  /// The columns that are predicted, in the row at a place.
  func outputs(at place: Int) -> [Double] {
    let width = table.width
    return table.read(place..<place + 1) { cells in
      outputs.map { index in
        let column = other == nil ? index : table.columns.firstIndex { $0.name == scales[index].name } ?? 0
        guard column < width, !cells[column].isNaN else { return scales[index].mean }
        return cells[column]
      }
    }
  }
}

/// What a table's task says of itself.
private struct CSVWords {
  let table: Table
  let inputs: [String], outputs: [String]
  let ahead: [Int]
  let dropped: [String]
  let task: TaskSpecification
  let classes: [String]

  func description(isStream: Bool) -> TaskDescription {
    guard classes.isEmpty else {
      return TaskDescription(
        name: "csv", summary: "\(outputs[0]) of \(table.name)", inputs: inputs.count, outputs: classes.count,
        loss: .crossEntropy, isStream: isStream, inputNames: inputs, outputNames: classes)
    }
    return TaskDescription(
      name: "csv", summary: "numbers of \(table.name) to come", inputs: inputs.count, outputs: outputs.count,
      loss: .squared, isStream: isStream, inputNames: inputs, outputNames: zip(outputs, ahead).map(Self.output))
  }

  private static func output(_ name: String, _ ahead: Int) -> String {
    ahead == 0 ? name : ahead == 1 ? "\(name), next" : "\(name), \(ahead) rows ahead"
  }

  /// One line: "s.csv: 200 rows, “;” between cells; reads u, v; predicts them a row ahead; left out: day (dates)".
  func reading(other: Table?) -> String {
    var pieces = ["\(grouped(table.rows)) rows, " + table.notes.joined(separator: "; ")]
    let read = list(inputs, limit: 8)
    if inputs == outputs {
      pieces.append("reads \(read) and predicts \(inputs.count == 1 ? "it" : "them") \(rowsAhead(ahead.first ?? 1))")
    } else {
      pieces.append("reads \(read)")
      let words = zip(outputs, ahead).map { $1 == 0 ? "\($0) of the same row" : "\($0) \(rowsAhead($1))" }
      pieces.append("predicts \(list(words, limit: 8))")
      if !classes.isEmpty { pieces.append("\(classes.count) classes (\(list(classes, limit: 6)))") }
    }
    if let column = table.seriesColumn {
      let short = table.series.count { $0.count < task.length + (ahead.max() ?? 0) }
      let note = short > 0 ? ", \(grouped(short)) of them too short and left out" : ""
      pieces.append("\(grouped(table.series.count)) series by \(column), no sequence over their borders\(note)")
    }
    switch task.heldOut {
    case .none: break
    case .file(let path):
      let how =
        (other?.notes ?? [])
        + ((other?.leftOut).flatMap { $0.isEmpty ? nil : ["left out: \(list($0, limit: 8))"] } ?? [])
      let bySeries = other?.seriesColumn.map { ", series by \($0)" } ?? ""
      pieces.append(
        "held out: \(grouped(other?.rows ?? 0)) rows of \(TaskFile.name(of: path)) (\(how.joined(separator: ", "))\(bySeries))"
      )
    default:
      let rows = table.series.reduce(0) { $0 + $1.count - task.heldOut.trained(of: $1.count) }
      pieces.append("held out: the last \(grouped(rows)) rows\(table.series.count > 1 ? " of the series" : "")")
    }
    if task.heldOut != .none, other?.hasFilled ?? table.hasFilled { pieces.append("missing cells are not scored") }
    let whys = Dictionary(table.columns.map { ($0.name, $0.whyConstant) }) { first, _ in first }
    let leftOut = table.leftOut + dropped.map { "\($0) (\(whys[$0] ?? "always the same"))" }
    if !leftOut.isEmpty { pieces.append("left out: \(list(leftOut, limit: 8))") }
    return "\(table.name): " + pieces.joined(separator: "; ")
  }

  private func rowsAhead(_ rows: Int) -> String { rows == 1 ? "a row ahead" : "\(grouped(rows)) rows ahead" }
}
