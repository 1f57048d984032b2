import LinearAlgebra
import RecurrentNetworks

/// Recurrent backpropagation (Almeida 1987, Pineda 1987): the network settles under an input that stands still, and so does
/// the adjoint of its fixed point; nothing of the way there is kept.
///
/// The window is run forward, its last step is taken for the fixed point h*, and z = (I - Jᵀ)⁻¹ e found by letting
/// z ← e + Jᵀ z settle. With the last step's loss alone: a loss on the way is no loss at a fixed point.
final class RecurrentBackpropagation<S: Scalar>: GradientAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "recurrent backpropagation",
      summary: "the adjoint of the fixed point that the network settles to (Almeida 1987, Pineda 1987)",
      equations: [
        "e = ∂l/∂h*",
        "z = (I - (D W)ᵀ)⁻¹ e,  by z ← e + (D W)ᵀ z",
        "∂L/∂W = (D z) h*ᵀ",
      ],
      isTape: true, isForward: false)
  }

  /// The state, its activation and the adjoint with what drives it: no length in it; n² multiply-adds a turn.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    let held = Double(sizes.inputs + sizes.layers * sizes.stateComponents * sizes.units * 4) * Double(sizes.batch)
    let aStep = (sizes.recurrentWeights + sizes.readoutWeights) * Double(sizes.batch)
    // As many turns back as steps forward: both settle by ρ(J) a turn.
    return AlgorithmCost(floats: held, multiplyAdds: 2 * aStep)
  }

  /// What is of windows falls back.
  static var rules: [ExperimentRule] {
    [
      settled("training.k1", \.training.k1), settled("training.k2", \.training.k2),
      ExperimentRule(
        "training.inject", fallsWith: \.training.algorithm,
        expected: { _ in "newest or last with recurrent_backprop: only the settled loss is sent back" },
        mend: { $0.training.inject = .newest }, where: { $0.training.inject == .window }),
      ExperimentRule(
        "training.algorithm", found: { "recurrent_backprop with \($0.task.name.rawValue)" },
        expected: { _ in
          "a task whose input stands still, task.name settle, or algorithm bptt: there is no fixed point to settle to"
        }, where: { !$0.task.name.inputsStandStill }),
    ]
  }

  private static func settled(
    _ key: String, _ count: WritableKeyPath<Experiment, StepCount> & Sendable
  ) -> ExperimentRule {
    ExperimentRule(
      key, fallsWith: \.training.algorithm,
      expected: { _ in "full with recurrent_backprop: its gradient is that of the settled state, not of a window" },
      mend: { $0[keyPath: count] = .full },
      where: { $0[keyPath: count].resolved(length: $0.task.length) < $0.task.length })
  }

  static func schedule(_ experiment: Experiment) -> TruncationSchedule {
    TruncationSchedule(
      length: experiment.task.length, k1: experiment.training.k1, k2: experiment.training.k2, inject: .last)
  }

  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? {
    "recurrent BP at a fixed point"
  }

  static func variant(_ experiment: Experiment, window: Window, update: Int) -> PassVariant {
    var variant = PassVariant()
    variant.fixedPoint = settling(experiment)
    return variant
  }

  /// Settled to the last few bits, or stopped after so many turns.
  private static func settling(_ experiment: Experiment) -> PassVariant.FixedPoint {
    PassVariant.FixedPoint(tolerance: experiment.precision == .float64 ? 1e-13 : 1e-6, limit: 1000)
  }

  private let pass: Pass<S>
  private var experiment: Experiment
  var schedule: TruncationSchedule { Self.schedule(experiment) }

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    self.experiment = experiment
  }

  func configure(_ experiment: Experiment) { self.experiment = experiment }

  func gradient(of window: Window, at position: TrainingPosition) -> PassResult {
    let settling = Self.settling(experiment)
    pass.forward(window.steps)
    return pass.backwardAtFixedPoint(
      step: window.steps.upperBound - 1, reduction: experiment.training.reduction, tolerance: settling.tolerance,
      limit: settling.limit
    ).pass
  }
}
