import LinearAlgebra

/// A recurrent cell: how a state follows from the one before, and how a gradient goes back.
///
/// A cell is written once, over all rows of a batch, in either precision. The same code serves the Jacobians: there the
/// rows are row vectors ∂·/∂s_t of one sequence, whose activations are broadcast over them.
protocol Cell: Sendable {
  /// The number G of gates: pre-activations a unit.
  static var gates: Int { get }
  /// The number of components of the state (1: h; 2: h, c).
  var stateComponents: Int { get }
  /// How many of the gates, the last ones, do not add W_hh h_{t-1} to W_ih x_t: it is kept apart, with a bias of its own.
  static var resetGatedInputs: Int { get }
  /// Whether the backward step reads the pre-activations, which are then kept for every step, and no φ′.
  static var keepsPreactivation: Bool { get }
  /// Whether one matrix [H, H+I] is all that the network has: no bias, no readout, the outputs are units; one layer.
  static var isFullyRecurrent: Bool { get }
  /// Whether h_{t-1} goes into the pre-activations, through W_hh. Otherwise they are made of x_t alone, and units meet only in
  /// the readout and in the layer above.
  static var hasRecurrentWeights: Bool { get }
  /// Whether the pre-activations have a bias.
  static var hasBias: Bool { get }
  /// The numbers of h that one unit's recurrence couples: 2 where h has H/2 real parts and then H/2 imaginary parts.
  static var coupledParts: Int { get }
  /// What the cell has to train beside W_ih, W_hh and b, in the order in which it lies in the parameters.
  var unitTensors: [UnitTensor] { get }
  /// The rows of H numbers that a step reads beside weights and states, made of those tensors or of the settings.
  var constantRows: Int { get }
  /// What the cell says of itself; as many gates and state components as above.
  var description: CellDescription { get }
  /// From s_{t-1} and the pre-activations, which hold W_ih x_t + b, to s_t; false when a pre-activation is not finite.
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool
  /// From δ_t = ∂L/∂s_t to ∂L/∂a_t, and what reaches δ_{t-1} by this step, where it is wanted; returns Σ δ_t² of h.
  func backward<S: Scalar>(_ step: CellStep<S>) -> S
  /// The constants, `constantRows` rows with the stride of a state, from the unit tensors of a layer.
  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>)
  /// Adds what a step's rows give to the gradient by the unit tensors, s_{t-1} held fixed, after its backward step.
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>)
  /// What the unit tensors start with, one after the other.
  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double]
}

/// A tensor of a cell's own, with a number for each unit, or for each pair of units that are one complex number.
public struct UnitTensor: Equatable, Sendable {
  /// Its name in files, to which the layer is added: beta_logit, nu_log.
  public let name: String
  /// Its length.
  public let count: Int
}

extension Cell {
  static var resetGatedInputs: Int { 0 }
  static var keepsPreactivation: Bool { false }
  static var isFullyRecurrent: Bool { false }
  static var hasRecurrentWeights: Bool { true }
  static var hasBias: Bool { true }
  static var coupledParts: Int { 1 }
  var unitTensors: [UnitTensor] { [] }
  var constantRows: Int { 0 }

  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {}
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {}
  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double] { [] }
}

/// Work to be done with a cell, whichever it is: generic, so that each cell gets its own compiled copy.
protocol CellVisitor {
  associatedtype Result
  func visit<C: Cell>(_ cell: C) -> Result
}

extension CellKind {
  /// The one list of all cells: hands the network's to the visitor.
  @inline(__always)
  func accept<V: CellVisitor>(_ visitor: V, _ network: NetworkSpecification) -> V.Result {
    switch self {
    case .elman: network.hasOtherDelays ? visitor.visit(DelayedCell(network)) : visitor.visit(ElmanCell(network))
    case .leaky: visitor.visit(LeakyCell(network))
    case .residual: visitor.visit(ResidualCell(network))
    case .lstm:
      network.isProjected ? visitor.visit(ProjectedLSTMCell(network)) : visitor.visit(LSTMCell(network))
    case .coupledLSTM: visitor.visit(CoupledLSTMCell(network))
    case .gru: visitor.visit(GRUCell())
    case .janet: visitor.visit(JANETCell())
    case .minGRU: visitor.visit(MinGRUCell())
    case .minLSTM: visitor.visit(MinLSTMCell())
    case .lru: visitor.visit(LRUCell(network))
    case .fullyRecurrent: visitor.visit(FullyRecurrentCell(network))
    }
  }

  /// The number G of gates: rows of weight_ih and weight_hh, in units of H.
  public var gates: Int { accept(Sizes(), NetworkSpecification()).gates }

  /// The number of gates, the last ones, whose recurrent input W_hh h_{t-1} + b_hh is kept apart from W_ih x_t + b_ih;
  /// a cell that has any trains both biases.
  public var resetGatedInputs: Int { accept(Sizes(), NetworkSpecification()).apart }

  /// Whether pre-activations are kept for every step, and φ′ is not.
  var keepsPreactivation: Bool { accept(Sizes(), NetworkSpecification()).keepsPreactivation }

  /// Whether one matrix [H, H+I] is all that the network has: no bias, no readout, the outputs are units; one layer.
  public var isFullyRecurrent: Bool { accept(Sizes(), NetworkSpecification()).isFullyRecurrent }

  /// Whether h_{t-1} goes into the pre-activations, through W_hh. Otherwise units meet only in the readout and in the layer above.
  public var hasRecurrentWeights: Bool { accept(Sizes(), NetworkSpecification()).hasRecurrentWeights }

  /// Whether the pre-activations have a bias.
  public var hasBias: Bool { accept(Sizes(), NetworkSpecification()).hasBias }

  /// The numbers of h that one unit's recurrence couples: 2 where h has H/2 real parts and then H/2 imaginary parts.
  public var coupledParts: Int { accept(Sizes(), NetworkSpecification()).coupledParts }

  private struct Sizes: CellVisitor {
    struct Result {
      var gates: Int, apart: Int, coupledParts: Int
      var keepsPreactivation: Bool, isFullyRecurrent: Bool, hasRecurrentWeights: Bool, hasBias: Bool
    }

    func visit<C: Cell>(_ cell: C) -> Result {
      Result(
        gates: C.gates, apart: C.resetGatedInputs, coupledParts: C.coupledParts,
        keepsPreactivation: C.keepsPreactivation,
        isFullyRecurrent: C.isFullyRecurrent, hasRecurrentWeights: C.hasRecurrentWeights, hasBias: C.hasBias)
    }
  }
}

extension NetworkSpecification {
  /// The number of components of the state: 1 is h; 2 are h and c of an LSTM, or h_t and h_{t-1} where a connection has delay 2.
  public var stateComponents: Int { cell.accept(StateComponents(), self) }

  /// What the cell has to train beside W_ih, W_hh and b, in each layer.
  public var unitTensors: [UnitTensor] { cell.accept(UnitTensors(), self) }
}

private struct StateComponents: CellVisitor {
  func visit<C: Cell>(_ cell: C) -> Int { cell.stateComponents }
}

private struct UnitTensors: CellVisitor {
  func visit<C: Cell>(_ cell: C) -> [UnitTensor] { cell.unitTensors }
}

/// One layer's buffers at one step, [B, ·] each with its own row stride, which is 0 where one row serves them all.
struct CellStep<S: Scalar> {
  /// B rows of H units.
  var rows: Int, hidden: Int
  /// s_{t-1} and s_t, by component, at `componentDistance` from each other.
  var previousState: UnsafeMutablePointer<S>, state: UnsafeMutablePointer<S>
  var stateStride: Int, componentDistance: Int
  /// a_t and φ′(a_t), [B, G·H]; φ′ is nothing where the cell keeps pre-activations.
  var preactivation: UnsafeMutablePointer<S>, derivative: UnsafeMutablePointer<S>
  var activationStride: Int
  /// W_hh h_{t-1} + b_hh of the gates apart, [B, A·H], and their b_hh.
  var recurrentInput: UnsafeMutablePointer<S>, recurrentBias: UnsafeMutablePointer<S>
  var recurrentInputStride: Int
  /// δ_t, and δ_{t-1} (nil where it is not wanted), by component; ∂L/∂a_t.
  var gradient: UnsafeMutablePointer<S>, previousGradient: UnsafeMutablePointer<S>?
  var gradientStride: Int, gradientComponentDistance: Int, previousGradientComponentDistance: Int
  /// ∂L/∂a_t as W_ih x_t sees it and as W_hh h_{t-1} sees it, which differ in the gates apart: the same array where there are none.
  var preactivationGradient: UnsafeMutablePointer<S>, recurrentGradient: UnsafeMutablePointer<S>
  var preactivationGradientStride: Int
  /// Whether `previousGradient` holds a gradient already, to which this step's is added.
  var accumulates: Bool
  /// W_hhᵀ [H, G·H], packed, and W_hh [G·H, H]: packed where `backwardStride` is 0, otherwise with rows so far apart.
  var forwardWeights: UnsafeMutablePointer<S>, backwardWeights: UnsafeMutablePointer<S>
  var backwardStride = 0
  /// W_hhᵀ and W_hh of the connections of delays beyond 1, packed, one after the other; nil where there are none.
  var delayedForward: UnsafeMutablePointer<S>?, delayedBackward: UnsafeMutablePointer<S>?
  /// Of a projected LSTM: the numbers of h, P; W_hrᵀ and W_hr, packed; and m_t = o_t ⊙ tanh c_t with ∂L/∂m_t, which lie as h and δ do.
  var projectedUnits = 0
  var projectionForward: UnsafeMutablePointer<S>?, projectionBackward: UnsafeMutablePointer<S>?
  var unprojected: UnsafeMutablePointer<S>?, unprojectedGradient: UnsafeMutablePointer<S>?
  /// t, counted from 1 in the sequence.
  var time = 0
  /// What the cell made of its unit tensors and the settings, rows that lie `constantStride` apart; nil where it has none.
  var constants: UnsafeMutablePointer<S>?
}

extension CellStep {
  /// The numbers of h that W_hh sees.
  @inline(__always)
  var seenUnits: Int { projectedUnits > 0 ? projectedUnits : hidden }

  /// How far the rows of constants lie apart: as states do in a pass.
  var constantStride: Int { PassPlan<S>.stride(hidden) }

  /// The step after this one, or before it (`count` = -1), where states, pre-activations and gradients are kept for
  /// every step.
  @inline(__always)
  mutating func advance(by count: Int) {
    let states = count * rows * stateStride
    let gates = count * rows * activationStride
    previousState += states
    state += states
    preactivation += gates
    derivative += gates
    gradient += states
    preactivationGradient += gates
    recurrentGradient += gates
    recurrentInput += count * rows * recurrentInputStride
    time += count
    if let m = unprojected { unprojected = m + states }
    if let dm = unprojectedGradient { unprojectedGradient = dm + states }
  }

  /// a_t += W_hh h_{t-1}, for G gates; of those apart W_hh h_{t-1} + b_hh goes to the recurrent input.
  @inline(__always)
  func addRecurrentProduct(gates: Int, apart: Int = 0) {
    let summed = (gates - apart) * hidden
    S.multiplyPacked(
      m: rows, n: summed, k: seenUnits, a: previousState, aRowStride: stateStride, aColumnStride: 1,
      packedB: forwardWeights, c: preactivation, cRowStride: activationStride, accumulate: true)
    guard apart > 0 else { return }
    S.multiplyPacked(
      m: rows, n: apart * hidden, k: hidden, a: previousState, aRowStride: stateStride, aColumnStride: 1,
      packedB: forwardWeights + S.packedCount(k: hidden, n: summed), start: recurrentBias, startStride: 0,
      c: recurrentInput, cRowStride: recurrentInputStride)
  }

  /// h_t = φ(a_t), and φ′(a_t) is kept; false when an a is not finite.
  @inline(__always)
  func activate(_ function: ElementwiseFunction) -> Bool {
    S.activate(
      function, rows: rows, columns: hidden, a: preactivation, aStride: activationStride, value: state,
      valueStride: stateStride, derivative: derivative, derivativeStride: activationStride)
  }

  /// h_t = κ h_{t-1} + β h_t.
  @inline(__always)
  func blendState(keep: Double, new: Double) {
    S.scaleAdd(
      rows: rows, columns: hidden, alpha: S(keep), x: previousState, xStride: stateStride, beta: S(new), y: state,
      yStride: stateStride)
  }

  /// ∂L/∂a_t = β φ′(a_t) ⊙ δ_t; returns Σ δ_t².
  @inline(__always)
  func differentiateActivation(scale: Double) -> S {
    S.multiplyElements(
      rows: rows, columns: hidden, scale: S(scale), x: gradient, xStride: gradientStride, y: derivative,
      yStride: activationStride, into: preactivationGradient, zStride: preactivationGradientStride)
  }

  /// δ_{t-1} += W_hhᵀ ∂L/∂a_t of h, where it is wanted; `begun`: the step has put something of its own there already.
  @inline(__always)
  func addRecurrentGradient(gates: Int, begun: Bool) {
    guard let previous = previousGradient else { return }
    if backwardStride > 0 {
      S.multiply(
        m: rows, n: seenUnits, k: gates * hidden, a: recurrentGradient, aRowStride: preactivationGradientStride,
        aColumnStride: 1, b: backwardWeights, bRowStride: backwardStride, c: previous, cRowStride: gradientStride,
        accumulate: accumulates || begun)
      return
    }
    S.multiplyPacked(
      m: rows, n: seenUnits, k: gates * hidden, a: recurrentGradient, aRowStride: preactivationGradientStride,
      aColumnStride: 1, packedB: backwardWeights, c: previous, cRowStride: gradientStride,
      accumulate: accumulates || begun)
  }

  /// δ_{t-1} += κ δ_t + W_hhᵀ ∂L/∂a_t, where it is wanted.
  @inline(__always)
  func passBack(keep: Double, gates: Int) {
    guard let previous = previousGradient else { return }
    if keep != 0 {
      S.scaleAdd(
        rows: rows, columns: hidden, alpha: S(keep), x: gradient, xStride: gradientStride, beta: accumulates ? 1 : 0,
        y: previous, yStride: gradientStride)
    }
    addRecurrentGradient(gates: gates, begun: keep != 0)
  }
}
