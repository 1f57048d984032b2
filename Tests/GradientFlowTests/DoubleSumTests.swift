import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// The double sum ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_i)(J_i … J_{t+1})(∂⁺h_t/∂W), formed term by term from Jacobians.
private struct DoubleSum {
  let test: TestNetwork
  let tape: Tape

  init(_ test: TestNetwork) {
    self.test = test
    tape = test.tape()
  }

  /// Σ over (i, t) of count(i, t) · the term, for the parameters of the recurrent layer (weight_ih, weight_hh, bias).
  func gradient(count: (Int, Int) -> Int) -> [Double] {
    var sum = [Double](repeating: 0, count: tape.layout.count)
    let h = tape.hidden
    for b in 0..<tape.batch {
      let jacobians = (0..<tape.steps).map { tape.jacobian(step: $0, sequence: b, layer: 0) }
      for i in 0..<tape.steps where tape.targetMask[i * tape.batch + b] != 0 {
        var row = Array(tape.lossGradient[(i * tape.batch + b) * h..<(i * tape.batch + b + 1) * h])
        row += [Double](repeating: 0, count: (tape.network.stateComponents - 1) * h)
        for t in (0...i).reversed() {
          if t < i { row = jacobians[t + 1].transposed * row }
          add(row, t, b, Double(count(i, t)), to: &sum)
        }
      }
    }
    return sum
  }

  /// factor · row · ∂⁺s_t/∂W: ∂a_t/∂W_ih = x_t, ∂a_t/∂W_hh = h_{t-1}, ∂a_t/∂b = 1.
  private func add(_ row: [Double], _ t: Int, _ b: Int, _ factor: Double, to sum: inout [Double]) {
    let (h, m) = (tape.hidden, tape.inputs)
    let (ih, hh) = (tape.layout.inputWeights(layer: 0), tape.layout.recurrentWeights(layer: 0))
    for unit in 0..<h {
      for (gate, d) in immediate(row, t, b, unit).enumerated() {
        let i = gate * h + unit
        for k in 0..<m { sum[ih.index(i, k)] += factor * d.input * tape.x[(t * tape.batch + b) * m + k] }
        if hh.rows > 0 {
          for k in 0..<h { sum[hh.index(i, k)] += factor * d.state * state(t, b, 0, k) }
        }
        if let bias = tape.layout.bias(layer: 0) { sum[bias.offset + i] += factor * d.input }
        if let bias = tape.layout["bias_hh_l0"] { sum[bias.offset + i] += factor * d.state }
      }
    }
  }

  private func state(_ t: Int, _ b: Int, _ component: Int, _ unit: Int) -> Double {
    tape.layers[0].state[((t * tape.layers[0].stateComponents + component) * tape.batch + b) * tape.hidden + unit]
  }

  /// row · ∂⁺s_t/∂a_t for each gate of a unit: a_t as the input makes it, and as the state before makes it.
  private func immediate(_ row: [Double], _ t: Int, _ b: Int, _ unit: Int) -> [(input: Double, state: Double)] {
    let (h, gates) = (tape.hidden, tape.network.cell.gates)
    let a = (0..<gates).map { tape.layers[0].preactivation[(t * tape.batch + b) * gates * h + $0 * h + unit] }
    func s(_ a: Double) -> Double { Activation.sigmoid.value(a) }
    func ds(_ a: Double) -> Double { Activation.sigmoid.derivative(a) }
    func dt(_ a: Double) -> Double { Activation.tanh.derivative(a) }
    let d: [Double]
    switch tape.network.cell {
    case .lstm:
      let c = state(t + 1, b, 1, unit)
      let toC = row[h + unit] + row[unit] * s(a[3]) * dt(c)
      d = [
        toC * tanh(a[2]) * ds(a[0]), toC * state(t, b, 1, unit) * ds(a[1]), toC * s(a[0]) * dt(a[2]),
        row[unit] * tanh(c) * ds(a[3]),
      ]
    case .gru:
      let q = tape.layers[0].recurrentInput[(t * tape.batch + b) * h + unit]
      let n = row[unit] * (1 - s(a[1])) * dt(a[2])
      let z = row[unit] * (state(t, b, 0, unit) - tanh(a[2])) * ds(a[1])
      return [(n * q * ds(a[0]), n * q * ds(a[0])), (z, z), (n, n * s(a[0]))]
    case .janet:
      d = [row[unit] * (state(t, b, 0, unit) - tanh(a[1])) * ds(a[0]), row[unit] * (1 - s(a[0])) * dt(a[1])]
    case .coupledLSTM:
      let c = state(t + 1, b, 1, unit)
      let toC = row[h + unit] + row[unit] * s(a[2]) * dt(c)
      d = [
        toC * (state(t, b, 1, unit) - tanh(a[1])) * ds(a[0]), toC * s(-a[0]) * dt(a[1]), row[unit] * tanh(c) * ds(a[2]),
      ]
    case .minGRU:
      d = [row[unit] * (a[1] - state(t, b, 0, unit)) * ds(a[0]), row[unit] * s(a[0])]
    case .minLSTM:
      let (f, i) = (s(a[0]), s(a[1]))
      let moved = row[unit] * (state(t, b, 0, unit) - a[2]) / ((f + i) * (f + i))
      d = [moved * i * ds(a[0]), -moved * f * ds(a[1]), row[unit] * i / (f + i)]
    default:
      d = [
        row[unit] * (tape.network.cellDescription.affineJacobian?.scale ?? .nan)
          * tape.network.activation.derivative(a[0])
      ]
    }
    return d.map { ($0, $0) }
  }

  /// The part of a flat gradient that the recurrent layer has.
  func recurrentPart(_ gradient: [Double]) -> [Double] {
    let readout = tape.layout["readout.weight"]?.offset ?? gradient.count
    return Array(gradient[..<readout])
  }
}

@Suite struct DoubleSumTests {
  // Of complex units the two parts are not told apart by gates.
  @Test(arguments: CellKind.allCases.filter { $0.coupledParts == 1 })
  func termByTermItIsBackpropagation(cell: CellKind) {
    let sum = DoubleSum(TestNetwork(cell: cell, hidden: 5, steps: 12, batch: 2))
    let all = sum.gradient { _, _ in 1 }
    #expect(relativeDifference(sum.recurrentPart(all), sum.recurrentPart(sum.tape.gradient)) < 1e-12)
  }

  @Test(arguments: [(5, 5), (1, 12), (3, 7), (4, 2), (5, 8)], ["newest", "last", "window"])
  func maskedItIsTheTruncatedGradient(k: (Int, Int), inject: String) {
    let test = TestNetwork(hidden: 4, steps: 12, batch: 2, seed: 7)
    let list = windows(12, k.0, k.1, inject: inject)
    let mask = TruncationMask(steps: 12, windows: list)
    let bias = TruncationBias(test.pass(), windows: list)
    let sum = DoubleSum(test)
    let masked = sum.gradient { mask[$0, $1] }
    #expect(relativeDifference(sum.recurrentPart(bias.truncatedGradient), sum.recurrentPart(masked)) < 1e-12)
  }

  @Test func truncationAtTheSequencesLengthIsTheFullGradientBitForBit() {
    let bias = TruncationBias(TestNetwork(hidden: 4, steps: 9).pass(), windows: windows(9, 9, 9))
    #expect(bias.truncatedGradient == bias.fullGradient)
    #expect(bias.overall.relativeError == 0 && bias.overall.cosine == 1)
  }

  @Test(arguments: [1, 2, 4, 10]) func windowsBackToTheStartAddUpToTheFullGradient(k1: Int) {
    // Σ over updates of BPTT(∞; k1), each window a pass of its own.
    let test = TestNetwork(hidden: 4, steps: 20, batch: 2)
    var sum = [Double](repeating: 0, count: test.layout.count)
    for window in windows(20, k1, 20) {
      for (k, value) in test.tape(window).gradient.enumerated() { sum[k] += value }
    }
    #expect(relativeDifference(sum, test.tape().gradient) < 1e-12)
    let bias = TruncationBias(test.pass(), windows: windows(20, k1, 20))
    #expect(bias.overall.relativeError < 1e-12)
  }

  @Test func everyLossOfEveryWindowCountsHowOftenItIsInjected() {
    // inject = window, TBPTT(1, n) at fixed weights: Σ_t (n - t + 1) ∇l_t, t from 1.
    let n = 8
    let test = TestNetwork(hidden: 3, steps: n)
    var sum = [Double](repeating: 0, count: test.layout.count)
    for t in 0..<n {
      let one = test.tape(Window(steps: 0..<n, injected: t..<t + 1)).gradient
      for (k, value) in one.enumerated() { sum[k] += Double(n - t) * value }
    }
    let bias = TruncationBias(test.pass(), windows: windows(n, 1, n, inject: "window"))
    #expect(relativeDifference(bias.truncatedGradient, sum) < 1e-12)
  }

  @Test func biasIsComparedTensorByTensor() throws {
    let test = TestNetwork(hidden: 4, steps: 10, scale: 0.8)
    let bias = TruncationBias(test.pass(), windows: windows(10, 1, 1))
    #expect(bias.tensors.map(\.name) == test.layout.entries.map(\.name))
    // The readout's gradient crosses no step: nothing of it is cut.
    let readout = try #require(bias.tensors.first { $0.name == "readout.weight" })
    #expect(readout.relativeError < 1e-14 && abs(readout.cosine - 1) < 1e-14)
    let recurrent = try #require(bias.tensors.first { $0.name == "weight_hh_l0" })
    #expect(recurrent.relativeError > 0.01 && recurrent.cosine < 0.9999)
    let (a, b): ([Double], [Double]) = ([3, 0], [3, 4])
    let known = TruncationBias.Comparison(name: "x", truncated: a, full: b)
    #expect(abs(known.cosine - 0.6) < 1e-15 && abs(known.relativeError - 0.8) < 1e-15)
  }
}

@Suite struct TruncationMaskTests {
  @Test(arguments: [
    ((5, 5), [60, 48, 36, 24, 12]), ((1, 5), [60, 59, 58, 57, 56]), ((3, 5), [60, 59, 58, 38, 19]),
  ])
  func lagCounts(k: (Int, Int), wanted: [Int]) {
    let mask = TruncationMask(steps: 60, windows: windows(60, k.0, k.1))
    /// How many terms (i, i - lag) an update carries, summed over i and the updates.
    func count(lag: Int) -> Int { (lag..<60).reduce(0) { $0 + mask[$1, $1 - lag] } }
    #expect((0..<5).map(count) == wanted)
    #expect(count(lag: 5) == 0)
  }

  @Test func windowInjectionCountsALossInEveryWindow() {
    let mask = TruncationMask(steps: 6, windows: windows(6, 2, 4, inject: "window"))
    // Windows 0..<2, 0..<4, 2..<6: row 3 is injected by the second (from step 0) and the third (from step 2).
    #expect((0..<6).map { mask[3, $0] } == [1, 1, 2, 2, 0, 0])
    #expect((0..<6).map { mask[1, $0] } == [2, 2, 0, 0, 0, 0])
  }

  @Test func sharesOfTermsAndOfMass() {
    // W = I, identity activation: ‖∂l_i/∂h_t‖ is the same for all t ≤ i, so that mass follows the terms of a row.
    let test = TestNetwork(
      activation: .identity, hidden: 3, steps: 4, recurrent: .identity(3), hasTarget: { $0 == 3 })
    let flow = FlowMatrix(test.tape())
    #expect(flow.rows == [3])
    let share = TruncationShare(mask: TruncationMask(steps: 4, windows: windows(4, 1, 3)), flow: flow)
    #expect(share.terms == 4 && share.termsKept == 3)
    #expect(abs(share.massShare - 0.75) < 1e-12)
    let none = TruncationShare(mask: TruncationMask(steps: 4, windows: []), flow: flow)
    #expect(none.massShare == 0 && none.termShare == 0)
  }
}
