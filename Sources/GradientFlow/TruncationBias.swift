import Glibc
import LinearAlgebra
import RecurrentNetworks

/// The truncated gradient of a sequence against the full one at the same weights, both with every loss weighed alike.
///
/// The truncated one is the masked double sum: Σ over the sequence's updates of the gradients of their windows at fixed
/// weights (with `inject` window a loss counts as often as windows inject it).
public struct TruncationBias: Equatable, Sendable {
  /// One tensor's, or the whole gradient's, comparison.
  public struct Comparison: Equatable, Sendable {
    /// PyTorch's name of the tensor; "all" for the whole gradient.
    public let name: String
    /// ‖truncated‖₂ and ‖full‖₂ of the sum of the losses.
    public let truncatedNorm: Double, fullNorm: Double
    /// cos of the angle between the two; NaN where one of them is 0.
    public let cosine: Double
    /// The angle between the two in degrees; NaN where one of them is 0.
    public let angle: Double
    /// ‖truncated - full‖₂ / ‖full‖₂; NaN where the full one is 0.
    public let relativeError: Double
  }

  /// The whole gradient.
  public let overall: Comparison
  /// Tensor by tensor, in the layout's order.
  public let tensors: [Comparison]
  /// Σ over the sequence's updates of their truncated gradients, of the sum of the losses; flat in the layout's order.
  public let truncatedGradient: [Double]
  /// The full gradient, likewise.
  public let fullGradient: [Double]
}

extension TruncationBias {
  /// Compares over a whole sequence, whose data are loaded and run forward in `pass`; its `gradient` is overwritten.
  ///
  /// The truncated gradient is the sum of what each window's update would use, and the full one that of one window over the whole
  /// sequence, both under the pass's own settings of flow.
  ///
  /// - Parameters:
  ///   - pass: the pass, in whatever precision.
  ///   - windows: the windows of the sequence's updates, in order.
  ///   - reduction: how the losses make the objective that goes back: with `mean` every gradient is multiplied by the number of its
  ///     losses, so that each loss weighs alike in either case. Clipping at every step sees the objective as it is reduced.
  ///   - hasTensors: whether the tensors are compared one by one too.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init<S: Scalar>(_ pass: Pass<S>, windows: [Window], reduction: Reduction = .sum, hasTensors: Bool = true) {
    let layout = pass.layout
    let whole = Window(steps: 0..<pass.steps, injected: 0..<pass.steps)
    func add(_ window: Window, to sum: inout [Double]) {
      let injected = pass.backward(window, reduction: reduction).injected
      let weight = reduction == .mean ? Double(injected) : 1
      let gradient = pass.gradient
      for index in sum.indices { sum[index] += weight * Double(gradient[index]) }
    }
    let zero = [Double](repeating: 0, count: layout.count)
    var (full, truncated) = (zero, zero)
    add(whole, to: &full)
    let merged = Self.merge(windows, flow: pass.flow)
    if merged == [whole] {
      truncated = full
    } else {
      for window in merged { add(window, to: &truncated) }
    }
    self.init(
      overall: Comparison(name: "all", truncated: truncated, full: full),
      tensors: (hasTensors ? layout.entries : []).map {
        Comparison(name: $0.name, truncated: truncated[$0.range], full: full[$0.range])
      }, truncatedGradient: truncated, fullGradient: full)
  }

  /// The number of steps that the backward passes over `windows` take in all.
  public static func stepsBack(_ windows: [Window], flow: FlowControl = FlowControl()) -> Int {
    merge(windows, flow: flow).reduce(0) { $0 + $1.steps.count }
  }

  /// Windows that begin at the same step and inject neighboring losses as one, where the recursion is linear: clipping at every
  /// step and Ω depend on the losses that go back together.
  static func merge(_ windows: [Window], flow: FlowControl) -> [Window] {
    guard flow.clipThreshold == nil, flow.omega == 0, flow.flossing == 0 else { return windows }
    var merged: [Window] = []
    for window in windows {
      if let last = merged.last, last.steps.lowerBound == window.steps.lowerBound,
        last.injected.upperBound == window.injected.lowerBound
      {
        merged[merged.count - 1] = Window(
          steps: last.steps.lowerBound..<window.steps.upperBound,
          injected: last.injected.lowerBound..<window.injected.upperBound)
      } else {
        merged.append(window)
      }
    }
    return merged
  }
}

extension TruncationBias.Comparison {
  /// Two gradients compared.
  @specialized(where Truncated == [Double], Full == [Double])
  public init<Truncated: Collection<Double>, Full: Collection<Double>>(
    name: String, truncated: Truncated, full: Full
  ) {
    let (truncatedNorm, fullNorm) = (euclideanNorm(truncated), euclideanNorm(full))
    let error = euclideanNorm(zip(truncated, full).map { $0 - $1 })
    // Each divided by its own norm, so that no product leaves the range. Of a norm that is no extreme the inverse does it.
    let isPlain = (1e-300...1e300).contains(truncatedNorm) && (1e-300...1e300).contains(fullNorm)
    let (perTruncated, perFull) = (1 / truncatedNorm, 1 / fullNorm)
    var (tt, ff, tf, apart, together) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (t, f) in zip(truncated, full) {
      let (t, f) = isPlain ? (t * perTruncated, f * perFull) : (t / truncatedNorm, f / fullNorm)
      tt += t * t
      ff += f * f
      tf += t * f
      apart += (t - f) * (t - f)
      together += (t + f) * (t + f)
    }
    // Of unit vectors u and v the angle is 2 atan2(‖u - v‖, ‖u + v‖), which keeps a small one's digits (Kahan 2006).
    self.init(
      name: name, truncatedNorm: truncatedNorm, fullNorm: fullNorm,
      cosine: max(-1, min(1, tf / (tt * ff).squareRoot())),
      angle: 2 * atan2(apart.squareRoot(), together.squareRoot()) * 180 / .pi, relativeError: error / fullNorm)
  }
}
