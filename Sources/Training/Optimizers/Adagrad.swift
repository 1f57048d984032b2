import LinearAlgebra

/// Adagrad (Duchi, Hazan & Singer 2011) in PyTorch's form.
enum Adagrad: OptimizerRule {
  static let equation = "v ← v + g², w ← w - η g/(√v + ε)"
  static let memories: [OptimizerMemory] = [.second]
  static let options: [OptimizerOption: Double] = [.epsilon: 1e-10, .weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // v ← v + g²;  w ← w - η g/(√v + ε)
    MomentStep(rate: rate, l2: settings.weightDecay, second: .init(keep: 1, add: 1), epsilon: settings.epsilon)
  }
}
