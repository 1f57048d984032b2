extension ExperimentKey {
  /// Clipping.
  static let clipKeys: [ExperimentKey] = [
    ExperimentKey("training.clip.kind", .choice(\.training.clip.kind), "how a gradient is clipped", steps: .choices),
    ExperimentKey(
      "training.clip.threshold", .number(\.training.clip.threshold, NumberRange(above: 0)),
      "the largest norm (norm) or component (value) that is left alone", steps: .tenth),
  ]
}
