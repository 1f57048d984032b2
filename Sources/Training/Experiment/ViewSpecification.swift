/// How the dashboard opens on an experiment. No number of the training depends on it.
public struct ViewSpecification: Equatable, Sendable {
  /// Updates a second at most, a pace that eyes follow; nil is as many as the machine makes.
  public var pace: Double? = 100
  /// Whether it trains at once.
  public var start = Start.running

  /// What it does when it opens.
  public enum Start: String, CaseIterable, Sendable {
    /// It trains.
    case running
    /// It waits before the first update.
    case paused
  }

  /// The defaults.
  public init() {}
}

extension ExperimentKey {
  /// How the dashboard opens.
  static let viewKeys: [ExperimentKey] = [
    ExperimentKey(
      "view.pace", .optionalNumber(\.view.pace, ViewSpecification.paces),
      "updates a second at most as it opens (> and < change it); null: as many as the machine makes"),
    ExperimentKey("view.start", .choice(\.view.start), "what it does as it opens"),
  ]
}

extension ViewSpecification {
  /// The paces that can be asked for.
  public static let paces = NumberRange(from: 0.01, to: 1e6)
}
