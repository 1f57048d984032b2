import LinearAlgebra

/// What a backward pass does with the gradient on its way beside passing it back; nothing by default.
public struct FlowControl: Equatable, Sendable {
  /// c of δ_t ← δ_t · min(1, c/‖δ_t‖₂), done at every step before δ_t goes on to the weights, the layer below and the step
  /// before; the norm is over the batch and all parts of a layer's state. nil: δ_t goes on as it is.
  public var clipThreshold: Double?
  /// λ of Ω = Σ_t (‖δ_t J_t‖₂/‖δ_t‖₂ - 1)² (Pascanu, Mikolov & Bengio 2013), whose gradient λ ∂⁺Ω/∂W_hh is added; 0 for none.
  public var omega = 0.0
  /// λ of F = Σ λ_i² over the largest Lyapunov exponents (`Flossing`), whose gradient λ ∂F/∂w is added; 0 for none. And how many
  /// exponents.
  public var flossing = 0.0, flossedExponents = 1

  /// Plain backpropagation.
  public init() {}
}

extension Pass {
  /// A backward pass begins: nothing is clipped yet.
  func beginFlow() {
    (omega, flossed) = (0, 0)
    leastStepScale = 1
    guard flow.clipThreshold != nil || !stepScales.isEmpty else { return }
    let count = flow.clipThreshold == nil ? 0 : network.layers * capacity
    if stepScales.count != count { stepScales = [Double](repeating: 1, count: count) }
    for index in stepScales.indices { stepScales[index] = 1 }
  }

  /// δ_t ← δ_t · min(1, c/‖δ_t‖₂), over the batch and all parts of the layer's state.
  func clipFlow(_ step: CellStep<S>, layer: Int, t: Int, stateComponents: Int, threshold: Double) {
    var norm = 0.0
    for component in 0..<stateComponents {
      let gradient = step.gradient + component * step.gradientComponentDistance
      norm = VectorNorms.hypotenuse(
        norm, scaledNorm(gradient, rows: step.rows, columns: step.hidden, stride: step.gradientStride))
    }
    // What is not finite is not hidden by clipping it.
    guard norm > threshold, norm.isFinite else { return }
    let scale = threshold / norm
    for component in 0..<stateComponents {
      let gradient = step.gradient + component * step.gradientComponentDistance
      S.scaleAdd(
        rows: step.rows, columns: step.hidden, alpha: 0, x: gradient, xStride: step.gradientStride, beta: S(scale),
        y: gradient, yStride: step.gradientStride)
    }
    stepScales[layer * capacity + t] = scale
    leastStepScale = min(leastStepScale, scale)
  }

  /// What clipping multiplied each layer's δ_t by at the steps of a window, [layers, T]; empty where flow is not clipped.
  func clipScales(_ window: Range<Int>) -> [Double] {
    stepScales.isEmpty ? [] : (0..<network.layers).flatMap { layer in window.map { stepScales[layer * capacity + $0] } }
  }
}

extension Tape {
  /// What clipping at every step multiplied δ of a layer by at step `step` of the window: 1 where it did nothing.
  public func clipScale(step: Int, layer: Int) -> Double {
    let index = layer * steps + step
    return clipScales.indices.contains(index) ? clipScales[index] : 1
  }
}
