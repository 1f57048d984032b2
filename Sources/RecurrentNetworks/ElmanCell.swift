import LinearAlgebra

/// The simple recurrent network (Elman 1990): a_t = W_ih x_t + b + W_hh h_{t-1}, h_t = φ(a_t).
struct ElmanCell: Cell {
  static let gates = 1
  var stateComponents: Int { 1 }
  let activation: ElementwiseFunction

  init(_ network: NetworkSpecification) {
    activation = network.activation.function
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "the simple recurrent network (Elman 1990)", state: ["h{t} = {φ}( a{t} )"],
      gradient: ["δ{t} = {local} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a{t} = φ′{t} ⊙ δ{t}"])
    cell.affineJacobian = .init(directPath: 0, scale: 1, scaleName: "")
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 1)
    // h_t = φ(a_t)
    return step.activate(activation)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // ∂L/∂a_t = φ′(a_t) ⊙ δ_t
    let sumOfSquares = step.differentiateActivation(scale: 1)
    // δ_{t-1} += W_hhᵀ ∂L/∂a_t
    step.passBack(keep: 0, gates: 1)
    return sumOfSquares
  }
}
