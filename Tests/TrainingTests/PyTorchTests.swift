import RecurrentNetworks
import Testing

@testable import Training

private struct OptimizerFixture: Decodable {
  struct Case: Decodable {
    var name: String
    var after: [[Double]]
  }
  var start: [Double]
  var gradients: [[Double]]
  var cases: [Case]
}

private struct TrainingFixture: Decodable {
  struct Case: Decodable {
    var k1: Int, k2: Int, inject: String, activation: String, reduction: String, optimizer: String, rate: Double
    var clip: String, threshold: Double
    var losses: [Double], norms: [Double], scales: [Double], weights: [Double]
  }
  var steps: Int, batch: Int, hidden: Int, inputs: Int, outputs: Int
  var x: [Double], target: [Int32], weights: [Double]
  var cases: [Case]

  var data: SequenceBatch {
    SequenceBatch(
      steps: steps, batch: batch, inputs: inputs, outputs: outputs, x: x, symbols: nil, target: .classes(target),
      targetMask: [UInt8](repeating: 1, count: steps * batch))
  }
}

@Suite("Against PyTorch")
struct PyTorchTests {
  @Test("optimisers: parameters after each step", arguments: ["sgd", "momentum", "adam"])
  func optimizers(name: String) throws {
    let fixture = try fixture("optimizers", as: OptimizerFixture.self)
    let expected = try #require(fixture.cases.first { $0.name == name })
    var specification = OptimizerSpecification()
    specification.name = try #require(OptimizerKind(rawValue: name))
    (specification.beta1, specification.beta2, specification.epsilon) = (0.8, 0.95, 1e-6)
    specification.momentum = 0.9
    specification.learningRate = ["sgd": 0.1, "momentum": 0.05, "adam": 0.01][name] ?? 0
    let count = fixture.start.count
    let parameters = UnsafeMutableBufferPointer<Double>.allocate(capacity: count)
    let gradient = UnsafeMutableBufferPointer<Double>.allocate(capacity: count)
    defer {
      parameters.deallocate()
      gradient.deallocate()
    }
    _ = parameters.initialize(from: fixture.start)
    _ = gradient.initialize(from: fixture.start)
    let optimizer = Optimizer<Double>(specification, count: count)
    for (given, after) in zip(fixture.gradients, expected.after) {
      for index in 0..<count { gradient[index] = given[index] }
      optimizer.step(parameters, gradient: gradient)
      #expect(relativeError(Array(parameters), after) < 1e-13)
    }
  }

  @Test("truncated training: every loss, norm and clip scale, and the weights at the end", arguments: 0..<9)
  func training(index: Int) throws {
    let fixture = try fixture("training", as: TrainingFixture.self)
    let expected = fixture.cases[index]
    var experiment = Experiment()
    experiment.network.hidden = fixture.hidden
    experiment.network.activation = try #require(Activation(rawValue: expected.activation))
    experiment.training.k1 = .steps(expected.k1)
    experiment.training.k2 = .steps(expected.k2)
    experiment.training.inject = try #require(Injection(rawValue: expected.inject))
    experiment.training.reduction = try #require(Reduction(rawValue: expected.reduction))
    experiment.training.optimizer.name = try #require(OptimizerKind(rawValue: expected.optimizer))
    experiment.training.optimizer.learningRate = expected.rate
    experiment.training.optimizer.momentum = expected.optimizer == "momentum" ? 0.8 : 0
    experiment.training.clip.kind = try #require(ClipKind(rawValue: expected.clip))
    experiment.training.clip.threshold = expected.threshold
    var start = TrainingRun.Start()
    start.data = fixture.data
    start.parameters = fixture.weights
    let run = try TrainingRun(experiment: experiment, start: start)
    for _ in expected.losses { #expect(run.trainOnce() == .trained) }
    #expect(run.history.recent.map(\.update) == Array(1...expected.losses.count))
    #expect(relativeError(run.history.recent.map(\.loss), expected.losses) < 1e-11)
    #expect(relativeError(run.history.recent.map(\.gradientNorm), expected.norms) < 1e-11)
    #expect(relativeError(run.history.recent.map(\.clipScale), expected.scales) < 1e-11)
    #expect(relativeError(run.parameters, expected.weights) < 1e-11)

    experiment.precision = .float32
    let single = try TrainingRun(experiment: experiment, start: start)
    for _ in expected.losses { #expect(single.trainOnce() == .trained) }
    #expect(relativeError(single.parameters, expected.weights) < 1e-4)
  }
}
