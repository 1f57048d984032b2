import RecurrentNetworks

extension ExperimentKey {
  /// Precision and seed.
  static let runKeys: [ExperimentKey] = [
    ExperimentKey("precision", .choice(\.precision), "the precision of a pass", .newRun, steps: .choices),
    ExperimentKey(
      "seed", .seed(\.seed), "of weights and data: the same seed, the same numbers", .newRun, steps: .linear(1)),
  ]
}
