extension ExperimentKey {
  /// Federated averaging.
  static let federatedKeys: [ExperimentKey] = [
    ExperimentKey(
      "training.federated.clients", .integer(\.training.federated.clients, 1...1024),
      "federated averaging: K, the clients among which the batch is dealt; 1 for none", steps: .linear(1)),
    key(
      "local_updates", .integer(\.training.federated.localUpdates, 1...1000),
      "the steps of a client over its rows before the server averages", steps: .halfDoublings),
    key(
      "fraction", .number(\.training.federated.fraction, NumberRange(above: 0, to: 1)),
      "the share of the clients in a round; with noise the probability of each", steps: .linear(0.1)),
    key(
      "skew", .number(\.training.federated.skew, NumberRange(from: 0, to: 1)),
      "the share of a client's rows that is dealt by target; the rest is dealt as it comes", steps: .linear(0.25)),
    key(
      "rate", .optionalNumber(\.training.federated.rate, NumberRange(above: 0, to: NumberRange.largest)),
      "η of the clients' steps; null for the optimizer's learning rate", steps: .tenth),
    key(
      "clip", .optionalNumber(\.training.federated.clip, NumberRange(above: 0, to: NumberRange.largest)),
      "S, the largest norm of a client's update that is left alone; null for none", steps: .tenth),
    ExperimentKey(
      "training.federated.noise", .number(\.training.federated.noise, NumberRange(from: 0, to: 1000)),
      "z: noise of deviation z S is added to the sum of the updates; 0 for none", steps: .linear(0.1),
      readWith: "training.federated.clients above 1 with a training.federated.clip"
    ) { $0.training.federated.clients > 1 && $0.training.federated.clip != nil },
    ExperimentKey(
      "training.federated.delta", .number(\.training.federated.delta, NumberRange(above: 0, below: 1)),
      "δ, at which the privacy budget ε is told", steps: .tenth, readWith: "training.federated.noise above 0"
    ) { $0.training.federated.noise > 0 },
  ]

  /// A key that clients alone read.
  private static func key(_ name: String, _ field: Field, _ summary: String, steps: KnobSteps) -> ExperimentKey {
    ExperimentKey(
      "training.federated." + name, field, summary, steps: steps, readWith: "training.federated.clients above 1"
    ) { $0.training.federated.clients > 1 }
  }
}
