/// How a gradient is clipped.
public enum ClipKind: String, CaseIterable, Sendable {
  case none
  /// g · min(1, threshold/‖g‖), over all tensors together.
  case norm
  /// Each component into ±threshold.
  case value
  /// δ_t · min(1, threshold/‖δ_t‖) at every step of the backward pass, before it goes on; ‖δ_t‖ over the batch.
  case step
  /// Each weight into ±threshold after the optimizer's step.
  case weight
  /// g_k · min(1, threshold/‖g_k‖) of each tensor k by itself.
  case tensor
}

/// Clipping and its threshold.
public struct ClipSpecification: Equatable, Sendable {
  /// How.
  public var kind = ClipKind.norm
  /// The largest norm, component or weight that is left alone.
  public var threshold = 1.0

  /// The defaults.
  public init() {}
}
