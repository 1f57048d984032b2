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
  /// Backpropagation cut at random and weighted anew, without bias.
  case artbp
  /// Backpropagation through windows as long as the gradient reaches.
  case adaptive
  /// The adjoint of a fixed point.
  case recurrentBackprop = "recurrent_backprop"
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
    case .artbp: ARTBP<S>.self
    case .adaptive: AdaptiveTruncation<S>.self
    case .recurrentBackprop: RecurrentBackpropagation<S>.self
    }
  }

  /// What the algorithm says of itself.
  public var description: AlgorithmDescription { type(Double.self).description }

  /// How the settings are called in a header, in a few words: "TBPTT(10,20) newest".
  public func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String {
    type(Double.self).heading(experiment, schedule)
      ?? rawValue.uppercased() + (schedule.k1 < schedule.length ? " k1 = \(schedule.k1)" : "")
  }

  /// When updates happen, as the settings alone say it.
  public func schedule(_ experiment: Experiment) -> TruncationSchedule { type(Double.self).schedule(experiment) }

  /// What the algorithm holds and what it computes, for these sizes.
  public func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost { type(Double.self).cost(sizes) }
}
