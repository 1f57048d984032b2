import RecurrentNetworks

/// Who did it: how much of what a step back does to the gradient is φ′'s, and how much W_hh's; of gated cells, what the memory
/// path and the gates do.
///
/// For one layer over the whole batch, at every step t from 1: what J_t makes of δ_t on its way to t-1 is
/// κ ⊙ δ_t + W_hhᵀ (s ⊙ φ′_t ⊙ δ_t), with κ = 0, s = 1 for Elman. Clipping and stochastic reweighting have no share in it.
public struct DecayShares: Equatable, Sendable {
  /// log10 of ‖φ′_t ⊙ δ_t‖/‖δ_t‖, [T]: what φ′ does (≤ log10 γ); NaN where no gradient arrives.
  public let derivative: [Double]
  /// log10 of ‖W_hhᵀ u‖/‖u‖, u = s ⊙ φ′_t ⊙ δ_t, [T]: what W_hh does; NaN at step 0 of the tape and where nothing is left.
  public let recurrent: [Double]
  /// log10 of the whole factor ‖J_tᵀ δ_t‖/‖δ_t‖ of the step, [T]: for Elman the sum of the two; leaky and residual
  /// have a direct path too. NaN at step 0 of the tape.
  public let whole: [Double]
  /// log10 of ‖κ ⊙ δ_t‖/‖δ_t‖, [T], the path past φ and W_hh of leaky and residual cells; empty without one.
  public let directPath: [Double]
  /// Of gated cells log10 of ‖f ⊙ v‖/‖v‖, v = ∂L/∂m_t, what the memory path keeps; and of ‖u‖/‖∂L/∂s_t‖,
  /// u = ∂L/∂(W_hh h_{t-1}), what the gates and their slopes leave for W_hh; [T], NaN at step 0; empty for other cells.
  public let memoryPath: [Double], gates: [Double]

  /// The shares of the tape's own gradient in layer `layer` (nil: the top one).
  public init(_ tape: Tape, layer: Int? = nil) {
    let layer = layer ?? tape.layers.count - 1
    let factors = (0..<tape.steps).map {
      tape.layers.indices.contains(layer) ? AffineStepFactors(tape, step: $0, layer: layer) : nil
    }
    let gated = (0..<tape.steps).map { t in
      t > 0 && tape.layers.indices.contains(layer) ? GatedStepFactors(tape, step: t, layer: layer) : nil
    }
    /// Empty where no step has such a factor.
    func each<Factors>(_ factors: [Factors?], _ factor: (Factors) -> Double?) -> [Double] {
      let values = factors.enumerated().map { $0 > 0 ? $1.flatMap(factor) ?? .nan : .nan }
      return values.allSatisfy(\.isNaN) ? [] : values
    }
    derivative = factors.map { $0?.log10Derivative ?? .nan }
    recurrent = zip(factors, gated).enumerated().map {
      $0 > 0 ? $1.0?.log10Recurrent ?? $1.1?.log10Recurrent ?? .nan : .nan
    }
    whole = factors.enumerated().map { $0 > 0 ? $1?.log10Whole ?? .nan : .nan }
    directPath = each(factors) { $0.log10DirectPath }
    memoryPath = each(gated) { $0.log10MemoryPath }
    gates = each(gated) { $0.log10Gates }
  }
}
