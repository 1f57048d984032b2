import LinearAlgebra
import RecurrentNetworks

/// Anticipated reweighted truncated backpropagation (Tallec & Ollivier, "Unbiasing truncated backpropagation through
/// time", 2017): between two steps the gradient is cut with probability c, and what passes is divided by 1 - c.
///
/// The expectation of a factor is c·0 + (1-c)/(1-c) = 1 and cuts are independent, so the expectation of the gradient is
/// that of backpropagation over the window. A cut goes through all sequences of the batch.
final class ARTBP<S: Scalar>: GradientAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "anticipated reweighted truncated backpropagation",
      summary:
        "cut at random with probability c a step, what passes divided by 1 - c: unbiased (Tallec & Ollivier 2017)",
      equations: [
        "δ{t} = ∂l{t}/∂h{t} + ξ{t+1} J{t+1}ᵀ δ{t+1}",
        "ξ = 0 with probability c, else 1/(1-c)",
        "∂L/∂w = Σ δ{t} ∂⁺h{t}/∂w",
      ],
      isTape: true, isForward: false)
  }

  /// As backpropagation over the window: cuts are drawn anew at every update, so that all of it must be there,
  /// every step kept.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    var sizes = sizes
    sizes.segmentSteps = nil
    return BPTT<S>.cost(sizes)
  }

  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? {
    let window = schedule.k2 < schedule.length ? "(\(schedule.k1),\(schedule.k2))" : ""
    return "ARTBP\(window) c = \(formatPlainNumber(experiment.training.artbp.probability))"
  }

  /// The factors on the way from each step of the window to the one before it, as the update after `update` draws them: a
  /// pure function of the seed and the update. The last drawn is the oldest step's, which leads out of the window.
  static func gradientScale(_ experiment: Experiment, window: Window, update: Int) -> [Double] {
    let c = experiment.training.artbp.probability
    var random = CounterRandom(seed: experiment.seed, for: .cuts, index: UInt64(update))
    var gradientScale = [Double](repeating: 1, count: window.steps.count)
    for t in gradientScale.indices.reversed() { gradientScale[t] = random.uniform() < c ? 0 : 1 / (1 - c) }
    return gradientScale
  }

  static func variant(_ experiment: Experiment, window: Window, update: Int) -> PassVariant {
    var variant = PassVariant()
    variant.gradientScale = gradientScale(experiment, window: window, update: update)
    return variant
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
    pass.forward(window.steps)
    return pass.backward(
      window, reduction: experiment.training.reduction,
      gradientScale: Self.gradientScale(experiment, window: window, update: position.update))
  }
}
