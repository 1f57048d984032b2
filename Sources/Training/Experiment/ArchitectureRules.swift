import Architectures
import RecurrentNetworks

extension ExperimentRule {
  /// What makes no sense with a network that is no recurrent one: why, and what to choose.
  static let architecture: [ExperimentRule] = recurrentSettings + shapes

  private static let recurrentSettings: [ExperimentRule] = [
    other("network.cell", "elman", "it has no other states") {
      $0.network.cell != .elman && $0.architecture.kind != .bidirectional
    },
    ExperimentRule(
      "network.cell", fallsWith: \.architecture.kind,
      expected: { _ in "another than fully_recurrent with network.kind bidirectional: its units are its outputs" },
      mend: { $0.network.cell = .elman },
      where: { $0.architecture.kind == .bidirectional && $0.network.cell.isFullyRecurrent }),
    other(
      "training.algorithm", "bptt",
      "the others carry what each weight does to a recurrent layer forward in time, and know no other; or network.kind recurrent"
    ) { $0.training.algorithm != .bptt },
    other("training.k1", "full", "it takes a sequence at once") {
      $0.training.k1.resolved(length: $0.task.length) < $0.task.length
    },
    other("training.k2", "full", "it takes a sequence at once: nothing is truncated") {
      $0.training.k2.resolved(length: $0.task.length) < $0.task.length
    },
    other("training.inject", "newest", "all losses of a sequence enter an update") { $0.training.inject != .newest },
    other("training.history", "recompute", "it carries no past") { $0.training.history != .recompute },
    other("training.checkpoints", "none", "it keeps everything") { $0.training.checkpoints != .none },
    other("training.untied", "false", "its steps share their weights, and no copies of them are kept apart") {
      $0.training.untied
    },
    other(
      "training.clip.kind", "none, norm, value, weight or tensor",
      "only a recurrent network's gradient is clipped at each step"
    ) {
      $0.training.clip.kind == .step
    },
    other("training.regularizer.omega", "0", "Ω is of recurrent Jacobians") { $0.training.regularizer.omega > 0 },
    other("training.regularizer.flossing", "0", "it follows a state through time") {
      $0.training.regularizer.flossing > 0
    },
    other("network.delays", "[1]", "it has no recurrent connections of other delays") {
      $0.network.delays != [1] && $0.architecture.kind != .bidirectional
    },
    other("network.periods", "[]", "it has no units with clocks") {
      !$0.network.periods.isEmpty && $0.architecture.kind != .bidirectional
    },
    other("network.learned_initial_state", "false", "its first state is no parameter") {
      $0.network.learnsInitialState && $0.architecture.kind != .bidirectional
    },
    other("network.init.spectral_radius", "null", "only recurrent networks are rescaled by it") {
      $0.network.initialization.spectralRadius != nil
    },
  ]

  private static let shapes: [ExperimentRule] = [
    ExperimentRule(
      "network.layers", fallsWith: \.architecture.kind,
      expected: {
        "1 with network.kind \($0.architecture.kind.rawValue)"
          + ($0.architecture.kind == .feedforward ? ": its depth is task.length" : "")
      },
      where: { ![.recurrent, .transformer, .bidirectional].contains($0.architecture.kind) && $0.network.layers > 1 }),
    ExperimentRule(
      "network.norm", fallsWith: \.architecture.kind, expected: { _ in "pre or none with network.kind feedforward" },
      where: { $0.architecture.kind == .feedforward && $0.architecture.norm == .post }),
    ExperimentRule(
      "task.length", expected: { _ in "2 or more with network.kind tree: a tree needs leaves to join" },
      where: { $0.architecture.kind == .tree && $0.task.length < 2 }),
    ExperimentRule(
      "network.layers", fallsWith: \.architecture.kind, expected: { _ in "at most 4 with network.kind transformer" },
      where: { $0.architecture.kind == .transformer && $0.network.layers > 4 }),
    ExperimentRule(
      "task.name",
      expected: { _ in
        "bar or crossing with network.kind convolutional, which draws the next frame; or csv with all of several columns "
          + "predicted, which lie side by side"
      }, where: { $0.architecture.kind == .convolutional && !$0.task.name.mayHaveFrames }),
    ExperimentRule(
      "network.kernel", expected: { _ in "an odd number: a cell reads as many to its left as to its right" },
      where: { $0.architecture.kind == .convolutional && $0.architecture.kernel % 2 == 0 }),
    ExperimentRule(
      "network.activation", fallsWith: \.architecture.kind,
      expected: { _ in "tanh with network.kind convolutional: its gates have functions of their own" },
      where: { $0.architecture.kind == .convolutional && $0.network.activation != .tanh }),
    ExperimentRule(
      "network.heads",
      expected: {
        "a divisor of network.hidden \($0.network.hidden), of which each head takes its share: "
          + divisors(of: $0.network.hidden)
      },
      where: { $0.architecture.kind == .transformer && $0.network.hidden % $0.architecture.heads != 0 }),
    ExperimentRule(
      "network.positions",
      expected: {
        "another than rotary with heads of width \($0.network.hidden / $0.architecture.heads): it turns pairs, so the width "
          + "of a head must be even; or other heads or hidden"
      },
      where: {
        $0.architecture.kind == .transformer && $0.architecture.positions == .rotary
          && $0.network.hidden / $0.architecture.heads % 2 != 0
      }),
  ]

  /// Whether a network of the kind reads a key: some are of recurrent networks alone, those of W_hh of attention over states too.
  static func isRead(_ key: String, by kind: NetworkKind) -> Bool {
    kind == .recurrent || kind == .bidirectional && ofCells.contains(key)
      || !recurrentOnly.contains(key) && (kind == .attention || kind == .bidirectional || !ofStates.contains(key))
  }

  private static let recurrentOnly: Set<String> = Set(recurrentSettings.map(\.key)).subtracting(["training.clip.kind"])
    .union(["network.init.forget_bias"])
  private static let ofCells: Set<String> = [
    "network.cell", "network.init.forget_bias", "network.delays", "network.periods", "network.learned_initial_state",
  ]
  private static let ofStates: Set<String> = ["network.init.recurrent", "network.init.scale", "network.init.diffusion"]

  /// A setting of recurrent networks alone.
  private static func other(
    _ key: String, _ expected: String, _ why: String, where isSet: @escaping @Sendable (Experiment) -> Bool
  ) -> ExperimentRule {
    ExperimentRule(
      key, fallsWith: \.architecture.kind,
      expected: { "\(expected) with network.kind \($0.architecture.kind.rawValue): \(why)" },
      where: { !$0.isRecurrent && isSet($0) })
  }

  /// The divisors up to 64, in words.
  private static func divisors(of width: Int) -> String {
    (1...64).filter { width % $0 == 0 }.map(String.init).joined(separator: ", ")
  }
}
