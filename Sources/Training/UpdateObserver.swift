import Glibc
import LinearAlgebra
import RecurrentNetworks

/// Looks on while a run makes an update, in the update's own arenas: the pass on its way back, and the gradient before it is clipped.
///
/// It changes nothing, so that the run's numbers are the same with it and without.
package protocol UpdateObserver: BackwardObserver {
  /// The gradient that the update uses is there in `pass`, finite and not clipped yet; ‖g‖₂ is `norm`.
  func seeGradient<S: Scalar>(of pass: Pass<S>, norm: Double)
}

extension TrainingRun {
  /// Whether the next update is one pass forward and back over its window, which an observer sees whole.
  package var showsUpdates: Bool {
    let training = experiment.training
    return experiment.isRecurrent && training.algorithm.description.isTape && training.checkpoints == .none
      && training.federated.clients == 1 && nextVariant.fixedPoint == nil
  }

  /// Whether the next update's gradient is the full one: one window over the whole sequence with all its losses, and nothing cut.
  package var isNextGradientFull: Bool {
    let length = engine.data.steps, schedule = engine.schedule
    return schedule.k1 == length && schedule.k2 == length
      && engine.window == Window(steps: 0..<length, injected: 0..<length) && nextVariant.gradientScale.isEmpty
  }

  /// What the next update's pass does otherwise, but for what is kept of older ones.
  private var nextVariant: PassVariant {
    experiment.training.algorithm.type(Double.self).variant(experiment, window: engine.window, update: update)
  }
}

extension ClipSpecification {
  /// The angle between a gradient and what clipping leaves of it, in degrees: 0 where only its length changes; NaN for a gradient
  /// of 0.
  ///
  /// - Parameters:
  ///   - gradient: the gradient, which stays as it is.
  ///   - norm: ‖g‖₂, finite.
  package func angleTurned<S: Scalar>(
    _ gradient: UnsafeMutableBufferPointer<S>, norm: Double, layout: ParameterLayout
  ) -> Double {
    guard norm > 0 else { return .nan }
    switch kind {
    case .none, .step, .weight, .norm: return 0
    case .tensor, .value: break
    }
    // Neither a tensor nor a component is above the norm of all.
    guard norm > threshold, let start = gradient.baseAddress else { return 0 }
    return withUnsafeTemporaryAllocation(of: S.self, capacity: gradient.count) { clipped in
      UnsafeMutableRawBufferPointer(clipped).copyMemory(from: UnsafeRawBufferPointer(gradient))
      let scale = apply(to: clipped, norm: norm, tensors: layout.entries.map(\.range)).scale
      guard scale != 1, let left = clipped.baseAddress else { return 0 }
      return angleBetween(UnsafePointer(start), UnsafePointer(left), count: gradient.count)
    }
  }
}

/// The angle between two vectors in degrees; NaN where one of them is 0.
@_specialize(where S == Double)
@_specialize(where S == Float)
private func angleBetween<S: Scalar>(_ x: UnsafePointer<S>, _ y: UnsafePointer<S>, count: Int) -> Double {
  let (xNorm, yNorm) = (norm(x, count: count), norm(y, count: count))
  // Of unit vectors u and v it is 2 atan2(‖u - v‖, ‖u + v‖), which keeps a small one's digits (Kahan 2006). In four sums each, so
  // that additions need not wait for one another.
  var (apart, together) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
  func add(_ x: SIMD4<Double>, _ y: SIMD4<Double>) {
    let (u, v) = (x / xNorm, y / yNorm)
    apart += (u - v) * (u - v)
    together += (u + v) * (u + v)
  }
  var i = 0
  while i + 4 <= count {
    add(
      SIMD4(Double(x[i]), Double(x[i + 1]), Double(x[i + 2]), Double(x[i + 3])),
      SIMD4(Double(y[i]), Double(y[i + 1]), Double(y[i + 2]), Double(y[i + 3])))
    i += 4
  }
  for rest in i..<count { add(SIMD4(Double(x[rest]), 0, 0, 0), SIMD4(Double(y[rest]), 0, 0, 0)) }
  return 2 * atan2(apart.sum().squareRoot(), together.sum().squareRoot()) * 180 / .pi
}

/// ‖v‖₂, which neither underflows nor overflows on the way.
private func norm<S: Scalar>(_ v: UnsafePointer<S>, count: Int) -> Double {
  let squares = S.sumOfSquares(count: count, x: v)
  guard squares > 1e-250, squares < 1e300 else {
    return VectorNorms.euclidean(UnsafeBufferPointer(start: v, count: count).lazy.map { Double($0) })
  }
  return squares.squareRoot()
}
