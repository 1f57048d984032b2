import Foundation
import Testing

@testable import RecurrentNetworks

/// Passes against JAX's, whose numbers `Fixtures/make_passes.py` made.
@Suite struct FixtureTests {
  struct Case: Decodable {
    var cell: String, activation: String, loss: String, reduction: String
    var layers: Int
    var x: [Double], target: [Double], h: [Double], losses: [Double], gradientH: [Double]
    var mask: [UInt8]
    var state: [[Double]]
    var parameters: [String: [Double]], gradient: [String: [Double]]
    var objective: Double
  }

  @Test func passesAreJAXs() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/passes.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 6)
    for (index, truth) in cases.enumerated() {
      let name = Comment(rawValue: "case \(index + 1): \(truth.cell) \(truth.activation) \(truth.loss)")
      var network = NetworkSpecification()
      network.cell = try #require(CellKind(rawValue: truth.cell))
      network.activation = try #require(Activation(rawValue: truth.activation))
      network.hidden = 4
      network.layers = truth.layers
      network.beta = 0.3
      network.alpha = 0.6
      let layout = ParameterLayout(network, inputs: 3, outputs: 3)
      let data = SequenceBatch(
        steps: 6, batch: 2, inputs: 3, outputs: 3, x: truth.x, symbols: nil,
        target: truth.loss == "squared" ? .values(truth.target) : .classes(truth.target.map { Int32($0) }),
        targetMask: truth.mask)
      let parameters = try layout.entries.flatMap { try #require(truth.parameters[$0.name]) }
      for (precision, tolerance) in [(Precision.float64, 1e-12), (.float32, 1e-4)] {
        let tape = Tape.compute(
          network: network, layout: layout, parameters: parameters, data: data,
          window: Window(steps: 0..<6, injected: 0..<6), carriedState: truth.state,
          reduction: try #require(Reduction(rawValue: truth.reduction)), precision: precision)
        let top = try #require(tape.layers.last)
        #expect(abs(tape.objective - truth.objective) < tolerance * abs(truth.objective), name)
        #expect(relativeError(Array(top.state.dropFirst(8)), truth.h) < tolerance, name)
        #expect(relativeError(tape.loss, truth.losses) < tolerance, name)
        #expect(relativeError(top.gradient, truth.gradientH) < tolerance, name)
        for entry in layout.entries {
          let gradient = try #require(tape.gradient(of: entry.name))
          #expect(relativeError(gradient, try #require(truth.gradient[entry.name])) < tolerance, name)
        }
      }
    }
  }
}
