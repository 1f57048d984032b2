import Foundation
import Testing

@testable import RecurrentNetworks

/// The fully recurrent network against Williams & Zipser's equations in JAX, from `Fixtures/make_fully_recurrent.py`.
@Suite struct FullyRecurrentTests {
  struct Case: Decodable {
    var activation: String
    var steps: Int, batch: Int, units: Int, inputs: Int, outputs: Int
    var weight: [Double], x: [Double], state: [Double], target: [Double]
    var outputMask: [UInt8]
    var objective: Double
    var y: [Double], e: [Double], epsilon: [Double], delta: [Double], gradient: [Double]
  }

  static func cases() throws -> [Case] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/fully_recurrent.json")
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }

  func tape(_ truth: Case, _ precision: Precision = .float64) throws -> Tape {
    var network = NetworkSpecification()
    network.cell = .fullyRecurrent
    network.activation = try #require(Activation(rawValue: truth.activation))
    network.hidden = truth.units
    let layout = ParameterLayout(network, inputs: truth.inputs, outputs: truth.outputs)
    #expect(layout.entries.map(\.name) == ["weight"])
    #expect(layout["weight"]?.shape == [truth.units, truth.units + truth.inputs])
    let rows = truth.steps * truth.batch
    let data = SequenceBatch(
      steps: truth.steps, batch: truth.batch, inputs: truth.inputs, outputs: truth.outputs, x: truth.x, symbols: nil,
      target: .values(truth.target),
      targetMask: (0..<rows).map { row in
        truth.outputMask[row * truth.outputs..<(row + 1) * truth.outputs].contains(1) ? 1 : 0
      }, outputMask: truth.outputMask)
    return Tape.compute(
      network: network, layout: layout, parameters: truth.weight, data: data,
      window: Window(steps: 0..<truth.steps, injected: 0..<truth.steps), carriedState: [truth.state], reduction: .sum,
      precision: precision)
  }

  /// J = -½ Σ e² is maximised: our loss is -J, and every gradient is minus theirs.
  @Test func gradientsAreMinusThoseOfJ() throws {
    let cases = try Self.cases()
    #expect(cases.count == 3)
    for truth in cases {
      for (precision, tolerance) in [(Precision.float64, 1e-12), (.float32, 1e-5)] {
        let tape = try tape(truth, precision)
        let units = try #require(tape.layers.last)
        #expect(abs(tape.objective + truth.objective) < tolerance * abs(truth.objective))
        #expect(relativeError(Array(units.state.dropFirst(truth.state.count)), truth.y) < tolerance)
        #expect(relativeError(tape.gradient.map { -$0 }, truth.gradient) < tolerance)
        #expect(relativeError(units.gradient.map { -$0 }, truth.epsilon) < tolerance)
        #expect(relativeError(units.preactivationGradient.map { -$0 }, truth.delta) < tolerance)
        let injected = (0..<tape.steps).flatMap { tape.outputGradient(step: $0) }
        #expect(relativeError(injected.map { -$0 }, truth.e) < tolerance)
        // The readout on the tape is what the units gave, also where nothing is asked.
        let outputs = stride(from: 0, to: truth.y.count, by: truth.units).flatMap { truth.y[$0..<$0 + truth.outputs] }
        #expect(relativeError(tape.output, outputs) < tolerance)
      }
    }
  }

  /// The same weights as an Elman network's of its blocks: the same states, bit for bit, and the sum over the steps of what each
  /// contributes is the gradient.
  @Test func blocksAreThoseOfTheMatrix() throws {
    let truth = try Self.cases()[1]
    let tape = try tape(truth)
    let (recurrent, input) = (tape.layout.recurrentWeights(layer: 0), tape.layout.inputWeights(layer: 0))
    for i in 0..<truth.units {
      for j in 0..<truth.units {
        #expect(tape.parameters[recurrent.index(i, j)] == truth.weight[i * (truth.units + truth.inputs) + j])
      }
      for j in 0..<truth.inputs {
        #expect(
          tape.parameters[input.index(i, j)] == truth.weight[i * (truth.units + truth.inputs) + truth.units + j])
      }
    }
    let contributions = (0..<tape.steps).map { tape.weightGradientContribution(step: $0) }
    let sum = contributions.reduce([Double](repeating: 0, count: tape.layout.count)) { zip($0, $1).map(+) }
    #expect(relativeError(sum, tape.gradient) < 1e-12)
    // The initial matrix is the elman network's W_hh and then its W_ih.
    var network = tape.network
    network.initialization.recurrent = .identity
    network.initialization.scale = 2
    network.initialization.input = 0
    let identity = initialParameters(network, tape.layout, seed: 1)
    for i in 0..<truth.units {
      for j in 0..<truth.units + truth.inputs {
        #expect(identity[i * (truth.units + truth.inputs) + j] == (i == j ? 2 : 0))
      }
    }
  }

  /// Symbols, blocks of steps, and outputs of a readout that are masked one by one.
  @Test func maskedOutputsOfAReadout() {
    for cell in [CellKind.fullyRecurrent, .elman] {
      for batch in [2, 70] {
        var trial = Trial(cell: cell, loss: .squared, hidden: 4, outputs: 3, steps: 5, batch: batch, oneHot: true)
        var random = CounterRandom(seed: 3, stream: 7)
        let mask = (0..<5 * batch * 3).map { _ in UInt8(random.next() & 1) }
        trial.data.outputMask = mask
        trial.data.targetMask = (0..<5 * batch).map { mask[$0 * 3..<$0 * 3 + 3].contains(1) ? 1 : 0 }
        let window = Window(steps: 1..<5, injected: 2..<5)
        let (tape, reference) = (trial.tape(window), trial.reference(window))
        #expect(relativeError(tape.gradient, reference.gradient(trial.parameters)) < 1e-12)
        let outer = (0..<4).map { tape.weightGradientContribution(step: $0) }
        let sum = outer.reduce([Double](repeating: 0, count: tape.layout.count)) { zip($0, $1).map(+) }
        #expect(relativeError(sum, tape.gradient) < 1e-12)
      }
    }
  }
}
