import LinearAlgebra

/// The gated recurrent unit (Cho et al. 2014) as PyTorch has it, the reset gate behind the recurrent product:
/// r, z = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), n = tanh(W_in x_t + b_in + r ⊙ (W_hn h_{t-1} + b_hn)),
/// h_t = (1-z) ⊙ n + z ⊙ h_{t-1}.
struct GRUCell: Cell {
  static let gates = 3
  var stateComponents: Int { 1 }
  static let resetGatedInputs = 1
  static let keepsPreactivation = true

  var description: CellDescription {
    var cell = CellDescription(
      summary: "the gated recurrent unit (Cho et al. 2014), as PyTorch has it",
      state: [
        "q{t} = W_hn h{t-1} + b_hn", "a_n{t} = W_in x{t} + b_in + r{t} ⊙ q{t}", "n{t} = tanh( a_n{t} )",
        "h{t} = ( 1 - z{t} ) ⊙ n{t} + z{t} ⊙ h{t-1}",
      ],
      gradient: [
        "δ{t} = {local} + z{t+1} ⊙ δ{t+1} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a_n{t} = ( 1 - z{t} ) ⊙ n′{t} ⊙ δ{t}",
        "∂L/∂a_z{t} = ( h{t-1} - n{t} ) ⊙ z′{t} ⊙ δ{t}", "∂L/∂q{t} = r{t} ⊙ ∂L/∂a_n{t}",
        "∂L/∂a_r{t} = q{t} ⊙ r′{t} ⊙ ∂L/∂a_n{t}",
      ])
    cell.gates = ["r", "z", "n"]
    cell.gateFunctions = [.sigmoid, .sigmoid, .tanh]
    cell.memoryPath = .init(component: 0, gate: 1)
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_r, a_z = (W_ih x_t + b_ih + b_hh) + W_hh h_{t-1};  q = W_hn h_{t-1} + b_hn
    step.addRecurrentProduct(gates: 3, apart: 1)
    // r, z = σ(a);  n = tanh(a_n + r ⊙ q);  h_t = (1-z) ⊙ n + z ⊙ h_{t-1}
    return S.gruForward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      q: step.recurrentInput, qStride: step.recurrentInputStride, hBefore: step.previousState, h: step.state,
      stateStride: step.stateStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // ∂L/∂a_n = (1-z) ⊙ n′ ⊙ δ_t;  ∂L/∂q = r ⊙ ∂L/∂a_n
    // ∂L/∂a_r = q ⊙ r′ ⊙ ∂L/∂a_n;  ∂L/∂a_z = (h_{t-1} - n) ⊙ z′ ⊙ δ_t
    // δ_{t-1} += z ⊙ δ_t
    let sumOfSquares = S.gruBackward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      q: step.recurrentInput, qStride: step.recurrentInputStride, hBefore: step.previousState,
      stateStride: step.stateStride, dh: step.gradient, gradientStride: step.gradientStride,
      da: step.preactivationGradient, dq: step.recurrentGradient, daStride: step.preactivationGradientStride,
      dhBefore: step.previousGradient, accumulate: step.accumulates)
    // δ_{t-1} += W_hhᵀ (∂L/∂a_r, ∂L/∂a_z, ∂L/∂q)
    step.addRecurrentGradient(gates: 3, begun: true)
    return sumOfSquares
  }
}
