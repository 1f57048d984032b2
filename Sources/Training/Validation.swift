import RecurrentNetworks

/// The loss on held-out data while a run trains, and the weights that had the least.
extension TrainingRun {
  /// Weights at the update after which their held-out loss was the least so far.
  public struct BestWeights: Equatable, Sendable {
    /// Updates done, and the held-out loss there.
    public var update: Int, loss: Double
    /// The parameters, flat.
    public var parameters: [Double]
  }

  /// The weights with the least held-out loss so far; nil without held-out data, and where they were before a rewind.
  public var bestWeights: BestWeights? { course.best }

  /// Whether as many held-out losses in a row as the experiment allows were no better than the best.
  public var isOverfitting: Bool {
    let patience = experiment.validation.patience
    return patience > 0 && history.validationsSinceBest >= patience
  }

  /// The share of the held-out classes that the present weights answer right; nil without held-out data, and where no classes
  /// are asked for.
  public func heldOutAccuracy() throws(TrainingError) -> Double? {
    guard engine.task.description.loss == .crossEntropy else { return nil }
    return try Validator(experiment, task: engine.task, measure: .accuracy, memory: memory)?.value(engine.parameters)
  }

  /// Measures the held-out loss of the present weights.
  func measureHeldOut() {
    do throws(TrainingError) {
      let experiment = experiment
      if validator?.length != experiment.task.length {
        validator = try Validator(experiment, task: engine.task, memory: memory)
      }
      guard let validator else { return }
      let parameters = engine.parameters
      let loss = validator.value(parameters)
      let isBest = history.bestValidation.map { loss < $0.value } ?? !loss.isNaN
      course.history.append(validation: LossHistory.Mark(update: update, value: loss))
      if isBest { course.best = BestWeights(update: update, loss: loss, parameters: parameters) }
    } catch {
      failure = error
    }
  }
}

/// Measures losses on held-out data, or how often a class is right.
final class Validator {
  /// The length of its sequences.
  let length: Int
  private let evaluator: Evaluator
  /// The most sequences of a batch that are measured: a large file is measured in its first part of each row.
  private static let sequenceLimit = 100, rowLimit = 50

  /// What measures the networks of `experiment`; nil where `task` holds nothing out.
  init?(
    _ experiment: Experiment, task: any SequenceTask, measure: SolvedMeasure = .loss, memory: Int
  ) throws(TrainingError) {
    guard let heldOut = task.heldOut else { return nil }
    length = experiment.task.length
    var experiment = experiment
    let rows = min(experiment.training.batch, Self.rowLimit)
    let count = heldOut.sequenceCount(steps: length, batch: rows) ?? 1
    experiment.solved = SolvedSpecification()
    experiment.solved.measure = measure
    experiment.solved.sequences = rows * min(count, Self.sequenceLimit)
    evaluator = try Evaluator(experiment, heldOut: heldOut, rows: rows, memory: memory)
  }

  /// The mean loss of a target with these parameters, in nats or half squares; or the share of right answers.
  func value(_ parameters: [Double]) -> Double { evaluator.evaluate(parameters).value }
}
