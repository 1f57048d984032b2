import LinearAlgebra
import RecurrentNetworks

extension ClipSpecification {
  /// Clips a gradient over all tensors together, or each of them.
  ///
  /// - Parameters:
  ///   - norm: ‖g‖₂, finite.
  ///   - tensors: where each tensor's gradient lies.
  /// - Returns: the norm after clipping divided by the norm before it, 1 where nothing was clipped; and the factor by which
  ///   the gradient is still to be multiplied, which the optimizer's step does in passing.
  func apply<S: Scalar>(
    to gradient: UnsafeMutableBufferPointer<S>, norm: Double, tensors: [Range<Int>]
  ) -> (scale: Double, pending: Double) {
    switch kind {
    case .none, .step, .weight: return (1, 1)
    case .norm:
      // g ← g · min(1, threshold/‖g‖) (Pascanu, Mikolov & Bengio 2013): the direction is kept.
      let scale = norm > threshold ? threshold / norm : 1
      return (scale, scale)
    case .tensor: return (Self.clipTensors(gradient, norm: norm, threshold: threshold, tensors: tensors), 1)
    case .value: return (Self.clipValues(gradient, norm: norm, threshold: threshold), 1)
    }
  }

  /// The gradient as clipping leaves it for the optimizer, in double precision.
  public func clipping(_ gradient: [Double], _ layout: ParameterLayout) -> [Double] {
    var clipped = gradient
    clipped.withUnsafeMutableBufferPointer {
      let pending = apply(to: $0, norm: VectorNorms.euclidean($0), tensors: layout.entries.map(\.range)).pending
      if pending != 1 { for index in $0.indices { $0[index] *= pending } }
    }
    return clipped
  }

  /// Clips the weights that an optimizer's step has left: w_i ← max(-threshold, min(threshold, w_i)) (Arjovsky, Chintala &
  /// Bottou 2017), where weights are what is clipped.
  ///
  /// - Returns: ‖w‖₂ after clipping divided by that before it; 1 where nothing was clipped.
  func apply<S: Scalar>(toWeights parameters: UnsafeMutableBufferPointer<S>) -> Double {
    guard kind == .weight else { return 1 }
    return Self.clipWeights(parameters, threshold: threshold)
  }

  @_specialize(where S == Double)
  @_specialize(where S == Float)
  private static func clipWeights<S: Scalar>(
    _ parameters: UnsafeMutableBufferPointer<S>, threshold: Double
  ) -> Double {
    let limit = S(threshold)
    var largest = S(0)
    for value in parameters { largest = max(largest, abs(value)) }
    guard largest > limit else { return 1 }
    // Squares of ratios, so that none overflows.
    var before = 0.0, after = 0.0
    for index in 0..<parameters.count {
      let ratio = Double(parameters[index] / largest)
      parameters[index] = max(-limit, min(limit, parameters[index]))
      let clipped = Double(parameters[index] / largest)
      before += ratio * ratio
      after += clipped * clipped
    }
    return (after / before).squareRoot()
  }

  /// g_k ← g_k · min(1, threshold/‖g_k‖) for each tensor k: the direction within a tensor is kept, that of the whole is not.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  private static func clipTensors<S: Scalar>(
    _ gradient: UnsafeMutableBufferPointer<S>, norm: Double, threshold: Double, tensors: [Range<Int>]
  ) -> Double {
    // No tensor is above the norm of all.
    guard norm > threshold else { return 1 }
    var squares = 0.0
    var isClipped = false
    for range in tensors {
      let tensor = UnsafeMutableBufferPointer(rebasing: gradient[range])
      let own = VectorNorms.euclidean(tensor.lazy.map(Double.init))
      if own > threshold {
        let scale = S(threshold / own)
        for i in tensor.indices { tensor[i] *= scale }
        isClipped = true
      }
      let ratio = min(own, threshold) / norm
      squares += ratio * ratio
    }
    return isClipped ? squares.squareRoot() : 1
  }

  /// g_i ← max(-threshold, min(threshold, g_i)): the direction is not kept.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  private static func clipValues<S: Scalar>(
    _ gradient: UnsafeMutableBufferPointer<S>, norm: Double, threshold: Double
  ) -> Double {
    // No component is above the norm.
    guard norm > threshold, let g = gradient.baseAddress else { return 1 }
    let limit = S(threshold)
    var squares = 0.0
    var clipped = false
    for i in 0..<gradient.count {
      if abs(g[i]) > limit {
        g[i] = g[i] > 0 ? limit : -limit
        clipped = true
      }
      let ratio = Double(g[i]) / norm
      squares += ratio * ratio
    }
    return clipped ? squares.squareRoot() : 1
  }
}
