/// The first number of a pass that was not finite.
public struct NonFinite: Equatable, Sendable {
  /// The time step, counted from 0 in the sequence.
  public var step: Int
  /// What it was: "pre-activation a", "loss", "∂L/∂h", "gradient of weight_hh_l0".
  public var factor: String

  /// `factor` at `step`.
  public init(step: Int, factor: String) {
    self.step = step
    self.factor = factor
  }
}

/// What a backward pass leaves beside the gradient itself.
public struct PassResult: Equatable, Sendable {
  /// The objective L of the window.
  public var objective: Double
  /// The number of losses injected, over steps and sequences.
  public var injected: Int
  /// ‖g‖₂ over all parameters, before clipping.
  public var gradientNorm: Double
  /// The first number that was not finite, if any.
  public var nonFinite: NonFinite?
}
