import RecurrentNetworks

extension ExperimentKey {
  /// The network and how it starts.
  static let networkKeys: [ExperimentKey] = [
    ExperimentKey("network.cell", .choice(\.network.cell), "the recurrent cell", .newRun, steps: .choices),
    ExperimentKey(
      "network.hidden", .integer(\.network.hidden, 1...1_000_000), "H, the hidden units of a layer", .newRun,
      steps: .halfDoublings),
    ExperimentKey(
      "network.layers", .integer(\.network.layers, 1...8), "the stacked layers, 8 at most", .newRun, steps: .linear(1)),
    ExperimentKey("network.activation", .choice(\.network.activation), "φ", steps: .choices),
    ExperimentKey(
      "network.beta", .number(\.network.beta, NumberRange(above: 0, to: 1)),
      "leaky: β in h = (1-β) h + β φ(a)", steps: .linear(0.05)),
    ExperimentKey(
      "network.beta_spread", .number(\.network.betaSpread, NumberRange(from: 1, to: NumberRange.largest)),
      "leaky: unit 1 has β, the last β/spread, those between by equal factors", steps: .tenth),
    ExperimentKey(
      "network.learn_beta", .choice(\.network.learnedBeta),
      "leaky: each unit's β = 1/(1 + exp(-ρ)) is trained, from there", .newRun, steps: .choices,
      isRead: { $0.network.cellDescription.options.contains { $0.name == "beta" } }),
    ExperimentKey(
      "network.alpha", .number(\.network.alpha, NumberRange(from: -NumberRange.largest, to: NumberRange.largest)),
      "residual: α in h = h + α φ(a)", steps: .linear(0.05)),
    ExperimentKey(
      "network.peephole", .choice(\.network.peephole),
      "lstm, coupled_lstm: i and f see c of the step before, o that of its own, each over a weight a unit", .newRun,
      steps: .choices, readWith: "an lstm", isRead: { $0.network.cell.has(option: "peephole") }),
    ExperimentKey(
      "network.direct_input", .choice(\.network.directInput),
      "lru: the readout sees x_t too: y = W_ho h + D x + b, as the linear recurrent unit has it", .newRun,
      steps: .choices, readWith: "an lru", isRead: { $0.network.isComplex }),
    ExperimentKey(
      "network.projection", .integer(\.network.projection, 0...1_000_000),
      "lstm: P, the numbers of h, fewer than hidden: h = W_hr (o tanh c); 0 for as many as units (proj_size)", .newRun,
      steps: .halfDoublings, readWith: "lstm", isRead: { $0.network.cell == .lstm }),
    ExperimentKey(
      "network.delays",
      .numbers(
        \.network.delays, "ascending delays from 1 to 64, the first of them 1, as [1, 4]",
        isValid: { $0.first == 1 && $0.count <= 8 && ($0.last ?? 1) <= 64 }),
      "elman: the delays of recurrent connections, each with a matrix of its own: a_t also reads W_d h_{t-d}", .newRun,
      steps: .linear(1), readWith: "elman", isRead: { $0.network.cell == .elman }),
    ExperimentKey(
      "network.periods",
      .numbers(
        \.network.periods, "ascending periods from 1 to 4096, eight at most, as [1, 2, 4, 8]; [] for none",
        isValid: { $0.count <= 8 && ($0.last ?? 1) <= 4096 }),
      "elman: blocks of units with clocks; a unit is updated when its period divides t, which each sequence counts from 1, and reads "
        + "units as slow or slower",
      .newRun, steps: .halfDoublings, readWith: "elman", isRead: { $0.network.cell == .elman }),
    ExperimentKey(
      "network.learned_initial_state", .choice(\.network.initialState),
      "the state before a sequence's first step is trained, and not 0", .newRun, steps: .choices),
    ExperimentKey(
      "network.discretization", .choice(\.network.discretization),
      "lru: none has λ = exp(-exp(ν) + i exp(θ)), zoh is exact for an input that is held for a step (S4D)", .newRun,
      steps: .choices, readWith: "lru", isRead: { $0.network.isComplex }),
    ExperimentKey(
      "network.init.recurrent", .choice(\.network.initialization.recurrent), "how weight_hh is drawn", .newRun,
      steps: .choices, readWith: withRecurrentWeights, isRead: { $0.network.cell.hasRecurrentWeights }),
    ExperimentKey(
      "network.init.scale", .number(\.network.initialization.scale, NumberRange(from: 0, to: NumberRange.largest)),
      "weight_hh: scale·Q, scale·I, N(0, scale²/H), ±scale/√H or scale·(A-Aᵀ)/√(2H)", .newRun, steps: .linear(0.05),
      readWith: "\(withRecurrentWeights), with an init.recurrent other than zero,",
      isRead: { $0.network.cell.hasRecurrentWeights && $0.network.initialization.recurrent != .zero }),
    ExperimentKey(
      "network.init.diffusion",
      .number(\.network.initialization.diffusion, NumberRange(from: 0, to: NumberRange.largest)),
      "antisymmetric: γ, subtracted from the diagonal of weight_hh", .newRun, steps: .linear(0.01)),
    ExperimentKey(
      "network.init.input", .number(\.network.initialization.input, NumberRange(from: 0, to: NumberRange.largest)),
      "weight_ih: N(0, input²/I)", .newRun, steps: .linear(0.05)),
    ExperimentKey(
      "network.init.readout", .number(\.network.initialization.readout, NumberRange(from: 0, to: NumberRange.largest)),
      "readout.weight: N(0, readout²/H)", .newRun, steps: .linear(0.05),
      readWith: "a cell with a readout", isRead: { !$0.network.cell.isFullyRecurrent }),
    ExperimentKey(
      "network.init.forget_bias",
      .number(\.network.initialization.forgetBias, NumberRange(from: -NumberRange.largest, to: NumberRange.largest)),
      "of cells with a forget gate: its bias at the start; 1 keeps the state through time before anything is learned",
      .newRun,
      steps: .linear(0.5)),
    ExperimentKey(
      "network.init.spectral_radius",
      .optionalNumber(\.network.initialization.spectralRadius, NumberRange(above: 0, to: NumberRange.largest)),
      "rescales weight_hh to this spectral radius; null leaves it as drawn", .rescaleRecurrent, steps: .linear(0.05),
      readWith: withRecurrentWeights, isRead: { $0.network.cell.hasRecurrentWeights }),
    ring("inner", \.network.initialization.ringInner, NumberRange(from: 0, to: 1), "|λ| at the start is at least this"),
    ring("outer", \.network.initialization.ringOuter, NumberRange(above: 0, to: 1), "|λ| at the start is at most this"),
    ring(
      "angle", \.network.initialization.largestAngle, NumberRange(above: 0, to: 2 * Double.pi),
      "the angle of λ at the start is at most this, in radians"),
  ]

  private static let withRecurrentWeights = "a cell with weight_hh"

  /// Where λ of the linear recurrent unit is drawn from.
  private static func ring(
    _ name: String, _ value: WritableKeyPath<Experiment, Double> & Sendable, _ range: NumberRange, _ summary: String
  ) -> ExperimentKey {
    ExperimentKey(
      "network.init.ring_\(name)", .number(value, range), "lru: \(summary)", .newRun, steps: .linear(0.05),
      readWith: "lru without discretization",
      isRead: { $0.network.isComplex && $0.network.discretization == .none })
  }
}

/// Yes or no, as YAML writes it.
enum Switch: String, CaseIterable, Sendable {
  case off = "false"
  case on = "true"
}

extension NetworkSpecification {
  /// Whether the state is made of complex numbers.
  fileprivate var isComplex: Bool { cell.coupledParts > 1 }

  fileprivate var peephole: Switch {
    get { hasPeepholes ? .on : .off }
    set { hasPeepholes = newValue == .on }
  }

  fileprivate var directInput: Switch {
    get { readsInputDirectly ? .on : .off }
    set { readsInputDirectly = newValue == .on }
  }

  fileprivate var initialState: Switch {
    get { learnsInitialState ? .on : .off }
    set { learnsInitialState = newValue == .on }
  }

  fileprivate var learnedBeta: Switch {
    get { learnsBeta ? .on : .off }
    set { learnsBeta = newValue == .on }
  }
}
