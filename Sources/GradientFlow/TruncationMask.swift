import RecurrentNetworks

/// What a truncation keeps of the double sum ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_t)(∂⁺h_t/∂W), as counts.
///
/// Steps count from 0 in a sequence of `steps` steps.
public struct TruncationMask: Equatable, Sendable {
  /// The length n of the sequence.
  public let steps: Int
  /// The windows of the sequence's updates, in order.
  public let windows: [Window]
  /// How many updates carry the term (i, t), [n, n] by i, then t; 0 for terms that are cut and for t > i.
  public let counts: [Int32]

  /// How many updates carry the term (i, t).
  public subscript(i: Int, t: Int) -> Int { Int(counts[i * steps + t]) }
}

/// How much of the double sum a truncation keeps.
public struct TruncationShare: Equatable, Sendable {
  /// Terms (i, t), t ≤ i, of losses that exist; and how many of them an update carries at least once.
  public let terms: Int, termsKept: Int
  /// log10 of Σ F over all terms, and over the kept ones.
  public let log10Mass: Double, log10MassKept: Double
  /// Kept terms over terms, 0 … 1 (1 where there are none).
  public var termShare: Double { terms == 0 ? 1 : Double(termsKept) / Double(terms) }
  /// Kept mass over mass, 0 … 1: the share of the gradient's terms, each by its norm, that is not cut.
  public let massShare: Double
}

/// The truncated gradient against the full one at the same weights, both with every loss at the same weight.
public struct TruncationBias: Equatable, Sendable {
  /// One tensor's, or the whole gradient's, comparison.
  public struct Comparison: Equatable, Sendable {
    /// PyTorch's name of the tensor; "all" for the whole gradient.
    public let name: String
    /// ‖truncated‖₂ and ‖full‖₂.
    public let truncatedNorm: Double, fullNorm: Double
    /// cos of the angle between the two; NaN where one of them is 0.
    public let cosine: Double
    /// ‖truncated - full‖₂ / ‖full‖₂; NaN where the full one is 0.
    public let relativeError: Double
  }

  /// The whole gradient.
  public let overall: Comparison
  /// Tensor by tensor, in the layout's order.
  public let tensors: [Comparison]
  /// The masked double sum: Σ over the sequence's updates of their truncated gradients, flat in the layout's order.
  public let truncatedGradient: [Double]
}
