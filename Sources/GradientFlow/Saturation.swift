/// How open the units are: φ′ of one sequence's units over the steps.
public struct Saturation: Equatable, Sendable {
  /// φ′(a_t) by unit and step of the sequence, [T, units].
  public let derivative: [Double]
  /// T, and the number of units.
  public let steps: Int, units: Int
  /// γ = max φ′ of the activation: 1, ¼ for sigmoid.
  public let largest: Double
  /// The share of units with φ′ < 0.1·γ at every step, [T], and over all steps.
  public let saturatedShare: [Double], overallShare: Double
  /// The mean over the units of log10 φ′ at every step, [T]; -infinity where a unit is exactly flat.
  public let meanLog10: [Double]
}

/// Who did it: how much of what a step back does to the gradient is φ′'s, and how much W_hh's.
///
/// log10 ‖δ_{t-1} future‖ - log10 ‖δ_t‖ = derivative + recurrent + rest at every step t from 1: δ_{t-1} = W_hhᵀ (φ′_t ⊙ δ_t).
public struct DecayShares: Equatable, Sendable {
  /// log10 of ‖φ′_t ⊙ δ_t‖/‖δ_t‖, [T]: what φ′ does (≤ log10 γ).
  public let derivative: [Double]
  /// log10 of ‖W_hhᵀ(φ′_t ⊙ δ_t)‖/‖φ′_t ⊙ δ_t‖, [T]: what W_hh does.
  public let recurrent: [Double]
  /// log10 of the whole factor of the step, [T]: for Elman the sum of the two; leaky and residual have a direct path too.
  public let whole: [Double]
}
