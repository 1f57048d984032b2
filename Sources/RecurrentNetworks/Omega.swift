import LinearAlgebra

// Ω of Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks" (ICML 2013):
//
//   Ω = Σ_t Ω_t,  Ω_t = (‖δ_t J_t‖/‖δ_t‖ - 1)²,  J_t = ∂s_t/∂s_{t-1}
//
// over the steps t of a window whose step before lies in the window too, and over all layers; its mean over the sequences of
// the batch. δ_t = ∂L/∂s_t by all paths. Only the immediate dependence on W_hh counts, ∂⁺Ω/∂W_hh: δ_t, the states and φ′(a_t),
// which is a function of them, are held constant. With v = δ_t J_t, whose part of h is W_hhᵀ u and what goes past W_hh,
// u = ∂L/∂(W_hh h_{t-1}), which is ∂L/∂a_t,
//
//   ∂⁺Ω_t/∂W_hh = u (2 (‖v‖/‖δ_t‖ - 1)/(‖δ_t‖ ‖v‖) v_h)ᵀ

extension Pass {
  /// Adds λ ∂⁺Ω/∂W_hh of a layer's steps over a block that was gone back over, and Ω to `omega`.
  @inline(__always)
  func addOmega<C: Cell>(_ cell: C, layer: Int, block: Range<Int>, segment: BackwardSegment) {
    let first = segment.isOldest ? segment.steps.lowerBound + 1 : segment.steps.lowerBound
    let gh = C.gates * network.hidden
    let share = 1 / Double(batch)
    let scratch = omegaScratch(stateComponents: cell.stateComponents)
    let u = scratch + cell.stateComponents * stateRow
    for t in block where t >= first && (gradientScale.isEmpty || gradientScale[t - segment.steps.lowerBound] != 0) {
      // v = δ_t J_t, by the cell's own backward step; ∂L/∂a_t comes out as it lies there.
      var step = step(layer: layer, t: t, block: block)
      step.previousGradient = scratch
      step.previousGradientComponentDistance = stateRow
      _ = cell.backward(step)
      for row in 0..<batch {
        let gradient = step.gradient + row * step.gradientStride, pulled = scratch + row * plan.stateStride
        let before = rowNorm(gradient, stateComponents: cell.stateComponents, distance: step.gradientComponentDistance)
        let after = rowNorm(pulled, stateComponents: cell.stateComponents, distance: stateRow)
        // Where no gradient arrives, or none goes on, there is nothing to keep.
        let excess = before > 0 && before.isFinite && after.isFinite ? after / before - 1 : 0
        omega += share * excess * excess
        let factor = before > 0 && after > 0 ? 2 * flow.omega * share * excess : 0
        // Each is divided by its own norm, so that products of tiny numbers do not vanish.
        for unit in 0..<network.hidden { pulled[unit] = factor == 0 ? 0 : S(factor * (Double(pulled[unit]) / after)) }
        let slope = step.recurrentGradient + row * plan.gateStride
        for unit in 0..<gh { u[row * plan.gateStride + unit] = factor == 0 ? 0 : S(Double(slope[unit]) / before) }
      }
      guard plan.hasRecurrentWeights else { continue }
      S.multiply(
        m: gh, n: network.hidden, k: batch, a: u, aRowStride: 1, aColumnStride: plan.gateStride, b: scratch,
        bRowStride: plan.stateStride, c: gradientBase + plan.layer(layer, step: t).recurrentWeight,
        cRowStride: network.hidden, accumulate: true)
    }
  }

  /// ‖·‖₂ of one sequence's state, over its parts.
  private func rowNorm(_ row: UnsafeMutablePointer<S>, stateComponents: Int, distance: Int) -> Double {
    scaledNorm(row, rows: stateComponents, columns: network.hidden, stride: distance)
  }

  /// Room for v by component, and for u; allocated when it is first asked for.
  private func omegaScratch(stateComponents: Int) -> UnsafeMutablePointer<S> {
    if let scratch = omegaMemory { return scratch }
    let scratch = Self.zeroed(stateComponents * stateRow + batch * plan.gateStride)
    omegaMemory = scratch
    return scratch
  }
}
