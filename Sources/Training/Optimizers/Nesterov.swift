import LinearAlgebra

/// SGD with Nesterov's momentum (Sutskever et al. 2013) in PyTorch's form.
enum Nesterov: OptimizerRule {
  static let equation = "v ← μ v + g, w ← w - η (g + μ v)"
  static let memories: [OptimizerMemory] = [.first]
  static let options: [OptimizerOption: Double] = [.momentum: 0.9, .weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // v ← μ v + g;  w ← w - η (g + μ v)
    MomentStep(
      rate: rate, l2: settings.weightDecay, first: .init(keep: settings.momentum, add: 1), byGradient: 1,
      byFirst: settings.momentum)
  }
}
