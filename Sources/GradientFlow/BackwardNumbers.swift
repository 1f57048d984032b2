import RecurrentNetworks

/// The numbers of one step of the recursion δ_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1} in one layer, norms over the whole batch.
///
/// A factor is what the thing that it is called after does alone: the norm of what comes out of it over the norm of what goes in.
/// None has the scales of clipping or stochastic reweighting in it. nil where nothing goes in, and where the cell has no such thing.
public struct BackwardNumbers: Equatable, Sendable {
  /// ‖∂L/∂h_t‖ and the norms of its two parts: from the step itself (its own loss, or the layer above), and from the steps
  /// after it.
  public let gradient: Double, local: Double, future: Double
  /// The angle between the two parts in degrees: by it the norm of their sum is that of ∂L/∂h_t. nil where one of them is 0.
  public let angle: Double?
  /// Of the part m that the memory path carries beside h (c of an LSTM): the norm of what reaches m_t from m_{t+1}, with h_t held
  /// fixed; and of the whole ∂L/∂m_t, with what reaches m_t through h_t. nil where that part is h.
  public let carried: Double?, carriedWhole: Double?
  /// ‖∂L/∂h_{t+1}‖; nil at the window's last step.
  public private(set) var next: Double?
  /// Of cells with J = diag(κ) + diag(s) diag(φ′) W_hh: ‖s ⊙ φ′ ⊙ δ_{t+1}‖/‖δ_{t+1}‖, which is φ′ with β or α before it.
  public private(set) var derivativeFactor: Double?
  /// ‖W_hhᵀ u‖/‖u‖ of u = ∂L/∂(W_hh h_t), which is ∂L/∂a_{t+1}.
  public private(set) var recurrentFactor: Double?
  /// ‖κ ⊙ δ_{t+1}‖/‖δ_{t+1}‖, what goes past φ and W_hh: |κ| where all units have the same; nil where κ is 0.
  public private(set) var directPathFactor: Double?
  /// ‖f ⊙ v‖/‖v‖, v = ∂L/∂m_{t+1} the whole gradient by the part that the memory path carries, f the gate that carries it, both of
  /// step t+1.
  public private(set) var memoryPathFactor: Double?
  /// Of gated cells: ‖u‖/‖∂L/∂s_{t+1}‖, what the gates and their slopes make of all that arrives at t+1; and
  /// ‖W_hhᵀ u‖/‖∂L/∂s_{t+1}‖, the whole path through the gates to h_t, the product of that and `recurrentFactor`.
  public private(set) var gatesFactor: Double?, gatedPathFactor: Double?

  /// The numbers of layer `layer` (nil: the top one) at the tape's step `step`, counted from the window's first; nil when
  /// there is no such step or layer.
  public init?(_ tape: Tape, step: Int, layer index: Int? = nil) {
    let index = index ?? tape.layers.count - 1
    guard tape.steps > step, step >= 0, tape.layers.indices.contains(index) else { return nil }
    let layer = tape.layers[index]
    let size = tape.batch * tape.hidden
    gradient = euclideanNorm(tape.stateGradient(layer: index, step: step, component: 0))
    local = euclideanNorm(layer.localGradient.row(step, of: size, width: size))
    future = euclideanNorm(layer.futureGradient.row(step, of: size, width: size))
    angle = angleBetween(
      layer.localGradient.row(step, of: size, width: size), layer.futureGradient.row(step, of: size, width: size))
    let path = tape.network.cellDescription.memoryPath
    let component = path?.component ?? 0
    carried = component > 0 ? euclideanNorm(tape.stateGradient(layer: index, step: step, component: component)) : nil
    carriedWhole =
      component > 0 ? path.map { euclideanNorm(tape.memoryGradient($0, layer: index, step: step)) } : nil
    guard step + 1 < tape.steps, !tape.isFixedPoint else { return }
    takeFactors(tape, step: step + 1, layer: index)
  }

  /// What step t does to the gradient on its way to t-1.
  private mutating func takeFactors(_ tape: Tape, step t: Int, layer: Int) {
    next = euclideanNorm(tape.stateGradient(layer: layer, step: t, component: 0))
    if let factors = AffineStepFactors(tape, step: t, layer: layer) {
      derivativeFactor = factors.log10ScaledDerivative.map(Log10.power)
      recurrentFactor = factors.log10Recurrent.map(Log10.power)
      directPathFactor = factors.log10DirectPath.map(Log10.power)
    }
    if let factors = GatedStepFactors(tape, step: t, layer: layer) {
      memoryPathFactor = factors.log10MemoryPath.map(Log10.power)
      recurrentFactor = factors.log10Recurrent.map(Log10.power)
      gatesFactor = factors.log10Gates.map(Log10.power)
      gatedPathFactor = factors.log10GatedPath.map(Log10.power)
    }
  }
}
