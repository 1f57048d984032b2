import CKernels

/// One step of an optimizer, as numbers; for every parameter w with gradient g
///
///     g ← s g + λ w
///     m ← keep·m + add·g          the first moment, where there is one
///     v ← keep·v + add·g²         the second moment, where there is one
///     w ← κ w - η (p g + q m) / (√v · root + ε)
///
/// and without a second moment the divisor is 1.
public struct MomentStep: Equatable, Sendable {
  /// An average that runs with the gradients, or their sum.
  public struct Moment: Equatable, Sendable {
    /// What stays of it, and the share that is added.
    public var keep: Double, add: Double

    /// keep·m + add·g.
    public init(keep: Double, add: Double) {
      self.keep = keep
      self.add = add
    }
  }

  /// s, what clipping multiplies the gradient by.
  public var gradientScale = 1.0
  /// η, with whatever corrects the first moment's bias.
  public var rate: Double
  /// λ, the weight decay that enters the gradient.
  public var l2: Double
  /// κ, what stays of w beside the gradient.
  public var keep: Double
  /// How m and v grow; nil for an optimizer without.
  public var first: Moment?, second: Moment?
  /// p and q.
  public var byGradient: Double, byFirst: Double
  /// The factor of √v, which corrects the second moment's bias, and ε.
  public var root: Double, epsilon: Double

  /// A step of length η: along the gradient, unless a first moment is given, and then along that.
  public init(
    rate: Double, l2: Double = 0, keep: Double = 1, first: Moment? = nil, second: Moment? = nil,
    byGradient: Double? = nil, byFirst: Double = 1, root: Double = 1, epsilon: Double = 0
  ) {
    self.rate = rate
    self.l2 = l2
    self.keep = keep
    self.first = first
    self.second = second
    self.byGradient = byGradient ?? (first == nil ? 1 : 0)
    self.byFirst = byFirst
    self.root = root
    self.epsilon = epsilon
  }

  /// About how large a number the step can bring forth, a change or a square, by a gradient of norm ‖g‖₂ like those before
  /// it; infinite where the weight decay by itself may drive the weights apart.
  public func reach(gradientNorm: Double) -> Double {
    // Σ keepⁱ add, and no more than a million steps of a sum that forgets nothing.
    func total(_ moment: Moment) -> Double { moment.add / max(1 - moment.keep, 1e-6) }
    // |1 - ηλ| < 1, with room for a first moment.
    guard l2 * max(rate, 1) < 1, abs(keep) <= 1 else { return .infinity }
    let direction = byGradient + (first.map { byFirst * total($0) } ?? 0)
    guard let second else { return rate * direction * gradientNorm }
    return max(total(second) * gradientNorm * gradientNorm, rate * direction * gradientNorm / epsilon)
  }

  /// The numbers for a kernel in whose precision `least` is the least normal number, so that ε does not vanish.
  @usableFromInline
  func numbers(leastEpsilon least: Double) -> bpt_moment_step {
    bpt_moment_step(
      scale: gradientScale, rate: rate, l2: l2, keep: keep, first_keep: first?.keep ?? 0, first_add: first?.add ?? 0,
      second_keep: second?.keep ?? 0, second_add: second?.add ?? 0, by_gradient: byGradient, by_first: byFirst,
      root: root, epsilon: max(epsilon, least))
  }
}
