import RecurrentNetworks

// What is done to the gradient on its way back: clipping at every step, and Ω. Both need a backward pass.

extension TrainingSpecification {
  /// What a backward pass does with the gradient on its way.
  public var flow: FlowControl {
    var flow = FlowControl()
    if clip.kind == .step { flow.clipThreshold = clip.threshold }
    flow.omega = regularizer.omega
    return flow
  }

  /// Whether the gradient goes back step by step: not where it is carried forward, nor where a fixed point is asked.
  var passesGradientBack: Bool { algorithm.description.isTape && algorithm != .recurrentBackprop }

  /// Refuses what needs a backward pass with an algorithm that has none.
  func validateFlow() throws(ExperimentKeyError) {
    guard !passesGradientBack else { return }
    let why = "with \(algorithm.rawValue), which has no backward pass through time; bptt has"
    if clip.kind == .step {
      throw .contradiction("training.clip.kind", "step", "none, norm, value or weight \(why)")
    }
    if regularizer.omega > 0 {
      throw .contradiction("training.regularizer.omega", formatNumber(regularizer.omega), "0 \(why)")
    }
  }

  /// Lets what needs a backward pass fall back where the algorithm has none.
  mutating func dropFlow() {
    guard !passesGradientBack else { return }
    if clip.kind == .step { clip.kind = .norm }
    regularizer.omega = 0
  }
}
