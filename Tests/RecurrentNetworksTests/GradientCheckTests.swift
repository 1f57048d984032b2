import RecurrentNetworks
import Testing

@Suite("Gradient check")
struct GradientCheckTests {
  /// A small network over random classes, with a window inside of the sequence.
  private func check(_ activation: Activation, spoiling spoiled: String? = nil) -> [GradientCheck.Row] {
    var network = NetworkSpecification()
    network.hidden = 5
    network.activation = activation
    let layout = ParameterLayout(network, inputs: 3, outputs: 4)
    var random = CounterRandom(seed: 7, stream: 1)
    let parameters = (0..<layout.count).map { _ in 0.8 * random.normal() }
    let (n, batch) = (9, 2)
    let data = SequenceBatch(
      steps: n, batch: batch, inputs: 3, outputs: 4, x: (0..<n * batch * 3).map { _ in random.normal() },
      symbols: nil, target: .classes((0..<n * batch).map { Int32($0 % 4) }),
      targetMask: Array(repeating: 1, count: n * batch))
    let window = Window(steps: 2..<9, injected: 5..<9)
    let carried = [(0..<batch * 5).map { _ in 0.3 * random.normal() }]
    let tape = Tape.compute(
      network: network, layout: layout, parameters: parameters, data: data, window: window, carriedState: carried,
      reduction: .mean, precision: .float64)
    var gradient = tape.gradient
    if let range = spoiled.flatMap({ layout[$0]?.range }) { gradient[range.lowerBound] *= 1.01 }
    return GradientCheck(
      network: network, layout: layout, parameters: parameters, data: data, window: window, carriedState: carried,
      reduction: .mean, gradient: gradient
    ).rows()
  }

  @Test("a truncated window's gradient is the derivative of its objective", arguments: Activation.allCases)
  func agrees(_ activation: Activation) {
    for row in check(activation) { #expect(row.largestError < 1e-8, "\(activation) \(row)") }
  }

  @Test("one element that is one per cent off is found")
  func findsAnError() throws {
    for name in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "readout.weight", "readout.bias"] {
      let rows = check(.tanh, spoiling: name)
      let row = try #require(rows.first { $0.name == name })
      #expect(row.largestError > 1e-6)
      #expect(row.spread < 1e-6, "the finite differences settle: it is BPTT that is wrong")
      #expect(rows.filter { $0.name != name }.allSatisfy { $0.largestError < 1e-8 })
    }
  }
}
