extension ExperimentKey {
  /// What is added to the gradient beside the loss.
  static let regularizerKeys: [ExperimentKey] = [
    ExperimentKey(
      "training.regularizer.omega",
      .number(\.training.regularizer.omega, NumberRange(from: 0, to: NumberRange.largest)),
      "λ of Ω, which wants every Jacobian to keep the gradient's norm; 0 for none", steps: .tenth
    ) { $0.training.passesGradientBack },
    ExperimentKey(
      "training.regularizer.flossing",
      .number(\.training.regularizer.flossing, NumberRange(from: 0, to: NumberRange.largest)),
      "λ of gradient flossing, which pushes the largest Lyapunov exponents to 0; 0 for none", steps: .tenth
    ) { $0.training.passesGradientBack },
    ExperimentKey(
      "training.regularizer.exponents", .integer(\.training.regularizer.exponents, 1...256),
      "how many exponents are flossed, from the largest on", steps: .linear(1),
      readWith: "training.regularizer.flossing above 0"
    ) { $0.training.regularizer.flossing > 0 },
    ExperimentKey(
      "training.regularizer.noise",
      .number(\.training.regularizer.noise, NumberRange(from: 0, to: NumberRange.largest)),
      "η of gradient noise: N(0, η/(1+t)^γ) at update t; 0 for none", steps: .tenth),
    ExperimentKey(
      "training.regularizer.noise_decay",
      .number(\.training.regularizer.noiseDecay, NumberRange(from: 0, to: NumberRange.largest)),
      "γ of gradient noise: how its variance falls", steps: .linear(0.05),
      readWith: "training.regularizer.noise above 0"
    ) { $0.training.regularizer.noise > 0 },
  ]
}
