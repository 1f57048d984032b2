import GradientFlow
import RecurrentNetworks
import Training

/// What a diagnosis is made from: the settings of a run, its losses, and readings of its passes.
public struct Evidence: Sendable {
  /// The instruments that are read for it.
  static let instruments: Set<InstrumentID> = [
    HorizonInstrument.id, DecayInstrument.id, UnitsInstrument.id, ClippingInstrument.id, BiasByWindowInstrument.id,
  ]

  /// The settings, and what is known of the task.
  public let experiment: Experiment, description: TaskDescription
  /// n, and k1 and k2 as they are resolved.
  public let length: Int, k1: Int, k2: Int
  /// Whether the gradient is backpropagation through windows and nothing else cuts it.
  public let isCutByWindows: Bool
  /// The steps of a sequence with a target, and those of them whose loss no window trains.
  public let targets: Int, untrained: Int
  /// Losses and norms over the updates, and their sum.
  public let history: LossHistory, losses: LossCourse?
  /// What stopped the run, if something did.
  public let explosion: Explosion?
  /// Whether every weight is a finite number.
  public let isFinite: Bool
  /// By how much of their norm updates move the weights; nil where it was not measured.
  public let step: RelativeStep?
  /// The first readings, which may be the last ones too, and the updates before them.
  public let first: Readings, firstUpdate: Int
  /// The readings of the present pass.
  public let last: Readings

  /// What can be measured of one pass.
  ///
  /// - Parameters:
  ///   - pass: the pass that the run stands before.
  ///   - earlier: what was measured of an earlier pass of the run.
  ///   - step: by how much updates move the weights.
  ///   - budget: how much may be computed.
  public init(_ pass: PassView, earlier: Evidence? = nil, step: RelativeStep? = nil, budget: Budget) {
    let snapshot = pass.snapshot
    experiment = snapshot.experiment
    description = snapshot.description
    length = pass.length
    (k1, k2) = (snapshot.schedule.k1, snapshot.schedule.k2)
    isFinite = snapshot.parameters.allSatisfy(\.isFinite)
    isCutByWindows = pass.isCutByWindows
    targets = (0..<pass.length).count { pass.hasTarget($0) }
    untrained = snapshot.untrainedLosses
    history = snapshot.history
    losses = LossCourse(snapshot)
    explosion = snapshot.explosion
    self.step = step
    last = isFinite ? Readings(pass, ReadingRequest(Self.instruments), budget: budget) : Readings(pass.identity)
    first = earlier?.first ?? last
    firstUpdate = earlier?.firstUpdate ?? snapshot.update
  }

  // MARK: What rules ask for

  /// How far back what the task asks for lies, where the task knows.
  var needed: Int? { description.dependencyLength.map { min($0, length - 1) } }
  /// Whether the loss is clearly under what a network gets that knows nothing; false where that is not known.
  var hasLearned: Bool {
    guard let losses, let guessing = losses.guessing else { return false }
    return losses.last < 0.9 * guessing.loss
  }
  /// η as it is set.
  var learningRate: Double { experiment.training.optimizer.learningRate }
  /// Whether the optimizer divides by the gradient's size, so that a constant factor on the gradient does not matter.
  var isAdaptive: Bool { ![.sgd, .momentum, .nesterov].contains(experiment.training.optimizer.name) }
  /// The mean factor of clipping over all of the last updates; 1 where there were none.
  var clipScale: Double {
    let scales = history.recent.map(\.clipScale)
    return scales.isEmpty ? 1 : scales.reduce(0, +) / Double(scales.count)
  }
}

/// By how much of their norm updates move the weights: the largest ‖ΔW‖/‖W‖ of all matrices.
public struct RelativeStep: Equatable, Sendable {
  /// Of half of the updates that were measured, and the largest of them.
  public let median: Double, largest: Double
}

/// Where the losses began and where they are.
public struct LossCourse: Equatable, Sendable {
  /// The mean of the first tenth of the updates and of the last quarter.
  public let first: Double, last: Double
  /// Twice the standard error of `last - first`, from the spread of the losses within each part.
  public let uncertainty: Double
  /// The updates.
  public let updates: Int
  /// Spikes among them.
  public let spikes: Int
  /// The loss of a network that knows nothing, and the least that is known for the task; nil where the task does not know.
  public let guessing: TaskDescription.Floor?, floor: TaskDescription.Floor?

  /// The losses of a run; nil before its first update.
  init?(_ snapshot: Snapshot) {
    // A floor is a loss a step: a sum over steps cannot be compared with it.
    let isMean = snapshot.experiment.training.reduction == .mean
    self.init(snapshot.history, floors: isMean ? snapshot.description.floors : [])
  }

  /// The losses of a history; nil before its first update. `floors` are losses that are known of the task.
  init?(_ history: LossHistory, floors: [TaskDescription.Floor]) {
    let buckets = history.buckets
    guard let newest = buckets.last else { return nil }
    updates = newest.firstUpdate + newest.count - 1
    let begin = buckets[..<max(1, buckets.count / 10)], end = buckets.suffix(max(1, buckets.count / 4))
    let (a, b) = (Spread(begin.map(\.lossMean)), Spread(end.map(\.lossMean)))
    (first, last) = (a.mean, b.mean)
    uncertainty = 2 * (a.errorOfMean * a.errorOfMean + b.errorOfMean * b.errorOfMean).squareRoot()
    spikes = history.spikes.count
    let floors = floors.sorted { $0.loss > $1.loss }
    guessing = floors.first
    floor = floors.count > 1 ? floors.last : nil
  }

  /// Whether the losses fell by more than their noise and a hundredth.
  var isFalling: Bool { first - last > max(uncertainty, 0.01 * abs(first)) }
  /// Whether they are within 5 % of guessing, or above.
  var isAtGuessing: Bool { guessing.map { !(last < 0.95 * $0.loss) } ?? false }
}

/// The mean of some numbers and how sure it is.
struct Spread {
  let mean: Double, errorOfMean: Double

  init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    errorOfMean = values.count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
  }
}
