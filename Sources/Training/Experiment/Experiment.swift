import Architectures
import RecurrentNetworks

/// Everything that determines a run: the same experiment gives the same numbers, bit for bit.
public struct Experiment: Equatable, Sendable {
  /// What is to be learned.
  public var task = TaskSpecification()
  /// The network.
  public var network = NetworkSpecification()
  /// What the network is, where it is no recurrent one.
  public var architecture = ArchitectureSpecification()
  /// How it is trained.
  public var training = TrainingSpecification()
  /// The precision of a pass.
  public var precision = Precision.float64
  /// The seed of weights and data.
  public var seed: UInt64 = 1
  /// When the task counts as solved.
  public var solved = SolvedSpecification()
  /// When the network is measured on held-out data.
  public var validation = ValidationSpecification()
  /// How weights are guessed.
  public var guess = GuessSpecification()
  /// How the dashboard opens.
  public var view = ViewSpecification()

  /// The defaults.
  public init() {}
}
