extension ExperimentRule {
  /// What makes no sense with clients: why, and what to choose.
  static let federated: [ExperimentRule] = [
    rule(
      "training.batch",
      {
        "a multiple of training.federated.clients \($0.training.federated.clients), for each client has as many rows: "
          + nearestMultiples($0.training.batch, of: $0.training.federated.clients)
      }
    ) { $0.training.batch % $0.training.federated.clients != 0 },
    rule(
      "training.algorithm",
      { _ in "bptt with training.federated.clients above 1: a client goes forward over its rows and back" }
    ) { $0.training.algorithm != .bptt },
    rule(
      "training.k1", { _ in "full with training.federated.clients above 1: a client's step is over whole sequences" }
    ) { $0.training.k1.resolved(length: $0.task.length) < $0.task.length },
    rule(
      "training.checkpoints", { _ in "none with training.federated.clients above 1: a client keeps every step" }
    ) { $0.training.checkpoints != .none },
    rule(
      "training.reduction",
      { _ in "mean with training.federated.clients above 1: the server averages, it does not add" }
    ) { $0.training.reduction != .mean },
    rule(
      "task.carry",
      {
        "reset with training.federated.clients above 1: the server averages weights, so no state of a client goes on to the "
          + "next round of \($0.task.name.rawValue)"
      }
    ) { $0.isRecurrent && $0.task.name.isStream && $0.task.carry == .state },
  ]

  /// A rule about clients.
  private static func rule(
    _ key: String, _ expected: @escaping @Sendable (Experiment) -> String,
    where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) -> ExperimentRule {
    ExperimentRule(
      key, expected: expected, where: { $0.training.federated.clients > 1 && isBroken($0) })
  }

  /// The multiples around a batch, in words: "15 or 18".
  private static func nearestMultiples(_ batch: Int, of clients: Int) -> String {
    let below = batch / clients * clients
    return below > 0 ? "\(below) or \(below + clients)" : "\(clients)"
  }
}
