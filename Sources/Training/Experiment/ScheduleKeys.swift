extension ExperimentKey {
  /// The learning rate's course over the updates.
  static let scheduleKeys: [ExperimentKey] = [
    ExperimentKey(
      "training.schedule.kind", .choice(\.training.schedule.kind), "how the learning rate falls over the updates",
      steps: .choices),
    ExperimentKey(
      "training.schedule.warmup", .integer(\.training.schedule.warmup, 0...1_000_000_000),
      "updates in which the learning rate rises linearly to η", steps: .tenth),
    ExperimentKey(
      "training.schedule.every", .integer(\.training.schedule.every, 1...1_000_000_000),
      "step, exponential: the updates in which η falls by the factor", steps: .tenth,
      readWith: "training.schedule.kind step or exponential"
    ) { $0.training.schedule.kind.usesFactor },
    ExperimentKey(
      "training.schedule.factor", .number(\.training.schedule.factor, NumberRange(above: 0, to: 1)),
      "step, exponential: what is left of η after so many updates", steps: .linear(0.05),
      readWith: "training.schedule.kind step or exponential"
    ) { $0.training.schedule.kind.usesFactor },
    ExperimentKey(
      "training.schedule.updates", .integer(\.training.schedule.updates, 1...1_000_000_000),
      "cosine: the updates from the warm-up to the end of the fall", steps: .tenth,
      readWith: "training.schedule.kind cosine"
    ) { $0.training.schedule.kind == .cosine },
    ExperimentKey(
      "training.schedule.final", .number(\.training.schedule.final, NumberRange(from: 0, to: 1)),
      "cosine: the share of η that is left at the end", steps: .linear(0.05),
      readWith: "training.schedule.kind cosine"
    ) { $0.training.schedule.kind == .cosine },
  ]
}

extension ScheduleKind {
  fileprivate var usesFactor: Bool { self == .step || self == .exponential }
}
