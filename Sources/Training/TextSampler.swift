import Glibc
import LinearAlgebra
import RecurrentNetworks

/// Lets a network that was trained on a text go on writing: each character is drawn from its own distribution and read
/// back in.
struct TextSampler {
  private let network: NetworkSpecification
  private let layout: ParameterLayout
  private let pass: Pass<Double>
  private let alphabet: [Unicode.Scalar]

  /// A writer with these weights.
  init(network: NetworkSpecification, layout: ParameterLayout, parameters: [Double], alphabet: [Unicode.Scalar]) {
    self.network = network
    self.layout = layout
    self.alphabet = alphabet
    pass = Pass(network: network, layout: layout, steps: 1, batch: 1, loss: .crossEntropy)
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
  }

  /// `length` characters after `prompt`.
  ///
  /// The random numbers are the same every time, so what changes from one sample to the next is what the network learned.
  /// - Parameters:
  ///   - state: the state before the prompt is read, [parts, B, H] a layer, of which row 0 writes; empty for 0.
  ///   - batch: B.
  ///   - prompt: the classes of the characters read first; one at least.
  ///   - temperature: what the readout is divided by before a character is drawn; 0 takes the likeliest.
  ///   - seed: of the random numbers.
  func write(
    length: Int, from state: [[Double]] = [], batch: Int = 1, prompt: [Int], temperature: Double = 1, seed: UInt64
  ) -> String {
    let h = network.hidden
    pass.resetState()
    for (layer, values) in state.enumerated() {
      let row = (0..<network.stateComponents).flatMap { values[$0 * batch * h..<$0 * batch * h + h] }
      pass.setState(at: 0, layer: layer, from: row)
    }
    var random = CounterRandom(seed: seed, for: .text)
    var data = SequenceBatch(
      steps: 1, batch: 1, inputs: layout.inputs, outputs: layout.outputs,
      x: [Double](repeating: 0, count: layout.inputs), symbols: nil, target: .classes([0]), targetMask: [1])
    var count = 0
    func read(_ symbol: Int) {
      data.x[symbol] = 1
      pass.load(data)
      pass.firstStep = count
      count += 1
      data.x[symbol] = 0
      pass.forward(0..<1)
    }
    for symbol in prompt.dropLast() {
      read(symbol)
      pass.carryState()
    }
    var symbol = prompt.last ?? 0
    var written = String.UnicodeScalarView()
    for _ in 0..<length {
      read(symbol)
      symbol = draw(random.uniform(), temperature)
      pass.carryState()
      let scalar = alphabet[symbol]
      // A text may hold characters that a terminal would obey.
      written.append(TextCorpus.isControl(scalar) && scalar != "\n" ? "\u{FFFD}" : scalar)
    }
    return String(written)
  }

  /// The class at `uniform` of the distribution softmax((W_ho h + b_o)/temperature).
  private func draw(_ uniform: Double, _ temperature: Double) -> Int {
    guard let weight = layout["readout.weight"], let bias = layout["readout.bias"] else { return 0 }
    let h = pass.state(row: 1, layer: network.layers - 1)
    var y = [Double](repeating: 0, count: layout.outputs)
    for output in y.indices {
      var sum = pass.parameters[bias.offset + output]
      let row = weight.offset + output * network.outputUnits
      for unit in 0..<network.outputUnits { sum += pass.parameters[row + unit] * h[unit] }
      y[output] = sum
    }
    let largest = y.max() ?? 0
    guard temperature > 0 else { return y.firstIndex(of: largest) ?? 0 }
    for output in y.indices { y[output] = largest + (y[output] - largest) / temperature }
    let total = y.reduce(0) { $0 + exp($1 - largest) }
    var rest = uniform * total
    for output in y.indices {
      rest -= exp(y[output] - largest)
      if rest < 0 { return output }
    }
    return y.count - 1
  }
}
