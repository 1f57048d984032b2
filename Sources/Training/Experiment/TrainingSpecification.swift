import RecurrentNetworks

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

  /// As the experiment file writes it.
  public var text: String {
    switch self {
    case .full: "full"
    case .steps(let count): "\(count)"
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
  /// Keeps the activations made under older weights and goes back over them with the present ones: the history buffer of
  /// Williams & Peng (1990). Nothing is run forward twice.
  case stale
}

/// What backpropagation keeps of the forward pass.
public enum CheckpointKind: String, CaseIterable, Sendable {
  /// Every step's activations.
  case none
  /// The state every ⌈√T⌉ steps; the steps between are run forward again on the way back.
  case sqrt
}

/// Randomly truncated backpropagation.
public struct ARTBPSpecification: Equatable, Sendable {
  /// c, the probability of a cut between two steps.
  public var probability = 0.1

  /// The defaults.
  public init() {}
}

/// Adaptively truncated backpropagation.
public struct AdaptiveSpecification: Equatable, Sendable {
  /// δ, the relative bias that is let pass.
  public var tolerance = 0.1

  /// The defaults.
  public init() {}
}

/// Random feedback local online learning.
public struct RFLOSpecification: Equatable, Sendable {
  /// By which weights an output's error comes back to the units.
  public enum Feedback: String, CaseIterable, Sendable {
    /// The readout's own.
    case readout
    /// Weights that were drawn once and stay (Lillicrap, Cownden, Tweed & Akerman 2016; Murray 2019).
    case random
  }

  /// By which weights an output's error comes back to the units.
  public var feedback = Feedback.readout

  /// The defaults.
  public init() {}
}

/// How the network is trained.
public struct TrainingSpecification: Equatable, Sendable {
  /// The number B of sequences.
  public var batch = 16
  /// How many of the sequences that are handed in an update takes.
  public var minibatch = StepCount.full
  /// An update happens every k1 steps.
  public var k1 = StepCount.full
  /// A window is k2 steps long.
  public var k2 = StepCount.full
  /// Which losses enter an update.
  public var inject = Injection.newest
  /// What a window that reaches behind the last update uses of the past.
  public var history = HistoryKind.recompute
  /// What backpropagation keeps of the forward pass.
  public var checkpoints = CheckpointKind.none
  /// The learning algorithm.
  public var algorithm = AlgorithmKind.bptt
  /// Whether each step has its own copy of W_ih, W_hh and b, in place of all sharing them; the readout and a trained β stay shared.
  public var untied = false
  /// What artbp and adaptive have of their own.
  public var artbp = ARTBPSpecification(), adaptive = AdaptiveSpecification()
  /// What rflo has.
  public var rflo = RFLOSpecification()
  /// How the losses make the objective.
  public var reduction = Reduction.mean
  /// The optimizer.
  public var optimizer = OptimizerSpecification()
  /// The learning rate's course over the updates.
  public var schedule = LearningRateSchedule()
  /// How gradients are clipped.
  public var clip = ClipSpecification()
  /// What is added to the gradient beside the loss.
  public var regularizer = RegularizerSpecification()
  /// The clients among which the data lie.
  public var federated = FederatedSpecification()

  /// The defaults.
  public init() {}
}
