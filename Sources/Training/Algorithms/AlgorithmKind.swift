import LinearAlgebra
import RecurrentNetworks

/// The learning algorithms, by the names of the experiment file.
public enum AlgorithmKind: String, CaseIterable, Sendable {
  /// Backpropagation through time, truncated by k1 and k2.
  case bptt
  /// Real-time recurrent learning.
  case rtrl
  /// The sparse one-step approximation of it.
  case snap1
  /// Random feedback local online learning.
  case rflo
  /// Unbiased online recurrent optimisation.
  case uoro
}

extension AlgorithmKind {
  /// The one list of all algorithms: each name with its file.
  func type<S: Scalar>(_: S.Type) -> any GradientAlgorithm<S>.Type {
    switch self {
    case .bptt: BPTT<S>.self
    case .rtrl: RTRL<S>.self
    case .snap1: SnAp1<S>.self
    case .rflo: RFLO<S>.self
    case .uoro: UORO<S>.self
    }
  }

  /// What the algorithm says of itself.
  public var description: AlgorithmDescription { type(Double.self).description }

  /// What the algorithm holds and what it computes, for these sizes.
  public func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost { type(Double.self).cost(sizes) }
}
