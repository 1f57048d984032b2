import Training

/// Where the state before a sequence's first step comes from.
public enum FirstState: Hashable, Sendable {
  /// It is zero.
  case zero
  /// The sequence before ended with it.
  case carried
  /// It is a weight, and learns.
  case learned
  /// It was handed in.
  case given

  init(_ snapshot: Snapshot) {
    let task = snapshot.experiment.task
    if snapshot.experiment.network.learnsInitialState {
      self = .learned
    } else if !snapshot.sequenceState.contains(where: { $0.contains { $0 != 0 } }) {
      self = .zero
    } else {
      self = task.name.isStream && task.carry == .state ? .carried : .given
    }
  }

  /// What is said of it, longest first; empty where it is zero.
  public var words: [String] {
    switch self {
    case .zero: []
    case .carried: ["h₀ carried in, no gradient goes there", "h₀ carried in, no gradient", "h₀ carried in"]
    case .learned: ["h₀ is learned"]
    case .given: ["h₀ as given, no gradient goes there", "h₀ as given"]
    }
  }
}
