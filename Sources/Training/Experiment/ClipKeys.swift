extension ExperimentKey {
  /// Clipping.
  static let clipKeys: [ExperimentKey] = [
    ExperimentKey("training.clip.kind", .choice(\.training.clip.kind), "what is clipped", steps: .choices),
    ExperimentKey(
      "training.clip.threshold", .number(\.training.clip.threshold, NumberRange(above: 0, to: NumberRange.largest)),
      "the largest norm (norm; of each tensor: tensor; of δ_t: step), component (value) or weight that is left alone",
      steps: .tenth
    ) { $0.training.clip.kind != .none },
  ]
}
