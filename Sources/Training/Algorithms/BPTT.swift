import LinearAlgebra
import RecurrentNetworks

/// Backpropagation through time (Werbos 1990), truncated to windows of k2 steps every k1 steps (Williams & Peng 1990).
final class BPTT<S: Scalar>: GradientAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "backpropagation through time",
      summary: "the window run forward and its gradient back, k2 steps every k1 (Werbos 1990, Williams & Peng 1990)",
      equations: [
        "δ{t} = ∂l{t}/∂h{t} + J{t+1}ᵀ δ{t+1}",
        "∂L/∂w = Σ δ{t} ∂⁺h{t}/∂w",
      ],
      isTape: true, isForward: false)
  }

  /// (m + n) h numbers for a window of h steps; n(m + n) h/h′ multiply-adds a step with an update every h′, three times over:
  /// forward, back to the states, back to the weights.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    let aStep = 3 * (sizes.recurrentWeights + sizes.readoutWeights) * Double(sizes.batch)
    if let s = sizes.segmentSteps {
      // A segment whole and a state for each, and all steps forward once more.
      let states = sizes.state * Double((sizes.k2 + s - 1) / s + 1)
      return AlgorithmCost(
        floats: ((Double(sizes.inputs) + sizes.state) * Double(s) + states) * Double(sizes.batch),
        multiplyAdds: aStep * 4 / 3 * Double(sizes.k2) / Double(sizes.k1))
    }
    let held = (Double(sizes.inputs) + sizes.state) * Double(sizes.k2) * Double(sizes.batch)
    return AlgorithmCost(floats: held, multiplyAdds: aStep * Double(sizes.k2) / Double(sizes.k1))
  }

  /// "full BPTT", "real-time BPTT", "BPTT(5)", "TBPTT(10,20) newest"; what is kept of the past, where it is not all; and how many
  /// copies there are of the weights, where each step has its own.
  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? {
    let training = experiment.training
    let kept = training.history == .stale ? " stale" : training.checkpoints == .sqrt ? ", √n kept" : ""
    let untied = training.untied ? ", untied: \(experiment.copies) copies" : ""
    return schedule.name(training) + kept + untied
  }

  private let pass: Pass<S>
  private(set) var schedule: TruncationSchedule
  private var reduction: Reduction
  private var history: HistoryKind

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    schedule = Self.schedule(experiment)
    reduction = experiment.training.reduction
    history = experiment.training.history
  }

  /// A past that is not run again must be there whole, for a window to go back over and for a tape to show.
  static func keepsEveryStep(_ experiment: Experiment) -> Bool { experiment.training.history == .stale }

  func configure(_ experiment: Experiment) {
    schedule = Self.schedule(experiment)
    reduction = experiment.training.reduction
    history = experiment.training.history
  }

  func gradient(of window: Window, at position: TrainingPosition) -> PassResult {
    let past = history == .stale ? position.trained : 0
    pass.forward(max(window.steps.lowerBound, past)..<window.steps.upperBound)
    return pass.backward(window, reduction: reduction)
  }
}

extension TruncationSchedule {
  /// The truncation by the name that the field has for it, or by its numbers.
  func name(_ training: TrainingSpecification) -> String {
    let numbers = "(\(training.k1 == .full ? "n" : "\(k1)"),\(training.k2 == .full ? "n" : "\(k2)"))"
    guard inject == .newest || k1 == length && k2 == length && inject == .window else {
      return "TBPTT\(numbers) \(inject.rawValue)"
    }
    switch TruncationPreset(k1: .steps(k1), k2: .steps(k2), length: length) {
    case .full: return "full BPTT"
    case .realTime: return "real-time BPTT"
    case .bpttH: return "BPTT(\(k2))"
    case .oneStep, .overlapping, .chunked, nil: return "TBPTT\(numbers) \(inject.rawValue)"
    }
  }
}
