import RecurrentNetworks
import Testing

@testable import Training

private struct TrainingFixture: Decodable {
  struct Case: Decodable {
    var k1: Int, k2: Int, inject: String, activation: String, reduction: String, optimizer: String, rate: Double,
      decay: Double
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
  @Test("truncated training: every loss, norm and clip scale, and the weights at the end", arguments: 0..<13)
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
    try experiment.set("training.optimizer.name", expected.optimizer)
    experiment.training.optimizer.learningRate = expected.rate
    experiment.training.optimizer.weightDecay = expected.decay
    if experiment.training.optimizer.momentum > 0 { experiment.training.optimizer.momentum = 0.8 }
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
