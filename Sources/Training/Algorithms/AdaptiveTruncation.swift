import LinearAlgebra
import RecurrentNetworks

/// Backpropagation through time whose window is as long as it must be (Aicher, Foti & Fox 2019): k2 is chosen anew at the start
/// of every sequence, the least whose estimated relative bias is at most δ.
///
/// The whole sequence is run forward, and the losses of a few of its steps one at a time back, at the weights of its start;
/// `DecayEstimate` says how many lags K a loss must be carried back. A window of k2 = K + k1 - 1 steps does so for the
/// oldest of the k1 losses that an update injects. The experiment's k2 is the largest that is chosen.
final class AdaptiveTruncation<S: Scalar>: GradientAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "adaptive truncated backpropagation through time",
      summary: "the least k2 whose estimated relative bias is under δ (Aicher, Foti & Fox 2019)",
      equations: [
        "φ_k = ‖∂L_s/∂h_{s-k}‖ ≈ φ_τ β^(k-τ)",
        "k2 = k1 - 1 + min {K : Σ_{k≥K} φ_k ≤ δ ‖∂L/∂h‖}",
        "δ{t} = ∂l{t}/∂h{t} + J{t+1}ᵀ δ{t+1}",
      ],
      isTape: true, isForward: false)
  }

  /// As backpropagation, with the largest k2; the estimate adds a pass forward and a few back, once a sequence.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    var sizes = sizes
    sizes.segmentSteps = nil
    var cost = BPTT<S>.cost(sizes)
    // The states of the whole sequence.
    cost.floats = max(
      cost.floats,
      Double(sizes.inputs + sizes.layers * sizes.stateComponents * sizes.units) * Double(sizes.length * sizes.batch))
    let aStep = (sizes.recurrentWeights + sizes.readoutWeights) * Double(sizes.batch)
    cost.multiplyAdds += aStep * (1 + Double(2 * probes * sizes.k2) / Double(sizes.length))
    cost.carried = Double(sizes.length + 2)
    return cost
  }

  static var rules: [ExperimentRule] {
    [
      // One update a sequence leaves nothing to choose: a tenth of the sequence, where adaptive was just chosen.
      ExperimentRule(
        "training.k1", fallsWith: \.training.algorithm,
        expected: {
          "a number under \($0.task.length) with adaptive: the window of one update a sequence is the sequence"
        },
        mend: {
          $0.training.k1 = .steps(max(1, $0.task.length / 10))
          $0.training.k2 = .full
        }, where: { $0.task.length > 1 && $0.training.k1.resolved(length: $0.task.length) >= $0.task.length }),
      ExperimentRule(
        "training.k2", fallsWith: \.training.algorithm,
        expected: {
          "the largest window, \($0.training.k1.resolved(length: $0.task.length)) (k1) or more, with adaptive"
        }, mend: { $0.training.k2 = .full },
        where: {
          $0.training.k2.resolved(length: $0.task.length) < $0.training.k1.resolved(length: $0.task.length)
        }),
    ]
  }

  static func heading(_ experiment: Experiment, _ schedule: TruncationSchedule) -> String? {
    "TBPTT(\(schedule.k1),\(schedule.k2)) by δ = \(formatPlainNumber(experiment.training.adaptive.tolerance))"
  }

  /// The most losses that are sent back for one estimate.
  private static var probes: Int { 4 }

  private let pass: Pass<S>
  private var experiment: Experiment
  /// k2 as chosen (0 before it is), R, and φ_0 … φ_{R-1}.
  private let numbers: UnsafeMutableBufferPointer<Double>
  /// The gradient of the last update, while a probe's takes its place.
  private let lastGradient: UnsafeMutableBufferPointer<S>

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    self.experiment = experiment
    numbers = .allocate(capacity: pass.capacity + 2)
    numbers.initialize(repeating: 0)
    lastGradient = .allocate(capacity: pass.gradient.count)
    lastGradient.initialize(repeating: 0)
  }

  deinit {
    numbers.deallocate()
    lastGradient.deallocate()
  }

  var memory: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(numbers) }

  func configure(_ experiment: Experiment) {
    self.experiment = experiment
    if numbers[1] > 0 { choose() }
  }

  func beginSequence() {
    numbers[0] = 0
    numbers[1] = 0
  }

  var schedule: TruncationSchedule {
    if numbers[1] == 0 { measure() }
    return TruncationSchedule(
      length: experiment.task.length, k1: experiment.training.k1, k2: .steps(max(1, Int(numbers[0]))),
      inject: experiment.training.inject)
  }

  func gradient(of window: Window, at position: TrainingPosition) -> PassResult {
    pass.forward(window.steps)
    return pass.backward(window, reduction: experiment.training.reduction)
  }

  /// φ_k = the mean of ‖∂L_s/∂h_{s-k}‖ over some steps s with a target, at the sequence's start.
  private func measure() {
    let length = experiment.task.length
    let longest = min(length, experiment.training.k2.resolved(length: length))
    let steps = probedSteps(longest: longest)
    let lags = min(longest, (steps.first ?? 0) + 1)
    copy(from: pass.gradient, to: lastGradient)
    // As it flows by itself, neither clipped nor with Ω.
    let flow = pass.flow
    pass.flow = FlowControl()
    pass.forward(0..<(steps.last.map { $0 + 1 } ?? 0))
    numbers[1] = Double(lags)
    for k in 0..<lags { numbers[2 + k] = 0 }
    for s in steps {
      _ = pass.backward(Window(steps: s + 1 - lags..<s + 1, injected: s..<s + 1), reduction: .sum)
      for k in 0..<lags { numbers[2 + k] += pass.gradientNorms[s - k] / Double(steps.count) }
    }
    pass.flow = flow
    copy(from: lastGradient, to: pass.gradient)
    choose()
  }

  private func copy(from source: UnsafeMutableBufferPointer<S>, to target: UnsafeMutableBufferPointer<S>) {
    UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(source))
  }

  /// Some steps with a target from which `longest` lags lead back, evenly spread; or else the last one with a target.
  private func probedSteps(longest: Int) -> [Int] {
    let targets = (0..<pass.steps).filter { pass.hasTarget(step: $0) }
    let deep = targets.filter { $0 + 1 >= longest }
    guard deep.count > 1 else { return deep.isEmpty ? targets.suffix(1) : deep }
    let count = min(Self.probes, deep.count)
    return (1...count).map { deep[$0 * (deep.count - 1) / count] }
  }

  /// k2 from what was measured.
  private func choose() {
    let length = experiment.task.length, training = experiment.training
    let measured = UnsafeBufferPointer(rebasing: numbers[2..<2 + Int(numbers[1])])
    let lags = DecayEstimate(measured).leastLags(tolerance: training.adaptive.tolerance)
    let k1 = min(training.k1.resolved(length: length), length)
    // The oldest of the k1 losses is carried back over K lags.
    numbers[0] = Double(min(lags + k1 - 1, training.k2.resolved(length: length), length))
  }
}
