import LinearAlgebra
import RecurrentNetworks

/// A small generator of numbers in ±1 for tests: SplitMix64.
struct TestRandom {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-52 - 1
  }

  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in next() })
  }
}

/// A network with its weights, data and carried state: everything that a tape is a function of.
struct TestNetwork {
  var network = NetworkSpecification()
  var layout: ParameterLayout
  var parameters: [Double]
  var data: SequenceBatch
  var carried: [[Double]]
  var reduction = Reduction.sum
  var precision = Precision.float64
  /// What the pass does with the gradient on its way; stochastic reweighting, a factor a step.
  var flow = FlowControl()
  var gradientScale: [Double] = []

  /// Random weights, inputs and targets; `recurrent` replaces W_hh of the top layer.
  init(
    cell: CellKind = .elman, activation: Activation = .tanh, hidden: Int, layers: Int = 1, steps: Int, batch: Int = 1,
    inputs: Int = 2, outputs: Int = 3, recurrent: Matrix? = nil, scale: Double = 1,
    hasTarget: (Int) -> Bool = { _ in true },
    isZero: Bool = false, seed: UInt64 = 1
  ) {
    network.cell = cell
    network.activation = activation
    // Of complex numbers both parts.
    let hidden = hidden + hidden % cell.coupledParts
    network.hidden = hidden
    network.layers = layers
    network.beta = 0.3
    network.alpha = 0.7
    layout = ParameterLayout(network, inputs: inputs, outputs: outputs)
    var random = TestRandom(seed)
    parameters = (0..<layout.count).map { _ in scale * random.next() }
    if let recurrent, let entry = layout["weight_hh_l\(layers - 1)"] {
      parameters.replaceSubrange(entry.range, with: recurrent.elements)
    }
    let x = (0..<steps * batch * inputs).map { _ in isZero ? 0 : random.next() }
    let classes = (0..<steps * batch).map { _ in Int32(abs(random.next()) * Double(outputs)) }
    data = SequenceBatch(
      steps: steps, batch: batch, inputs: inputs, outputs: outputs, x: x, symbols: nil, target: .classes(classes),
      targetMask: (0..<steps * batch).map { hasTarget($0 / batch) ? 1 : 0 })
    let size = network.stateComponents * batch * hidden
    carried = (0..<layers).map { _ in
      (0..<size).map { _ in isZero ? 0 : 0.5 * random.next() }
    }
    if isZero {
      for name in layout.entries.map(\.name) where name.hasPrefix("bias") {
        if let entry = layout[name] { for k in entry.range { parameters[k] = 0 } }
      }
    }
  }

  var steps: Int { data.steps }

  /// The tape of the window that begins with the carried state; only windows from step 0 on are meaningful.
  func tape(_ window: Window? = nil) -> Tape {
    var variant = PassVariant()
    variant.gradientScale = gradientScale
    return Tape.compute(
      network: network, layout: layout, parameters: parameters, data: data,
      window: window ?? Window(steps: 0..<steps, injected: 0..<steps), carriedState: carried, reduction: reduction,
      precision: precision, variant: variant, flow: flow)
  }

  /// The whole sequence, loaded and run forward.
  func pass() -> Pass<Double> { pass(of: Double.self) }

  /// The same in either precision.
  func pass<S: Scalar>(of _: S.Type) -> Pass<S> {
    let pass = Pass<S>(network: network, layout: layout, steps: steps, batch: data.batch, loss: data.loss)
    pass.flow = flow
    for (index, value) in parameters.enumerated() { pass.parameters[index] = S(value) }
    for (layer, state) in carried.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
    pass.load(data)
    pass.forward(0..<steps)
    return pass
  }
}

extension CellKind {
  /// The cells with J = κ I + s diag(φ′) W_hh.
  static let affine = allCases.filter { kind in
    var network = NetworkSpecification()
    network.cell = kind
    return network.cellDescription.affineJacobian != nil
  }
}

/// The windows of TBPTT(k1, k2), by the definition: updates at t = k1, 2 k1, … and at n.
func windows(_ n: Int, _ k1: Int, _ k2: Int, inject: String = "newest") -> [Window] {
  var result: [Window] = []
  var last = 0
  for end in 1...n where end % k1 == 0 || end == n {
    let start = max(0, end - k2)
    let injected =
      switch inject {
      case "last": end - 1..<end
      case "window": start..<end
      default: max(last, start)..<end
      }
    result.append(Window(steps: start..<end, injected: injected))
    last = end
  }
  return result
}

/// ‖a - b‖/‖b‖.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  let difference = zip(a, b).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (difference / b.reduce(0.0) { $0 + $1 * $1 }).squareRoot()
}

/// ρQ with Q orthogonal.
func scaledOrthogonal(_ size: Int, _ scale: Double, seed: UInt64 = 3) throws -> Matrix {
  var random = TestRandom(seed)
  return scale * random.matrix(size, size).orthonormalColumns
}

extension Matrix {
  /// The columns made orthonormal one after the other, twice over (Gram-Schmidt): uniformly distributed of a gaussian matrix.
  var orthonormalColumns: Matrix {
    var q = self
    for j in 0..<columns {
      for _ in 0..<2 {
        for i in 0..<j {
          let along = (0..<rows).reduce(0) { $0 + q[$1, i] * q[$1, j] }
          for row in 0..<rows { q[row, j] -= along * q[row, i] }
        }
      }
      let norm = (0..<rows).reduce(0) { $0 + q[$1, j] * q[$1, j] }.squareRoot()
      for row in 0..<rows { q[row, j] /= norm }
    }
    return q
  }
}
