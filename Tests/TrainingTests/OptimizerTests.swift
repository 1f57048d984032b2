import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

private struct OptimizerFixture: Decodable {
  struct Case: Decodable {
    var name: String
    var settings: [String: Double]
    var after: [[Double]]
  }
  var start: [Double]
  var gradients: [[Double]]
  var cases: [Case]
}

/// The parameters after each step of an optimizer on given gradients.
private func parameters<S: Scalar>(
  _ specification: OptimizerSpecification, start: [Double], gradients: [[Double]], in _: S.Type
) -> [[Double]] {
  let parameters = UnsafeMutableBufferPointer<S>.allocate(capacity: start.count)
  let gradient = UnsafeMutableBufferPointer<S>.allocate(capacity: start.count)
  defer {
    parameters.deallocate()
    gradient.deallocate()
  }
  _ = parameters.initialize(from: start.map { S($0) })
  gradient.initialize(repeating: 0)
  let optimizer = Optimizer<S>(specification, count: start.count)
  return gradients.map { given in
    for (index, value) in given.enumerated() { gradient[index] = S(value) }
    optimizer.step(parameters, gradient: gradient, rate: specification.learningRate)
    return parameters.map { Double($0) }
  }
}

@Suite("Optimizers")
struct OptimizerTests {
  @Test("parameters after each step are PyTorch's, with its defaults where nothing is set", arguments: 0..<14)
  func pytorch(index: Int) throws {
    let fixture = try fixture("optimizers", as: OptimizerFixture.self)
    #expect(Set(fixture.cases.map(\.name)) == Set(OptimizerKind.allCases.map(\.rawValue)))
    let expected = fixture.cases[index]
    var experiment = Experiment()
    try experiment.set("training.optimizer.name", expected.name)
    for (key, value) in expected.settings { try experiment.set("training.optimizer.\(key)", "\(value)") }
    try experiment.validate()
    let settings = experiment.training.optimizer
    let double = parameters(settings, start: fixture.start, gradients: fixture.gradients, in: Double.self)
    let single = parameters(settings, start: fixture.start, gradients: fixture.gradients, in: Float.self)
    for (step, after) in expected.after.enumerated() {
      #expect(relativeError(double[step], after) < 1e-13)
      #expect(relativeError(single[step], after) < 1e-5)
    }
  }

  @Test("memories, coefficients and options say the same of an optimizer", arguments: OptimizerKind.allCases)
  func description(kind: OptimizerKind) throws {
    var experiment = Experiment()
    try experiment.set("training.optimizer.name", kind.rawValue)
    let settings = experiment.training.optimizer
    let step = kind.rule.step(settings, rate: 0.1, t: 3)
    #expect(kind.rule.memories.contains(.first) == (step.first != nil))
    #expect(kind.rule.memories.contains(.second) == (step.second != nil))
    // What a step has is in the equation, and every option moves the step.
    #expect(kind.rule.equation.contains("√") == (step.second != nil))
    for option in OptimizerOption.allCases {
      var changed = settings
      changed[keyPath: option.path] = 0.3
      let isRead = kind.rule.options[option] != nil
      #expect((kind.rule.step(changed, rate: 0.1, t: 3) != step) == isRead)
      let key = try ExperimentKey.named(option.key)
      #expect(key.hasMeaning(in: experiment) == isRead)
    }
  }

  @Test("a setting that an optimizer does not read is refused, and dropped when another is chosen")
  func options() throws {
    var experiment = Experiment()
    experiment.training.optimizer.momentum = 0.5
    #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    do throws(ExperimentKeyError) {
      try experiment.validate()
    } catch {
      #expect(
        error.description
          == "training.optimizer.momentum: found 0.5, expected 0 with sgd: only momentum, nesterov read it")
    }
    // A momentum that was set goes along to Nesterov's, and not to Adam.
    try experiment.set("training.optimizer.name", "momentum")
    #expect(experiment.training.optimizer.momentum == 0.5)
    try experiment.set("training.optimizer.name", "nesterov")
    #expect(experiment.training.optimizer.momentum == 0.5)
    try experiment.set("training.optimizer.name", "adagrad")
    #expect(experiment.training.optimizer.momentum == 0 && experiment.training.optimizer.epsilon == 1e-10)
    try experiment.set("training.optimizer.name", "adamw")
    #expect(experiment.training.optimizer.epsilon == 1e-8 && experiment.training.optimizer.weightDecay == 0.01)
    try experiment.set("training.optimizer.weight_decay", "0.2")
    try experiment.set("training.optimizer.name", "rmsprop")
    #expect(experiment.training.optimizer.weightDecay == 0.2)
    try experiment.set("training.optimizer.name", "sgd")
    try experiment.set("training.optimizer.weight_decay", "0")
    try experiment.validate()
    #expect(experiment.training.optimizer == OptimizerSpecification())
  }

  @Test("an ε that single precision does not have divides by no zero")
  func epsilon() {
    var settings = OptimizerSpecification()
    settings.name = .adam
    settings.epsilon = 1e-200
    let after = parameters(settings, start: [0.5, 1], gradients: [[0, 1], [0, 1]], in: Float.self)
    #expect(after[1][0] == 0.5 && after[1][1].isFinite)
  }

  /// The sizes around which a vector's remainder changes.
  @Test("all instruction sets and lengths make the same step", arguments: [1, 3, 8, 15, 16, 17, 33, 100])
  func lengths(count: Int) {
    var settings = OptimizerSpecification()
    settings.weightDecay = 0.1
    let start = (0..<count).map { Double($0 % 7) - 3.2 }
    let gradients = (1...3).map { round in (0..<count).map { Double(($0 * round) % 11) - 5.1 } }
    for kind in OptimizerKind.allCases {
      settings.name = kind
      let all = parameters(settings, start: start, gradients: gradients, in: Double.self)
      // One parameter by itself goes the same way.
      for index in [0, count / 2, count - 1] {
        let alone = parameters(
          settings, start: [start[index]], gradients: gradients.map { [$0[index]] }, in: Double.self)
        #expect(relativeError(alone.map { $0[0] }, all.map { $0[index] }) < 1e-14)
      }
    }
  }
}

@Suite("Clipping each tensor") struct TensorClippingTests {
  @Test("each tensor keeps its direction and is as long as the threshold at most; shorter ones stay")
  func eachTensor() throws {
    let layout = ParameterLayout(NetworkSpecification(), inputs: 2, outputs: 1)
    var gradient = [Double](repeating: 0, count: layout.count)
    // 3-4-5 triangles: norms of 5, 0.5 and 10; the other tensors are 0.
    for (entry, size) in zip(layout.entries, [1, 0.1, 2]) {
      gradient[entry.range.lowerBound] = 3 * size
      gradient[entry.range.lowerBound + 1] = 4 * size
    }
    var clip = ClipSpecification()
    (clip.kind, clip.threshold) = (.tensor, 1)
    let clipped = clip.clipping(gradient, layout)
    for (entry, expected) in zip(layout.entries, [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]]) {
      let found = clipped[entry.range.lowerBound..<entry.range.lowerBound + 2]
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-15, "\(entry.name)") }
    }
    // What is told is ‖clipped‖/‖g‖ over all tensors.
    let expected = ((1 + 0.25 + 1) / (25 + 0.25 + 100)).squareRoot()
    let scale = gradient.withUnsafeMutableBufferPointer {
      clip.apply(to: $0, norm: (125.25).squareRoot(), tensors: layout.entries.map(\.range)).scale
    }
    #expect(abs(scale - expected) < 1e-15)
  }
}
