import LinearAlgebra

/// SGD with momentum (Polyak 1964) in PyTorch's form, without dampening.
enum Momentum: OptimizerRule {
  static let equation = "v ← μ v + g, w ← w - η v"
  static let memories: [OptimizerMemory] = [.first]
  static let options: [OptimizerOption: Double] = [.momentum: 0.9, .weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // v ← μ v + g;  w ← w - η v
    MomentStep(rate: rate, l2: settings.weightDecay, first: .init(keep: settings.momentum, add: 1))
  }
}
