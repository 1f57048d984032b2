import RecurrentNetworks

/// The numbers of one step of the recursion δ_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1} of the top layer, over the whole batch.
public struct StepNumbers: Equatable, Sendable {
  /// The step, counted from 0 in the tape.
  public let step: Int
  /// ‖δ_t‖ = ‖local + future‖.
  public let gradientNorm: Double
  /// ‖local‖, what the step's own injected loss gives, and ‖future‖, what arrives from step t+1 (0 at the last step).
  public let localNorm: Double, futureNorm: Double
  /// ‖δ_{t+1}‖, or nil at the last step.
  public let nextGradientNorm: Double?
  /// ‖φ′_{t+1} ⊙ δ_{t+1}‖/‖δ_{t+1}‖; nil at the last step or where nothing arrives.
  public let derivativeFactor: Double?
  /// ‖W_hhᵀ v‖/‖v‖ of v = φ′_{t+1} ⊙ δ_{t+1}; nil at the last step or where nothing arrives.
  public let recurrentFactor: Double?
  /// l_t averaged over the sequences with a target; nil without a target.
  public let loss: Double?
  /// Whether l_t is injected (in any sequence).
  public let injected: Bool

  /// The numbers of step `t` of the tape.
  public init(_ tape: Tape, step t: Int) {
    precondition(0 <= t && t < tape.steps, "step \(t) of \(tape.steps)")
    step = t
    let (batch, block) = (tape.batch, tape.batch * tape.hidden)
    func norm(_ array: [Double], _ t: Int) -> Double {
      Logarithm.powerOf10(Logarithm.norm(array[t * block..<(t + 1) * block]))
    }
    let layer = tape.layers.last
    localNorm = layer.map { norm($0.localGradient, t) } ?? 0
    futureNorm = layer.map { norm($0.futureGradient, t) } ?? 0
    let parts = layer?.parts ?? 1
    gradientNorm = layer.map { norm($0.gradient, t * parts) } ?? 0
    nextGradientNorm = t + 1 < tape.steps ? layer.map { norm($0.gradient, (t + 1) * parts) } : nil
    let factors = t + 1 < tape.steps ? StepFactors(tape, step: t + 1) : nil
    derivativeFactor = factors.map { Logarithm.powerOf10($0.log10Derivative) }
    recurrentFactor = factors.flatMap {
      $0.log10Recurrent.isNaN ? nil : Logarithm.powerOf10($0.log10Recurrent)
    }
    let sequences = (t * batch..<(t + 1) * batch).filter { tape.targetMask[$0] != 0 }
    loss = sequences.isEmpty ? nil : sequences.reduce(0) { $0 + tape.loss[$1] } / Double(sequences.count)
    injected = tape.mask[t * batch..<(t + 1) * batch].contains { $0 != 0 }
  }
}
