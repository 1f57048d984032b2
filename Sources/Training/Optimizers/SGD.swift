import LinearAlgebra

/// Stochastic gradient descent.
enum SGD: OptimizerRule {
  static let equation = "w ← w - η g"
  static let memories: [OptimizerMemory] = []
  static let options: [OptimizerOption: Double] = [.weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // w ← w - η g
    MomentStep(rate: rate, l2: settings.weightDecay)
  }
}
