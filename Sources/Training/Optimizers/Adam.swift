import Glibc
import LinearAlgebra

/// Adam (Kingma & Ba 2015) in PyTorch's form. On the screen m̂ and v̂ are written out: its cells hold no hats.
enum Adam: OptimizerRule {
  static let equation = "w ← w - η m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)"
  static let memories: [OptimizerMemory] = [.first, .second]
  static let options: [OptimizerOption: Double] = [.beta1: 0.9, .beta2: 0.999, .epsilon: 1e-8, .weightDecay: 0]

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    let (beta1, beta2) = (settings.beta1, settings.beta2)
    // m ← β₁ m + (1-β₁) g;  v ← β₂ v + (1-β₂) g²;  w ← w - η m̂/(√v̂ + ε) with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ)
    return MomentStep(
      rate: rate / (1 - pow(beta1, Double(t))), l2: settings.weightDecay,
      first: .init(keep: beta1, add: 1 - beta1), second: .init(keep: beta2, add: 1 - beta2),
      root: 1 / (1 - pow(beta2, Double(t))).squareRoot(), epsilon: settings.epsilon)
  }
}
