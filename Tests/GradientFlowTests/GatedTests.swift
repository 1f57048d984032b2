import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// What the instruments say of gated cells.
@Suite struct GatedTests {
  private func log10(_ x: Double) -> Double { Decade.log10(x) }

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
  func withoutRecurrentWeightsTheProductIsTheCarousel(_ cell: CellKind) throws {
    // LSTM: ∂c_T/∂c_k = Π diag(f_t); GRU: J = diag(z); both exactly, with nothing through the gates.
    let test = try network(cell, hidden: 3, steps: 9, gate: 1, bias: [0.5, -1, 2], isCut: true)
    let tape = test.tape()
    let paths = try #require(try CarouselByLag(tape))
    #expect(paths.part == (cell == .lstm ? "c" : "h") && paths.gate == (cell == .lstm ? "f" : "z"))
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
      #expect(abs(paths.log10Carousel[lag - 1] - log10(products.max() ?? 0)) < 1e-12)
      #expect(abs(paths.log10Block[lag - 1] - paths.log10Carousel[lag - 1]) < 1e-12)
    }
  }

  @Test func anOpenForgetGateForgetsNothingAndAShutOneAtOnce() throws {
    // σ(1000) = 1 exactly: the identity; σ(-ln 99) = 0.01: 1e-2000 after 1,000 steps.
    var open = try network(.lstm, hidden: 2, steps: 40, gate: 1, bias: [1000, 1000], isCut: true)
    for name in ["weight_ih_l0"] {
      if let entry = open.layout[name] { for k in entry.range { open.parameters[k] = 0 } }
    }
    #expect(try #require(try CarouselByLag(open.tape())).log10Carousel.allSatisfy { $0 == 0 })
    var shut = try network(.lstm, hidden: 2, steps: 1000, gate: 1, bias: [-4.59511985013459, -5], isCut: true)
    if let entry = shut.layout["weight_ih_l0"] { for k in entry.range { shut.parameters[k] = 0 } }
    let paths = try #require(try CarouselByLag(shut.tape(), maximumLags: 3))
    #expect(abs(paths.log10Carousel[999] / -2000 - 1) < 1e-12 && paths.lags == [1, 500, 1000])
    #expect(abs(paths.log10Block[2] / -2000 - 1) < 1e-12)
  }

  @Test(arguments: [CellKind.lstm, .gru], [0, 1])
  func carouselAndGatedPathsMakeTheBlock(_ cell: CellKind, _ sequence: Int) throws {
    // The product of explicit Jacobians, its block, less the product of the gates.
    let test = TestNetwork(cell: cell, hidden: 4, layers: 2, steps: 8, batch: 2)
    let tape = test.tape()
    let paths = try #require(try CarouselByLag(tape, layer: 1, sequence: sequence))
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
      #expect(abs(paths.log10Carousel[lag - 1] - log10(kept.max() ?? 0)) < 1e-12)
      #expect(abs(paths.log10Block[lag - 1] - log10(try block.singularValues()[0])) < 1e-9)
      for unit in 0..<4 { block[unit, unit] -= kept[unit] }
      let gated = try block.singularValues()[0]
      if cell == .lstm, lag == 1 {
        // One step of the carousel is all of ∂c_t/∂c_{t-1}.
        #expect(paths.log10Gated[0] == -.infinity)
      } else {
        #expect(abs(paths.log10Gated[lag - 1] - log10(gated)) < 1e-7)
      }
    }
    #expect(try CarouselByLag(TestNetwork(hidden: 3, steps: 4).tape()) == nil)
  }

  @Test(arguments: [CellKind.lstm, .gru]) func theSharesOfAStepAreWhatGoesOn(_ cell: CellKind) throws {
    let tape = TestNetwork(cell: cell, hidden: 3, steps: 6, batch: 2).tape()
    let shares = try #require(CarouselShares(tape))
    let layer = tape.layers[0]
    #expect(shares.carousel[0].isNaN && shares.gated[0].isNaN)
    for t in 1..<6 {
      // δ_t of both sequences through their explicit Jacobians.
      var (kept, gated, arriving) = ([Double](), [Double](), [Double]())
      for b in 0..<2 {
        func delta(_ part: Int) -> [Double] {
          let start = ((t * layer.parts + part) * 2 + b) * 3
          return Array(layer.gradient[start..<start + 3])
        }
        let joint = (0..<layer.parts).flatMap(delta)
        arriving += joint
        let before = tape.jacobian(step: t, sequence: b, layer: 0).transposed * joint
        if cell == .lstm {
          gated += before[0..<3]
          kept += before[3..<6]
        } else {
          let z = try #require(GateActivity(tape, sequence: b)).gates[1].values[t * 3..<(t + 1) * 3]
          let along = zip(z, joint).map { $0 * $1 }
          kept += along
          gated += zip(before, along).map { $0 - $1 }
        }
      }
      #expect(abs(shares.carousel[t] - log10(norm(kept) / norm(arriving))) < 1e-12)
      #expect(abs(shares.gated[t] - log10(norm(gated) / norm(arriving))) < 1e-9)
      let numbers = try #require(BackwardNumbers(tape, step: t - 1))
      #expect(abs(log10(numbers.carouselFactor ?? 0) - shares.carousel[t]) < 1e-12)
      #expect(abs(log10(numbers.gatedFactor ?? 0) - shares.gated[t]) < 1e-12)
      #expect(numbers.derivativeFactor == nil && numbers.recurrentFactor == nil)
    }
    #expect(CarouselShares(TestNetwork(hidden: 3, steps: 4).tape()) == nil)
  }

  @Test func gatesAreTheirFunctionsOfTheWeights() throws {
    // Forget biases 0, 2 and 20 with all weights 0: σ = ½, 0.8808, 1; σ′ = ¼, 0.105, 2e-9, so that one of three is flat.
    var test = try network(.lstm, hidden: 3, steps: 2, batch: 2, gate: 1, bias: [0, 2, 20], isCut: true)
    if let entry = test.layout["weight_ih_l0"] { for k in entry.range { test.parameters[k] = 0 } }
    let tape = test.tape()
    let gates = try #require(GateActivity(tape, sequence: 1))
    #expect(gates.gates.map(\.name) == ["i", "f", "g", "o"] && gates.carousel == 1)
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
      let norms = GradientNorms.log10(tape, part: 1, layer: layer)
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
    let norms = GradientNorms.log10(shut.tape(), part: 1, layer: 0)
    #expect(abs((norms[98] - norms[598]) / -1000 - 1) < 1e-10 && norms[0] < -1100)
  }
}
