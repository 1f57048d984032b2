import LinearAlgebra

// A trained state before the first step of a sequence: s_0 is a parameter, the same for every sequence, and
// ∂L/∂s_0 = Σ J_1ᵀ ∂L/∂s_1 over the batch. Without it s_0 = 0.

extension Pass {
  /// The state at row 0 becomes the trained one, in every sequence, where step 0 is a sequence's first.
  func placeInitialState(stateComponents: Int) {
    guard beginsSequence else { return }
    for (layer, offsets) in plan.layers.enumerated() {
      guard let initial = offsets.initialState else { continue }
      for component in 0..<stateComponents {
        let state = statePointer(layer: layer, component: component, row: 0)
        let values = parameterBase + initial + component * network.hidden
        for row in 0..<batch { (state + row * plan.stateStride).update(from: values, count: network.hidden) }
      }
    }
  }

  /// Whether a sweep back over a segment ends at a trained initial state.
  func reachesInitialState(layer: Int, _ segment: BackwardSegment) -> Bool {
    plan.layers[layer].initialState != nil && beginsSequence && segment.isOldest && segment.steps.lowerBound == 0
  }

  /// What arrives at the state before the first step, summed over the batch, is its gradient.
  func addInitialStateGradient(_ arriving: UnsafeMutablePointer<S>, layer: Int, stateComponents: Int) {
    guard let initial = plan.layers[layer].initialState else { return }
    for component in 0..<stateComponents {
      S.addColumnSums(
        rows: batch, columns: network.hidden, x: arriving + component * stateRow, xStride: plan.stateStride,
        to: gradientBase + initial + component * network.hidden)
    }
  }
}
