import LinearAlgebra

/// The gated recurrent unit with all that needs h_{t-1} taken out of its gate and its candidate (Feng, Tung, Ahmed, Bengio &
/// Hajimirsadeghi, "Were RNNs all we needed?", 2024): z = σ(a_z), h̃ = a_c of a_t = W_ih x_t + b;
/// h_t = (1-z) ⊙ h_{t-1} + z ⊙ h̃.
///
/// The state is linear in the one before, each unit by itself: J_t = diag(1-z), whatever the weights are.
struct MinGRUCell: Cell {
  static let gates = 2
  var stateComponents: Int { 1 }
  static let keepsPreactivation = true
  static let hasRecurrentWeights = false

  var description: CellDescription {
    var cell = CellDescription(
      summary: "a GRU whose gate and candidate are made of x alone (Feng et al. 2024)",
      state: ["h{t} = ( 1 - z{t} ) ⊙ h{t-1} + z{t} ⊙ c{t}"],
      gradient: [
        "δ{t} = {local} + ( 1 - z{t+1} ) ⊙ δ{t+1}", "∂L/∂a_z{t} = ( c{t} - h{t-1} ) ⊙ z′{t} ⊙ δ{t}",
        "∂L/∂a_c{t} = z{t} ⊙ δ{t}",
      ])
    cell.preactivation = "a{t} = W_ih x{t} + b"
    cell.gates = ["z", "c"]
    cell.gateFunctions = [.sigmoid, .identity]
    cell.memoryPath = .init(component: 0, gate: 0, isComplement: true)
    cell.forgetGate = 0
    cell.boundsState = false
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // z = σ(a_z), h̃ = a_c;  h_t = (1-z) ⊙ h_{t-1} + z ⊙ h̃
    S.minGRUForward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, h: step.state, stateStride: step.stateStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // ∂L/∂a_z = (h̃ - h_{t-1}) ⊙ z′ ⊙ δ_t;  ∂L/∂a_c = z ⊙ δ_t
    // δ_{t-1} += (1-z) ⊙ δ_t
    S.minGRUBackward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, stateStride: step.stateStride, dh: step.gradient,
      gradientStride: step.gradientStride, da: step.preactivationGradient, daStride: step.preactivationGradientStride,
      dhBefore: step.previousGradient, accumulate: step.accumulates)
  }
}
