extension ExperimentKey {
  /// What is to be learned.
  static let taskKeys: [ExperimentKey] = [
    ExperimentKey("task.name", .choice(\.task.name), "what the network is to learn", .newRun, steps: .choices),
    ExperimentKey(
      "task.length", .integer(\.task.length, 1...1_000_000_000), "n, the steps of a sequence", .newSequence,
      steps: .tenth),
    ExperimentKey("task.file", .path(\.task.file), "the file of text and csv; null for the text that ships", .newRun),
    ExperimentKey("task.columns", .names(\.task.columns), "csv: the columns read; [] for all numeric ones", .newRun),
    ExperimentKey(
      "task.targets", .names(\.task.targets), "csv: the columns predicted; [] for all, one step ahead", .newRun),
  ]
}
