import Foundation
import LinearAlgebra
import Testing

@testable import RecurrentNetworks

@Suite("Gradient flossing") struct FlossingTests {
  struct Case: Decodable {
    var cell: String, activation: String
    var steps: Int, inputs: Int, hidden: Int, count: Int
    var x: [Double], state: [Double]
    var parameters: [String: [Double]], gradient: [String: [Double]]
    var exponents: [Double], value: Double
  }

  static func cases() throws -> [Case] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/flossing.json")
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }

  private func network(_ truth: Case) throws -> NetworkSpecification {
    var network = NetworkSpecification()
    network.cell = try #require(CellKind(rawValue: truth.cell))
    network.activation = try #require(Activation(rawValue: truth.activation))
    network.hidden = truth.hidden
    (network.beta, network.alpha) = (truth.cell == "leaky" ? 0.3 : 1, truth.cell == "residual" ? 0.6 : 1)
    return network
  }

  @Test("exponents, F and its whole gradient are those of automatic differentiation", arguments: 0..<6)
  func gradient(index: Int) throws {
    let truth = try Self.cases()[index], network = try network(truth)
    let affine = try #require(network.cellDescription.affineJacobian)
    let flossing = try Flossing(
      Flossing.Trajectory(
        inputWeights: Matrix(
          rows: truth.hidden, columns: truth.inputs, elements: truth.parameters["weight_ih_l0"] ?? []),
        recurrentWeights: Matrix(
          rows: truth.hidden, columns: truth.hidden, elements: truth.parameters["weight_hh_l0"] ?? []),
        bias: truth.parameters["bias_ih_l0"] ?? [], activation: network.activation, directPath: affine.directPath,
        scale: affine.scale,
        inputs: (0..<truth.steps).map { Array(truth.x[$0 * truth.inputs..<($0 + 1) * truth.inputs]) },
        state: truth.state), count: truth.count)
    #expect(relativeError(flossing.exponents, truth.exponents) < 1e-12)
    #expect(abs(flossing.value - truth.value) < 1e-12 * truth.value)
    for (name, found) in [
      ("weight_ih_l0", flossing.inputWeights.elements), ("weight_hh_l0", flossing.recurrentWeights.elements),
      ("bias_ih_l0", flossing.bias),
    ] {
      #expect(relativeError(found, try #require(truth.gradient[name])) < 1e-9, "\(name)")
    }
  }

  @Test(
    "a pass adds λ ∂F/∂w of its first sequence to the gradient and nothing else",
    arguments: [Precision.float64, .float32])
  func addedToThePass(precision: Precision) throws {
    let truth = try Self.cases()[0], network = try network(truth)
    let layout = ParameterLayout(network, inputs: truth.inputs, outputs: 1)
    let steps = truth.steps, batch = 2
    var parameters = [Double](repeating: 0.3, count: layout.count)
    for entry in layout.entries {
      if let values = truth.parameters[entry.name] { parameters.replaceSubrange(entry.range, with: values) }
    }
    // The second sequence has other inputs.
    let x = (0..<steps).flatMap { t in
      Array(truth.x[t * truth.inputs..<(t + 1) * truth.inputs]) + [Double](repeating: 0.5, count: truth.inputs)
    }
    let data = SequenceBatch(
      steps: steps, batch: batch, inputs: truth.inputs, outputs: 1, x: x, symbols: nil,
      target: .values([Double](repeating: 0.2, count: steps * batch)),
      targetMask: [UInt8](repeating: 1, count: steps * batch))
    func tape(_ flow: FlowControl) -> Tape {
      Tape.compute(
        network: network, layout: layout, parameters: parameters, data: data,
        window: Window(steps: 0..<steps, injected: 0..<steps),
        carriedState: [truth.state + [Double](repeating: 0.1, count: truth.hidden)], reduction: .mean,
        precision: precision, flow: flow)
    }
    var flow = FlowControl()
    let plain = tape(flow)
    (flow.flossing, flow.flossedExponents) = (0.25, truth.count)
    let flossed = tape(flow)
    let tolerance = precision == .float64 ? 1e-9 : 1e-4
    #expect(abs(flossed.flossed - truth.value) < tolerance && flossed.layers[0].gradient == plain.layers[0].gradient)
    for entry in layout.entries {
      let added = zip(flossed.gradient[entry.range], plain.gradient[entry.range]).map { $0 - $1 }
      let expected = truth.gradient[entry.name]?.map { 0.25 * $0 } ?? [Double](repeating: 0, count: entry.count)
      for (a, b) in zip(added, expected) { #expect(abs(a - b) < tolerance, "\(entry.name)") }
    }
  }
}
