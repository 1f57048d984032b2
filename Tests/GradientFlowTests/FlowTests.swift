import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@Suite struct FlowTests {
  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(arguments: CellKind.allCases) func everyEntryIsTheNormOfItsTerm(cell: CellKind) {
    let tape = TestNetwork(cell: cell, hidden: 5, steps: 9, batch: 3).tape()
    let h = tape.hidden
    for sequence in [0, 2] {
      let flow = FlowMatrix(tape, sequence: sequence)
      #expect(flow.rows == Array(0..<9))
      for i in 0..<9 {
        var row = Array(tape.lossGradient[(i * 3 + sequence) * h..<(i * 3 + sequence + 1) * h])
        row += [Double](repeating: 0, count: (tape.network.stateComponents - 1) * h)
        for t in (0..<9).reversed() {
          guard t <= i else {
            #expect(flow[i, t] == -.infinity)
            continue
          }
          if t < i { row = tape.jacobian(step: t + 1, sequence: sequence, layer: 0).transposed * row }
          #expect(abs(flow[i, t] - Log10.of(norm(row.prefix(h)))) < 1e-10)
        }
      }
    }
  }

  @Test(arguments: [1e-5, 1e5]) func flowNeitherUnderflowsNorOverflows(scale: Double) throws {
    // W = ρQ, identity: F[i, t] = ρ^(i-t) ‖∂l_i/∂h_i‖, to 1e-1000 and beyond.
    var test = TestNetwork(
      activation: .identity, hidden: 4, steps: 200, recurrent: try scaledOrthogonal(4, scale), scale: 1e-3, isZero: true
    )
    test.carried = [[0, 0, 0, 0]]
    let flow = FlowMatrix(test.tape())
    for (i, t) in [(199, 0), (199, 198), (150, 20), (60, 60)] {
      #expect(abs(flow[i, t] - flow[i, i] - Double(i - t) * Log10.of(scale)) < 1e-9)
    }
    #expect(flow[199, 0].isFinite && abs(flow[199, 0]) > 900)
  }

  @Test func rowsWithoutATargetAreLeftOutAndRowsCanBeChosen() {
    let tape = TestNetwork(hidden: 4, steps: 30, hasTarget: { $0 >= 10 }).tape()
    #expect(FlowMatrix(tape).rows == Array(10..<30))
    let some = FlowMatrix(tape, maximumRows: 5)
    #expect(some.rows.count == 5 && some.rows.last == 29 && some.rows.first == 10)
    let all = FlowMatrix(tape)
    for (row, i) in some.rows.enumerated() {
      for t in 0..<30 { #expect(some[row, t] == all[i - 10, t] || abs(some[row, t] - all[i - 10, t]) < 1e-12) }
    }
    let dense = all.dense(tape)
    #expect(dense[5 * 30 + 2] == -.infinity && dense[29 * 30 + 3] == all[19, 3])
    #expect(some.dense(tape)[11 * 30 + 2].isNaN)
  }

  @Test func aGradientNormIsTheFlowsWhereOneLossIsInjected() {
    // With one loss at the end ∂L/∂h_t is one row of the flow matrix.
    let tape = TestNetwork(hidden: 6, steps: 25, hasTarget: { $0 == 24 }).tape()
    let flow = FlowMatrix(tape)
    for (t, value) in GradientNorms.log10(tape).enumerated() { #expect(abs(value - flow[0, t]) < 1e-10) }
  }
}

@Suite struct GradientNormTests {
  @Test func normsOfThePass() {
    let tape = TestNetwork(hidden: 6, steps: 25, batch: 3).tape()
    for (t, value) in GradientNorms.log10(tape).enumerated() {
      let block = tape.layers[0].gradient[t * 18..<(t + 1) * 18]
      #expect(abs(value - 0.5 * Log10.of(block.reduce(0) { $0 + $1 * $1 })) < 1e-12)
    }
  }

  @Test(arguments: [Precision.float64, .float32]) func normsGoOnWhereThePassUnderflows(precision: Precision) throws {
    var test = TestNetwork(
      activation: .identity, hidden: 4, steps: 300, batch: 2, recurrent: try scaledOrthogonal(4, 0.01),
      hasTarget: { $0 == 299 })
    test.precision = precision
    let norms = GradientNorms.log10(test.tape())
    for t in stride(from: 0, to: 300, by: 37) {
      #expect(abs(norms[t] - norms[299] + 2 * Double(299 - t)) < (precision == .float64 ? 1e-10 : 1e-4))
    }
    #expect(norms[0] < -590)
  }

  @Test func nothingArrivesAfterTheLastLoss() {
    let norms = GradientNorms.log10(TestNetwork(hidden: 3, steps: 8, hasTarget: { $0 < 5 }).tape())
    #expect(norms[5...].allSatisfy { $0 == -.infinity })
    #expect(norms[..<5].allSatisfy { $0.isFinite })
  }

  @Test func sequencesOfVeryDifferentScalesAddUp() throws {
    // leaky_relu: sequence 0 stays positive (factor 1 a step), sequence 1 negative (0.01): far apart after some steps.
    var test = TestNetwork(
      activation: .leakyReLU, hidden: 1, steps: 200, batch: 2, inputs: 1, outputs: 2,
      recurrent: .identity(1), hasTarget: { $0 == 199 })
    for name in ["weight_ih_l0", "bias_ih_l0"] { if let e = test.layout[name] { test.parameters[e.offset] = 0 } }
    test.carried = [[1, -1]]
    let tape = test.tape()
    let norms = GradientNorms.log10(tape)
    let alone = FlowMatrix(tape, sequence: 0)
    #expect(abs(norms[0] - alone[0, 0]) < 1e-10)
    #expect(FlowMatrix(tape, sequence: 1)[0, 0] < -390)
  }
}
