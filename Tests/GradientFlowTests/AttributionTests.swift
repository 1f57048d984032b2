import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// ∂l_i/∂x_t and the terms of the double sum against JAX, whose numbers `Fixtures/make_attribution.py` made, closed forms and
/// finite differences.
@Suite struct AttributionTests {
  struct Case: Decodable {
    var cell: String
    var layers: Int
    var x: [Double], target: [Int32], state: [[Double]], dx: [Double], dh: [Double], term: [Double]
    var parameters: [String: [Double]]

    /// The pass.
    func tape() throws -> Tape {
      var network = NetworkSpecification()
      network.cell = try #require(CellKind(rawValue: cell))
      (network.hidden, network.layers) = (4, layers)
      let layout = ParameterLayout(network, inputs: 3, outputs: 3)
      let data = SequenceBatch(
        steps: 6, batch: 1, inputs: 3, outputs: 3, x: x, symbols: nil, target: .classes(target),
        targetMask: [UInt8](repeating: 1, count: 6))
      let parameters = try layout.entries.flatMap { try #require(self.parameters[$0.name], "\($0.name)") }
      return Tape.compute(
        network: network, layout: layout, parameters: parameters, data: data,
        window: Window(steps: 0..<6, injected: 0..<6), carriedState: state, reduction: .sum, precision: .float64)
    }
  }

  static let cases = Result {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/attribution.json")
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }

  @Test(arguments: 0..<4) func everyInputsGradientIsJAXs(_ index: Int) throws {
    let truth = try Self.cases.get()[index], tape = try truth.tape()
    for i in 0..<6 {
      let found = try #require(InputAttribution(tape, loss: i))
      let expected = Array(truth.dx[i * 18..<(i + 1) * 18])
      #expect(relativeDifference(found.gradient, expected) < 1e-12, "\(truth.cell), loss \(i + 1)")
      for t in 0..<6 {
        let norm = expected[t * 3..<t * 3 + 3].reduce(0) { $0 + $1 * $1 }.squareRoot()
        if t > i {
          #expect(found.log10Norm[t] == -.infinity)
        } else {
          #expect(abs(found.log10Norm[t] - log10(norm)) < 1e-11)
        }
      }
    }
  }

  @Test(arguments: 0..<4) func everyTermIsJAXs(_ index: Int) throws {
    let truth = try Self.cases.get()[index], tape = try truth.tape()
    for i in 0..<6 {
      for t in 0..<6 {
        let term = try #require(FlowTerm(tape, loss: i, step: t, layer: truth.layers - 1))
        guard t <= i else {
          #expect(term.log10Norms.isEmpty && term.gradient.isEmpty && term.log10Contribution == -.infinity)
          continue
        }
        let expected = Array(truth.dh[(i * 6 + t) * 4..<(i * 6 + t + 1) * 4])
        #expect(relativeDifference(term.gradient.map { $0 * pow(10, term.log10Scale) }, expected) < 1e-11)
        #expect(abs(term.log10Contribution - log10(truth.term[i * 6 + t])) < 1e-11, "i \(i) t \(t)")
        for (offset, norm) in term.log10Norms.enumerated() {
          let row = truth.dh[(i * 6 + t + offset) * 4..<(i * 6 + t + offset + 1) * 4]
          #expect(abs(norm - log10(row.reduce(0) { $0 + $1 * $1 }.squareRoot())) < 1e-11)
        }
      }
    }
  }

  @Test func aLinearUnitHasTheGeometricSeriesToAnyDepth() throws {
    // One linear unit: ∂l_i/∂x_t = g_i w_hh^(i-t) w_ih, here to 0.01^499: 1e-998.
    var test = TestNetwork(
      activation: .identity, hidden: 1, steps: 500, inputs: 1, recurrent: Matrix(rows: 1, columns: 1, elements: [0.01]))
    let input = try #require(test.layout["weight_ih_l0"])
    test.parameters[input.offset] = -3
    let tape = test.tape()
    let found = try #require(InputAttribution(tape, loss: 499))
    for t in [0, 100, 498, 499] {
      let expected = log10(abs(tape.lossGradient[499])) - 2 * Double(499 - t) + log10(3.0)
      #expect(abs(found[t, 0] - expected) < 1e-9)
      #expect(found.signs[t] == (tape.lossGradient[499] < 0 ? 1 : -1))
    }
    // A hundredth a step back: nine tenths are the last step's, and 0.99 of the sum.
    #expect(found.reach(0.9) == 1 && found.reach(0.99) == 1 && found.reach(0.995) == 2)
    let term = try #require(FlowTerm(tape, loss: 499, step: 9, layer: 0))
    #expect(abs((term.log10Factor ?? .nan) + 2) < 1e-12 && term.log10Norms.count == 491)
    #expect(abs(term.log10Norm - FlowMatrix(tape)[499, 9]) < 1e-9)
  }

  @Test(arguments: [CellKind.leaky, .residual, .janet, .fullyRecurrent, .gru, .lstm])
  func inputsAreThoseOfFiniteDifferences(_ cell: CellKind) throws {
    let test = TestNetwork(cell: cell, hidden: 3, layers: 1, steps: 5, batch: 2, inputs: 2)
    let sequence = 1, loss = 4
    let found = try #require(InputAttribution(test.tape(), loss: loss, sequence: sequence))
    for t in 0..<5 {
      for j in 0..<2 {
        let place = (t * 2 + sequence) * 2 + j
        func value(_ change: Double) -> Double {
          var moved = test
          moved.data.x[place] += change
          return moved.tape().loss[loss * 2 + sequence]
        }
        let difference = (value(1e-6) - value(-1e-6)) / 2e-6
        #expect(abs(found.gradient[t * 2 + j] - difference) < 1e-8, "\(cell) t \(t) j \(j)")
      }
    }
  }

  @Test func whatCannotBeToldIsNotThere() throws {
    let tape = TestNetwork(hidden: 3, steps: 4, hasTarget: { $0 == 3 }).tape()
    #expect(InputAttribution(tape, loss: 1) == nil && FlowTerm(tape, loss: 1, step: 0, layer: 0) == nil)
    #expect(InputAttribution(tape, loss: 3)?.steps == 4)
    // Weights of 0: no input has a part, and no share of a sum of nothing is told.
    var dead = TestNetwork(hidden: 3, steps: 4)
    for k in dead.parameters.indices { dead.parameters[k] = 0 }
    let found = try #require(InputAttribution(dead.tape(), loss: 3))
    #expect(found.log10Norm.allSatisfy { $0 == -.infinity } && found.reach(0.9) == nil)
    // Not a number: no share either, and nothing crashes.
    var broken = TestNetwork(hidden: 3, steps: 4)
    broken.parameters[0] = .nan
    #expect(InputAttribution(broken.tape(), loss: 3)?.reach(0.9) == nil)
  }
}
