extension ExperimentKey {
  /// The optimiser.
  static let optimizerKeys: [ExperimentKey] = [
    ExperimentKey("training.optimizer.name", .choice(\.training.optimizer.name), "the optimiser", steps: .choices),
    ExperimentKey(
      "training.optimizer.learning_rate", .number(\.training.optimizer.learningRate, NumberRange(from: 0)),
      "η, the learning rate", steps: .tenth),
    ExperimentKey(
      "training.optimizer.momentum", .number(\.training.optimizer.momentum, NumberRange(from: 0, below: 1)),
      "momentum: μ in v = μ v + g", steps: .linear(0.05)),
    ExperimentKey(
      "training.optimizer.beta1", .number(\.training.optimizer.beta1, NumberRange(from: 0, below: 1)),
      "adam: decay of the mean of g", steps: .linear(0.05)),
    ExperimentKey(
      "training.optimizer.beta2", .number(\.training.optimizer.beta2, NumberRange(from: 0, below: 1)),
      "adam: decay of the mean of g²", steps: .linear(0.001)),
    ExperimentKey(
      "training.optimizer.epsilon", .number(\.training.optimizer.epsilon, NumberRange(above: 0)),
      "adam: added to the root of the mean of g²", steps: .tenth),
  ]
}
