import Foundation
import Testing

@testable import RecurrentNetworks

/// Clipping at every step of the backward pass, and Ω.
@Suite struct FlowControlTests {
  struct Case: Decodable {
    var cell: String, loss: String, reduction: String
    var layers: Int
    var threshold: Double, omegaWeight: Double
    var x: [Double], target: [Double]
    var mask: [UInt8]
    var state: [[Double]]
    var parameters: [String: [Double]], gradient: [String: [Double]]
    var objective: Double, omega: Double
    var delta: [[Double]]
  }

  static func cases() throws -> [Case] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/flow.json")
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }

  private func tape(_ truth: Case, _ precision: Precision, flow: FlowControl) throws -> Tape {
    var network = NetworkSpecification()
    network.cell = try #require(CellKind(rawValue: truth.cell))
    network.hidden = 3
    network.layers = truth.layers
    if truth.cell == "leaky" { network.beta = 0.3 }
    if truth.cell == "residual" { network.alpha = 0.6 }
    let layout = ParameterLayout(network, inputs: 2, outputs: 3)
    let data = SequenceBatch(
      steps: 7, batch: 2, inputs: 2, outputs: 3, x: truth.x, symbols: nil,
      target: truth.loss == "squared" ? .values(truth.target) : .classes(truth.target.map { Int32($0) }),
      targetMask: truth.mask)
    return Tape.compute(
      network: network, layout: layout,
      parameters: try layout.entries.flatMap { try #require(truth.parameters[$0.name]) }, data: data,
      window: Window(steps: 0..<7, injected: 0..<7), carriedState: truth.state,
      reduction: try #require(Reduction(rawValue: truth.reduction)), precision: precision, flow: flow)
  }

  private func flow(_ truth: Case) -> FlowControl {
    var flow = FlowControl()
    flow.clipThreshold = truth.threshold > 0 ? truth.threshold : nil
    flow.omega = truth.omegaWeight
    return flow
  }

  @Test(arguments: 0..<8)
  func passesAreJAXs(_ index: Int) throws {
    let truth = try Self.cases()[index]
    for (precision, tolerance) in [(Precision.float64, 1e-12), (.float32, 1e-4)] {
      let tape = try tape(truth, precision, flow: flow(truth))
      #expect(abs(tape.objective - truth.objective) < tolerance * abs(truth.objective))
      if truth.omegaWeight > 0 { #expect(abs(tape.omega - truth.omega) < tolerance * max(1, truth.omega)) }
      for (layer, delta) in zip(tape.layers, truth.delta) { #expect(relativeError(layer.gradient, delta) < tolerance) }
      for entry in tape.layout.entries {
        let gradient = try #require(tape.gradient(of: entry.name))
        #expect(relativeError(gradient, try #require(truth.gradient[entry.name])) < tolerance, "\(entry.name)")
      }
    }
  }

  /// The tape's parts: clipped δ_t = scale · (local + future), and no norm is above the threshold.
  @Test(arguments: 0..<8)
  func theTapeShowsWhatWasClipped(_ index: Int) throws {
    let truth = try Self.cases()[index]
    let tape = try tape(truth, .float64, flow: flow(truth))
    #expect(tape.clipScales.isEmpty == (truth.threshold == 0))
    guard truth.threshold > 0 else { return }
    let size = 6
    #expect(tape.clipScales.count == tape.layers.count * 7 && tape.clipScales.contains { $0 < 1 })
    for (index, layer) in tape.layers.enumerated() {
      for t in 0..<7 {
        let scale = tape.clipScales[index * 7 + t]
        let all = Array(layer.gradient[t * layer.stateComponents * size..<(t + 1) * layer.stateComponents * size])
        let norm = all.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(norm <= truth.threshold * (1 + 1e-12) && (scale == 1 || norm >= truth.threshold * (1 - 1e-12)))
        let sum = (0..<size).map { scale * (layer.localGradient[t * size + $0] + layer.futureGradient[t * size + $0]) }
        #expect(relativeError(Array(all.prefix(size)), sum) < 1e-12)
      }
    }
  }

  /// A threshold that nothing reaches changes no bit.
  @Test func aWideThresholdChangesNothing() throws {
    let truth = try Self.cases()[1]
    var wide = FlowControl()
    wide.clipThreshold = 1e6
    let (clipped, plain) = (try tape(truth, .float64, flow: wide), try tape(truth, .float64, flow: FlowControl()))
    #expect(clipped.gradient == plain.gradient && clipped.clipScales.allSatisfy { $0 == 1 })
    #expect(clipped.layers.map(\.gradient) == plain.layers.map(\.gradient))
  }

  /// In many blocks the trainer's pass does what the recording one does, bit for bit, and Ω is there also where the gradient
  /// has vanished to 1e-200.
  @Test func blocksAndVanishedGradients() throws {
    var network = NetworkSpecification()
    network.hidden = 5
    let layout = ParameterLayout(network, inputs: 2, outputs: 2)
    let steps = 300, batch = 3
    var parameters = initialParameters(network, layout, seed: 4)
    let recurrent = try #require(layout["weight_hh_l0"])
    for index in recurrent.range { parameters[index] *= 0.25 }
    var mask = [UInt8](repeating: 0, count: steps * batch)
    for row in 0..<batch { mask[(steps - 1) * batch + row] = 1 }
    let data = SequenceBatch(
      steps: steps, batch: batch, inputs: 2, outputs: 2, x: (0..<steps * batch * 2).map { Double($0 % 5) / 5 - 0.4 },
      symbols: nil, target: .classes([Int32](repeating: 1, count: steps * batch)), targetMask: mask)
    let window = Window(steps: 0..<steps, injected: 0..<steps)
    var flow = FlowControl()
    flow.omega = 1
    flow.clipThreshold = 1e-3
    let zero = [[Double](repeating: 0, count: batch * 5)]
    let tape = Tape.compute(
      network: network, layout: layout, parameters: parameters, data: data, window: window, carriedState: zero,
      reduction: .mean, precision: .float64, flow: flow)
    let pass = Pass<Double>(network: network, layout: layout, steps: steps, batch: batch, loss: .crossEntropy)
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.flow = flow
    pass.load(data)
    pass.forward(0..<steps)
    let result = pass.backward(window, reduction: .mean)
    #expect(Array(pass.gradient) == tape.gradient && result.omega == tape.omega)
    #expect(result.leastStepScale == tape.clipScales.min() && result.leastStepScale < 1)
    // Every step keeps less than a third of the gradient: (r - 1)² is about (0.9·0.25 - 1)² and never above 1.
    #expect(result.omega > 0.5 * Double(steps - 1) && result.omega < Double(steps - 1))
    #expect(tape.layers[0].gradient.prefix(5).allSatisfy { abs($0) < 1e-150 })
    // Once more: nothing is left over from before.
    #expect(pass.backward(window, reduction: .mean) == result)
    pass.flow = FlowControl()
    #expect(pass.backward(window, reduction: .mean).omega == 0)
  }
}
