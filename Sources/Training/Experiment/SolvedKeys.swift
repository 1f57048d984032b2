extension ExperimentKey {
  /// When the task counts as solved, and the weights that guessing draws.
  static let solvedKeys: [ExperimentKey] = [
    ExperimentKey("solved.measure", .choice(\.solved.measure), "what says that the task is solved"),
    ExperimentKey(
      "solved.at_least", .number(\.solved.atLeast, NumberRange(above: 0, to: 1)),
      "accuracy and flawless: the least share that solves it",
      readWith: "solved.measure accuracy or flawless", isRead: { $0.solved.measure.isShare }),
    ExperimentKey(
      "solved.at_most", .number(\.solved.atMost, NumberRange(above: 0, to: NumberRange.largest)),
      "loss and error: the most that solves it",
      readWith: "solved.measure loss or error", isRead: { $0.solved.measure == .loss || $0.solved.measure == .error }),
    ExperimentKey(
      "solved.tolerance", .number(\.solved.tolerance, NumberRange(above: 0, to: NumberRange.largest)),
      "how far a number may be from its target to be right",
      readWith: "solved.measure accuracy or flawless", isRead: { $0.solved.measure.isShare }),
    ExperimentKey(
      "solved.sequences", .integer(\.solved.sequences, 1...10_000_000),
      "the sequences it is measured on, none of them trained on",
      readWith: "a solved.measure", isRead: { $0.solved.measure != .none }),
    ExperimentKey(
      "solved.every", .integer(\.solved.every, 1...1_000_000_000), "bpttop solve: the updates between measurements",
      readWith: "a solved.measure", isRead: { $0.solved.measure != .none }),
    ExperimentKey(
      "solved.updates", .integer(\.solved.updates, 1...1_000_000_000), "bpttop solve: the most updates",
      readWith: "a solved.measure", isRead: { $0.solved.measure != .none }),
    ExperimentKey(
      "guess.range", .number(\.guess.range, NumberRange(above: 0, to: NumberRange.largest)),
      "bpttop guess: weights and biases are uniform in ±range"),
  ]
}
