import Glibc
import RecurrentNetworks

/// The next character of a text: characters as classes, one-hot in, a target at every step.
///
/// The rows of a batch read at evenly spaced places and go on where they stopped (a stream); after the text's end they read
/// it again from its beginning.
struct TextTask: NamedTask {
  static let widthEstimate = 128, source = TaskSource.text, isStream = true
  let description: TaskDescription
  private let corpus: TextCorpus
  private let file: String

  static func make(_ task: TaskSpecification, seed: UInt64, memory: Int) throws(TaskError) -> TextTask {
    try TextTask(file: task.file, length: task.length, memory: memory)
  }

  /// The text of `file` (the one that ships, if nil), in sequences of `length` steps.
  /// - Throws: what is wrong with the file, or that it is too short.
  init(file: String?, length: Int, memory: Int) throws(TaskError) {
    try self.init(TextCorpus(path: file, memory: memory), file: file, length: length)
  }

  /// Sequences of `length` steps of `corpus`.
  init(_ corpus: TextCorpus, file: String?, length: Int) throws(TaskError) {
    self.file = file ?? corpus.name
    try Self.check(corpus, file: self.file, length: length)
    let names = corpus.alphabet.map(TextCorpus.symbol)
    let entropies = corpus.entropies()
    var floors: [TaskDescription.Floor] = [
      .init(name: "guessing", loss: log(Double(names.count))),
      .init(name: "knowing the letters' frequencies", short: "frequencies", loss: entropies.single),
    ]
    if let afterOne = entropies.afterOne {
      floors.append(.init(name: "knowing the letter before", short: "1 before", loss: afterOne))
    }
    self.corpus = corpus
    description = TaskDescription(
      name: "text", summary: "the next character of \(corpus.name)", inputs: names.count, outputs: names.count,
      loss: .crossEntropy, isStream: Self.isStream, inputSymbols: names, inputNames: names, outputNames: names,
      floors: floors)
  }

  var alphabet: [Unicode.Scalar] { corpus.alphabet }

  private static func check(_ corpus: TextCorpus, file: String, length: Int) throws(TaskError) {
    guard corpus.codes.count > length else {
      throw TaskError(
        key: "task.length", file: file, found: "\(grouped(corpus.codes.count)) characters",
        expected: "at least \(grouped(length + 1)), one more than task.length")
    }
  }

  func resized(length: Int) throws(TaskError) -> any SequenceTask {
    try Self.check(corpus, file: file, length: length)
    return self
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    let pairs = corpus.codes.count - 1
    corpus.codes.withUnsafeBufferPointer { codes in
      data.writeSymbols { symbols, classes, mask in
        mask.update(repeating: 1)
        for row in 0..<batch {
          var place = StreamRows.start(sequence: index, row: row, steps: n, batch: batch, places: pairs)
          for t in 0..<n {
            symbols[t * batch + row] = codes[place]
            classes[t * batch + row] = codes[place + 1]
            place += 1
            if place == pairs { place = 0 }
          }
        }
      }
    }
  }

  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? {
    let pairs = corpus.codes.count - 1
    let place = StreamRows.start(sequence: index, row: 0, steps: steps, batch: batch, places: pairs)
    return "\(corpus.name): \(formatBytes(corpus.bytes)), \(grouped(corpus.codes.count)) characters, "
      + "\(corpus.alphabet.count) symbols, at character \(grouped(place + 1)) (\(100 * place / pairs) %)"
  }
}

/// How the rows of a batch share a stream that comes around.
enum StreamRows {
  /// The place that sequence `sequence` of `row` begins at: rows start evenly spaced and go on by `steps` a sequence.
  static func start(sequence: Int, row: Int, steps: Int, batch: Int, places: Int) -> Int {
    (row * places / batch + sequence % places * (steps % places)) % places
  }
}
