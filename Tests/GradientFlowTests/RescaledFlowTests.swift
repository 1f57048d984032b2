import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// What is shown where the pass rescales its gradient on the way: clipping at every step, stochastic reweighting.
@Suite struct RescaledFlowTests {
  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  static let passages: [[Double]] = [[], [1, 1.25, 1, 0, 1.25, 1, 2, 1, 1.5]]

  /// The rows' vectors, each by its loss's weight, make δ_t of the tape at every step.
  @Test(arguments: CellKind.allCases, [nil, 0.05])
  func theTermsAddUpToTheGradientThatTrains(_ cell: CellKind, _ threshold: Double?) {
    for gradientScale in Self.passages {
      var test = TestNetwork(cell: cell, hidden: 4, layers: cell.isFullyRecurrent ? 1 : 2, steps: 9, batch: 2)
      test.flow.clipThreshold = threshold
      test.gradientScale = gradientScale
      test.reduction = .mean
      let tape = test.tape(Window(steps: 0..<9, injected: 4..<9))
      #expect(tape.clipScales.contains { $0 < 1 } == (threshold != nil))
      for layer in tape.layers.indices {
        for sequence in 0..<2 {
          let terms = termsOfTheDoubleSum(tape, sequence: sequence, layer: layer)
          for t in 0..<9 {
            let start = (t * tape.layers[layer].stateComponents * 2 + sequence) * 4
            let delta = tape.layers[layer].gradient[start..<start + 4]
            let sum = (0..<4).map { k in terms.indices.reduce(0) { $0 + terms[$1][t][k] } }
            #expect(norm(zip(sum, delta).map { $0 - $1 }) <= 1e-12 * max(norm(delta), 1e-6))
          }
          // The flow's entries are the norms of these terms, unweighted.
          let flow = FlowMatrix(tape, layer: layer, sequence: sequence)
          for (row, i) in flow.rows.enumerated() where i >= 4 {
            for t in 0..<9 {
              let wanted = norm(terms[i][t]) / tape.injectionWeight
              #expect(wanted == 0 ? flow[row, t] == -.infinity : abs(flow[row, t] - Log10.of(wanted)) < 1e-9)
            }
          }
        }
      }
    }
  }

  /// w_i ∂l_i/∂h_t by explicit Jacobians and the pass's own scales, [i][t][H]; 0 where the loss is not injected.
  private func termsOfTheDoubleSum(_ tape: Tape, sequence: Int, layer: Int) -> [[[Double]]] {
    let (h, stateComponents) = (tape.hidden, tape.network.stateComponents)
    let jacobians = tape.layers.indices.map { l in
      (0..<tape.steps).map { tape.jacobian(step: $0, sequence: sequence, layer: l).transposed }
    }
    let down = tape.layers.indices.map { l in
      (0..<tape.steps).map { t in
        l == 0 ? Matrix(rows: 1, columns: 1) : self.down(tape, sequence, layer: l, step: t)
      }
    }
    return (0..<tape.steps).map { i in
      let row = i * tape.batch + sequence
      let weight = tape.mask[row] != 0 ? tape.injectionWeight : 0
      var states = tape.layers.map { _ in [Double](repeating: 0, count: stateComponents * h) }
      var result = [[Double]](repeating: [], count: tape.steps)
      for t in (0..<tape.steps).reversed() {
        for l in tape.layers.indices {
          let factor = t + 1 < tape.steps ? (tape.gradientScale.isEmpty ? 1 : tape.gradientScale[t + 1]) : 0
          if t + 1 < tape.steps { states[l] = (jacobians[l][t + 1] * states[l]).map { $0 * factor } }
        }
        for l in tape.layers.indices.reversed() {
          if l == tape.layers.count - 1, t == i {
            for k in 0..<h { states[l][k] += weight * tape.lossGradient[row * h + k] }
          }
          if l + 1 < tape.layers.count {
            for (k, value) in (down[l + 1][t] * states[l + 1]).enumerated() { states[l][k] += value }
          }
          let scale = tape.clipScale(step: t, layer: l)
          states[l] = states[l].map { $0 * scale }
        }
        result[t] = Array(states[layer][..<h])
      }
      return result
    }
  }

  /// (∂s^l_t/∂h^{l-1}_t)ᵀ, [H, components·H], by pulling back unit vectors.
  private func down(_ tape: Tape, _ sequence: Int, layer: Int, step: Int) -> Matrix {
    let width = tape.network.stateComponents * tape.hidden
    let pullback = StatePullback(tape, layer: layer, sequence: sequence, rows: width)
    let unit = RowBlock(unitRows: width, width: width), result = RowBlock(rows: width, width: tape.hidden)
    pullback.applyToLayerBelow(step: step, rows: width, from: unit, to: result)
    return Matrix(rows: width, columns: tape.hidden, elements: (0..<width).flatMap(result.row)).transposed
  }

  /// Where the pass underflows, the norms go on by the pass's own scales.
  @Test func normsAreThoseOfTheClippedPassWhereItLeavesTheRange() throws {
    // W = 1e4 Q: unclipped the gradient reaches 1e800. Clipped at 1 it is 1 after every step.
    var test = TestNetwork(
      activation: .identity, hidden: 4, steps: 200, batch: 1, recurrent: try scaledOrthogonal(4, 1e4),
      hasTarget: { $0 == 199 }, isZero: true)
    test.carried = [[0, 0, 0, 0]]
    test.flow.clipThreshold = 1e-40
    let tape = test.tape()
    // Every step's norm is 1e-40, out of the plain range: the recursion with the tape's scales gives it all the same.
    for value in GradientNorms.log10(tape) { #expect(abs(value + 40) < 1e-9) }
    for t in 0..<200 { #expect(abs(FlowMatrix(tape)[0, t] + 40 + Log10.of(tape.injectionWeight)) < 1e-9) }
    test.flow.clipThreshold = nil
    let unclipped = GradientNorms.log10(test.tape())
    #expect(abs(unclipped[0] - unclipped[199] - 4 * 199) < 1e-8)
  }

  @Test func whatReachesTheCellIsThatOfTheClippedPass() {
    for gradientScale in [[], [1, 1.25, 1, 1, 1.25, 1, 2]] {
      var test = TestNetwork(cell: .lstm, hidden: 3, layers: 2, steps: 7, batch: 2)
      test.flow.clipThreshold = 0.02
      test.gradientScale = gradientScale
      let tape = test.tape()
      #expect(tape.clipScales.contains { $0 < 1 })
      for layer in 0..<2 {
        let norms = GradientNorms.log10(tape, component: 1, layer: layer)
        for t in 0..<6 {
          let cell = tape.layers[layer].gradient[(2 * t + 1) * 6..<(2 * t + 2) * 6]
          #expect(abs(norms[t] - Log10.of(norm(cell))) < 1e-12)
        }
      }
    }
  }

  /// A product of Jacobians is of Jacobians: nothing is clipped in it.
  @Test func productsAreNotRescaled() throws {
    var test = TestNetwork(hidden: 4, steps: 6)
    let plain = try ProductByLag(test.tape())
    test.flow.clipThreshold = 0.01
    test.gradientScale = [1, 2, 1, 2, 1, 2]
    let rescaled = try ProductByLag(test.tape())
    for (a, b) in zip(plain.log10Norm, rescaled.log10Norm) { #expect(abs(a - b) < 1e-12) }
  }
}
