import LinearAlgebra
import RecurrentNetworks

/// Who did it: how much of what a step back does to the gradient is φ′'s, and how much W_hh's.
///
/// For one layer over the whole batch, at every step t from 1: what arrives at t-1 from t is
/// κ δ_t + scale · W_hhᵀ (φ′_t ⊙ δ_t), with κ = 0, scale = 1 for Elman.
public struct DecayShares: Equatable, Sendable {
  /// log10 of ‖φ′_t ⊙ δ_t‖/‖δ_t‖, [T]: what φ′ does (≤ log10 γ); NaN where no gradient arrives.
  public let derivative: [Double]
  /// log10 of ‖W_hhᵀ(φ′_t ⊙ δ_t)‖/‖φ′_t ⊙ δ_t‖, [T]: what W_hh does; NaN at step 0 of the tape and where nothing is left.
  public let recurrent: [Double]
  /// log10 of the whole factor ‖future_{t-1}‖/‖δ_t‖ of the step, [T]: for Elman the sum of the two; leaky and residual
  /// have a direct path too. NaN at step 0 of the tape.
  public let whole: [Double]

  /// The shares of the tape's own gradient in layer `layer` (nil: the top one).
  public init(_ tape: Tape, layer: Int? = nil) {
    var (derivative, recurrent, whole) = ([Double](), [Double](), [Double]())
    for t in 0..<tape.steps {
      let factors = StepFactors(tape, step: t, layer: layer)
      derivative.append(factors?.log10Derivative ?? .nan)
      recurrent.append(factors?.log10Recurrent ?? .nan)
      whole.append(factors?.log10Whole ?? .nan)
    }
    self.derivative = derivative
    self.recurrent = recurrent
    self.whole = whole
  }
}

/// What step t does to the gradient δ_t on its way to t-1.
struct StepFactors {
  let log10Derivative: Double, log10Recurrent: Double, log10Whole: Double

  /// nil for cells whose Jacobian has another form, and where no gradient arrives.
  init?(_ tape: Tape, step t: Int, layer index: Int? = nil) {
    let index = index ?? tape.layers.count - 1
    guard tape.layers.indices.contains(index), let jacobian = tape.affineJacobian(layer: index) else { return nil }
    let layer = tape.layers[index]
    let block = tape.batch * tape.hidden
    let delta = layer.gradient[t * block..<(t + 1) * block]
    let arriving = Logarithm.norm(delta)
    guard arriving.isFinite else { return nil }
    // ∂L/∂a_t = scale ⊙ φ′_t ⊙ δ_t
    let inner = layer.preactivationGradient[t * block..<(t + 1) * block]
    let opened = Logarithm.norm(inner)
    let (scale, hidden) = (jacobian.scale, tape.hidden)
    log10Derivative = Logarithm.norm(inner.enumerated().map { $1 / scale[$0 % hidden] }) - arriving
    guard t > 0 else {
      (log10Recurrent, log10Whole) = (.nan, .nan)
      return
    }
    let future = Array(layer.futureGradient[(t - 1) * block..<t * block])
    log10Whole = Logarithm.norm(future) - arriving
    guard opened.isFinite else {
      log10Recurrent = .nan
      return
    }
    // W_hhᵀ ∂L/∂a_t = future_{t-1} - κ δ_t
    let keep = jacobian.directPath
    let recurrent = zip(future, delta).enumerated().map { $1.0 - keep[$0 % hidden] * $1.1 }
    log10Recurrent = Logarithm.norm(recurrent) - opened
  }
}
