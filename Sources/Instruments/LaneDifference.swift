import GradientFlow
import RecurrentNetworks
import Training

/// How two runs that go side by side differ: their gradients at this update, and their weights.
///
/// Where the networks have other tensors, what both have is compared: tensors of the same name and shape.
public struct LaneDifference: Equatable, Sendable {
  /// Updates done in the first and in the second lane.
  public let updates: [Int]
  /// cos of the angle between the two gradients, before clipping; NaN where one of them is 0.
  public let cosine: Double
  /// ‖g_B‖/‖g_A‖.
  public let ratio: Double
  /// ‖w_B - w_A‖/‖w_A‖.
  public let weightDistance: Double
  /// How many tensors are compared, of how many in the first lane.
  public let sharedTensors: Int, tensors: Int

  /// The difference of the second pass to the first; nil where `stop` says between the two that nobody waits for it.
  init?(_ a: PassView, _ b: PassView, stop: () -> Bool) {
    let first = Vectors(a)
    if stop() { return nil }
    let second = Vectors(b)
    if stop() { return nil }
    var (gradientA, gradientB, weightsA, weightsB) = ([Double](), [Double](), [Double](), [Double]())
    var shared = 0
    for entry in first.layout.entries {
      guard let other = second.layout[entry.name], other.shape == entry.shape, other.count == entry.count else {
        continue
      }
      shared += 1
      gradientA += first.gradient[entry.range]
      gradientB += second.gradient[other.range]
      weightsA += first.weights[entry.range]
      weightsB += second.weights[other.range]
    }
    let gradients = TruncationBias.Comparison(name: "B against A", truncated: gradientB, full: gradientA)
    let weights = TruncationBias.Comparison(name: "weights", truncated: weightsB, full: weightsA)
    updates = [a.snapshot.update, b.snapshot.update]
    cosine = gradients.cosine
    ratio = gradients.truncatedNorm / gradients.fullNorm
    weightDistance = weights.relativeError
    (sharedTensors, tensors) = (shared, first.layout.entries.count)
  }

  /// A lane's gradient as it trains, and its weights.
  private struct Vectors {
    let layout: ParameterLayout, gradient: [Double], weights: [Double]

    init(_ pass: PassView) {
      layout = pass.snapshot.layout
      weights = pass.snapshot.parameters
      gradient = pass.updateGradient()
    }
  }
}
