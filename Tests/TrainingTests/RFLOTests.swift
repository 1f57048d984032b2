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
}
