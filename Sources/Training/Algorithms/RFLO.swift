import LinearAlgebra
import RecurrentNetworks

/// Random feedback local online learning (Murray 2019): the influence goes on by the unit's leak alone,
/// B ← (1-β) B + β φ′ ⊗ input, so a weight's eligibility is local to its synapse; and the error comes back to the units by the
/// readout's own weights, or by random ones in their place that are drawn once and stay.
///
/// With elman β is 1, and nothing of the past is left but the last input. In general the path past W_hh goes on: (1-β) of
/// leaky, 1 of residual, the gates of lstm and gru, where it is the eligibility trace of e-prop (Bellec et al. 2020).
final class RFLO<S: Scalar>: ForwardAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "random feedback local online learning",
      summary: "of RTRL's matrix what a unit's own leak carries on, W_hh left out (Murray 2019)",
      equations: [
        "B{t} = (1-β) B{t-1} + β φ′(a{t}) ⊗ [x{t}; h{t-1}; 1]",
        "∂L/∂w = Σ (∂l{t}/∂h{t}) ⊙ B{t}",
      ],
      isTape: false, isForward: true)
  }

  /// n(m + n) numbers and multiply-adds a step, a part of the state.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost { .trace(InfluenceTrace<S>.count(sizes), sizes) }

  static var rules: [ExperimentRule] {
    ExperimentRule.forward + [
      .oneLayer,
      ExperimentRule(
        "training.rflo.feedback", fallsWith: \.training.algorithm,
        expected: {
          "readout with \($0.network.cell.rawValue), whose outputs are units: there is no way back that random weights "
            + "could take"
        }, mend: { $0.training.rflo.feedback = .readout },
        where: { $0.training.rflo.feedback == .random && $0.network.cell.isFullyRecurrent }),
    ]
  }

  let pass: Pass<S>
  var settings: ForwardSettings
  private let trace: InfluenceTrace<S>
  let feedback: [S]
  var memory: UnsafeMutableRawBufferPointer { trace.memory }

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    settings = ForwardSettings(experiment)
    trace = InfluenceTrace(pass: pass, path: .direct)
    feedback = experiment.training.rflo.feedback == .random ? Self.randomFeedback(experiment, pass.layout) : []
  }

  /// B_o [O, H], drawn N(0, readout²/H) as the readout is.
  private static func randomFeedback(_ experiment: Experiment, _ layout: ParameterLayout) -> [S] {
    let hidden = experiment.network.hidden
    var random = CounterRandom(seed: experiment.seed, for: .feedback)
    let deviation = experiment.network.initialization.readout / Double(hidden).squareRoot()
    return (0..<layout.outputs * hidden).map { _ in S(deviation * random.normal()) }
  }

  func advance(sequence: Int, step t: Int, isFirst: Bool, position: TrainingPosition) {
    trace.advance(sequence: sequence, step: t)
  }

  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    trace.addGradient(sequence: sequence, lossGradient: lossGradient)
  }

  func influence(sequence: Int) -> Influence { trace.influence(sequence: sequence) }
}
