import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// What the instruments say of gated cells.
@Suite struct GatedTests {
  private func log10(_ x: Double) -> Double { Log10.of(x) }

  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Biases of one gate; all recurrent weights 0 where `isCut`.
  private func network(
    _ cell: CellKind, hidden: Int, steps: Int, batch: Int = 1, gate: Int, bias: [Double], isCut: Bool
  ) throws -> TestNetwork {
    var test = TestNetwork(cell: cell, hidden: hidden, steps: steps, batch: batch)
    if isCut {
      for name in ["weight_hh_l0", "bias_hh_l0"] {
        if let entry = test.layout[name] { for k in entry.range { test.parameters[k] = 0 } }
      }
    }
    let entry = try #require(test.layout["bias_ih_l0"])
    for (unit, value) in bias.enumerated() { test.parameters[entry.offset + gate * hidden + unit] = value }
    return test
  }

  @Test(arguments: [CellKind.lstm, .gru])
  func withoutRecurrentWeightsTheProductIsTheMemoryPath(_ cell: CellKind) throws {
    // LSTM: ∂c_T/∂c_k = Π diag(f_t); GRU: J = diag(z); both exactly, with nothing through the gates.
    let test = try network(cell, hidden: 3, steps: 9, gate: 1, bias: [0.5, -1, 2], isCut: true)
    let tape = test.tape()
    let paths = try #require(try MemoryPathByLag(tape))
    #expect(paths.component == (cell == .lstm ? "c" : "h") && paths.gate == (cell == .lstm ? "f" : "z"))
    #expect(paths.lags == Array(1...9) && paths.log10Gated.allSatisfy { $0 == -.infinity })
    // The gates from the weights by hand: a = W_ih x + b.
    let w = try #require(tape.parameter("weight_ih_l0")), b = try #require(tape.parameter("bias_ih_l0"))
    var products = [1.0, 1, 1]
    for lag in 1...9 {
      let x = tape.x[(9 - lag) * 2..<(10 - lag) * 2]
      for unit in 0..<3 {
        let row = 3 + unit
        let a = w[row * 2] * x[x.startIndex] + w[row * 2 + 1] * x[x.startIndex + 1] + b[row]
        products[unit] *= Activation.sigmoid.value(a)
      }
      #expect(abs(paths.log10MemoryPath[lag - 1] - log10(products.max() ?? 0)) < 1e-12)
      #expect(abs(paths.log10Block[lag - 1] - paths.log10MemoryPath[lag - 1]) < 1e-12)
    }
  }

  @Test func anOpenForgetGateForgetsNothingAndAShutOneAtOnce() throws {
    // σ(1000) = 1 exactly: the identity; σ(-ln 99) = 0.01: 1e-2000 after 1,000 steps.
    var open = try network(.lstm, hidden: 2, steps: 40, gate: 1, bias: [1000, 1000], isCut: true)
    for name in ["weight_ih_l0"] {
      if let entry = open.layout[name] { for k in entry.range { open.parameters[k] = 0 } }
    }
    #expect(try #require(try MemoryPathByLag(open.tape())).log10MemoryPath.allSatisfy { $0 == 0 })
    var shut = try network(.lstm, hidden: 2, steps: 1000, gate: 1, bias: [-4.59511985013459, -5], isCut: true)
    if let entry = shut.layout["weight_ih_l0"] { for k in entry.range { shut.parameters[k] = 0 } }
    let paths = try #require(try MemoryPathByLag(shut.tape(), maximumLags: 3))
    #expect(abs(paths.log10MemoryPath[999] / -2000 - 1) < 1e-12 && paths.lags == [1, 500, 1000])
    #expect(abs(paths.log10Block[2] / -2000 - 1) < 1e-12)
  }

  @Test(arguments: [CellKind.lstm, .gru], [0, 1])
  func memoryAndGatedPathsMakeTheBlock(_ cell: CellKind, _ sequence: Int) throws {
    // The product of explicit Jacobians, its block, less the product of the gates.
    let test = TestNetwork(cell: cell, hidden: 4, layers: 2, steps: 8, batch: 2)
    let tape = test.tape()
    let paths = try #require(try MemoryPathByLag(tape, layer: 1, sequence: sequence))
    let gates = try #require(GateActivity(tape, layer: 1, sequence: sequence))
    let first = cell == .lstm ? 4 : 0
    let width = cell == .lstm ? 8 : 4
    var product = Matrix.identity(width)
    var kept = [1.0, 1, 1, 1]
    for lag in 1...8 {
      let t = 8 - lag
      product = product * tape.jacobian(step: t, sequence: sequence, layer: 1)
      for unit in 0..<4 { kept[unit] *= gates.gates[1].values[t * 4 + unit] }
      var block = Matrix(rows: 4, columns: 4)
      for i in 0..<4 { for j in 0..<4 { block[i, j] = product[first + i, first + j] } }
      #expect(abs(paths.log10MemoryPath[lag - 1] - log10(kept.max() ?? 0)) < 1e-12)
      #expect(abs(paths.log10Block[lag - 1] - log10(try block.singularValues()[0])) < 1e-9)
      for unit in 0..<4 { block[unit, unit] -= kept[unit] }
      let gated = try block.singularValues()[0]
      if cell == .lstm, lag == 1 {
        // One step of the memory path is all of ∂c_t/∂c_{t-1}.
        #expect(paths.log10Gated[0] == -.infinity)
      } else {
        #expect(abs(paths.log10Gated[lag - 1] - log10(gated)) < 1e-7)
      }
    }
    #expect(try MemoryPathByLag(TestNetwork(hidden: 3, steps: 4).tape()) == nil)
  }

  @Test(arguments: [CellKind.lstm, .gru, .janet], [0.0, 0.05])
  func theFactorsOfAStepAreThoseOfTheirNames(_ cell: CellKind, clip: Double) throws {
    var test = TestNetwork(cell: cell, hidden: 3, steps: 6, batch: 2)
    // Scales of the gradient are nobody's doing.
    test.flow.clipThreshold = clip > 0 ? clip : nil
    test.gradientScale = [1, 1.5, 1, 2, 1, 1.25]
    let tape = test.tape()
    let layer = tape.layers[0]
    let weights = tape.elements(tape.layout.recurrentWeights(layer: 0))
    for t in 1..<6 {
      // ∂L/∂s_t of both sequences through the gates and through W_hh, formed here by hand.
      var (v, along, arriving, u, gated) = ([Double](), [Double](), [Double](), [Double](), [Double]())
      for b in 0..<2 {
        func row(_ array: [Double], _ step: Int, _ component: Int) -> [Double] {
          let start = ((step * layer.stateComponents + component) * 2 + b) * 3
          return Array(array[start..<start + 3])
        }
        let joint = (0..<layer.stateComponents).flatMap { row(layer.gradient, t, $0) }
        arriving += joint
        let gates = try #require(GateActivity(tape, sequence: b)).gates.map { Array($0.values[t * 3..<(t + 1) * 3]) }
        let factors: [Double], whole: [Double]
        if cell == .lstm {
          let c = row(layer.state, t + 1, 1)
          factors = gates[1]
          whole = (0..<3).map { joint[3 + $0] + gates[3][$0] / (cosh(c[$0]) * cosh(c[$0])) * joint[$0] }
        } else {
          factors = cell == .gru ? gates[1] : gates[0]
          whole = joint
        }
        v += whole
        along += zip(factors, whole).map { $0 * $1 }
        let count = 3 * cell.gates
        let own = Array(layer.recurrentGradient[(t * 2 + b) * count..<(t * 2 + b + 1) * count])
        u += own
        let through = (0..<3).map { k in (0..<count).reduce(0) { $0 + own[$1] * weights[$1 * 3 + k] } }
        gated += through
        // Both paths make the whole Jacobian.
        let before = tape.jacobian(step: t, sequence: b, layer: 0).transposed * joint
        for k in 0..<3 {
          let sum = cell == .lstm ? through[k] : through[k] + along[along.count - 3 + k]
          #expect(abs(before[k] - sum) < 1e-13)
          if cell == .lstm { #expect(abs(before[3 + k] - along[along.count - 3 + k]) < 1e-13) }
        }
      }
      let numbers = try #require(BackwardNumbers(tape, step: t - 1))
      #expect(abs(try #require(numbers.memoryPathFactor) - norm(along) / norm(v)) < 1e-12)
      #expect(abs(try #require(numbers.gatesFactor) - norm(u) / norm(arriving)) < 1e-12)
      #expect(abs(try #require(numbers.recurrentFactor) - norm(gated) / norm(u)) < 1e-12)
      #expect(abs(try #require(numbers.gatedPathFactor) - norm(gated) / norm(arriving)) < 1e-12)
      #expect(numbers.derivativeFactor == nil && numbers.directPathFactor == nil)
      let own = try #require(BackwardNumbers(tape, step: t))
      #expect(cell == .lstm ? abs((own.carriedWhole ?? 0) - norm(v)) < 1e-13 : own.carriedWhole == nil)
      // A gate lets through no more than it is open.
      #expect(try #require(numbers.memoryPathFactor) <= 1)
    }
    #expect(BackwardNumbers(TestNetwork(hidden: 3, steps: 4).tape(), step: 1)?.memoryPathFactor == nil)
  }

  /// Two units after 300 updates on the coin task: f₆ = (0.518, 0.438) cannot make of ∂L/∂c₆ less than 0.438 of it.
  @Test func aForgetGateDoesWhatItIsOpenFor() throws {
    var test = TestNetwork(cell: .lstm, hidden: 2, steps: 8, inputs: 1, outputs: 2)
    let values: [(String, [Double])] = [
      (
        "weight_ih_l0",
        [
          0.5007755924504763, -0.22701223850039523, 0.06045023879485599, -0.3711363911637123, 0.06729880504245413,
          0.2476227063953876, 0.23236421933422005, -0.33763016031773174,
        ]
      ),
      (
        "weight_hh_l0",
        [
          -0.38268641478499477, -0.7024745782594931, -0.7010918394365456, 0.38462767902921235, -0.5793578029246479,
          0.5516505626516924, 0.5532215520700502, 0.5815262816766406, -0.10908325916382619, 0.792831348018816,
          0.801640095119607, 0.12175845604109115, -0.7099948551042181, -0.3683428296811291, 0.3700733961582165,
          -0.7078665805853521,
        ]
      ),
      (
        "bias_ih_l0",
        [
          0.0004914339405742393, 0.014554707331943141, 6.653416631506843e-05, 0.01751298655122442, 0.008506678170555433,
          0.09375857633251047, 0.0008714819656454933, 0.017570282236802032,
        ]
      ),
      ("readout.weight", [0.3908558060510631, -0.6825569227960657, -0.033999738439220606, 1.324533228046555]),
      ("readout.bias", [-0.14520951872267968, 0.14520951872267968]),
    ]
    for (name, numbers) in values {
      test.parameters.replaceSubrange(try #require(test.layout[name]).range, with: numbers)
    }
    test.data.x = [1, 1, 0, 0, 1, 1, 1, 1]
    test.data.target = .classes([1, 1, 0, 1, 0, 1, 0, 1])
    test.carried = [[0.0630032441057092, 0.12224829691530482, 0.13417653224036827, 0.25394798603757535]]
    test.reduction = .mean
    // By hand: v = ∂L/∂c₆ = δc₆ + o₆ ⊙ tanh′(c₆) ⊙ δh₆, o₆ = σ(0.13785204413561936, -0.36431524859952424).
    let (dh, dc) = ([0.03973346531840041, -0.10600780566483348], [-0.009702838587918221, 0.019545484550146628])
    let (o, c) = ([0.5344085389615819, 0.4099153687745639], [0.1665412821291781, 0.29001952184310587])
    let v = (0..<2).map { dc[$0] + o[$0] * (1 - tanh(c[$0]) * tanh(c[$0])) * dh[$0] }
    #expect(abs(v[0] - 0.010952842290855478) < 1e-9 && abs(v[1] + 0.020449344728227587) < 1e-9)
    let f = [0.5179125678523507, 0.43818169548452995]
    let wanted = norm([f[0] * v[0], f[1] * v[1]]) / norm(v)
    #expect(abs(wanted - 0.457) < 0.0005)
    let numbers = try #require(BackwardNumbers(test.tape(), step: 4))
    #expect(abs(try #require(numbers.memoryPathFactor) - wanted) < 1e-8)
    // What reaches c₅ from c₆ is f₆ ⊙ v.
    #expect(abs(try #require(numbers.carried) - norm([f[0] * v[0], f[1] * v[1]])) < 1e-9)
  }

  @Test func gatesAreTheirFunctionsOfTheWeights() throws {
    // Forget biases 0, 2 and 20 with all weights 0: σ = ½, 0.8808, 1; σ′ = ¼, 0.105, 2e-9, so that one of three is flat.
    var test = try network(.lstm, hidden: 3, steps: 2, batch: 2, gate: 1, bias: [0, 2, 20], isCut: true)
    if let entry = test.layout["weight_ih_l0"] { for k in entry.range { test.parameters[k] = 0 } }
    let tape = test.tape()
    let gates = try #require(GateActivity(tape, sequence: 1))
    #expect(gates.gates.map(\.name) == ["i", "f", "g", "o"] && gates.memoryPath == 1)
    #expect(gates.gates.map(\.opens) == [true, true, false, true])
    let forget = gates.gates[1]
    for (value, wanted) in zip(forget.values, [0.5, 0.880797077977882, 0.999999997938846]) {
      #expect(abs(value - wanted) < 1e-14)
    }
    #expect(abs(forget.mean[1] - (0.5 + 0.880797077977882 + 0.999999997938846) / 3) < 1e-14)
    #expect(abs(forget.saturatedShare - 1.0 / 3) < 1e-15)
    let forward = try #require(ForwardNumbers(tape, step: 1))
    #expect(forward.gates.map(\.name) == ["i", "f", "g", "o"])
    #expect(abs(forward.gates[1].mean - forget.mean[1]) < 1e-14)
    #expect(abs(try #require(forward.carried) - norm(tape.layers[0].state[30..<33])) < 1e-14)
    #expect(GateActivity(TestNetwork(hidden: 3, steps: 2).tape()) == nil)
  }

  @Test func theNormsOfWhatReachesTheCell() throws {
    // ∂L/∂c_t of the pass itself, layer by layer.
    let tape = TestNetwork(cell: .lstm, hidden: 3, layers: 2, steps: 7, batch: 2).tape()
    for layer in 0..<2 {
      let norms = GradientNorms.log10(tape, component: 1, layer: layer)
      for t in 0..<6 {
        let cell = tape.layers[layer].gradient[(2 * t + 1) * 6..<(2 * t + 2) * 6]
        #expect(abs(norms[t] - log10(norm(cell))) < 1e-12)
      }
      #expect(norms[6] == -.infinity)
    }
    // f = 0.01 for good and nothing through the gates: 1e-2 a step, also where doubles have ended.
    var shut = try network(
      .lstm, hidden: 2, steps: 600, gate: 1, bias: [-4.59511985013459, -4.59511985013459], isCut: true)
    if let entry = shut.layout["weight_ih_l0"] { for k in entry.range { shut.parameters[k] = 0 } }
    for k in shut.data.targetMask.indices.dropLast() { shut.data.targetMask[k] = 0 }
    let norms = GradientNorms.log10(shut.tape(), component: 1, layer: 0)
    #expect(abs((norms[98] - norms[598]) / -1000 - 1) < 1e-10 && norms[0] < -1100)
  }
}
