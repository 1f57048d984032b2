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
  /// ‖φ′_{t+1} ⊙ δ_{t+1}‖/‖δ_{t+1}‖ and ‖W_hhᵀ v‖/‖v‖ of v = φ′_{t+1} ⊙ δ_{t+1}; nil at the last step or where
  /// nothing arrives.
  public let derivativeFactor: Double?, recurrentFactor: Double?
  /// l_t averaged over the sequences with a target; nil without a target.
  public let loss: Double?
  /// Whether l_t is injected (in any sequence).
  public let injected: Bool
}
