import Glibc
import LinearAlgebra
import RecurrentNetworks

/// Noise that is added to every gradient (Neelakantan et al. 2015, "Adding gradient noise improves learning for very deep
/// networks"): g ← g + N(0, σ²), σ² = η/(1+t)^γ at update t, counted from 0.
struct GradientNoise {
  /// η and γ.
  var variance: Double, decay: Double
  /// The seed of the run.
  var seed: UInt64

  /// σ of the update after `done` updates.
  func deviation(after done: Int) -> Double { (variance / pow(1 + Double(done), decay)).squareRoot() }

  /// Adds the noise of the update after `done` updates: a pure function of the seed and of `done`.
  ///
  /// Where there is noise, the gradient is multiplied by `scale` first.
  ///
  /// - Returns: σ√n, about the noise's norm.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  func add<S: Scalar>(to gradient: UnsafeMutableBufferPointer<S>, scale: Double = 1, after done: Int) -> Double {
    guard variance > 0 else { return 0 }
    let deviation = deviation(after: done)
    var random = CounterRandom(seed: seed, for: .gradientNoise)
    // Two words a number.
    random.position = UInt64(done) &* UInt64(2 * gradient.count)
    for index in 0..<gradient.count { gradient[index] = S(scale) * gradient[index] + S(deviation * random.normal()) }
    return deviation * Double(gradient.count).squareRoot()
  }
}

extension TrainingSpecification {
  /// σ of the noise that is added to each weight's gradient in the update after `done` updates; 0 without noise.
  public func noiseDeviation(after done: Int) -> Double { noise(seed: 0).deviation(after: done) }

  /// The noise of a run with this seed.
  func noise(seed: UInt64) -> GradientNoise {
    GradientNoise(variance: regularizer.noise, decay: regularizer.noiseDecay, seed: seed)
  }
}
