/// The optimisers.
public enum OptimizerKind: String, CaseIterable, Sendable { case sgd, momentum, adam }

/// An optimiser and its settings.
public struct OptimizerSpecification: Equatable, Sendable {
  /// Which optimiser.
  public var name = OptimizerKind.sgd
  /// η.
  public var learningRate = 0.01
  /// μ of SGD with momentum: v ← μ v + g, w ← w - η v (PyTorch's form).
  public var momentum = 0.0
  /// Adam's β₁.
  public var beta1 = 0.9
  /// Adam's β₂.
  public var beta2 = 0.999
  /// Adam's ε.
  public var epsilon = 1e-8

  /// The defaults.
  public init() {}
}
