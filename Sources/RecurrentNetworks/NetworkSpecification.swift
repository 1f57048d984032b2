/// The activation φ of a recurrent cell.
public enum Activation: String, CaseIterable, Sendable {
  case tanh, sigmoid, relu
  case leakyReLU = "leaky_relu"
  case identity, softsign
  case hardTanh = "hard_tanh"
  case sin
}

/// The kinds of recurrent cell, by the names of the experiment file.
public enum CellKind: String, CaseIterable, Sendable {
  /// h_t = φ(W_ih x_t + W_hh h_{t-1} + b).
  case elman
  /// h_t = (1-β) h_{t-1} + β φ(a_t), a leaky integrator with β = Δt/τ.
  case leaky
  /// h_t = h_{t-1} + α φ(a_t).
  case residual
  /// i, f, o = σ(a_t), g = tanh(a_t); c_t = f c_{t-1} + i g; h_t = o tanh c_t: long short-term memory.
  case lstm
  /// An LSTM with i = 1 - f, whose gates are three: f, g, o (Greff et al. 2017).
  case coupledLSTM = "coupled_lstm"
  /// r, z = σ(a_t), n = tanh(a_n + r (W_hn h_{t-1} + b_hn)); h_t = (1-z) n + z h_{t-1}: the gated recurrent unit.
  case gru
  /// f = σ(a_t), g = tanh(a_t); h_t = f h_{t-1} + (1-f) g: a forget gate and nothing else.
  case janet
  /// z = σ(W_iz x_t + b), h̃ = W_ic x_t + b; h_t = (1-z) h_{t-1} + z h̃: no W_hh (Feng et al. 2024).
  case minGRU = "min_gru"
  /// f, i = σ(W x_t + b), c̃ = W_ic x_t + b; h_t = (f h_{t-1} + i c̃)/(f + i): no W_hh (Feng et al. 2024).
  case minLSTM = "min_lstm"
  /// h_t = λ h_{t-1} + γ W_ih x_t in complex numbers, element by element: the linear recurrent unit (Orvieto et al. 2023).
  case lru
  /// y(t+1) = φ(W [y(t); x(t)]), the outputs among the units (Williams & Zipser 1989).
  case fullyRecurrent = "fully_recurrent"
}

/// How the recurrent weights are drawn.
public enum RecurrentInitialization: String, CaseIterable, Sendable {
  /// scale · Q, Q orthogonal.
  case orthogonal
  /// Normal with variance scale²/H.
  case gaussian
  /// scale · I.
  case identity
  /// Uniform in ±scale/√H, PyTorch's default at scale 1.
  case uniform
  /// scale · (A - Aᵀ)/√(2H) - diffusion · I, A standard normal: eigenvalues -diffusion ± iμ, |μ| up to about 2 · scale (Chang, Chen,
  /// Haber & Chi, "AntisymmetricRNN", ICLR 2019).
  case antisymmetric
  /// All zero.
  case zero
}

/// How the complex diagonal of the linear recurrent unit follows from its parameters.
public enum Discretization: String, CaseIterable, Sendable {
  /// λ = exp(-exp(ν) + i exp(θ)), with a trained factor γ before the input (Orvieto et al. 2023).
  case none
  /// Exact for an input that is held for a step, of dh/dt = Λ h + W x: λ = exp(ΔΛ), γ = (λ - 1)/Λ, Λ = -exp(ρ) + iω (S4D, Gu et
  /// al. 2022).
  case zeroOrderHold = "zoh"
}

/// How a network's weights are drawn at the start; biases start at 0 but for the forget gate's.
public struct Initialization: Equatable, Sendable {
  /// The distribution of `weight_hh`.
  public var recurrent = RecurrentInitialization.orthogonal
  /// The scale of `weight_hh`.
  public var scale = 0.9
  /// The scale of `weight_ih`, drawn N(0, input²/I).
  public var input = 1.0
  /// The scale of `readout.weight`, drawn N(0, readout²/H).
  public var readout = 1.0
  /// What is added to the bias of the forget gate, of cells that have one (Gers et al. 2000; Jozefowicz et al. 2015: 1).
  public var forgetBias = 0.0
  /// γ of the antisymmetric kind, which subtracts γ I: it shifts every eigenvalue by -γ.
  public var diffusion = 0.0
  /// Of the linear recurrent unit: λ is drawn evenly from the ring between these radii, with angles from 0 to the largest.
  public var ringInner = 0.0, ringOuter = 1.0, largestAngle = 2 * Double.pi
  /// When given, `weight_hh` is rescaled to this spectral radius after it was drawn.
  public var spectralRadius: Double?

  /// The defaults.
  public init() {}
}

/// What network to build: everything but the sizes that the task gives.
public struct NetworkSpecification: Equatable, Sendable {
  /// The recurrent cell.
  public var cell = CellKind.elman
  /// The number H of hidden units of a layer.
  public var hidden = 32
  /// The number of stacked layers.
  public var layers = 1
  /// φ.
  public var activation = Activation.tanh
  /// β of the leaky cell, in (0, 1].
  public var beta = 1.0
  /// How many times β of the last unit goes into β of the first, at least 1: the units' time constants 1/β lie evenly apart in their
  /// logarithms, from 1/beta to betaSpread/beta.
  public var betaSpread = 1.0
  /// Whether each unit's β is trained; β and its spread are then where it starts.
  public var learnsBeta = false
  /// Whether gates of an LSTM see c of their unit, each over a weight of its own (Gers & Schmidhuber 2000).
  public var hasPeepholes = false
  /// P, the numbers of h of a projected LSTM, fewer than its units; 0 for as many.
  public var projection = 0
  /// Whether the readout sees the input of its step too: y_t = W_ho h_t + D x_t + b_o.
  public var readsInputDirectly = false
  /// Whether the state before the first step of a sequence is trained; otherwise it is 0.
  public var learnsInitialState = false
  /// The delays of the recurrent connections of the elman cell, ascending from 1, each with a matrix of its own.
  public var delays = [1]
  /// The periods of a clockwork network, ascending: as many equal blocks of units, each updated at steps that its period divides;
  /// empty where all units are updated at every step.
  public var periods: [Int] = []
  /// How λ of the linear recurrent unit follows from its parameters.
  public var discretization = Discretization.none
  /// α of the residual cell.
  public var alpha = 1.0
  /// How the weights are drawn.
  public var initialization = Initialization()

  /// The defaults: an Elman network of 32 tanh units.
  public init() {}

  /// Whether h has fewer numbers than the layer has units.
  public var isProjected: Bool { cell == .lstm && projection > 0 }
  /// The numbers of h, which W_hh, the layer above and the readout see: H, or P of a projected LSTM. States have room for H in any
  /// case, and the rest of h is 0.
  public var outputUnits: Int { isProjected ? min(projection, hidden) : hidden }
}

/// The loss of one step.
public enum LossKind: String, Sendable {
  /// Softmax cross-entropy, for classes: l = -log softmax(y)_d.
  case crossEntropy = "cross_entropy"
  /// ½‖y - d‖², for regression.
  case squared
  /// ⟨g_t, y_t⟩ with g_t given: ∂l/∂y = g_t. It stands for what another program's model sends back to the network's outputs.
  case given
}

/// How the losses of the injected steps make the objective.
public enum Reduction: String, CaseIterable, Sendable {
  /// The mean over the injected steps and the batch: Σ l / Σ mask.
  case mean
  /// The sum.
  case sum
}

/// The precision of a pass.
public enum Precision: String, CaseIterable, Sendable { case float64, float32 }
