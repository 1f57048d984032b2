import LinearAlgebra

/// The residual cell: h_t = h_{t-1} + α φ(a_t).
struct ResidualCell: Cell {
  static let gates = 1
  var stateComponents: Int { 1 }
  let activation: ElementwiseFunction
  let alpha: Double

  init(_ network: NetworkSpecification) {
    activation = network.activation.function
    alpha = network.alpha
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "a state that each step adds to (He et al. 2016, in time)", state: ["h{t} = h{t-1} + α {φ}( a{t} )"],
      gradient: ["δ{t} = {local} + δ{t+1} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a{t} = α φ′{t} ⊙ δ{t}"])
    cell.affineJacobian = .init(directPath: 1, scale: alpha, scaleName: "α")
    cell.options = [.init(name: "alpha", value: alpha)]
    cell.boundsState = false
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 1)
    // h_t = h_{t-1} + α φ(a_t)
    let finite = step.activate(activation)
    step.blendState(keep: 1, new: alpha)
    return finite
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // ∂L/∂a_t = α φ′(a_t) ⊙ δ_t
    let sumOfSquares = step.differentiateActivation(scale: alpha)
    // δ_{t-1} += δ_t + W_hhᵀ ∂L/∂a_t
    step.passBack(keep: 1, gates: 1)
    return sumOfSquares
  }
}
