import LinearAlgebra

/// RMSProp (Tieleman & Hinton 2012) in PyTorch's form, neither centred nor with momentum.
enum RMSProp: OptimizerRule {
  static let equation = "v ← α v + (1-α) g², w ← w - η g/(√v + ε)"
  static let memories: [OptimizerMemory] = [.second]
  static let options: [OptimizerOption: Double] = [.alpha: 0.99, .epsilon: 1e-8, .weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // v ← α v + (1-α) g²;  w ← w - η g/(√v + ε)
    MomentStep(
      rate: rate, l2: settings.weightDecay, second: .init(keep: settings.alpha, add: 1 - settings.alpha),
      epsilon: settings.epsilon)
  }
}
