/// What a cell says of itself to its readers: panels, files and validation ask it, and know no cell by name.
///
/// Equations are written with a space between all of their pieces, so that each piece can be given its numbers: symbols, + - ⊙,
/// a function with its parenthesis (`tanh(`), and `)`. Two symbols side by side are a product of a matrix or a scalar with a vector.
/// `{t}`, `{t-1}` and `{t+1}` stand for a step's subscripts, `{φ}` for the name of the activation. Gate i has the pre-activation
/// a_i, the slope i′ there, and the weights W_ii and W_hi; what is written of a, W_ih, W_hh and b holds for every gate with its own.
public struct CellDescription: Equatable, Sendable {
  /// What the cell is, in one line with its source.
  public var summary: String
  /// The names of the gates, in the order of their H rows each in `weight_ih` and `weight_hh`: a; i, f, g, o.
  public var gates = ["a"]
  /// The names of the state's components: h; h, c.
  public var stateComponents = ["h"]
  /// The function of each gate where the cell fixes it; nil where it is the network's activation.
  public var gateFunctions: [Activation]?
  /// The equation of the pre-activations, but of the gates that keep their recurrent input apart.
  public var preactivation = "a{t} = W_ih x{t} + W_hh h{t-1} + b"
  /// What is added to the pre-activation of some gates, by the gate's name: what peepholes give.
  public var gateTerms: [String: String] = [:]
  /// The equations from the pre-activations to the state, a line each.
  public var state: [String]
  /// The equations of the gradient, a line each: first that by h, from the step's own share (`{local}`) and from the step after it,
  /// then by what else the state has, then by the pre-activations. δ is ∂L/∂h; each is the whole derivative, by all paths.
  public var gradient: [String]
  /// How the input's and the recurrent weights are written.
  public var inputWeights = "W_ih", recurrentWeights = "W_hh"
  /// What the step's targets say: the readout, if there is one, and the loss follow from the task.
  public var error: String?
  /// Whether the gradient is that of Williams & Zipser's J = -½ Σ e², which is maximised: minus that of the losses, none of them
  /// weighted.
  public var maximizesNegativeErrors = false
  /// J = κ I + s · diag(φ′) W_hh, where the Jacobian has that form.
  public var affineJacobian: AffineJacobian?
  /// The path on which a part of the state goes from step to step past all weights, multiplied by a gate; nil where there is none.
  public var memoryPath: MemoryPath?
  /// The index of the gate whose bias `network.init.forget_bias` adds to, or is taken from where 1 - gate is what keeps; nil where
  /// there is none.
  public var forgetGate: Int?
  /// The settings of the experiment's `network` group that only some cells have, and that this one has.
  public var options: [Option] = []
  /// What the network's settings make of the cell, in few words for a title: "delays 1,8"; empty where they change nothing.
  public var variant = ""
  /// Whether h stays in the range of its activation (±1 for tanh), whatever the weights are.
  public var boundsState = true

  /// J_t = κ I + s · diag(φ′(a_t)) W_hh, with ‖J_t‖₂ ≤ |κ| + |s| γ σ_max(W_hh).
  public struct AffineJacobian: Equatable, Sendable {
    /// κ, the factor before h_{t-1}: the path past φ and W_hh.
    public var directPath: Double
    /// s, the factor before φ.
    public var scale: Double
    /// How s is written: nothing, β, α.
    public var scaleName: String
  }

  /// The constant error carousel (Hochreiter & Schmidhuber 1997): s_t = gate_t ⊙ s_{t-1} + …, so that ∂s_t/∂s_{t-1} = diag(gate_t)
  /// while the gates are held fixed.
  public struct MemoryPath: Equatable, Sendable {
    /// The index of the state's components that it carries: c of an LSTM, h of a GRU.
    public var component: Int
    /// The index of the gate that multiplies it: f of an LSTM, z of a GRU.
    public var gate: Int
    /// Whether it is 1 - gate that multiplies.
    public var isComplement: Bool
    /// The index of the gate through which h reads the part, h_t = gate_t ⊙ tanh(part_t): o of an LSTM; nil where the part is h.
    public var outputGate: Int?

    /// `component` carried by `gate`, and read through `outputGate`.
    public init(component: Int, gate: Int, isComplement: Bool = false, outputGate: Int? = nil) {
      self.component = component
      self.gate = gate
      self.isComplement = isComplement
      self.outputGate = outputGate
    }
  }

  /// A setting by its name in the experiment's `network` group (`beta`), with its value here.
  public struct Option: Equatable, Sendable {
    /// The last word of the dotted key.
    public var name: String
    /// The value.
    public var value: Double
  }

  /// A description; what is not given is as in the simple recurrent network.
  init(summary: String, state: [String], gradient: [String]) {
    self.summary = summary
    self.state = state
    self.gradient = gradient
  }

  /// Whether the network's activation is the cell's φ.
  public var takesActivation: Bool { gateFunctions == nil }
}

extension NetworkSpecification {
  /// What the network's cell says of itself.
  public var cellDescription: CellDescription { cell.accept(Describe(), self) }
}

private struct Describe: CellVisitor {
  func visit<C: Cell>(_ cell: C) -> CellDescription { cell.description }
}
