import LinearAlgebra

/// Long short-term memory with all that needs h_{t-1} taken out of its gates, and no output gate (Feng, Tung, Ahmed, Bengio &
/// Hajimirsadeghi, "Were RNNs all we needed?", 2024): f, i = σ(a_f), σ(a_i), c̃ = a_c of a_t = W_ih x_t + b; the two gates are
/// made to add up to 1, h_t = f/(f+i) ⊙ h_{t-1} + i/(f+i) ⊙ c̃.
///
/// The state is linear in the one before, each unit by itself: J_t = diag(f/(f+i)).
struct MinLSTMCell: Cell {
  static let gates = 3
  var stateComponents: Int { 1 }
  static let keepsPreactivation = true
  static let hasRecurrentWeights = false

  var description: CellDescription {
    var cell = CellDescription(
      summary: "an LSTM whose gates are made of x alone and add up to 1 (Feng et al. 2024)",
      state: ["s{t} = f{t} / ( f{t} + i{t} )", "h{t} = s{t} ⊙ h{t-1} + ( 1 - s{t} ) ⊙ c{t}"],
      gradient: [
        "δ{t} = {local} + s{t+1} ⊙ δ{t+1}",
        "∂L/∂a_f{t} = ( 1 - f{t} ) ⊙ s{t} ⊙ ( 1 - s{t} ) ⊙ ( h{t-1} - c{t} ) ⊙ δ{t}",
        "∂L/∂a_i{t} = ( 1 - i{t} ) ⊙ s{t} ⊙ ( 1 - s{t} ) ⊙ ( c{t} - h{t-1} ) ⊙ δ{t}",
        "∂L/∂a_c{t} = ( 1 - s{t} ) ⊙ δ{t}",
      ])
    cell.preactivation = "a{t} = W_ih x{t} + b"
    cell.gates = ["f", "i", "c"]
    cell.gateFunctions = [.sigmoid, .sigmoid, .identity]
    cell.forgetGate = 0
    cell.boundsState = false
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // s = f/(f+i) with f, i = σ(a_f), σ(a_i), c̃ = a_c;  h_t = s ⊙ h_{t-1} + (1-s) ⊙ c̃
    S.minLSTMForward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, h: step.state, stateStride: step.stateStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // With u = s (1-s) ⊙ (h_{t-1} - c̃) ⊙ δ_t:  ∂L/∂a_f = (1-f) ⊙ u;  ∂L/∂a_i = -(1-i) ⊙ u;  ∂L/∂a_c = (1-s) ⊙ δ_t
    // δ_{t-1} += s ⊙ δ_t
    S.minLSTMBackward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, stateStride: step.stateStride, dh: step.gradient,
      gradientStride: step.gradientStride, da: step.preactivationGradient, daStride: step.preactivationGradientStride,
      dhBefore: step.previousGradient, accumulate: step.accumulates)
  }
}
