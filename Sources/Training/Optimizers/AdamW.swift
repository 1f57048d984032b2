import LinearAlgebra

/// AdamW (Loshchilov & Hutter 2019) in PyTorch's form: Adam whose weight decay goes past the moments.
enum AdamW: OptimizerRule {
  static let equation = "w ← (1-ηλ) w - η m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)"
  static let memories = Adam.memories
  static let options = Adam.options.merging([.weightDecay: 0.01]) { $1 }

  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep {
    // w ← (1-ηλ) w, then Adam's step without decay
    var step = Adam.step(settings, rate: rate, t: t)
    step.l2 = 0
    step.keep = 1 - rate * settings.weightDecay
    return step
  }
}
