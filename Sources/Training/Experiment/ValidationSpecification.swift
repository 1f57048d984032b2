/// When a network is measured on held-out data, and when that ends training.
public struct ValidationSpecification: Equatable, Sendable {
  /// The updates between two measurements.
  public var every = 100
  /// How many measurements in a row may be no better than the best before `bpttop train` stops; 0 never stops it.
  public var patience = 0

  /// The defaults.
  public init() {}
}

extension ExperimentKey {
  /// The held-out loss.
  static let validationKeys: [ExperimentKey] = [
    ExperimentKey(
      "validation.every", .integer(\.validation.every, 1...1_000_000_000), "the updates between held-out losses",
      readWith: "a task.held_out", isRead: { $0.task.heldOut != .none }),
    ExperimentKey(
      "validation.patience", .integer(\.validation.patience, 0...1_000_000),
      "bpttop train: held-out losses in a row that may be no better before it stops; 0 never stops it",
      readWith: "a task.held_out", isRead: { $0.task.heldOut != .none }),
  ]
}
