import LinearAlgebra

/// The leaky integrator, an Euler step of τ dh/dt = -h + φ(a) with β = Δt/τ: h_t = (1-β) h_{t-1} + β φ(a_t), β one for all
/// units or one each.
struct LeakyCell: Cell {
  static let gates = 1
  var stateComponents: Int { 1 }
  let activation: ElementwiseFunction
  let beta: Double
  let network: NetworkSpecification

  init(_ network: NetworkSpecification) {
    activation = network.activation.function
    beta = network.beta
    self.network = network
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "a leaky integrator with β = Δt/τ", state: ["h{t} = (1-β) h{t-1} + β {φ}( a{t} )"],
      gradient: ["δ{t} = {local} + (1-β) δ{t+1} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a{t} = β φ′{t} ⊙ δ{t}"])
    if network.hasUnitRates {
      cell.summary = "a leaky integrator with β = Δt/τ of each unit"
      cell.state = ["h{t} = (1-β) ⊙ h{t-1} + β ⊙ {φ}( a{t} )"]
      cell.gradient = ["δ{t} = {local} + (1-β) ⊙ δ{t+1} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a{t} = β ⊙ φ′{t} ⊙ δ{t}"]
    } else {
      cell.affineJacobian = .init(directPath: 1 - beta, scale: beta, scaleName: "β")
    }
    cell.options = [.init(name: "beta", value: beta), .init(name: "beta_spread", value: network.betaSpread)]
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 1)
    // h_t = (1-β) h_{t-1} + β φ(a_t)
    let finite = step.activate(activation)
    if let rates = step.constants {
      step.blendState(rates: rates)
    } else {
      step.blendState(keep: 1 - beta, new: beta)
    }
    return finite
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    if let rates = step.constants { return step.passBack(rates: rates) }
    // ∂L/∂a_t = β φ′(a_t) ⊙ δ_t
    let sumOfSquares = step.differentiateActivation(scale: beta)
    // δ_{t-1} += (1-β) δ_t + W_hhᵀ ∂L/∂a_t
    step.passBack(keep: 1 - beta, gates: 1)
    return sumOfSquares
  }
}
