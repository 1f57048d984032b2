import RecurrentNetworks

/// What one update did, in numbers.
public struct UpdateRecord: Equatable, Sendable {
  /// The update, counted from 1.
  public var update = 0
  /// The steps trained so far, counted over all sequences.
  public var step = 0
  /// The objective of the window.
  public var loss = 0.0
  /// ‖g‖₂ before clipping; where flow is clipped at every step, of what has come through.
  public var gradientNorm = 0.0
  /// What norm clipping multiplied g by (1 where it did nothing); for value clipping ‖clipped‖/‖raw‖ of g, for weight
  /// clipping that of the weights; for clipping at every step the least factor of a δ_t.
  public var clipScale = 1.0
  /// η, as the schedule had it.
  public var learningRate = 0.0
  /// k1 and k2, resolved.
  public var k1 = 0, k2 = 0

  /// An empty record.
  public init() {}
}

/// A change that was made while the network trained.
public struct JournalEntry: Equatable, Sendable {
  /// The number of updates done when the change was made.
  public var update: Int
  /// The dotted key of the experiment.
  public var key: String
  /// Its new value, as the experiment file would write it.
  public var value: String

  /// `key` set to `value` after `update` updates.
  public init(update: Int, key: String, value: String) {
    self.update = update
    self.key = key
    self.value = value
  }
}

/// Why training stopped by itself: the first number that was not finite.
public struct Explosion: Equatable, Sendable {
  /// The update in which it happened, counted from 1.
  public var update: Int
  /// The time step in its sequence, counted from 1.
  public var step: Int
  /// What was not finite first, in the field's words: "pre-activation a", "loss", "∂L/∂h", "gradient of weight_hh_l0".
  public var factor: String

  /// An explosion of `factor` at `step` of `update`.
  public init(update: Int, step: Int, factor: String) {
    self.update = update
    self.step = step
    self.factor = factor
  }
}

/// The trainer's state between two updates, as others may see it: enough to recompute the next window's pass.
public struct Snapshot: Sendable {
  /// Counts publications; a newer snapshot has a larger serial.
  public var serial: UInt64
  /// The experiment as it stands, every change taken.
  public var experiment: Experiment
  /// The experiment that the run began with, before any change of the journal: the two replay the run.
  public var initialExperiment: Experiment
  /// The task's words: alphabet, floors, names.
  public var description: TaskDescription
  /// Updates done.
  public var update: Int
  /// The index of the present sequence, counted from 0.
  public var sequence: Int
  /// The batch of sequences in which the next window lies.
  public var data: SequenceBatch
  /// The next window.
  public var window: Window
  /// Where the tensors lie in `parameters`.
  public var layout: ParameterLayout
  /// The parameters before the next update, flat, in `layout`'s order (widened where training is in single precision).
  public var parameters: [Double]
  /// Where each step has weights of its own, what they were before the first update, or when W_hh was last
  /// rescaled, in the same order; else empty.
  public var startParameters: [Double] = []
  /// The state carried into the next window, [parts, B, H] a layer.
  public var carriedState: [[Double]]
  /// The state at the start of the sequence, likewise.
  public var sequenceState: [[Double]]
  /// The stored h of the top layer of sequence 0 for the steps before the window, [window.steps.lowerBound, H].
  public var storedHidden: [Double]
  /// Where training stands.
  var position = TrainingPosition()
  /// What the learning algorithm carries from update to update, before the next one: raw numbers in the precision of
  /// training, which a `LearnerReport` reads; empty for algorithms that carry nothing.
  public var algorithmMemory: [UInt8] = []
  /// Losses over the updates so far.
  public var history: LossHistory
  /// The newest update's record, or nil before the first.
  public var newest: UpdateRecord?
  /// How many losses of the present sequence no window trains (k2 < k1), a sequence.
  public var untrainedLosses: Int
  /// Every change since the start.
  public var journal: [JournalEntry]
  /// How far `N` can go back, in updates.
  public var rewindable: Int
  /// Whether it trains by itself.
  public var running: Bool
  /// Its speed, measured while it trains by itself.
  public var updatesPerSecond: Double
  /// The explosion that stopped it, if one did.
  public var explosion: Explosion?
  /// What the next window's pass does otherwise than run it forward and go back over it; its tape is made with it.
  public var variant = PassVariant()
  /// When updates happen in the present sequence, where the algorithm chooses.
  var chosenSchedule: TruncationSchedule?
  /// What the network writes, for text; empty for other tasks.
  public var sample: String

  /// When updates happen in the present sequence: with a k2 that adapts itself, the one chosen.
  public var schedule: TruncationSchedule { chosenSchedule ?? experiment.training.algorithm.schedule(experiment) }
}
