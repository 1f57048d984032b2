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
  /// Windows that begin at the same step and inject neighbouring losses go back as one, as the recursion is linear.
  public init(_ pass: Pass<Double>, windows: [Window]) {
    let layout = pass.layout
    let whole = Window(steps: 0..<pass.steps, injected: 0..<pass.steps)
    _ = pass.backward(whole, reduction: .sum)
    let full = Array(pass.gradient)
    let merged = Self.merge(windows)
    let truncated: [Double]
    if merged == [whole] {
      truncated = full
    } else {
      var sum = [Double](repeating: 0, count: full.count)
      for window in merged {
        _ = pass.backward(window, reduction: .sum)
        for (index, value) in pass.gradient.enumerated() { sum[index] += value }
      }
      truncated = sum
    }
    self.init(
      overall: Comparison(name: "all", truncated: truncated, full: full),
      tensors: layout.entries.map {
        Comparison(name: $0.name, truncated: truncated[$0.range], full: full[$0.range])
      }, truncatedGradient: truncated, fullGradient: full)
  }

  /// The number of steps that the backward passes over `windows` take in all.
  public static func stepsBack(_ windows: [Window]) -> Int {
    merge(windows).reduce(0) { $0 + $1.steps.count }
  }

  static func merge(_ windows: [Window]) -> [Window] {
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
  public init(name: String, truncated: some Collection<Double>, full: some Collection<Double>) {
    // Scaled by the largest, so that no square leaves the range.
    let largest = max(truncated.reduce(0) { max($0, $1.magnitude) }, full.reduce(0) { max($0, $1.magnitude) })
    let scale = largest > 0 && largest.isFinite ? largest : 1
    var (tt, ff, tf, dd) = (0.0, 0.0, 0.0, 0.0)
    for (t, f) in zip(truncated, full) {
      let (t, f) = (t / scale, f / scale)
      tt += t * t
      ff += f * f
      tf += t * f
      dd += (t - f) * (t - f)
    }
    self.init(
      name: name, truncatedNorm: tt.squareRoot() * scale, fullNorm: ff.squareRoot() * scale,
      cosine: max(-1, min(1, tf / (tt.squareRoot() * ff.squareRoot()))), relativeError: (dd / ff).squareRoot())
  }
}
