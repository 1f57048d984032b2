import Glibc
import RecurrentNetworks

/// The next character of a text: characters as classes, one-hot in, a target at every step.
///
/// The rows of a batch read at evenly spaced places and go on where they stopped (a stream); after the end of what is trained on they
/// read it again from its beginning. What is held out is read likewise, by itself.
struct TextTask: NamedTask {
  static let widthEstimate = 128, source = TaskSource.text, isStream = true
  private(set) var description: TaskDescription
  /// What was read as what.
  let reading: String?
  private let corpus: TextCorpus
  private let file: String
  private let task: TaskSpecification
  /// The characters that a step may read, the next of each being its target.
  private let trained: Range<Int>, validated: Range<Int>
  private var places: SequencePlaces

  static func make(_ task: TaskSpecification, seed: UInt64, memory: Int) throws(TaskError) -> TextTask {
    var heldOutPath: String?
    if case .file(let path) = task.heldOut { heldOutPath = path }
    let corpus = try TextCorpus(path: task.file, memory: memory, encoding: task.encoding, heldOutPath: heldOutPath)
    return try TextTask(corpus, task)
  }

  /// Sequences of `length` steps of `corpus`, all of it.
  init(_ corpus: TextCorpus, file: String?, length: Int) throws(TaskError) {
    var task = TaskSpecification()
    (task.file, task.length) = (file, length)
    try self.init(corpus, task)
  }

  /// Sequences of `corpus` as `task` says.
  /// - Throws: that it is too short.
  init(_ corpus: TextCorpus, _ task: TaskSpecification) throws(TaskError) {
    file = task.file ?? corpus.name
    self.task = task
    self.corpus = corpus
    let end = task.heldOut.trained(of: corpus.count)
    trained = 0..<max(0, end - 1)
    switch task.heldOut {
    case .none: validated = 0..<0
    case .file: validated = corpus.count..<max(corpus.count, corpus.count + corpus.heldOutCount - 1)
    default: validated = end..<max(end, corpus.count - 1)
    }
    places = SequencePlaces(stream: trained)
    let names = corpus.alphabet.map(TextCorpus.symbol)
    let entropies = corpus.entropies()
    var floors: [TaskDescription.Floor] = [
      .init(name: "guessing", loss: log(Double(names.count))),
      .init(name: "knowing the letters' frequencies", short: "frequencies", loss: entropies.single),
    ]
    if let afterOne = entropies.afterOne {
      floors.append(.init(name: "knowing the letter before", short: "1 before", loss: afterOne))
    }
    description = TaskDescription(
      name: "text", summary: "the next character of \(corpus.name)", inputs: names.count, outputs: names.count,
      loss: .crossEntropy, isStream: task.carry == .state, inputSymbols: names, inputNames: names, outputNames: names,
      floors: floors)
    reading = task.file == nil ? nil : Self.reading(corpus, task, heldOut: validated.count)
    try check(length: task.length)
  }

  /// One line: "book.txt: 148,315 characters, 69 of them different; utf-16le; held out: the last 14,831".
  private static func reading(_ corpus: TextCorpus, _ task: TaskSpecification, heldOut: Int) -> String {
    var pieces = [
      "\(grouped(corpus.count)) characters, \(grouped(corpus.alphabet.count)) of them different, each a class"
    ]
    if let note = corpus.encodingNote { pieces.append("read as \(note)") }
    if corpus.carriageReturns > 0 {
      pieces.append("\(counted(corpus.carriageReturns, "CR LF", "CR LF")) read as a line feed each")
    }
    switch task.heldOut {
    case .none: break
    case .file(let path):
      pieces.append("held out: \(grouped(corpus.heldOutCount)) characters of \(TaskFile.name(of: path))")
    default: pieces.append("held out: the last \(grouped(heldOut + 1)) characters")
    }
    return "\(corpus.name): " + pieces.joined(separator: "; ")
  }

  var alphabet: [Unicode.Scalar] { corpus.alphabet }

  /// The held-out text, as a task of its own; nil where there is none.
  var heldOut: (any SequenceTask)? {
    guard !validated.isEmpty else { return nil }
    var task = self
    task.places = SequencePlaces(stream: validated)
    return task
  }

  /// How many sequences of a batch cover the text once.
  func sequenceCount(steps: Int, batch: Int) -> Int? { places.sequences(steps: steps, batch: batch) }

  private func check(length: Int) throws(TaskError) {
    let whole = corpus.count
    guard trained.count >= length else {
      let isEnoughWithout = whole > length && task.heldOut != .none
      throw TaskError(
        key: isEnoughWithout ? "task.held_out" : "task.length", file: file,
        found: isEnoughWithout
          ? "\(grouped(task.heldOut.trained(of: whole))) of \(grouped(whole)) characters beside those held out"
          : "\(grouped(whole)) characters",
        expected: "at least \(grouped(length + 1)), one more than task.length")
    }
    guard task.heldOut == .none || validated.count >= length else {
      let held = corpus.heldOutCount > 0 ? corpus.heldOutCount : whole - task.heldOut.trained(of: whole)
      throw TaskError(
        key: "task.held_out", file: file,
        found: "\(counted(held, "held-out character", "held-out characters"))",
        expected: "at least \(grouped(length + 1)), one more than task.length")
    }
  }

  func resized(length: Int) throws(TaskError) -> any SequenceTask {
    try check(length: length)
    return self
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeSymbols { symbols, classes, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        let start = places.start(sequence: index, row: row, steps: n, batch: batch)
        places.forEachPiece(from: start, steps: n) { place, step, count in
          corpus.read(place..<place + count + 1) { t, symbol in
            if t < count { symbols[(step + t) * batch + row] = symbol }
            if t > 0 { classes[(step + t - 1) * batch + row] = symbol }
          }
        }
      }
    }
  }

  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? {
    let place = places.start(sequence: index, row: 0, steps: steps, batch: batch)
    return "\(corpus.name): \(formatBytes(corpus.bytes)), \(grouped(corpus.count)) characters, "
      + "\(corpus.alphabet.count) symbols, at character \(grouped(place + 1)) (\(100 * place / trained.count) %)"
  }
}

/// How the rows of a batch share a stream that comes around.
enum StreamRows {
  /// The place that sequence `sequence` of `row` begins at: rows start evenly spaced and go on by `steps` a sequence.
  static func start(sequence: Int, row: Int, steps: Int, batch: Int, places: Int) -> Int {
    (row * places / batch + sequence % places * (steps % places)) % places
  }
}
