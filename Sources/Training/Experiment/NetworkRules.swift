import RecurrentNetworks

extension ExperimentRule {
  /// What a cell has, and what W_hh can be.
  static let network: [ExperimentRule] =
    [cellOption("beta", \.network.beta), cellOption("beta_spread", \.network.betaSpread)]
    + [cellOption("alpha", \.network.alpha)] + learnedBeta + initialState + projected + [
      ExperimentRule(
        "network.activation", fallsWith: \.network.cell,
        expected: {
          "\(NetworkSpecification().activation.rawValue) with \($0.network.cell.rawValue): its gates have functions of "
            + "their own; elman, leaky and residual take any"
        },
        where: {
          !$0.network.cellDescription.takesActivation && $0.network.activation != NetworkSpecification().activation
        }),
      ExperimentRule(
        "network.init.forget_bias", fallsWith: \.network.cell,
        expected: {
          "0 with \($0.network.cell.rawValue), which has no forget gate: only \(CellKind.list(\.hasForgetGate)) has one"
        }, where: { !$0.network.cell.hasForgetGate && $0.network.initialization.forgetBias != 0 }),
      ExperimentRule(
        "network.layers", expected: { "1 with \($0.network.cell.rawValue): all its units are one layer" },
        where: { $0.network.cell.isFullyRecurrent && $0.network.layers != 1 }),
      ExperimentRule(
        "network.hidden", fallsWith: \.network.cell,
        expected: {
          "an even number with \($0.network.cell.rawValue): the real parts of H/2 complex numbers, and their imaginary parts"
        }, mend: { $0.network.hidden += 1 },
        where: { !$0.network.hidden.isMultiple(of: $0.network.cell.coupledParts) }),
      ExperimentRule(
        "training.regularizer.omega", fallsWith: \.network.delays,
        expected: { _ in
          "0 with network.delays: Ω is held by W_hh alone, and here it depends on the others too; or delays [1]"
        },
        where: { !$0.network.furtherDelays.isEmpty && $0.training.regularizer.omega > 0 }),
      ExperimentRule(
        "network.periods", fallsWith: \.network.hidden,
        found: { "\($0.network.periods.count) periods" },
        expected: {
          "as many as divide network.hidden \($0.network.hidden), for blocks of one size; or another hidden"
        },
        where: { !$0.network.periods.isEmpty && !$0.network.hidden.isMultiple(of: $0.network.periods.count) }),
      ExperimentRule(
        "network.init.ring_inner",
        expected: { "at most ring_outer, \(formatPlainNumber($0.network.initialization.ringOuter))" },
        where: { $0.network.initialization.ringInner > $0.network.initialization.ringOuter }),
      ExperimentRule(
        "network.init.diffusion",
        expected: {
          "0 with \($0.network.initialization.recurrent.rawValue): only antisymmetric has a diffusion"
        }, isChosen: { before, _ in before.network.initialization.recurrent == .antisymmetric },
        where: {
          $0.network.initialization.recurrent != .antisymmetric && $0.network.initialization.diffusion != 0
        }),
      ExperimentRule(
        "network.init.spectral_radius",
        expected: { _ in "null with weights of zero, which no factor rescales" },
        isChosen: { before, now in
          before.network.initialization != now.network.initialization
            && before.network.initialization.spectralRadius == now.network.initialization.spectralRadius
        },
        where: {
          let initialization = $0.network.initialization
          return initialization.spectralRadius != nil
            && (initialization.recurrent == .zero || initialization.scale == 0)
        }),
    ]

  /// A setting that only some cells have, 1 where it has no meaning.
  private static func cellOption(
    _ name: String, _ value: KeyPath<Experiment, Double> & Sendable
  ) -> ExperimentRule {
    ExperimentRule(
      "network.\(name)", fallsWith: \.network.cell,
      expected: { "1 with \($0.network.cell.rawValue): only \(CellKind.list { $0.has(option: name) }) has one" },
      where: { $0[keyPath: value] != 1 && !$0.network.cell.has(option: name) })
  }

  /// A trained initial state is reached where a window goes back to a sequence's first step by plain backpropagation.
  private static let initialState: [ExperimentRule] = [
    refusedInitialState({ "\($0.training.algorithm.rawValue): only bptt goes back to it" }) {
      $0.training.algorithm != .bptt
    },
    refusedInitialState({
      "\($0.task.name.rawValue), whose sequences go on where the one before ended: task.carry reset, or another task"
    }) { $0.task.name.isStream && $0.task.carry == .state },
    refusedInitialState({ _ in "history stale, which keeps a past; or history recompute" }) {
      $0.training.history == .stale
    },
    refusedInitialState({ _ in "checkpoints sqrt; or checkpoints none" }) { $0.training.checkpoints == .sqrt },
  ]

  private static func refusedInitialState(
    _ why: @escaping @Sendable (Experiment) -> String, where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) -> ExperimentRule {
    ExperimentRule(
      "network.learned_initial_state", fallsWith: \.training.algorithm, expected: { "false with " + why($0) },
      where: { $0.network.learnsInitialState && isBroken($0) })
  }

  /// Algorithms that follow W_ih, W_hh and b alone.
  static let peepholes = ExperimentRule(
    "network.peephole", fallsWith: \.training.algorithm,
    expected: { "false with \($0.training.algorithm.rawValue): bptt, snap1 and rflo train peepholes" },
    where: { $0.network.hasPeepholes })

  /// What does not go with a projected h.
  private static let projected: [ExperimentRule] = [
    refusedProjection({ "below network.hidden \($0.network.hidden): h has fewer numbers than there are units; or 0" }) {
      $0.network.projection >= $0.network.hidden
    },
    refusedProjection({
      "0 with \($0.training.algorithm.rawValue): it follows each unit by itself, and W_hr mixes them within a step; or bptt"
    }) { $0.training.algorithm.description.isForward },
    refusedProjection({ _ in "0 with network.peephole; or peephole false" }) { $0.network.hasPeepholes },
    refusedProjection({ _ in "0 with training.untied; or untied false" }) { $0.training.untied },
    refusedProjection({ _ in "0 with training.regularizer.omega, which is of a W_hh that reads units; or omega 0" }) {
      $0.training.regularizer.omega > 0
    },
    refusedProjection({ _ in "0 with network.init.spectral_radius: its W_hh is not square; or null" }) {
      $0.network.initialization.spectralRadius != nil
    },
  ]

  private static func refusedProjection(
    _ expected: @escaping @Sendable (Experiment) -> String, where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) -> ExperimentRule {
    ExperimentRule("network.projection", expected: expected, where: { $0.network.isProjected && isBroken($0) })
  }

  private static let learnedBeta: [ExperimentRule] = [
    ExperimentRule(
      "network.learn_beta", fallsWith: \.network.cell,
      expected: { "false with \($0.network.cell.rawValue), which has no β" },
      where: { $0.network.learnsBeta && !$0.network.cell.has(option: "beta") }),
    ExperimentRule(
      "network.beta", found: { _ in "1" },
      expected: { _ in "below 1 with learn_beta: β = 1/(1 + exp(-ρ)) reaches 1 nowhere" },
      where: { $0.network.learnsBeta && $0.network.beta == 1 }),
    ExperimentRule(
      "network.learn_beta",
      expected: { "false with \($0.training.algorithm.rawValue): only bptt trains β of the units" },
      where: { $0.network.learnsBeta && $0.training.algorithm != .bptt }),
  ]
}

extension CellKind {
  /// Whether the cell has a forget gate.
  fileprivate var hasForgetGate: Bool { description.forgetGate != nil }

  /// Whether the cell has the setting `name` of the network group: "beta".
  public func has(option name: String) -> Bool { description.options.contains { $0.name == name } }

  /// What the cell says of itself.
  private var description: CellDescription {
    var network = NetworkSpecification()
    network.cell = self
    return network.cellDescription
  }

  /// The cells that hold `property`, in words: "lstm or gru".
  fileprivate static func list(_ property: (CellKind) -> Bool) -> String {
    allCases.filter(property).map(\.rawValue).joined(separator: " or ")
  }
}
