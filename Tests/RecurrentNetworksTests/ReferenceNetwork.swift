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
func cos(_ x: Dual) -> Dual { Dual(cos(x.value), -x.slope * sin(x.value)) }

/// The definitions of the field written down naively, one sequence and one unit at a time, with nothing of the program's
/// own passes in it; differentiated by dual numbers.
struct ReferenceNetwork {
  let network: NetworkSpecification
  let layout: ParameterLayout
  let data: SequenceBatch
  let window: Window
  let reduction: Reduction
  /// [components, B, H] a layer.
  let carriedState: [[Double]]

  struct Run {
    /// Top layer, [T, B, H]; the losses, [T, B]; the objective.
    var hidden: [Dual] = []
    var loss: [Dual] = []
    var objective = Dual(0)
    var injected = 0
  }

  func tanh(_ a: Dual) -> Dual {
    let e = exp(Dual(-2) * a)
    return (Dual(1) - e) / (Dual(1) + e)
  }

  func sigmoid(_ a: Dual) -> Dual { Dual(1) / (Dual(1) + exp(Dual(0) - a)) }

  /// The new state of a unit, its parts, from what W_ih x_t + b and W_hh h_{t-1} (+ b_hh) give to each gate.
  func cell(_ x: [Dual], _ h: [Dual], before: [Dual], beta: Dual) -> [Dual] {
    switch network.cell {
    case .elman, .fullyRecurrent: return [activate(x[0] + h[0])]
    case .leaky: return [(Dual(1) - beta) * before[0] + beta * activate(x[0] + h[0])]
    case .residual: return [before[0] + Dual(network.alpha) * activate(x[0] + h[0])]
    case .lstm:
      let a = zip(x, h).map { $0 + $1 }
      let c = sigmoid(a[1]) * before[1] + sigmoid(a[0]) * tanh(a[2])
      return [sigmoid(a[3]) * tanh(c), c]
    case .coupledLSTM:
      let a = zip(x, h).map { $0 + $1 }
      let f = sigmoid(a[0]), c = f * before[1] + (Dual(1) - f) * tanh(a[1])
      return [sigmoid(a[2]) * tanh(c), c]
    case .gru:
      let (r, z) = (sigmoid(x[0] + h[0]), sigmoid(x[1] + h[1]))
      let n = tanh(x[2] + r * h[2])
      return [(Dual(1) - z) * n + z * before[0]]
    case .janet:
      let f = sigmoid(x[0] + h[0])
      return [f * before[0] + (Dual(1) - f) * tanh(x[1] + h[1])]
    case .minGRU:
      let z = sigmoid(x[0])
      return [(Dual(1) - z) * before[0] + z * x[1]]
    case .minLSTM:
      let (f, i) = (sigmoid(x[0]), sigmoid(x[1]))
      return [f / (f + i) * before[0] + i / (f + i) * x[2]]
    // Both parts of a number at once: `complexState`.
    case .lru: return [x[0]]
    }
  }

  /// h_t = λ h_{t-1} + γ a_t of [real parts, imaginary parts], in real arithmetic.
  func complexState(_ parameters: [Dual], layer: Int, a: [Dual], before: [Dual]) -> [Dual] {
    let pairs = network.hidden / 2
    func tensor(_ name: String, _ unit: Int) -> Dual { parameters[(layout["\(name)_l\(layer)"]?.offset ?? 0) + unit] }
    var next = a
    for k in 0..<pairs {
      let lambda: (Dual, Dual), gamma: (Dual, Dual)
      switch network.discretization {
      case .none:
        let decay = exp(Dual(0) - exp(tensor("nu_log", k))), angle = exp(tensor("theta_log", k))
        lambda = (decay * cos(angle), decay * sin(angle))
        gamma = (exp(tensor("gamma_log", k)), Dual(0))
      case .zeroOrderHold:
        let step = exp(tensor("log_dt", k))
        let rate = (Dual(0) - exp(tensor("log_A_real", k)), tensor("A_imag", k))
        let decay = exp(step * rate.0)
        lambda = (decay * cos(step * rate.1), decay * sin(step * rate.1))
        let squared = rate.0 * rate.0 + rate.1 * rate.1, less = lambda.0 - Dual(1)
        gamma = ((less * rate.0 + lambda.1 * rate.1) / squared, (lambda.1 * rate.0 - less * rate.1) / squared)
      }
      let (hr, hi, ar, ai) = (before[k], before[pairs + k], a[k], a[pairs + k])
      next[k] = lambda.0 * hr - lambda.1 * hi + gamma.0 * ar - gamma.1 * ai
      next[pairs + k] = lambda.0 * hi + lambda.1 * hr + gamma.0 * ai + gamma.1 * ar
    }
    return next
  }

  /// β of a unit: the settings', or the logistic function of its own parameter.
  func beta(_ parameters: [Dual], layer: Int, unit: Int) -> Dual {
    guard network.learnsBeta, let logit = layout["beta_logit_l\(layer)"] else {
      return Dual(network.beta * pow(network.betaSpread, -Double(unit) / Double(max(1, network.hidden - 1))))
    }
    return sigmoid(parameters[logit.offset + unit])
  }

  func activate(_ a: Dual) -> Dual {
    switch network.activation {
    case .tanh: return tanh(a)
    case .sigmoid: return sigmoid(a)
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
    let (gates, stateComponents) = (network.cell.gates, network.stateComponents)
    let (readout, readoutBias) = (offset("readout.weight"), offset("readout.bias"))
    let isOneMatrix = network.cell == .fullyRecurrent
    for t in window.steps {
      // Untied, a cell's tensors are [T, …]: step t's weights are row t.
      func cellOffset(_ name: String) -> Int? {
        layout[name].map { $0.offset + (layout.copies > 1 ? t * $0.count / layout.copies : 0) }
      }
      let inputWeights = (0..<network.layers).map { cellOffset("weight_ih_l\($0)") ?? 0 }
      let recurrentWeights = (0..<network.layers).map { cellOffset("weight_hh_l\($0)") ?? 0 }
      let biases = (0..<network.layers).map { cellOffset("bias_ih_l\($0)") }
      let recurrentBiases = (0..<network.layers).map { cellOffset("bias_hh_l\($0)") }
      let matrix = cellOffset("weight") ?? 0
      for b in 0..<data.batch {
        var input = (0..<data.inputs).map { Dual(data.x[(t * data.batch + b) * data.inputs + $0]) }
        for layer in 0..<network.layers {
          let previous = state[layer]
          var next: [Dual] = [], new = previous
          for i in 0..<h {
            var (byInput, byState) = ([Dual](), [Dual]())
            for gate in 0..<gates {
              let row = gate * h + i
              // One matrix: s_i = Σ_j w_ij z_j with z = [y; x].
              let width = h + input.count
              var x = biases[layer].map { parameters[$0 + row] } ?? Dual(0)
              let xStart = isOneMatrix ? matrix + row * width + h : inputWeights[layer] + row * input.count
              for j in input.indices { x += parameters[xStart + j] * input[j] }
              byInput.append(x)
              var a = recurrentBiases[layer].map { parameters[$0 + row] } ?? Dual(0)
              let hStart = isOneMatrix ? matrix + row * width : recurrentWeights[layer] + row * h
              if network.cell.hasRecurrentWeights {
                for j in 0..<h { a += parameters[hStart + j] * previous[b * h + j] }
              }
              byState.append(a)
            }
            var value = cell(
              byInput, byState, before: (0..<stateComponents).map { previous[($0 * data.batch + b) * h + i] },
              beta: beta(parameters, layer: layer, unit: i))
            if layer == network.layers - 1, network.cell != .lru { value[0] += disturb(t, b, i) }
            next.append(value[0])
            for component in 0..<stateComponents { new[(component * data.batch + b) * h + i] = value[component] }
          }
          if network.cell == .lru {
            next = complexState(parameters, layer: layer, a: next, before: Array(previous[b * h..<(b + 1) * h]))
            for i in 0..<h {
              if layer == network.layers - 1 { next[i] += disturb(t, b, i) }
              new[b * h + i] = next[i]
            }
          }
          state[layer] = new
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

extension CellKind {
  /// The cells with J = κ I + s diag(φ′) W_hh.
  static let affine = allCases.filter { kind in
    var network = NetworkSpecification()
    network.cell = kind
    return network.cellDescription.affineJacobian != nil
  }

  /// The activations that make sense with the cell.
  var activations: [Activation] {
    var network = NetworkSpecification()
    network.cell = self
    return network.cellDescription.takesActivation ? Activation.allCases : [.tanh]
  }
}

extension Tape {
  /// δ of a layer's h alone, [T, B, H].
  func hiddenGradient(layer: Int) -> [Double] {
    let size = batch * hidden
    return (0..<steps).flatMap {
      layers[layer].gradient[
        $0 * layers[layer].stateComponents * size..<($0 * layers[layer].stateComponents + 1) * size]
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
    targets: Double = 0.8, oneHot: Bool = false, spread: Double = 1, learnsBeta: Bool = false,
    untied: Bool = false, discretization: Discretization = .none
  ) {
    // Of complex numbers both parts.
    let hidden = hidden + hidden % cell.coupledParts
    network = NetworkSpecification()
    network.cell = cell
    network.activation = activation
    network.hidden = hidden
    network.layers = layers
    network.beta = 0.4
    network.alpha = 0.3
    (network.betaSpread, network.learnsBeta) = (spread, learnsBeta)
    network.discretization = discretization
    // Not so near 1 that a disturbed ν makes it hard to tell from it.
    network.initialization.ringOuter = 0.95
    layout = ParameterLayout(network, inputs: inputs, outputs: outputs, copies: untied ? steps : 1)
    var random = CounterRandom(seed: seed, stream: 99)
    parameters = initialParameters(network, layout, seed: seed).map { $0 + 0.1 * random.normal() }
    let size = network.stateComponents * batch * hidden
    carriedState = (0..<layers).map { _ in
      (0..<size).map { _ in 0.5 * random.normal() }
    }
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
