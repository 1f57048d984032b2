import LinearAlgebra

/// The first number of a pass that was not finite.
public struct NonFinite: Equatable, Sendable {
  /// The time step, counted from 0 in the sequence.
  public var step: Int
  /// What it was: "pre-activation a", "loss", "∂L/∂h", "gradient of weight_hh_l0".
  public var factor: String

  /// `factor` at `step`.
  public init(step: Int, factor: String) {
    self.step = step
    self.factor = factor
  }
}

/// What a backward pass leaves beside the gradient itself.
public struct PassResult: Equatable, Sendable {
  /// The objective L of the window.
  public var objective: Double
  /// The number of losses injected, over steps and sequences.
  public var injected: Int
  /// ‖g‖₂ over all parameters, before clipping.
  public var gradientNorm: Double
  /// The first number that was not finite, if any.
  public var nonFinite: NonFinite?
  /// The least of what clipping at every step multiplied a δ_t by: 1 where nothing was clipped so.
  public var leastStepScale = 1.0
  /// Ω, where its gradient was added; it is no part of the objective here.
  public var omega = 0.0

  /// A pass without clipping at every step and without Ω.
  public init(objective: Double, injected: Int, gradientNorm: Double, nonFinite: NonFinite?) {
    (self.objective, self.injected) = (objective, injected)
    (self.gradientNorm, self.nonFinite) = (gradientNorm, nonFinite)
  }

  init(
    objective: Double, injected: Int, gradientNorm: Double, nonFinite: NonFinite?, leastStepScale: Double, omega: Double
  ) {
    self.init(objective: objective, injected: injected, gradientNorm: gradientNorm, nonFinite: nonFinite)
    (self.leastStepScale, self.omega) = (leastStepScale, omega)
  }
}

extension Pass {
  /// The objective, norms and the first number that was not finite, after a backward pass over `window`.
  func result(_ window: Range<Int>, _ injected: Range<Int>, weight: Double, count: Int) -> PassResult {
    var result = result(objective: weight * addLosses(of: injected, to: 0), count: count)
    if !(result.objective.isFinite && result.gradientNorm.isFinite && nonFiniteStep == nil) {
      result.nonFinite = firstNonFinite(window)
    }
    return result
  }

  /// The result with this objective and the norm of the gradient as it stands.
  func result(objective: Double, count: Int) -> PassResult {
    clearAbsentConnections(gradientBase)
    let squares = S.sumOfSquares(count: layout.count, x: gradientBase)
    let norm =
      squares > 0x1p-960 && squares < .infinity
      ? squares.squareRoot() : scaledNorm(gradientBase, rows: 1, columns: layout.count, stride: 0)
    return PassResult(
      objective: objective, injected: count, gradientNorm: norm, nonFinite: nil,
      leastStepScale: leastStepScale, omega: omega)
  }

  /// `sum` and the losses of the steps `range`, added step by step, the newest first: the order of the backward pass, in
  /// which they can be added a segment at a time.
  func addLosses(of range: Range<Int>, to sum: Double) -> Double {
    var sum = sum
    let losses = arena + plan.loss
    for t in range.reversed() {
      for row in t * batch..<(t + 1) * batch { sum += Double(losses[row]) }
    }
    return sum
  }

  /// ‖δ_t‖ from its sum of squares; where that left the range of normal numbers, taken again with a scale.
  @inline(__always)
  func norm(sumOfSquares: Double, gradient: UnsafeMutablePointer<S>) -> Double {
    let least = Double(S.leastNormalMagnitude) * 0x1p60
    let greatest = Double(S.greatestFiniteMagnitude)
    return sumOfSquares > least && sumOfSquares < greatest ? sumOfSquares.squareRoot() : scaledNorm(gradient)
  }

  @inline(never)
  private func scaledNorm(_ gradient: UnsafeMutablePointer<S>) -> Double {
    scaledNorm(gradient, rows: batch, columns: network.hidden, stride: plan.stateStride)
  }

  /// ‖v‖₂ = m ‖v/m‖₂ with m = max |v|, which neither underflows nor overflows; NaN or infinite where an element is.
  func scaledNorm(_ v: UnsafeMutablePointer<S>, rows: Int, columns: Int, stride: Int) -> Double {
    var largest = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        let magnitude = abs(Double(v[row * stride + column]))
        if !magnitude.isFinite { return magnitude }
        largest = max(largest, magnitude)
      }
    }
    guard largest > 0 else { return 0 }
    var sum = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        let ratio = Double(v[row * stride + column]) / largest
        sum += ratio * ratio
      }
    }
    return largest * sum.squareRoot()
  }

  /// The first number, in the order of computation, that is not finite.
  func firstNonFinite(_ window: Range<Int>) -> NonFinite? {
    let losses = arena + plan.loss
    let badLoss = window.first { t in (0..<batch).contains { !losses[t * batch + $0].isFinite } }
    if let step = nonFiniteStep, step <= badLoss ?? step { return NonFinite(step: step, factor: "pre-activation a") }
    if let step = badLoss { return NonFinite(step: step, factor: "loss") }
    if let step = window.last(where: { !gradientNorms[$0].isFinite }) {
      return NonFinite(step: step, factor: "∂L/∂h")
    }
    for entry in layout.entries where entry.range.contains(where: { !gradientBase[$0].isFinite }) {
      return NonFinite(step: window.lowerBound, factor: "gradient of \(entry.name)")
    }
    return nil
  }
}
