extension ExperimentKey {
  /// The optimizer.
  static let optimizerKeys: [ExperimentKey] =
    [
      ExperimentKey("training.optimizer.name", .choice(\.training.optimizer.name), "the optimizer", steps: .choices),
      ExperimentKey(
        "training.optimizer.learning_rate",
        .number(\.training.optimizer.learningRate, NumberRange(from: 0, to: NumberRange.largest)),
        "η, the learning rate", steps: .tenth),
    ] + OptimizerOption.allCases.map(optionKey)

  /// The key of a setting that only some optimizers read.
  private static func optionKey(_ option: OptimizerOption) -> ExperimentKey {
    let names = OptimizerKind.allCases.filter { $0.rule.options[option] != nil }.map(\.rawValue).joined(separator: ", ")
    func key(
      _ path: Field.Path<Double>, _ range: NumberRange, _ summary: String, _ steps: KnobSteps
    ) -> ExperimentKey {
      ExperimentKey(option.key, .number(path, range), summary, steps: steps) { experiment in
        experiment.training.optimizer.name.rule.options[option] != nil
      }
    }
    let share = NumberRange(from: 0, below: 1)
    return switch option {
    case .momentum:
      key(\.training.optimizer.momentum, share, "\(names): μ in v = μ v + g", .linear(0.05))
    case .alpha:
      key(\.training.optimizer.alpha, share, "\(names): α, decay of the mean of g²", .linear(0.01))
    case .beta1:
      key(\.training.optimizer.beta1, share, "\(names): decay of the mean of g", .linear(0.05))
    case .beta2:
      key(\.training.optimizer.beta2, share, "\(names): decay of the mean of g²", .linear(0.001))
    case .epsilon:
      key(
        \.training.optimizer.epsilon, NumberRange(above: 0, to: NumberRange.largest),
        "\(names): added to the root of g²'s mean or sum", .tenth)
    case .weightDecay:
      key(
        \.training.optimizer.weightDecay, NumberRange(from: 0, to: NumberRange.largest),
        "λ: g = g + λ w; adamw: w = (1-ηλ) w apart from g",
        .tenth)
    }
  }
}
