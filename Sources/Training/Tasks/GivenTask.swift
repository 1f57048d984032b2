import RecurrentNetworks

/// Sequences that were handed in: all of them at every index, or so many of them, in another order each time through.
struct GivenTask: SequenceTask {
  let description: TaskDescription
  let heldOut: (any SequenceTask)?
  private let given: SequenceBatch
  private let seed: UInt64
  /// Whether the rows come in another order each time through.
  private let isShuffled: Bool

  /// The task of `given` as `experiment` trains on it, in the words of the task that it stands in for where the sizes are the same.
  ///
  /// - Throws: that fewer sequences are trained on than one, or than an update takes.
  init(_ given: SequenceBatch, _ experiment: Experiment, words: TaskDescription?) throws(TaskError) {
    var description = TaskDescription(
      name: TaskDescription.ownData,
      summary: "data handed in: \(given.batch) sequences of \(given.steps) steps", inputs: given.inputs,
      outputs: given.outputs, loss: given.loss, isStream: false,
      inputNames: (1...given.inputs).map { "x\($0)" }, outputNames: (1...given.outputs).map { "y\($0)" })
    if let words, words.inputs == given.inputs, words.outputs == given.outputs, words.loss == given.loss {
      description.inputNames = words.inputNames
      description.outputNames = words.outputNames
      if given.symbols != nil {
        description.inputSymbols = words.inputSymbols
        description.keySymbols = words.keySymbols
      }
    }
    let trained = try Self.trained(of: given, experiment)
    let isWhole = trained == given.batch
    self.init(
      description: description,
      heldOut: isWhole
        ? nil
        : GivenTask(
          description: description, heldOut: nil, given: given.taking(Array(trained..<given.batch)),
          seed: experiment.seed, isShuffled: false),
      given: isWhole ? given : given.taking(Array(0..<trained)), seed: experiment.seed, isShuffled: true)
  }

  private init(
    description: TaskDescription, heldOut: (any SequenceTask)?, given: SequenceBatch, seed: UInt64, isShuffled: Bool
  ) {
    (self.description, self.heldOut, self.given) = (description, heldOut, given)
    (self.seed, self.isShuffled) = (seed, isShuffled)
  }

  /// How many of the sequences are trained on.
  private static func trained(of given: SequenceBatch, _ experiment: Experiment) throws(TaskError) -> Int {
    if case .file(let path) = experiment.task.heldOut {
      throw TaskError(
        key: "task.held_out", found: path, expected: "a share or a number of sequences, of those handed in with --data")
    }
    let trained = experiment.task.heldOut.trained(of: given.batch)
    guard trained > 0 else {
      throw TaskError(
        key: "task.held_out", found: experiment.task.heldOut.text,
        expected: "fewer than all \(given.batch) sequences, so that some are trained on")
    }
    let minibatch = experiment.training.minibatch
    guard minibatch.resolved(length: trained) <= trained else {
      throw TaskError(
        key: "training.minibatch", found: minibatch.text,
        expected: "at most \(trained), the number of sequences trained on, or full")
    }
    return trained
  }

  func resized(length: Int) -> any SequenceTask { self }

  /// What is trained on, where some of it is not.
  var reading: String? {
    guard let heldOut = heldOut as? GivenTask else { return nil }
    return
      "\(counted(given.batch, "sequence", "sequences")) to train on; held out: the last \(grouped(heldOut.given.batch))"
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    guard data.batch != given.batch || !isShuffled else { return data = given }
    // Sequences that are left over at the end of an order are taken in the next one.
    let perOrder = max(1, isShuffled ? given.batch / data.batch : (given.batch + data.batch - 1) / data.batch)
    var rows = Array(0..<given.batch)
    if isShuffled {
      var random = CounterRandom(seed: seed, sequence: index / perOrder, row: 0)
      rows.shuffle(using: &random)
    }
    let first = index % perOrder * data.batch
    data = given.taking((first..<first + data.batch).map { $0 < rows.count ? rows[$0] : nil })
  }

  func sequenceCount(steps: Int, batch: Int) -> Int? { (given.batch + batch - 1) / batch }
}

extension SequenceBatch {
  /// Some of the sequences, in this order; a row of 0 without a target where there is none.
  fileprivate func taking(_ rows: [Int?]) -> SequenceBatch {
    func take<T>(_ values: [T], _ each: Int, _ empty: T) -> [T] {
      var taken: [T] = []
      taken.reserveCapacity(steps * rows.count * each)
      for step in 0..<steps {
        for row in rows {
          guard let row else {
            taken.append(contentsOf: repeatElement(empty, count: each))
            continue
          }
          let start = (step * batch + row) * each
          taken += values[start..<start + each]
        }
      }
      return taken
    }
    var part = self
    part.batch = rows.count
    part.x = take(x, inputs, 0)
    part.symbols = symbols.map { take($0, 1, 0) }
    part.targetMask = take(targetMask, 1, 0)
    part.outputMask = outputMask.map { take($0, outputs, 0) }
    switch target {
    case .classes(let classes): part.target = .classes(take(classes, 1, 0))
    case .values(let values): part.target = .values(take(values, outputs, 0))
    }
    return part
  }
}
