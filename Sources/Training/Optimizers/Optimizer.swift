import LinearAlgebra
import RecurrentNetworks

/// An optimizer's memory over all parameters, flat, and its steps.
final class Optimizer<S: Scalar> {
  /// The settings; with another name the memory begins anew.
  private(set) var specification: OptimizerSpecification
  /// The steps made since the memory began.
  var steps = 0
  /// The last step that was made.
  private var latest = MomentStep(rate: 0)
  private let first: UnsafeMutableBufferPointer<S>, second: UnsafeMutableBufferPointer<S>

  /// An optimizer of `count` parameters that remembers nothing yet.
  init(_ specification: OptimizerSpecification, count: Int) {
    self.specification = specification
    first = .allocate(capacity: count)
    second = .allocate(capacity: count)
    first.initialize(repeating: 0)
    second.initialize(repeating: 0)
  }

  deinit {
    first.deallocate()
    second.deallocate()
  }

  /// The memories that the optimizer uses.
  var memories: [UnsafeMutableBufferPointer<S>] { specification.name.rule.memories.map(memory) }

  private func memory(_ kind: OptimizerMemory) -> UnsafeMutableBufferPointer<S> {
    switch kind {
    case .first: first
    case .second: second
    }
  }

  /// Takes new settings; another optimizer begins with an empty memory.
  func configure(_ specification: OptimizerSpecification) {
    if specification.name != self.specification.name {
      first.update(repeating: 0)
      second.update(repeating: 0)
      steps = 0
    }
    self.specification = specification
  }

  /// Moves the parameters by one step of learning rate `rate` along the gradient times `scale` (what clipping left to do).
  func step(
    _ parameters: UnsafeMutableBufferPointer<S>, gradient: UnsafeMutableBufferPointer<S>, scale: Double = 1,
    rate: Double
  ) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress else { return }
    steps += 1
    var step = specification.name.rule.step(specification, rate: rate, t: steps)
    step.gradientScale = scale
    latest = step
    S.momentStep(
      step, count: parameters.count, gradient: g, parameters: w, first: step.first == nil ? nil : first.baseAddress,
      second: step.second == nil ? nil : second.baseAddress)
  }

  /// The first tensor that the last step left not finite. Looked for only where the step can have reached so far.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func nonFiniteTensor(
    _ parameters: UnsafeMutableBufferPointer<S>, layout: ParameterLayout, gradientNorm: Double
  ) -> String? {
    let reach = latest.reach(gradientNorm: gradientNorm)
    // A millionth, so that a million steps just below this look-out cannot add up to an overflow unseen.
    guard !(reach < Double(S.greatestFiniteMagnitude) * 1e-6) else { return nil }
    let memories = memories
    for entry in layout.entries {
      for index in entry.range where !parameters[index].isFinite { return entry.name }
      for memory in memories {
        for index in entry.range where !memory[index].isFinite { return "the optimizer's memory of \(entry.name)" }
      }
    }
    return nil
  }
}
