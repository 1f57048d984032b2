import RecurrentNetworks

extension ExperimentKey {
  /// How the network is trained.
  static let trainingKeys: [ExperimentKey] = [
    ExperimentKey(
      "training.batch", .integer(\.training.batch, 1...100_000_000), "B, the sequences trained at once", .newSequence,
      steps: .halfDoublings),
    ExperimentKey(
      "training.minibatch", .stepCount(\.training.minibatch),
      "--data: the sequences of an update, in another order each time through; full takes all", .newRun,
      isRead: { $0.training.minibatch != .full }),
    ExperimentKey(
      "training.k1", .stepCount(\.training.k1), "an update every k1 steps; full is the sequence", steps: .linear(1)),
    ExperimentKey(
      "training.k2", .stepCount(\.training.k2), "the window's steps: how far back the gradient goes",
      steps: .linear(1)),
    ExperimentKey(
      "training.inject", .choice(\.training.inject), "the losses in an update: the newest k1, the last, the window's",
      steps: .choices),
    ExperimentKey(
      "training.history", .choice(\.training.history),
      "the window's past: run again under the present weights, or kept as older ones made it", .newSequence,
      steps: .choices, isRead: { $0.training.algorithm == .bptt }),
    ExperimentKey(
      "training.checkpoints", .choice(\.training.checkpoints),
      "full bptt keeps every step, or a state every √T steps and runs the rest again", .newSequence, steps: .choices,
      isRead: { $0.training.algorithm == .bptt }),
    ExperimentKey(
      "training.algorithm", .choice(\.training.algorithm), "the learning algorithm", .newSequence, steps: .choices),
    ExperimentKey(
      "training.untied", .choice(\.training.untiedSwitch),
      "each step its own copy of W_ih, W_hh and b, moved by its own gradient alone; the readout stays one", .newRun,
      steps: .choices, isRead: { $0.training.algorithm == .bptt }),
    ExperimentKey(
      "training.artbp.probability", .number(\.training.artbp.probability, NumberRange(from: 0, below: 1)),
      "artbp: c, how likely a cut between two steps is", steps: .linear(0.05),
      readWith: "training.algorithm artbp",
      isRead: { $0.training.algorithm == .artbp }),
    ExperimentKey(
      "training.adaptive.tolerance",
      .number(\.training.adaptive.tolerance, NumberRange(above: 0, to: NumberRange.largest)),
      "adaptive: δ, the relative bias let pass; k2 is the longest window", steps: .tenth,
      readWith: "training.algorithm adaptive",
      isRead: { $0.training.algorithm == .adaptive }),
    ExperimentKey(
      "training.rflo.feedback", .choice(\.training.rflo.feedback),
      "rflo: errors come back to the units by the readout's own weights, or by random ones that stay", .newSequence,
      steps: .choices, isRead: { $0.training.algorithm == .rflo }),
    ExperimentKey(
      "training.reduction", .choice(\.training.reduction), "the objective: mean or sum of the injected losses",
      steps: .choices),
  ]
}
