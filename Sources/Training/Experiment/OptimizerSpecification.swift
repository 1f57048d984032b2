/// An optimizer and its settings. What it does not read is as it is here.
public struct OptimizerSpecification: Equatable, Sendable {
  /// Which optimizer.
  public var name = OptimizerKind.sgd
  /// η.
  public var learningRate = 0.01
  /// λ: L2, g ← g + λ w, in all but AdamW, which shrinks the weights by 1 - ηλ.
  public var weightDecay = 0.0
  /// μ of momentum and Nesterov.
  public var momentum = 0.0
  /// RMSProp's α.
  public var alpha = 0.99
  /// β₁ of Adam and AdamW.
  public var beta1 = 0.9
  /// β₂ of Adam and AdamW.
  public var beta2 = 0.999
  /// ε.
  public var epsilon = 1e-8

  /// The defaults.
  public init() {}
}
