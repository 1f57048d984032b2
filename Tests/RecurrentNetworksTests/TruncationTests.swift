import LinearAlgebra
import Testing

@testable import RecurrentNetworks

/// Windows at fixed weights: what sums of their gradients must be.
@Suite struct TruncationTests {
  static let n = 12

  /// A pass over a trial, run forward over all of it.
  static func pass(_ trial: Trial) -> Pass<Double> {
    let pass = Pass<Double>(
      network: trial.network, layout: trial.layout, steps: trial.data.steps, batch: trial.data.batch,
      loss: trial.data.loss)
    for (index, value) in trial.parameters.enumerated() { pass.parameters[index] = value }
    for (layer, state) in trial.carriedState.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
    pass.load(trial.data)
    pass.forward(0..<trial.data.steps)
    return pass
  }

  static func gradient(_ pass: Pass<Double>, _ steps: Range<Int>, _ injected: Range<Int>) -> [Double] {
    _ = pass.backward(Window(steps: steps, injected: injected), reduction: .sum)
    return Array(pass.gradient)
  }

  static func add(_ a: [Double], _ b: [Double], times factor: Double = 1) -> [Double] {
    zip(a, b).map { $0 + factor * $1 }
  }

  /// Epochwise BPTT = the sum of real-time BPTT = Σ over updates of BPTT(∞; h′), for any h′.
  @Test(arguments: [1, 2, 3, 4, 6])
  func lossesMayBeInjectedInAnyPortions(portion: Int) {
    let trial = Trial(steps: Self.n, layers: 2, targets: 1)
    let pass = Self.pass(trial)
    let full = Self.gradient(pass, 0..<Self.n, 0..<Self.n)
    var sum = [Double](repeating: 0, count: trial.layout.count)
    for end in stride(from: portion, through: Self.n, by: portion) {
      sum = Self.add(sum, Self.gradient(pass, 0..<end, end - portion..<end))
    }
    #expect(relativeError(sum, full) < 1e-12)
    #expect(
      relativeError(
        full,
        trial.reference(Window(steps: 0..<Self.n, injected: 0..<Self.n), .sum)
          .gradient(trial.parameters)) < 1e-12)
  }

  /// TBPTT(1, n) that injects all of its window's losses counts loss t once for each update from t on.
  @Test func windowsCountEarlyLossesOften() {
    let trial = Trial(cell: .residual, steps: Self.n, targets: 1)
    let pass = Self.pass(trial)
    let zero = [Double](repeating: 0, count: trial.layout.count)
    var windows = zero
    var weighted = zero
    for t in 0..<Self.n {
      windows = Self.add(windows, Self.gradient(pass, 0..<t + 1, 0..<t + 1))
      weighted = Self.add(weighted, Self.gradient(pass, 0..<t + 1, t..<t + 1), times: Double(Self.n - t))
    }
    #expect(relativeError(windows, weighted) < 1e-12)
  }

  /// The double sum with the terms of a lag of k2 or more masked is the truncated gradient.
  @Test(arguments: [1, 3, 5, 12])
  func aTruncationIsAMask(k2: Int) {
    let trial = Trial(steps: Self.n, batch: 1, targets: 1)
    let pass = Self.pass(trial)
    var truncated = [Double](repeating: 0, count: trial.layout.count)
    for end in 1...Self.n {
      truncated = Self.add(truncated, Self.gradient(pass, max(0, end - k2)..<end, end - 1..<end))
    }
    // Σ_t Σ_{i ≥ t, i - t < k2} (∂l_i/∂h_i) J_i … J_{t+1} (∂⁺h_t/∂W_hh), J = diag(φ′) W_hh
    let tape = trial.tape(Window(steps: 0..<Self.n, injected: 0..<Self.n), .sum)
    let h = tape.hidden
    var sum = [Double](repeating: 0, count: h * h)
    for i in 0..<Self.n {
      var row = Array(tape.lossGradient[i * h..<(i + 1) * h])
      for t in (max(0, i - k2 + 1)...i).reversed() {
        for unit in 0..<h {
          let slope = tape.layers[0].derivative[t * h + unit]
          for other in 0..<h { sum[unit * h + other] += row[unit] * slope * tape.layers[0].state[t * h + other] }
        }
        let jacobian = tape.jacobian(step: t, sequence: 0, layer: 0)
        row = (0..<h).map { column in (0..<h).reduce(0) { $0 + row[$1] * jacobian[$1, column] } }
      }
    }
    let range = trial.layout["weight_hh_l0"]?.range ?? 0..<0
    #expect(relativeError(sum, Array(truncated[range])) < 1e-12)
  }

  /// A pass in training, a tape, and a pass made in pieces are the same numbers, bit for bit.
  @Test(arguments: [Precision.float64, .float32])
  func tapesAreBitIdenticalWithTraining(precision: Precision) {
    func check<S: Scalar>(_: S.Type) {
      for (batch, layers, oneHot) in [(1, 1, false), (3, 2, false), (70, 1, true), (200, 2, false)] {
        let trial = Trial(cell: .leaky, hidden: 9, steps: 11, batch: batch, layers: layers, oneHot: oneHot)
        let pass = Pass<S>(
          network: trial.network, layout: trial.layout, steps: 20, batch: batch, loss: trial.data.loss)
        for (index, value) in trial.parameters.enumerated() { pass.parameters[index] = S(value) }
        for (layer, state) in trial.carriedState.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
        pass.load(trial.data)
        pass.forward(0..<4)
        pass.forward(4..<11)
        pass.forward(3..<11)
        let window = Window(steps: 3..<10, injected: 5..<10)
        let result = pass.backward(window, reduction: .mean)
        let before = (0..<layers).map { pass.state(row: 3, layer: $0) }
        let tape = Tape.compute(
          network: trial.network, layout: trial.layout, parameters: pass.parameters.map { Double($0) },
          data: trial.data, window: window, carriedState: before, reduction: .mean, precision: precision)
        #expect(tape.gradient == pass.gradient.map { Double($0) })
        #expect(tape.objective == result.objective && tape.window == window)
        #expect(tape.injectionWeight == 1 / Double(result.injected))
        for layer in 0..<layers {
          #expect(Array(tape.layers[layer].state.suffix(batch * 9)) == pass.state(row: 10, layer: layer))
        }
      }
    }
    precision == .float64 ? check(Double.self) : check(Float.self)
  }
}
