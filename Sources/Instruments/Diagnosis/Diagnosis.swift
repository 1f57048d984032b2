/// What is wrong with a run and what is sound, in sentences with numbers: a pure function of what was measured of it.
public struct Diagnosis: Equatable, Sendable {
  /// The worst first; of equal severity those that stop everything else first.
  public let findings: [Finding]

  /// A rule: from what was measured to what it means; empty where it does not apply.
  typealias Rule = @Sendable (Evidence) -> [Finding]

  /// All rules. Where two find something equally grave, the first is the cause: a learning rate that is too large also
  /// saturates the units; units that are saturated let nothing through, whatever the window, while a state that is carried may
  /// be read out beyond a short window; and a gradient that is cut to nothing also leaves the loss at guessing.
  static let rules: [Rule] =
    EvidenceRules.all + GradientRules.explosion + LearningRateRules.all + ClippingRules.all + UnitRules.all
    + TruncationRules.all + GradientRules.reach + LossRules.all

  /// The diagnosis of what was measured.
  public init(_ evidence: Evidence) {
    let found = Self.rules.flatMap { $0(evidence) }
    findings = found.enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
  }

  /// The findings that stop the task from being learned.
  public var grave: [Finding] { findings.filter { $0.severity == .grave } }
}
