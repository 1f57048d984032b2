import LinearAlgebra

/// Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000), as
/// PyTorch has it: i, f, o = σ(a), g = tanh(a) of a_t = W_ih x_t + W_hh h_{t-1} + b; c_t = f ⊙ c_{t-1} + i ⊙ g;
/// h_t = o ⊙ tanh c_t. With peepholes c reaches the gates too.
struct LSTMCell: Cell {
  static let gates = 4
  var stateComponents: Int { 2 }
  static let keepsPreactivation = true
  private let variant: LSTMVariant

  init(_ network: NetworkSpecification) {
    variant = LSTMVariant(isCoupled: false, hasPeepholes: network.hasPeepholes, hidden: network.hidden)
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000)",
      state: ["c{t} = f{t} ⊙ c{t-1} + i{t} ⊙ g{t}", "h{t} = o{t} ⊙ tanh( c{t} )"],
      gradient: [
        "δ{t} = {local} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂c{t} = f{t+1} ⊙ ∂L/∂c{t+1} + o{t} ⊙ tanh′(c{t}) ⊙ δ{t}",
        "∂L/∂a_i{t} = g{t} ⊙ i′{t} ⊙ ∂L/∂c{t}", "∂L/∂a_f{t} = c{t-1} ⊙ f′{t} ⊙ ∂L/∂c{t}",
        "∂L/∂a_g{t} = i{t} ⊙ g′{t} ⊙ ∂L/∂c{t}", "∂L/∂a_o{t} = tanh( c{t} ) ⊙ o′{t} ⊙ δ{t}",
      ])
    cell.gates = ["i", "f", "g", "o"]
    cell.stateComponents = ["h", "c"]
    cell.gateFunctions = [.sigmoid, .sigmoid, .tanh, .sigmoid]
    cell.memoryPath = .init(component: 1, gate: 1, outputGate: 3)
    cell.forgetGate = 1
    variant.describe(&cell)
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 4)
    if step.constants != nil { return variant.forward(step) }
    // i, f, o = σ(a_t), g = tanh(a_t);  c_t = f ⊙ c_{t-1} + i ⊙ g;  h_t = o ⊙ tanh c_t
    return S.lstmForward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      cBefore: step.previousState + step.componentDistance, c: step.state + step.componentDistance, h: step.state,
      stateStride: step.stateStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    if step.constants != nil {
      let sumOfSquares = variant.backward(step)
      step.addRecurrentGradient(gates: 4, begun: false)
      return sumOfSquares
    }
    // ∂L/∂c_t = δc_t + δh_t ⊙ o ⊙ tanh′(c_t)
    // ∂L/∂a_t = (g ⊙ i′, c_{t-1} ⊙ f′, i ⊙ g′) ⊙ ∂L/∂c_t;  tanh(c_t) ⊙ o′ ⊙ δh_t
    // δc_{t-1} += f ⊙ ∂L/∂c_t
    let sumOfSquares = S.lstmBackward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      cBefore: step.previousState + step.componentDistance, c: step.state + step.componentDistance,
      stateStride: step.stateStride,
      dh: step.gradient, dc: step.gradient + step.gradientComponentDistance, gradientStride: step.gradientStride,
      da: step.preactivationGradient, daStride: step.preactivationGradientStride,
      dcBefore: step.previousGradient.map { $0 + step.previousGradientComponentDistance }, accumulate: step.accumulates)
    // δh_{t-1} += W_hhᵀ ∂L/∂a_t
    step.addRecurrentGradient(gates: 4, begun: false)
    return sumOfSquares
  }

  var unitTensors: [UnitTensor] { variant.unitTensors }
  var constantRows: Int { variant.constantRows }

  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {
    variant.fillConstants(from: tensors, hidden: hidden, into: constants)
  }

  @inline(__always)
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {
    variant.addUnitGradient(step, to: gradient)
  }

  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double] {
    variant.initialUnitTensors
  }
}
