import Glibc
import LinearAlgebra
import RecurrentNetworks

/// What a network was measured at.
public struct Evaluation: Equatable, Sendable {
  /// The value of the experiment's measure.
  public var value: Double
  /// Whether it solves the task.
  public var isSolved: Bool
}

/// Holds a network's answers against an experiment's criterion, on sequences that training never sees.
///
/// The sequences are those of the same seed from index 2³¹ on: training would have to come that far to see one of them. The
/// passes run forward only, in double precision, from a state of 0; a stream is read once before it is measured.
public final class Evaluator {
  /// The index of the first sequence that is answered, of tasks that are drawn.
  static let firstSequence = 1 << 31
  /// The most sequences answered at once.
  private static let rows = 50

  private let task: any SequenceTask
  private let first: Int
  private let solved: SolvedSpecification
  private let isStream: Bool
  private let pass: any AnsweringPass
  private var data: SequenceBatch
  private var outputs: [Double] = []
  /// The number of answers that the measure is a mean of, once they were counted.
  private var answerCount: Int?
  /// How the network's parameters lie.
  public var layout: ParameterLayout { pass.layout }

  /// An evaluator of the networks of `experiment`.
  ///
  /// - Parameters:
  ///   - experiment: the experiment that the networks are of.
  ///   - memory: the bytes that it may take.
  /// - Throws: what is wrong with the experiment, or that it has no criterion.
  public convenience init(_ experiment: Experiment, memory: Int = 16 << 30) throws(TrainingError) {
    var experiment = experiment
    do throws(ExperimentKeyError) {
      try experiment.validate(memory: memory)
      guard experiment.solved.measure != .none else {
        let measures = SolvedMeasure.allCases.dropFirst().map(\.rawValue).joined(separator: ", ")
        throw ExperimentKeyError(key: "solved.measure", problem: "found none, expected one of \(measures)")
      }
    } catch {
      throw .key(error)
    }
    let task = try makeTask(experiment, memory: memory)
    guard let heldOut = task.heldOut else {
      try self.init(
        experiment, task: task, first: Self.firstSequence, rows: min(experiment.solved.sequences, Self.rows),
        memory: memory)
      return
    }
    // No more than there is.
    let rows = min(experiment.training.batch, experiment.solved.sequences, Self.rows)
    let count = heldOut.sequenceCount(steps: experiment.task.length, batch: rows) ?? 1
    experiment.solved.sequences = min(experiment.solved.sequences, rows * count)
    try self.init(experiment, heldOut: heldOut, rows: rows, memory: memory)
  }

  /// An evaluator on held-out data, `rows` sequences at once.
  convenience init(
    _ experiment: Experiment, heldOut: any SequenceTask, rows: Int, memory: Int
  ) throws(TrainingError) {
    try self.init(experiment, task: heldOut, first: 0, rows: rows, memory: memory)
  }

  private init(
    _ experiment: Experiment, task: any SequenceTask, first: Int, rows: Int, memory: Int
  ) throws(TrainingError) {
    var experiment = experiment
    experiment.training.batch = rows
    solved = experiment.solved
    (self.task, self.first) = (task, first)
    let description = task.description
    isStream = description.isStream
    try requireMemory(experiment, inputs: description.inputs, outputs: description.outputs, limit: memory)
    pass = makeAnsweringPass(experiment, description)
    data = task.emptyBatch(steps: experiment.task.length, batch: experiment.training.batch)
  }

  /// Measures the network with these parameters, flat, as `layout` says.
  public func evaluate(_ parameters: [Double]) -> Evaluation {
    evaluation(tally(parameters))
  }

  /// The mean loss of each sequence with these parameters, in nats or half squares a target; NaN for a sequence without one.
  ///
  /// The criterion must be `loss`. Two networks of one task get the same sequences, so their losses can be paired.
  public func sequenceLosses(_ parameters: [Double]) -> [Double] {
    precondition(solved.measure == .loss, "losses are measured")
    return tally(parameters).sequenceLosses
  }

  /// What all sequences come to with these parameters.
  private func tally(_ parameters: [Double]) -> Tally {
    take(parameters)
    var tally = Tally()
    forEachBatch { rows in
      answer()
      count(rows: rows, into: &tally)
      return true
    }
    return tally
  }

  /// Whether the network with these parameters solves the task; stops as soon as it cannot any more.
  public func solves(_ parameters: [Double]) -> Bool {
    let allowed = allowedFaults()
    take(parameters)
    var tally = Tally()
    forEachBatch { rows in
      answer()
      count(rows: rows, into: &tally)
      // Written so that a NaN ends it too; a little more is allowed than may remain, for rounding.
      return faults(tally) <= allowed * (1 + 1e-12)
    }
    return faults(tally) <= allowed * (1 + 1e-12) && evaluation(tally).isSolved
  }

  private func take(_ parameters: [Double]) {
    precondition(parameters.count == pass.parameters.count, "one number a parameter")
    narrow(parameters, into: pass.parameters)
    pass.resetState()
  }

  /// Writes batch after batch of sequences and calls `body` with the number of rows that count, until it says false.
  private func forEachBatch(_ body: (_ rows: Int) -> Bool) {
    var index = first
    if isStream {
      // The state has to be that of the stream, as it is in training.
      task.write(sequence: index, into: &data)
      answer()
      pass.carryState()
      index += 1
    }
    var left = solved.sequences
    while left > 0 {
      task.write(sequence: index, into: &data)
      guard body(min(left, data.batch)) else { return }
      if isStream { pass.carryState() } else { pass.resetState() }
      left -= data.batch
      index += 1
    }
  }

  private func answer() {
    pass.load(data)
    pass.forward(0..<data.steps)
  }

  // MARK: Counting

  /// What was counted of answers.
  private struct Tally {
    /// Answers judged, and those that were wrong.
    var answers = 0, wrong = 0
    /// Sequences, and those with a wrong answer.
    var sequences = 0, flawed = 0
    /// Targets and the sum of their losses; numbers asked for and the sum of the squares of their errors.
    var targets = 0, loss = 0.0, numbers = 0, squares = 0.0
    /// The mean loss of each sequence.
    var sequenceLosses: [Double] = []
  }

  private func count(rows: Int, into tally: inout Tally) {
    let right = task.rightClasses(in: data)
    var flawed = [Bool](repeating: false, count: rows)
    var losses = [Double](repeating: 0, count: rows), targets = [Int](repeating: 0, count: rows)
    for steps in targetRuns() {
      pass.readOutputs(steps, into: &outputs)
      for step in steps {
        for row in 0..<rows where data.targetMask[step * data.batch + row] != 0 {
          let position = step * data.batch + row
          let place = ((step - steps.lowerBound) * data.batch + row) * data.outputs
          let before = tally.loss + tally.squares / 2
          let isRight =
            switch data.target {
            case .classes(let classes):
              countClass(Int(classes[position]), place, right?[position], into: &tally)
            case .values(let values): countNumbers(values, position, place, right?[position], into: &tally)
            }
          tally.targets += 1
          losses[row] += tally.loss + tally.squares / 2 - before
          targets[row] += 1
          guard let isRight else { continue }
          tally.answers += 1
          if !isRight {
            tally.wrong += 1
            flawed[row] = true
          }
        }
      }
    }
    tally.sequences += rows
    tally.sequenceLosses += zip(losses, targets).map { $0 / Double($1) }
    tally.flawed += flawed.count { $0 }
  }

  /// The runs of steps with a target in any sequence.
  private func targetRuns() -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for step in 0..<data.steps
    where data.targetMask[step * data.batch..<(step + 1) * data.batch].contains(where: { $0 != 0 }) {
      if let last = runs.last, last.upperBound == step {
        runs[runs.count - 1] = last.lowerBound..<step + 1
      } else {
        runs.append(step..<step + 1)
      }
    }
    return runs
  }

  /// Adds -log softmax(y)_d; whether every right class has a larger output than every other, nil where it is not judged.
  private func countClass(_ target: Int, _ place: Int, _ right: UInt64?, into tally: inout Tally) -> Bool? {
    if solved.measure == .loss {
      let y = outputs[place..<place + data.outputs]
      let greatest = y.max() ?? 0
      tally.loss += log(y.reduce(0) { $0 + exp($1 - greatest) }) - (outputs[place + target] - greatest)
    }
    let isRight = { (output: Int) in right.map { $0 >> UInt64(output) & 1 == 1 } ?? (output == target) }
    return right == 0 ? nil : areLargest(place, isRight)
  }

  /// Adds ‖y - d‖² over the numbers asked for; whether every one is within the tolerance, or, where they stand for
  /// classes, whether every right class has a larger output than every other, nil where it is not judged.
  private func countNumbers(
    _ values: [Double], _ position: Int, _ place: Int, _ right: UInt64?, into tally: inout Tally
  ) -> Bool? {
    var isRight = true
    for index in 0..<data.outputs where isAsked(position, index) {
      let error = outputs[place + index] - values[position * data.outputs + index]
      tally.numbers += 1
      tally.squares += error * error
      if !(abs(error) < solved.tolerance) { isRight = false }
    }
    guard let right else { return isRight }
    return right == 0 ? nil : areLargest(place) { right >> UInt64($0) & 1 == 1 }
  }

  /// Whether a target has a value for an output: some have one only for some.
  private func isAsked(_ position: Int, _ output: Int) -> Bool {
    data.outputMask.map { $0[position * data.outputs + output] != 0 } ?? true
  }

  /// Whether the outputs that are right are all larger than all others, and all of them finite.
  private func areLargest(_ place: Int, _ isRight: (Int) -> Bool) -> Bool {
    var leastRight = Double.infinity, greatestWrong = -Double.infinity
    for index in 0..<data.outputs {
      let y = outputs[place + index]
      guard y.isFinite else { return false }
      if isRight(index) { leastRight = min(leastRight, y) } else { greatestWrong = max(greatestWrong, y) }
    }
    return leastRight > greatestWrong
  }

  // MARK: The criterion

  /// What speaks against the network, which only grows as answers are counted.
  private func faults(_ tally: Tally) -> Double {
    switch solved.measure {
    case .none: 0
    case .accuracy: Double(tally.wrong)
    case .flawless: Double(tally.flawed)
    case .loss: tally.loss + tally.squares / 2
    case .error: tally.squares
    }
  }

  /// The most faults in all with which the task is solved.
  private func allowedFaults() -> Double {
    if answerCount == nil {
      var answers = 0
      forEachBatch { rows in
        let right = task.rightClasses(in: data)
        for position in data.targetMask.indices
        where position % data.batch < rows && data.targetMask[position] != 0 {
          switch solved.measure {
          case .none, .flawless: break
          case .accuracy: answers += right?[position] == 0 ? 0 : 1
          case .loss: answers += 1
          case .error: answers += (0..<data.outputs).count { isAsked(position, $0) }
          }
        }
        return true
      }
      answerCount = answers
    }
    let answers = Double(answerCount ?? 0)
    return switch solved.measure {
    case .none: 0
    case .accuracy: (1 - solved.atLeast) * answers
    case .flawless: (1 - solved.atLeast) * Double(solved.sequences)
    case .loss, .error: solved.atMost * answers
    }
  }

  private func evaluation(_ tally: Tally) -> Evaluation {
    let value: Double =
      switch solved.measure {
      case .none: 0
      case .accuracy: Double(tally.answers - tally.wrong) / Double(tally.answers)
      case .flawless: Double(tally.sequences - tally.flawed) / Double(tally.sequences)
      case .loss: (tally.loss + tally.squares / 2) / Double(tally.targets)
      case .error: tally.squares / Double(tally.numbers)
      }
    return Evaluation(
      value: value, isSolved: solved.measure.isShare ? value >= solved.atLeast : value <= solved.atMost)
  }
}

extension SolvedSpecification {
  /// What solves the task, in words: "at least 0.99".
  public var demand: String {
    measure.isShare ? "at least \(formatPlainNumber(atLeast))" : "at most \(formatPlainNumber(atMost))"
  }

  /// Whether `value` is better than `other`, a NaN being the worst.
  public func isBetter(_ value: Double, than other: Double) -> Bool {
    !value.isNaN && (other.isNaN || (measure.isShare ? value > other : value < other))
  }
}
