/// What a key may not be beside the others: when, in what words it is refused, and what a choice that brings it about lets
/// it fall back to.
///
/// Read by both sides, so that what falls back is what would be refused: `Experiment.validate` and `ExperimentKey.set`.
struct ExperimentRule: Sendable {
  /// The dotted key.
  let key: String
  /// Whether it is only held where the task gives the data: not where they are handed in.
  let isOfTaskData: Bool
  /// Whether it is not held where data are handed in, whose tables have columns whatever the task is.
  let isWaivedByData: Bool
  /// Whether its value makes no sense in an experiment.
  let isBroken: @Sendable (Experiment) -> Bool
  /// What was found; nil for the value as the experiment file writes it.
  let found: (@Sendable (Experiment) -> String)?
  /// What is expected, and why.
  let expected: @Sendable (Experiment) -> String
  /// Whether the choice under which the key falls back was made between two experiments.
  private let isChosen: @Sendable (_ before: Experiment, _ now: Experiment) -> Bool
  /// What the key falls back to; nil for its default.
  private let mend: (@Sendable (inout Experiment) -> Void)?

  /// A rule under which nothing falls back, or where the choice is told by more than one value.
  init(
    _ key: String, isOfTaskData: Bool = false, isWaivedByData: Bool = false,
    found: (@Sendable (Experiment) -> String)? = nil,
    expected: @escaping @Sendable (Experiment) -> String,
    isChosen: @escaping @Sendable (_ before: Experiment, _ now: Experiment) -> Bool = { _, _ in false },
    mend: (@Sendable (inout Experiment) -> Void)? = nil, where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) {
    self.key = key
    self.isOfTaskData = isOfTaskData
    self.isWaivedByData = isWaivedByData
    self.isBroken = isBroken
    self.found = found
    self.expected = expected
    self.isChosen = isChosen
    self.mend = mend
  }

  /// A rule whose key falls back when `choice` is made anew.
  init<Choice: Equatable & SendableMetatype>(
    _ key: String, isOfTaskData: Bool = false, isWaivedByData: Bool = false,
    fallsWith choice: KeyPath<Experiment, Choice> & Sendable,
    found: (@Sendable (Experiment) -> String)? = nil, expected: @escaping @Sendable (Experiment) -> String,
    mend: (@Sendable (inout Experiment) -> Void)? = nil, where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) {
    self.init(
      key, isOfTaskData: isOfTaskData, isWaivedByData: isWaivedByData, found: found, expected: expected,
      isChosen: { $0[keyPath: choice] != $1[keyPath: choice] }, mend: mend, where: isBroken)
  }

  /// Refuses an experiment that breaks the rule.
  func validate(_ experiment: Experiment) throws(ExperimentKeyError) {
    guard isBroken(experiment) else { return }
    let value = try experiment.value(of: key), found = found?(experiment) ?? value
    throw ExperimentKeyError(key: key, problem: "found \(found), expected \(expected(experiment))")
  }

  /// Lets the key fall back where a choice made since `before` leaves its value without sense.
  func apply(to experiment: inout Experiment, after before: Experiment) {
    guard isChosen(before, experiment), isBroken(experiment) else { return }
    if let mend {
      mend(&experiment)
    } else {
      (try? ExperimentKey.named(key))?.reset(&experiment)
    }
  }
}

extension Experiment {
  /// The rules that the keys are held to, in the order in which they are asked: those of the algorithm are its own file's.
  var rules: [ExperimentRule] {
    ExperimentRule.task + ExperimentRule.architecture + ExperimentRule.network
      + training.algorithm.type(Double.self).rules
      + ExperimentRule.federated + ExperimentRule.storedPast + ExperimentRule.untied + ExperimentRule.flow
      + ExperimentRule.optimizer + ExperimentRule.solved + ExperimentRule.readers
  }
}

extension ExperimentRule {
  /// What is read of tables, which may also be handed in.
  private static let ofTables: Set<String> = [
    "task.horizon", "task.missing", "task.id", "task.delimiter", "task.decimal", "task.encoding",
  ]

  /// What nothing reads beside the other keys is not set: it would be ignored.
  fileprivate static let readers: [ExperimentRule] = ExperimentKey.all.compactMap { key in
    guard let readers = key.readers else { return nil }
    return ExperimentRule(
      key.name, isWaivedByData: ofTables.contains(key.name),
      expected: { _ in "\(key.defaultValue): only \(readers) reads it" },
      isChosen: { key.hasMeaning(in: $0) && !key.hasMeaning(in: $1) },
      where: { !key.hasMeaning(in: $0) && key.get($0) != key.defaultValue })
  }
}
