import RecurrentNetworks

/// The numbers of every unit of a fully recurrent network at one step of one sequence, in Williams & Zipser's terms.
///
/// J = -½ Σ_t Σ_k e_k(t)² is what is maximised, so each is minus the program's gradient, and not divided by the number of losses
/// that a mean is taken over: e_k = d_k - y_k where unit k has a target and it is injected; ε_k = ∂J/∂y_k by all paths;
/// δ_k = ∂J/∂s_k = f′(s_k) ε_k.
public struct UnitNumbers: Equatable, Sendable {
  /// One unit's.
  public struct Unit: Equatable, Sendable {
    /// s_k and y_k = f(s_k).
    public let input: Double, output: Double
    /// d_k, where k is in T(t).
    public let target: Double?
    /// e_k, where it is injected into the sweep.
    public let error: Double?
    /// f′(s_k).
    public let derivative: Double
    /// ε_k and δ_k.
    public let epsilon: Double, delta: Double
  }

  /// Of units 1 … n.
  public let units: [Unit]

  /// The numbers at the tape's step `step`, counted from the window's first; nil for other networks, and when there is no such
  /// step or sequence.
  public init?(_ tape: Tape, step: Int, sequence: Int = 0) {
    guard tape.network.cell.isFullyRecurrent, let layer = tape.layers.first, (0..<tape.steps).contains(step),
      (0..<tape.batch).contains(sequence)
    else { return nil }
    let row = step * tape.batch + sequence
    let injected = tape.outputGradient(step: step)
    // + 0 turns the -0 of what nothing reaches into 0.
    func unweighted(_ gradient: Double) -> Double { -gradient / tape.injectionWeight + 0 }
    units = (0..<tape.hidden).map { k in
      let isAsked = k < tape.outputs && tape.targetMask[row] != 0 && tape.outputMask?[row * tape.outputs + k] != 0
      var target: Double?
      if isAsked, case .values(let values) = tape.target { target = values[row * tape.outputs + k] }
      let unit = row * tape.hidden + k
      return Unit(
        input: layer.preactivation[unit], output: layer.state[unit + tape.batch * tape.hidden], target: target,
        error: isAsked && tape.mask[row] != 0 ? unweighted(injected[sequence * tape.outputs + k]) : nil,
        derivative: layer.derivative[unit], epsilon: unweighted(layer.gradient[unit]),
        delta: unweighted(layer.preactivationGradient[unit]))
    }
  }
}
