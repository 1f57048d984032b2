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
    ExperimentKey(
      "task.horizon", .integer(\.task.horizon, 1...1_000_000), "csv: how many rows ahead columns are predicted",
      .newRun,
      readWith: "task.name csv", isRead: { $0.task.name.readsColumns }),
    ExperimentKey(
      "task.missing", .choice(\.task.missing), "csv: what is done about cells without a number", .newRun,
      readWith: "task.name csv", isRead: { $0.task.name.readsColumns }),
    ExperimentKey(
      "task.id", .text(\.task.id, "a column's name, or null"),
      "csv: the column that tells series apart; null to find it, none for one series", .newRun,
      readWith: "task.name csv", isRead: { $0.task.name.readsColumns }),
    ExperimentKey(
      "task.delimiter", .choice(\.task.delimiter), "csv: what stands between cells", .newRun,
      readWith: "task.name csv", isRead: { $0.task.name.readsColumns }),
    ExperimentKey(
      "task.decimal", .choice(\.task.decimal), "csv: the decimal sign", .newRun,
      readWith: "task.name csv", isRead: { $0.task.name.readsColumns }),
    ExperimentKey(
      "task.encoding", .choice(\.task.encoding), "text and csv: how the file writes characters", .newRun,
      readWith: "task.name text or csv", isRead: { $0.task.name.readsFile }),
    ExperimentKey(
      "task.held_out", .heldOut(\.task.heldOut),
      "text, csv and --data: the end that is not trained on, a share or a number of rows; or a file", .newRun,
      isRead: { $0.task.name.readsFile || $0.task.heldOut != .none }),
    ExperimentKey(
      "task.carry", .choice(\.task.carry), "text and csv: whether the state goes on from a sequence to the next",
      .newRun,
      readWith: "task.name text or csv", isRead: { $0.task.name.readsFile }),
  ]
}
