extension ExperimentRule {
  /// A stored past, whole or in checkpoints, is plain backpropagation's; it has one of the two.
  static let storedPast: [ExperimentRule] = [
    ExperimentRule(
      "training.history", fallsWith: \.training.algorithm,
      expected: { "recompute with \($0.training.whyNoPastIsKept)" },
      where: { $0.training.algorithm != .bptt && $0.training.history != .recompute }),
    ExperimentRule(
      "training.checkpoints", fallsWith: \.training.algorithm,
      expected: { "none with \($0.training.whyNoPastIsKept)" },
      where: { $0.training.algorithm != .bptt && $0.training.checkpoints != .none }),
    ExperimentRule(
      "training.checkpoints",
      expected: { _ in "none with history stale: what is run forward again is not what was kept" },
      where: { $0.training.checkpoints == .sqrt && $0.training.history == .stale }),
    ExperimentRule(
      "training.checkpoints",
      expected: { "none with \($0.windowWords): a truncated window is short already; or k1 and k2 full" },
      where: { $0.training.checkpoints == .sqrt && $0.isTruncated }),
    ExperimentRule(
      "training.checkpoints", expected: { _ in "none with inject last, or inject newest" },
      where: { $0.training.checkpoints == .sqrt && $0.training.inject == .last }),
  ]

  /// Settings that the optimizer does not read.
  static let optimizer: [ExperimentRule] = OptimizerOption.allCases.map { option in
    let neutral = OptimizerSpecification()[keyPath: option.path], path = option.path
    let names = OptimizerKind.allCases.filter { $0.rule.options[option] != nil }.map(\.rawValue)
    return ExperimentRule(
      option.key, fallsWith: \.training.optimizer.name,
      expected: {
        "\(formatPlainNumber(neutral)) with \($0.training.optimizer.name.rawValue): only "
          + "\(names.joined(separator: ", ")) \(names.count == 1 ? "reads" : "read") it"
      },
      where: {
        $0.training.optimizer.name.rule.options[option] == nil && $0.training.optimizer[keyPath: path] != neutral
      })
  }
}

extension TrainingSpecification {
  fileprivate var whyNoPastIsKept: String {
    let why =
      algorithm.description.isForward ? "it carries what it needs forward" : "it runs its window forward anew"
    return "\(algorithm.rawValue): \(why), only bptt keeps a past"
  }
}

extension Experiment {
  /// k1 and k2 as whole numbers of steps.
  private var window: (k1: Int, k2: Int) {
    (training.k1.resolved(length: task.length), training.k2.resolved(length: task.length))
  }

  /// Whether an update sees less than the whole sequence.
  var isTruncated: Bool { min(window.k1, window.k2) < task.length }

  /// "k1 = 10 and k2 = 20".
  var windowWords: String { "k1 = \(window.k1) and k2 = \(window.k2)" }
}
