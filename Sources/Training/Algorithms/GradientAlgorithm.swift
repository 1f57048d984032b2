import LinearAlgebra
import RecurrentNetworks

/// A learning algorithm in one precision: how the gradient of the next update is computed.
///
/// The training loop asks it for the gradient of one window after the other; it leaves it in `pass.gradient`. What comes
/// after the gradient (clipping, the optimizer) knows nothing of it. An algorithm is one file and its name in
/// `AlgorithmKind`; everything else asks the file.
///
/// An algorithm lives as long as its pass: for another batch, length or algorithm a new one is made, and a sequence begins.
protocol GradientAlgorithm<S>: AnyObject {
  associatedtype S: Scalar

  /// What the algorithm says of itself.
  static var description: AlgorithmDescription { get }
  /// What makes no sense with the algorithm: when, in what words it is refused, and what it falls back to where the algorithm
  /// was just chosen.
  static var rules: [ExperimentRule] { get }
  /// How the settings are called in a header: "TBPTT(10,20) newest"; nil to say its name and k1.
  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String?
  /// What it holds and what it computes.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost
  /// When updates happen, as the settings alone say it.
  static func schedule(_ experiment: Experiment) -> TruncationSchedule
  /// Whether its pass is to keep the pre-activations of every step, as a tape does, not only of the present block.
  static func keepsEveryStep(_ experiment: Experiment) -> Bool
  /// What the next window's pass does otherwise than plain backpropagation: a tape is made with it. What is kept of older
  /// passes is not said here.
  static func variant(_ experiment: Experiment, window: Window, update: Int) -> PassVariant

  /// The algorithm at the start of a sequence, on `pass`, to whose gradient it writes.
  init(_ experiment: Experiment, pass: Pass<S>)
  /// Takes settings that need no new arenas.
  func configure(_ experiment: Experiment)
  /// When updates happen; asked anew after every update.
  var schedule: TruncationSchedule { get }
  /// A sequence begins: its data are loaded, and its first state lies in row 0.
  func beginSequence()
  /// The gradient of the next update, into `pass.gradient`, before clipping.
  ///
  /// When it is called, the states up to the window's first step are there; afterwards those up to its end must be.
  /// - Parameters:
  ///   - window: the steps, and whose losses are injected: what `schedule` said after `position.trained` steps.
  ///   - position: where training stands; `position.trained` is the end of the last update in this sequence.
  func gradient(of window: Window, at position: TrainingPosition) -> PassResult
  /// All that goes on from an update to the next beside weights, states and position, as raw bytes in one arena: copied
  /// into a checkpoint, a snapshot, and back. At the start of a sequence `beginSequence` makes it what it must be.
  var memory: UnsafeMutableRawBufferPointer { get }
}

extension GradientAlgorithm {
  static var rules: [ExperimentRule] { [] }
  static func keepsEveryStep(_ experiment: Experiment) -> Bool { false }
  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? { nil }
  static func variant(_ experiment: Experiment, window: Window, update: Int) -> PassVariant { PassVariant() }
  func beginSequence() {}
  var memory: UnsafeMutableRawBufferPointer { .init(start: nil, count: 0) }

  /// Windows of k2 steps every k1 steps.
  static func schedule(_ experiment: Experiment) -> TruncationSchedule {
    TruncationSchedule(
      length: experiment.task.length, k1: experiment.training.k1, k2: experiment.training.k2,
      inject: experiment.training.inject)
  }
}
