import RecurrentNetworks
import Testing

@testable import Training

@Suite("RFLO against its equations in numpy")
struct RFLOTests {
  private struct Case: Decodable {
    var beta: Double
    var k1: Int, hidden: Int, inputs: Int, outputs: Int, steps: Int, batch: Int
    var parameters: [Double], x: [Double], target: [Double]
    var gradients: [[Double]]
  }

  @Test("every update's gradient, leaky and elman", arguments: 0..<3)
  func gradients(index: Int) throws {
    let given = try fixture("rflo", as: [Case].self)[index]
    for cell in given.beta == 1 ? [CellKind.leaky, .elman] : [.leaky] {
      var experiment = try fixedWeights(["training.algorithm": "rflo", "training.k1": "\(given.k1)"])
      experiment.network.cell = cell
      experiment.network.beta = given.beta
      experiment.network.hidden = given.hidden
      var start = TrainingRun.Start()
      start.parameters = given.parameters
      start.data = SequenceBatch(
        steps: given.steps, batch: given.batch, inputs: given.inputs, outputs: given.outputs, x: given.x, symbols: nil,
        target: .values(given.target), targetMask: Array(repeating: 1, count: given.steps * given.batch))
      let run = try TrainingRun(experiment: experiment, start: start)
      for expected in given.gradients {
        run.trainOnce()
        #expect(relativeError(run.engine.gradient, expected) < 1e-12)
      }
    }
  }

  @Test("Random feedback stands in for the readout on the way back, and there only")
  func randomFeedback() throws {
    // The recurrent gradient is linear in the feedback, and sees the readout only in the errors y - d. A readout of other
    // weights whose targets make the same errors must then have the same recurrent gradient by the same random feedback;
    // and what is drawn must be neither readout's own.
    let given = try fixture("rflo", as: [Case].self)[0]
    func gradient(_ feedback: String, readoutScale: Double, seed: UInt64) throws -> [Double] {
      var experiment = try fixedWeights([
        "training.algorithm": "rflo", "training.k1": "full", "training.rflo.feedback": feedback,
      ])
      (experiment.network.cell, experiment.network.beta) = (.leaky, given.beta)
      (experiment.network.hidden, experiment.seed) = (given.hidden, seed)
      let readout = given.parameters.count - given.outputs * (given.hidden + 1)
      func run(_ parameters: [Double], _ target: [Double]) throws -> (gradient: [Double], output: [Double]) {
        var start = TrainingRun.Start()
        start.parameters = parameters
        start.data = SequenceBatch(
          steps: given.steps, batch: given.batch, inputs: given.inputs, outputs: given.outputs, x: given.x,
          symbols: nil, target: .values(target),
          targetMask: Array(repeating: 1, count: given.steps * given.batch))
        let run = try TrainingRun(experiment: experiment, start: start)
        let output = tape(run.snapshot()).output
        run.trainOnce()
        return (Array(run.engine.gradient[..<readout]), output)
      }
      var parameters = given.parameters
      for index in readout..<parameters.count { parameters[index] *= readoutScale }
      let first = try run(given.parameters, given.target)
      let other = try run(parameters, given.target)
      // d′ = y′ - (y - d)
      let target = given.target.indices.map { other.output[$0] - (first.output[$0] - given.target[$0]) }
      return try run(parameters, target).gradient
    }
    let random = try gradient("random", readoutScale: 1, seed: 4)
    #expect(relativeError(try gradient("random", readoutScale: -2.5, seed: 4), random) < 1e-12)
    #expect(relativeError(try gradient("random", readoutScale: 1, seed: 5), random) > 0.1)
    let own = try gradient("readout", readoutScale: 1, seed: 4)
    #expect(relativeError(own, random) > 0.1)
    #expect(relativeError(try gradient("readout", readoutScale: -2.5, seed: 4), own.map { -2.5 * $0 }) < 1e-12)
  }
}
