import LinearAlgebra
import RecurrentNetworks

/// The sparse one-step approximation of real-time recurrent learning, SnAp-1 (Menick et al. 2020): of the influence matrix only
/// the entries that a weight reaches within one step are kept, which are those of its own unit.
///
/// What goes through other units and back is left out. Where W_hh is diagonal, and in cells without W_hh, nothing is: there it is
/// real-time recurrent learning itself, at the cost of a diagonal (Zucchet et al., "Online learning of long-range dependencies",
/// 2023).
final class SnAp1<S: Scalar>: ForwardAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "sparse one-step approximation of RTRL",
      summary: "of RTRL's matrix what a weight reaches within one step: its own unit (Menick et al. 2020)",
      equations: [
        "M{t} = J{t}[i,i] M{t-1} + ∂⁺h{t}/∂w, for w in unit i",
        "∂L/∂w = Σ (∂l{t}/∂h{t}[i]) M{t}",
      ],
      isTape: false, isForward: true)
  }

  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? {
    "SnAp-1" + (schedule.k1 < schedule.length ? " k1 = \(schedule.k1)" : "")
  }

  /// n(m + n) numbers and multiply-adds a step, a part of the state.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost { .trace(InfluenceTrace<S>.count(sizes), sizes) }

  static var rules: [ExperimentRule] { ExperimentRule.forward + [.oneLayer] }

  let pass: Pass<S>
  var settings: ForwardSettings
  private let trace: InfluenceTrace<S>
  var memory: UnsafeMutableRawBufferPointer { trace.memory }

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    settings = ForwardSettings(experiment)
    trace = InfluenceTrace(pass: pass, path: .diagonal)
  }

  func advance(sequence: Int, step t: Int, isFirst: Bool, position: TrainingPosition) {
    trace.advance(sequence: sequence, step: t)
  }

  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    trace.addGradient(sequence: sequence, lossGradient: lossGradient)
  }

  func influence(sequence: Int) -> Influence { trace.influence(sequence: sequence) }
}

extension AlgorithmCost {
  /// Of an algorithm that carries `trace` numbers and touches each once for every part of the state, beside the pass forward
  /// and the readout's gradients.
  static func trace(_ trace: Double, _ sizes: AlgorithmSizes) -> AlgorithmCost {
    let pass = (sizes.recurrentWeights + 3 * sizes.readoutWeights) * Double(sizes.batch)
    return AlgorithmCost(floats: trace, carried: trace, multiplyAdds: trace * Double(sizes.stateComponents) + pass)
  }
}
