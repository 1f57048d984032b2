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
      symbol = draw(random.uniform(), temperature, after: symbol)
      pass.carryState()
      let scalar = alphabet[symbol]
      // A text may hold characters that a terminal would obey.
      written.append(TextCorpus.isControl(scalar) && scalar != "\n" ? "\u{FFFD}" : scalar)
    }
    return String(written)
  }

  /// The class at `uniform` of the distribution softmax((W_ho h + b_o)/temperature), with D's column of the symbol that was read
  /// where the readout sees it.
  private func draw(_ uniform: Double, _ temperature: Double, after symbol: Int) -> Int {
    guard let weight = layout["readout.weight"], let bias = layout["readout.bias"] else { return 0 }
    let h = pass.state(row: 1, layer: network.layers - 1)
    var y = [Double](repeating: 0, count: layout.outputs)
    for output in y.indices {
      var sum = pass.parameters[bias.offset + output]
      let row = weight.offset + output * network.outputUnits
      for unit in 0..<network.outputUnits { sum += pass.parameters[row + unit] * h[unit] }
      if let direct = layout["readout.direct"] {
        sum += pass.parameters[direct.offset + output * layout.inputs + symbol]
      }
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

extension TrainingRun {
  /// What the network writes, going on from the place where row 0 of the batch stands.
  func sample(length: Int, parameters: [Double], carried: [[Double]]) -> String {
    let alphabet = engine.task.alphabet
    guard experiment.isRecurrent, !alphabet.isEmpty, let symbols = engine.data.symbols else { return "" }
    return TextSampler(network: experiment.network, layout: layout, parameters: parameters, alphabet: alphabet)
      .write(
        length: length, from: carried, batch: engine.data.batch,
        prompt: [Int(symbols[engine.window.steps.lowerBound * engine.data.batch])], seed: experiment.seed)
  }

  /// What the network writes after a prompt, from a state of 0.
  ///
  /// - Parameters:
  ///   - length: how many characters.
  ///   - prompt: the characters that it reads first; where it is empty, the alphabet's first.
  ///   - temperature: what the readout is divided by before a character is drawn; 0 takes the likeliest.
  ///   - seed: of the draws.
  /// - Throws: that the task is no text, or that a character of the prompt is none of its alphabet.
  public func write(
    length: Int, prompt: String, temperature: Double, seed: UInt64
  ) throws(TrainingError) -> String {
    let alphabet = engine.task.alphabet
    guard !alphabet.isEmpty else {
      throw .misfit("sample: found the task \(experiment.task.name.rawValue), expected text")
    }
    guard experiment.isRecurrent else {
      throw .misfit(
        "sample: found network.kind \(experiment.architecture.kind.rawValue), expected recurrent: it writes from a state"
      )
    }
    var symbols: [Int] = []
    for scalar in prompt.unicodeScalars {
      guard let symbol = alphabet.firstIndex(of: scalar) else {
        let known = alphabet.map(TextCorpus.symbol).joined()
        throw .misfit("--prompt: found \u{201C}\(scalar)\u{201D}, expected the characters of the text, \(known)")
      }
      symbols.append(symbol)
    }
    return TextSampler(network: experiment.network, layout: layout, parameters: parameters, alphabet: alphabet)
      .write(length: length, prompt: symbols.isEmpty ? [0] : symbols, temperature: temperature, seed: seed)
  }
}
