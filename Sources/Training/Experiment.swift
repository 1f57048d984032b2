import RecurrentNetworks

/// The tasks, by the names of the experiment file.
public enum TaskName: String, CaseIterable, Sendable {
  case adding, copy
  case temporalOrder = "temporal-order"
  case recall, coin, text, csv
}

/// What the network is to learn.
public struct TaskSpecification: Equatable, Sendable {
  /// The task.
  public var name = TaskName.temporalOrder
  /// The length n of a sequence, in steps.
  public var length = 50
  /// The user's file, for text and csv; nil for the text that ships with the program.
  public var file: String?
  /// The columns read as inputs, for csv; empty for all numeric columns.
  public var columns: [String] = []
  /// The columns to be predicted, for csv; empty to predict every input column one step ahead.
  public var targets: [String] = []

  /// The defaults.
  public init() {}
}

/// A number of steps, or the sequence's length, whatever it is.
public enum StepCount: Equatable, Sendable {
  case full
  case steps(Int)

  /// The number of steps in a sequence of `length`.
  public func resolved(length: Int) -> Int {
    switch self {
    case .full: length
    case .steps(let count): count
    }
  }
}

/// Which losses enter an update.
public enum Injection: String, CaseIterable, Sendable {
  /// The newest k1 steps', each loss once.
  case newest
  /// Only the last step's.
  case last
  /// All of the window's k2 steps', so a loss counts up to ⌈k2/k1⌉ times.
  case window
}

/// What a window that reaches behind the last update uses of the past.
public enum HistoryKind: String, CaseIterable, Sendable {
  /// Runs the window forward again under the present weights, from the state stored before it.
  case recompute
}

/// The learning algorithm.
public enum AlgorithmKind: String, CaseIterable, Sendable { case bptt }

/// The optimisers.
public enum OptimizerKind: String, CaseIterable, Sendable { case sgd, momentum, adam }

/// An optimiser and its settings.
public struct OptimizerSpecification: Equatable, Sendable {
  /// Which optimiser.
  public var name = OptimizerKind.sgd
  /// η.
  public var learningRate = 0.01
  /// μ of SGD with momentum: v ← μ v + g, w ← w - η v (PyTorch's form).
  public var momentum = 0.0
  /// Adam's β₁.
  public var beta1 = 0.9
  /// Adam's β₂.
  public var beta2 = 0.999
  /// Adam's ε.
  public var epsilon = 1e-8

  /// The defaults.
  public init() {}
}

/// How a gradient is clipped.
public enum ClipKind: String, CaseIterable, Sendable {
  case none
  /// g · min(1, threshold/‖g‖), over all tensors together.
  case norm
  /// Each component into ±threshold.
  case value
}

/// Clipping and its threshold.
public struct ClipSpecification: Equatable, Sendable {
  /// How.
  public var kind = ClipKind.norm
  /// The largest norm, or component, that is left alone.
  public var threshold = 1.0

  /// The defaults.
  public init() {}
}

/// How the network is trained.
public struct TrainingSpecification: Equatable, Sendable {
  /// The number B of sequences.
  public var batch = 16
  /// An update happens every k1 steps.
  public var k1 = StepCount.full
  /// A window is k2 steps long.
  public var k2 = StepCount.full
  /// Which losses enter an update.
  public var inject = Injection.newest
  /// What a window that reaches behind the last update uses of the past.
  public var history = HistoryKind.recompute
  /// The learning algorithm.
  public var algorithm = AlgorithmKind.bptt
  /// How the losses make the objective.
  public var reduction = Reduction.mean
  /// The optimiser.
  public var optimizer = OptimizerSpecification()
  /// How gradients are clipped.
  public var clip = ClipSpecification()

  /// The defaults.
  public init() {}
}

/// Everything that determines a run: the same experiment gives the same numbers, bit for bit.
public struct Experiment: Equatable, Sendable {
  /// What is to be learnt.
  public var task = TaskSpecification()
  /// The network.
  public var network = NetworkSpecification()
  /// How it is trained.
  public var training = TrainingSpecification()
  /// The precision of a pass.
  public var precision = Precision.float64
  /// The seed of weights and data.
  public var seed: UInt64 = 1

  /// The defaults.
  public init() {}
}
