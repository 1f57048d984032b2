/// What is measured of a network's answers to say that its task is solved.
public enum SolvedMeasure: String, CaseIterable, Sendable {
  /// Nothing: the experiment does not say.
  case none
  /// The share of answers that are right: of classes, those that may come have larger outputs than all others; of numbers,
  /// each is nearer than the tolerance.
  case accuracy
  /// The share of sequences with no wrong answer.
  case flawless
  /// The mean loss of an answer, in nats or half squares.
  case loss
  /// The mean squared error of a number.
  case error

  /// Whether more of it is better.
  var isShare: Bool { self == .accuracy || self == .flawless }
}

/// When a task counts as solved, measured on sequences that training never sees.
public struct SolvedSpecification: Equatable, Sendable {
  /// What is measured.
  public var measure = SolvedMeasure.none
  /// The least that solves it, for accuracy and flawless.
  public var atLeast = 0.99
  /// The most that solves it, for loss and error.
  public var atMost = 0.01
  /// How far a number may be from its target to be right.
  public var tolerance = 0.04
  /// How many sequences are answered.
  public var sequences = 1000
  /// How often it is measured, in updates.
  public var every = 100
  /// How many updates it may take.
  public var updates = 20_000

  /// The defaults.
  public init() {}
}

/// How weights are guessed.
public struct GuessSpecification: Equatable, Sendable {
  /// Weights and biases are uniform in ±range.
  public var range = 10.0

  /// The defaults.
  public init() {}
}
