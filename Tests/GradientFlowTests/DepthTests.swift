import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// Gradient flow down stacked layers.
@Suite struct DepthTests {
  private func log10(_ x: Double) -> Double { Log10.of(x) }

  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// One unit a layer, identity: h^l_t = a h^l_{t-1} + w h^{l-1}_t with the same a and w in every layer.
  private func chain(_ layers: Int, steps: Int, a: Double, w: Double) -> TestNetwork {
    var test = TestNetwork(activation: .identity, hidden: 1, layers: layers, steps: steps, inputs: 1, outputs: 2)
    for layer in 0..<layers {
      for (name, value) in [("weight_hh_l\(layer)", a), ("weight_ih_l\(layer)", w)] {
        if let entry = test.layout[name] { test.parameters[entry.offset] = value }
      }
    }
    return test
  }

  @Test func aProductDownTheLayersIsThatOfItsFactors() throws {
    // diag(φ′(a^l_t)) W_ih^l, multiplied here by hand.
    let tape = TestNetwork(hidden: 4, layers: 3, steps: 5, batch: 2).tape()
    let depth = try ProductByDepth(tape, sequence: 1)
    #expect(depth.layers == 3 && depth.steps.map(\.step) == [0, 1, 2, 3, 4])
    for step in depth.steps {
      var product = Matrix.identity(4)
      for (index, layer) in [2, 1].enumerated() {
        let w = Matrix(rows: 4, columns: 4, elements: try #require(tape.parameter("weight_ih_l\(layer)")))
        let start = (step.step * 2 + 1) * 4
        let opening = tape.layers[layer].preactivation[start..<start + 4].map(Activation.tanh.derivative)
        product = product * (.diagonal(opening) * w)
        let wanted = try product.singularValues()
        for (value, w) in zip(step.log10[index], wanted) { #expect(abs(value - log10(w)) < 1e-8) }
      }
    }
    let some = try ProductByDepth(tape, maximumSteps: 2)
    #expect(some.steps.map(\.step) == [0, 4] && some.at(3)?.step == 4 && some.at(1)?.step == 0)
    #expect(try ProductByDepth(TestNetwork(hidden: 4, steps: 3).tape()).steps.isEmpty)
  }

  @Test func depthIsAPowerWhereLayersAreAlike() throws {
    let depth = try ProductByDepth(chain(8, steps: 2, a: 0.5, w: 0.01).tape())
    #expect(depth.steps.count == 2)
    for step in depth.steps {
      for (d, values) in step.log10.enumerated() { #expect(abs(values[0] + 2 * Double(d + 1)) < 1e-12) }
    }
  }

  @Test func thePathsAreCounted() throws {
    // From layer l at lag k there are C(k + d, k) paths of k steps in time and d layers up, each a^k w^d.
    let (a, w, layers) = (0.01, 0.03, 4)
    let paths = try ProductByPath(chain(layers, steps: 300, a: a, w: w).tape())
    #expect(paths.lags == Array(0..<300) && paths.log10Norm.count == layers)
    for (l, norms) in paths.log10Norm.enumerated() {
      let d = layers - 1 - l
      for (k, value) in norms.enumerated() {
        let count = (0..<d).reduce(0.0) { $0 + log10(Double(k + $1 + 1)) - log10(Double($1 + 1)) }
        // At lag 299 this is 1e-598: below what a double holds.
        #expect(abs(value - (count + Double(k) * log10(a) + Double(d) * log10(w))) < 1e-9)
      }
    }
  }

  @Test func allPathsBeginAsTheProductsOfTimeAndOfDepth() throws {
    let tape = TestNetwork(hidden: 5, layers: 3, steps: 6, batch: 2).tape()
    let paths = try ProductByPath(tape, sequence: 1)
    let depth = try #require(try ProductByDepth(tape, sequence: 1).at(5))
    // At lag 0 there is no time: the depth alone; in the top layer no depth: the time alone.
    #expect(
      abs(paths.log10Norm[1][0] - depth.log10[0][0]) < 1e-9 && abs(paths.log10Norm[0][0] - depth.log10[1][0]) < 1e-9)
    let time = try ProductByLag(tape, layer: 2, sequence: 1)
    for lag in 1..<6 { #expect(abs(paths.log10Norm[2][lag] - time.log10Norm[lag - 1]) < 1e-9) }
  }

  @Test(arguments: CellKind.allCases.filter { !$0.isFullyRecurrent })
  func theGradientOfALayerIsWhatComesFromAboveAndFromAfter(_ cell: CellKind) throws {
    let tape = TestNetwork(cell: cell, hidden: 4, layers: 3, steps: 7, batch: 2, hasTarget: { $0 > 3 }).tape()
    let norms = GradientNorms.log10ByLayer(tape)
    #expect(
      norms.count == 3 && norms[2] == GradientNorms.log10(tape) && norms[0] == GradientNorms.log10(tape, layer: 0))
    for (layer, norms) in tape.layers.indices.map({ ($0, norms[$0]) }) {
      let kept = tape.layers[layer]
      for t in 0..<7 {
        let size = kept.stateComponents * 8
        let delta = Array(kept.gradient[t * size..<t * size + 8])
        #expect(abs(norms[t] - log10(norm(delta))) < 1e-12)
        // δ = local + future, element by element.
        let sum = (0..<8).map { kept.localGradient[t * 8 + $0] + kept.futureGradient[t * 8 + $0] }
        #expect(norm(zip(delta, sum).map { $0 - $1 }) < 1e-12 * norm(delta))
      }
    }
  }

  @Test func gradientsBelowTheRangeOfDoublesHaveTheirNorms() throws {
    // Three layers with a = 0.01 over 250 steps, one loss at the end: the gradient of the lowest reaches 1e-500.
    var test = chain(3, steps: 250, a: 0.01, w: 0.5)
    test.data.targetMask = (0..<250).map { $0 == 249 ? 1 : 0 }
    let tape = test.tape()
    let norms = GradientNorms.log10ByLayer(tape)
    // From layer l at lag k: C(k + d, k) paths from h of the top layer at the last step.
    for (l, norms) in norms.enumerated() {
      let d = 2 - l
      for (t, value) in norms.enumerated() {
        let k = 249 - t
        let count = (0..<d).reduce(0.0) { $0 + log10(Double(k + $1 + 1)) - log10(Double($1 + 1)) }
        let end = norms[249] - Double(d) * log10(0.5)
        #expect(abs(value - (end + count - 2 * Double(k) + Double(d) * log10(0.5))) < 1e-9)
      }
    }
  }
}
