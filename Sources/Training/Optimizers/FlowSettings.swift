import RecurrentNetworks

// What is done to the gradient on its way back: clipping at every step, and Ω. Both need a backward pass.

extension TrainingSpecification {
  /// What a backward pass does with the gradient on its way.
  public var flow: FlowControl {
    var flow = FlowControl()
    if clip.kind == .step { flow.clipThreshold = clip.threshold }
    flow.omega = regularizer.omega
    (flow.flossing, flow.flossedExponents) = (regularizer.flossing, regularizer.exponents)
    return flow
  }

  /// Whether the gradient goes back step by step: not where it is carried forward, nor where a fixed point is asked.
  var passesGradientBack: Bool { algorithm.description.isTape && algorithm != .recurrentBackprop }
}

extension ExperimentRule {
  /// What is done to the gradient on its way back has no place where nothing goes back step by step.
  static let flow: [ExperimentRule] = [
    ExperimentRule(
      "training.clip.kind", fallsWith: \.training.algorithm,
      expected: { "none, norm, value, weight or tensor with \($0.training.whyNothingGoesBack)" },
      mend: { $0.training.clip.kind = .norm },
      where: { !$0.training.passesGradientBack && $0.training.clip.kind == .step }),
    ExperimentRule(
      "training.regularizer.omega", fallsWith: \.training.algorithm,
      expected: { "0 with \($0.training.whyNothingGoesBack)" },
      where: { !$0.training.passesGradientBack && $0.training.regularizer.omega > 0 }),
    ExperimentRule(
      "training.regularizer.flossing", fallsWith: \.training.algorithm,
      expected: { "0 with \($0.training.whyNothingGoesBack)" },
      where: { !$0.training.passesGradientBack && $0.training.regularizer.flossing > 0 }),
    ExperimentRule(
      "training.regularizer.flossing", fallsWith: \.network.cell, expected: { "0 with \($0.whyNotFlossed ?? "")" },
      where: { $0.training.regularizer.flossing > 0 && $0.whyNotFlossed != nil }),
  ]
}

extension TrainingSpecification {
  fileprivate var whyNothingGoesBack: String {
    "\(algorithm.rawValue), which has no backward pass through time; bptt has"
  }
}

extension Experiment {
  /// Why the exponents of its states cannot be flossed; nil where they can.
  fileprivate var whyNotFlossed: String? {
    if copies > 1 { return "untied weights: flossing needs one W_hh for all steps" }
    if training.checkpoints == .sqrt { return "checkpoints sqrt, which keep no window whole; or checkpoints none" }
    return network.whyNotFlossed
  }
}
