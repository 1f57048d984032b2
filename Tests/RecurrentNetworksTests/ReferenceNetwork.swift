import Foundation

@testable import RecurrentNetworks

/// a + ε b with ε² = 0: carries a derivative along, exactly.
struct Dual {
  var value: Double
  var slope: Double

  init(_ value: Double, _ slope: Double = 0) {
    self.value = value
    self.slope = slope
  }

  static func + (x: Dual, y: Dual) -> Dual { Dual(x.value + y.value, x.slope + y.slope) }
  static func - (x: Dual, y: Dual) -> Dual { Dual(x.value - y.value, x.slope - y.slope) }
  static func * (x: Dual, y: Dual) -> Dual { Dual(x.value * y.value, x.slope * y.value + x.value * y.slope) }
  static func / (x: Dual, y: Dual) -> Dual {
    Dual(x.value / y.value, (x.slope * y.value - x.value * y.slope) / (y.value * y.value))
  }
  static func += (x: inout Dual, y: Dual) { x = x + y }
}

func exp(_ x: Dual) -> Dual { Dual(exp(x.value), x.slope * exp(x.value)) }
func log(_ x: Dual) -> Dual { Dual(log(x.value), x.slope / x.value) }
func sin(_ x: Dual) -> Dual { Dual(sin(x.value), x.slope * cos(x.value)) }

/// The definitions of the field written down naively, one sequence and one unit at a time, with nothing of the program's
/// own passes in it; differentiated by dual numbers.
struct ReferenceNetwork {
  let network: NetworkSpecification
  let layout: ParameterLayout
  let data: SequenceBatch
  let window: Window
  let reduction: Reduction
  /// [B, H] a layer.
  let carriedState: [[Double]]

  struct Run {
    /// Top layer, [T, B, H]; the losses, [T, B]; the objective.
    var hidden: [Dual] = []
    var loss: [Dual] = []
    var objective = Dual(0)
    var injected = 0
  }

  func activate(_ a: Dual) -> Dual {
    switch network.activation {
    case .tanh:
      let e = exp(Dual(-2) * a)
      return (Dual(1) - e) / (Dual(1) + e)
    case .sigmoid: return Dual(1) / (Dual(1) + exp(Dual(0) - a))
    case .relu: return a.value > 0 ? a : Dual(0)
    case .leakyReLU: return a.value > 0 ? a : Dual(0.01) * a
    case .identity: return a
    case .softsign: return a.value > 0 ? a / (Dual(1) + a) : a / (Dual(1) - a)
    case .hardTanh: return abs(a.value) < 1 ? a : Dual(a.value > 0 ? 1 : -1)
    case .sin: return sin(a)
    }
  }

  /// The window, with the parameters given as duals; `disturb(t, b, i)` is added to h_t of the top layer.
  func run(_ parameters: [Dual], disturb: (Int, Int, Int) -> Dual = { _, _, _ in Dual(0) }) -> Run {
    var run = Run()
    let h = network.hidden
    var state = carriedState.map { $0.map { Dual($0) } }
    func offset(_ name: String) -> Int { layout[name]?.offset ?? 0 }
    let inputWeights = (0..<network.layers).map { offset("weight_ih_l\($0)") }
    let recurrentWeights = (0..<network.layers).map { offset("weight_hh_l\($0)") }
    let biases = (0..<network.layers).map { offset("bias_ih_l\($0)") }
    let (readout, readoutBias) = (offset("readout.weight"), offset("readout.bias"))
    let isOneMatrix = network.cell == .fullyRecurrent
    for t in window.steps {
      for b in 0..<data.batch {
        var input = (0..<data.inputs).map { Dual(data.x[(t * data.batch + b) * data.inputs + $0]) }
        for layer in 0..<network.layers {
          let previous = Array(state[layer][b * h..<(b + 1) * h])
          var next: [Dual] = []
          for i in 0..<h {
            var a = isOneMatrix ? Dual(0) : parameters[biases[layer] + i]
            if isOneMatrix {
              // s_i = Σ_j w_ij z_j with z = [y; x]
              let z = previous + input
              for j in z.indices { a += parameters[i * z.count + j] * z[j] }
            } else {
              for j in input.indices { a += parameters[inputWeights[layer] + i * input.count + j] * input[j] }
              for j in 0..<h { a += parameters[recurrentWeights[layer] + i * h + j] * previous[j] }
            }
            var value = activate(a)
            if network.cell == .leaky {
              var beta = Dual(network.beta * pow(network.betaSpread, -Double(i) / Double(max(1, h - 1))))
              if network.learnsBeta {
                beta = Dual(1) / (Dual(1) + exp(Dual(0) - parameters[offset("beta_logit_l\(layer)") + i]))
              }
              value = (Dual(1) - beta) * previous[i] + beta * value
            }
            if network.cell == .residual { value = previous[i] + Dual(network.alpha) * value }
            if layer == network.layers - 1 { value += disturb(t, b, i) }
            next.append(value)
          }
          state[layer].replaceSubrange(b * h..<(b + 1) * h, with: next)
          input = next
        }
        run.hidden += input
        let y = (0..<data.outputs).map { o -> Dual in
          if isOneMatrix { return input[o] }
          var y = parameters[readoutBias + o]
          for j in 0..<h { y += parameters[readout + o * h + j] * input[j] }
          return y
        }
        let row = t * data.batch + b
        guard data.targetMask[row] != 0 else {
          run.loss.append(Dual(0))
          continue
        }
        var loss = Dual(0)
        switch data.target {
        case .classes(let classes):
          var sum = Dual(0)
          for value in y { sum += exp(value) }
          loss = log(sum) - y[Int(classes[row])]
        case .values(let values):
          for (o, value) in y.enumerated() where data.outputMask?[row * data.outputs + o] != 0 {
            let error = value - Dual(values[row * data.outputs + o])
            loss += Dual(0.5) * error * error
          }
        }
        run.loss.append(loss)
        if window.injected.contains(t) {
          run.objective += loss
          run.injected += 1
        }
      }
    }
    if reduction == .mean && run.injected > 0 { run.objective = run.objective / Dual(Double(run.injected)) }
    return run
  }

  /// ∂L/∂w for every parameter.
  func gradient(_ parameters: [Double]) -> [Double] {
    var duals = parameters.map { Dual($0) }
    return parameters.indices.map { index in
      duals[index].slope = 1
      defer { duals[index].slope = 0 }
      return run(duals).objective.slope
    }
  }

  /// ∂L/∂h_t of the top layer, [T, B, H].
  func hiddenGradient(_ parameters: [Double]) -> [Double] {
    let duals = parameters.map { Dual($0) }
    return window.steps.flatMap { step in
      (0..<data.batch).flatMap { sequence in
        (0..<network.hidden).map { unit in
          run(duals) { Dual(0, $0 == step && $1 == sequence && $2 == unit ? 1 : 0) }.objective.slope
        }
      }
    }
  }
}

/// A network, data and parameters drawn at random, small.
struct Trial {
  var network: NetworkSpecification
  var layout: ParameterLayout
  var data: SequenceBatch
  var parameters: [Double]
  var carriedState: [[Double]]

  init(
    cell: CellKind = .elman, activation: Activation = .tanh, loss: LossKind = .crossEntropy, hidden: Int = 5,
    inputs: Int = 3, outputs: Int = 4, steps: Int = 7, batch: Int = 2, layers: Int = 1, seed: UInt64 = 1,
    targets: Double = 0.8, oneHot: Bool = false, spread: Double = 1, learnsBeta: Bool = false
  ) {
    network = NetworkSpecification()
    network.cell = cell
    network.activation = activation
    network.hidden = hidden
    network.layers = layers
    network.beta = 0.4
    network.alpha = 0.3
    (network.betaSpread, network.learnsBeta) = (spread, learnsBeta)
    layout = ParameterLayout(network, inputs: inputs, outputs: outputs)
    var random = CounterRandom(seed: seed, stream: 99)
    parameters = initialParameters(network, layout, seed: seed).map { $0 + 0.1 * random.normal() }
    carriedState = (0..<layers).map { _ in (0..<batch * hidden).map { _ in 0.5 * random.normal() } }
    let rows = steps * batch
    let symbols = (0..<rows).map { _ in Int32(random.integer(below: inputs)) }
    data = SequenceBatch(
      steps: steps, batch: batch, inputs: inputs, outputs: outputs,
      x: (0..<rows * inputs).map { i in
        oneHot ? (i % inputs == Int(symbols[i / inputs]) ? 1 : 0) : random.normal()
      },
      symbols: oneHot ? symbols : nil,
      target: loss == .crossEntropy
        ? .classes((0..<rows).map { _ in Int32(random.integer(below: outputs)) })
        : .values((0..<rows * outputs).map { _ in random.normal() }),
      targetMask: (0..<rows).map { _ in random.uniform() < targets ? 1 : 0 })
  }

  func reference(_ window: Window, _ reduction: Reduction = .mean) -> ReferenceNetwork {
    ReferenceNetwork(
      network: network, layout: layout, data: data, window: window, reduction: reduction, carriedState: carriedState)
  }

  func tape(_ window: Window, _ reduction: Reduction = .mean, _ precision: Precision = .float64) -> Tape {
    Tape.compute(
      network: network, layout: layout, parameters: parameters, data: data, window: window,
      carriedState: carriedState, reduction: reduction, precision: precision)
  }
}

/// The largest difference, relative to the largest of the truth.
func relativeError(_ ours: [Double], _ truth: [Double]) -> Double {
  guard ours.count == truth.count else { return .infinity }
  let scale = max(truth.map { abs($0) }.max() ?? 0, 1e-300)
  return zip(ours, truth).reduce(0) { worst, pair in
    let gap = abs(pair.0 - pair.1) / scale
    return gap.isNaN ? .infinity : max(worst, gap)
  }
}
