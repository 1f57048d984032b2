extension ExperimentRule {
  /// What a task needs, and what it reads.
  static let task: [ExperimentRule] = [
    ExperimentRule(
      "task.length", expected: { "a whole number from \($0.task.name.minimumLength) for \($0.task.name.rawValue)" },
      where: { $0.task.length < $0.task.name.minimumLength }),
    ExperimentRule(
      "task.file", isWaivedByData: true, found: { _ in "no file" },
      expected: { "the path of the CSV file that \($0.task.name.rawValue) reads" },
      where: { $0.task.name.readsColumns && $0.task.file == nil }),
    ExperimentRule(
      "task.file", fallsWith: \.task.name,
      expected: { "none with \($0.task.name.rawValue): \(TaskName.list("read", where: \.readsFile)) files" },
      where: { !$0.task.name.readsFile && $0.task.file != nil }),
    ExperimentRule(
      "task.held_out", isOfTaskData: true, fallsWith: \.task.name,
      expected: {
        "null with \($0.task.name.rawValue), which draws its sequences: only \(TaskName.list("read", where: \.readsFile)) it, "
          + "or sequences handed in with --data"
      },
      where: { !$0.task.name.readsFile && $0.task.heldOut != .none }),
    ExperimentRule(
      "training.minibatch", isOfTaskData: true,
      expected: { _ in
        "full: only sequences handed in with --data are taken in parts; training.batch is the sequences of an update"
      },
      where: { $0.training.minibatch != .full }),
    columns("task.columns", \.task.columns),
    columns("task.targets", \.task.targets),
  ]

  private static func columns(_ key: String, _ names: KeyPath<Experiment, [String]> & Sendable) -> ExperimentRule {
    ExperimentRule(
      key, isWaivedByData: true, fallsWith: \.task.name,
      found: { counted($0[keyPath: names].count, "column", "columns") },
      expected: { "[] with \($0.task.name.rawValue): only \(TaskName.list("read", where: \.readsColumns)) columns" },
      where: { !$0.task.name.readsColumns && !$0[keyPath: names].isEmpty })
  }

  /// What can be asked of a task that is solved.
  static let solved: [ExperimentRule] = [
    ExperimentRule(
      "solved.measure",
      expected: { _ in
        let names = SolvedMeasure.allCases.filter { $0 != .none }.map(\.rawValue).joined(separator: ", ")
        return "one of \(names), as other keys of solved are set"
      }, where: { $0.solved.measure == .none && $0.solved != SolvedSpecification() }),
    ExperimentRule(
      "solved.measure",
      expected: {
        "none with \($0.task.name.rawValue), which trains on its whole file: task.held_out keeps some of it to test on"
      },
      where: { $0.solved.measure != .none && $0.task.name.readsFile && $0.task.heldOut == .none }),
    ExperimentRule(
      "solved.measure",
      expected: { "accuracy, flawless or loss with \($0.task.name.rawValue), which is answered by classes" },
      where: { $0.solved.measure == .error && $0.isAnsweredByClasses }),
    ExperimentRule(
      "solved.tolerance",
      expected: {
        "\(formatNumber(SolvedSpecification().tolerance)) with \($0.task.name.rawValue), which is answered by classes: "
          + "only numbers have a tolerance"
      },
      where: {
        $0.solved.measure != .none && $0.solved.tolerance != SolvedSpecification().tolerance && $0.isAnsweredByClasses
      }),
  ]
}

extension Experiment {
  /// Whether the answers to the task, which is drawn, are classes.
  fileprivate var isAnsweredByClasses: Bool {
    // A file is not read for it.
    if task.name.readsFile { return !task.name.readsColumns }
    return (try? task.makeTask(seed: seed))?.description.loss == .crossEntropy
  }
}
