import LinearAlgebra
import Testing

@testable import RecurrentNetworks

/// Passes that cut, keep, recompute or settle, against what they are defined to be.
@Suite struct PassVariantTests {
  static let n = 12

  /// The double sum Σ_{i≥t} (∂l_i/∂h_i) J_i … J_{t+1} ∂⁺h_t/∂W_hh with each J_t multiplied by its step's factor.
  private func doubleSum(_ tape: Tape, gradientScale: [Double]) -> [Double] {
    let h = tape.hidden
    var sum = [Double](repeating: 0, count: h * h)
    for b in 0..<tape.batch {
      let jacobians = (0..<tape.steps).map { tape.jacobian(step: $0, sequence: b, layer: 0) }
      for i in 0..<tape.steps where tape.mask[i * tape.batch + b] != 0 {
        let start = (i * tape.batch + b) * h
        var row = Array(tape.lossGradient[start..<start + h])
        for t in (0...i).reversed() {
          for unit in 0..<h {
            let slope = tape.layers[0].derivative[(t * tape.batch + b) * h + unit]
            for other in 0..<h {
              sum[unit * h + other] += row[unit] * slope * tape.layers[0].state[(t * tape.batch + b) * h + other]
            }
          }
          row = (0..<h).map { column in
            gradientScale[t] * (0..<h).reduce(0) { $0 + row[$1] * jacobians[t][$1, column] }
          }
        }
      }
    }
    return sum
  }

  /// One draw of a random truncation: cuts at chosen steps, what passes divided by 1 - c.
  @Test(arguments: [1, 2, 43]) func cutsAreAMaskedDoubleSum(batch: Int) {
    let trial = Trial(steps: Self.n, batch: batch, targets: 1)
    let c = 0.25
    let cuts: Set = [3, 4, 9]
    let gradientScale = (0..<Self.n).map { cuts.contains($0) ? 0 : 1 / (1 - c) }
    let window = Window(steps: 0..<Self.n, injected: 0..<Self.n)
    let pass = TruncationTests.pass(trial)
    _ = pass.backward(window, reduction: .sum, gradientScale: gradientScale)
    let tape = trial.tape(window, .sum)
    let range = trial.layout["weight_hh_l0"]?.range ?? 0..<0
    let sum = doubleSum(tape, gradientScale: gradientScale)
    #expect(relativeError(Array(pass.gradient[range]), sum) < 1e-12)
    #expect(relativeError(Array(tape.gradient[range]), sum) > 1e-3)
    // A term that crosses k steps was divided by (1 - c)^k: with one loss only, the share of its oldest step says so.
    let last = Window(steps: 0..<Self.n, injected: Self.n - 1..<Self.n)
    let free = (0..<Self.n).map { _ in 1 / (1 - c) }
    _ = pass.backward(last, reduction: .sum)
    let plain = pass.gradientNorms[0]
    _ = pass.backward(last, reduction: .sum, gradientScale: free)
    #expect(abs(pass.gradientNorms[0] / plain / power(1 / (1 - c), Self.n - 1) - 1) < 1e-12)
  }

  /// The tape of such a pass tells the same numbers, δ split into what came from where.
  @Test(arguments: [CellKind.elman, .leaky, .residual, .lstm, .gru]) func tapesOfCutPasses(cell: CellKind) {
    let trial = Trial(cell: cell, steps: Self.n, batch: 2, layers: 2)
    let window = Window(steps: 2..<Self.n, injected: 5..<Self.n)
    let gradientScale = (0..<10).map { [4, 7].contains($0) ? 0 : 1.5 }
    let pass = TruncationTests.pass(trial)
    let result = pass.backward(window, reduction: .mean, gradientScale: gradientScale)
    var variant = PassVariant()
    variant.gradientScale = gradientScale
    let tape = Tape.compute(
      network: trial.network, layout: trial.layout, parameters: trial.parameters, data: trial.data, window: window,
      carriedState: (0..<2).map { pass.state(row: 2, layer: $0) }, reduction: .mean, precision: .float64,
      variant: variant)
    #expect(tape.gradient == Array(pass.gradient) && tape.objective == result.objective)
    for (index, layer) in tape.layers.enumerated() {
      let sum = zip(layer.localGradient, layer.futureGradient).map { $0 + $1 }
      #expect(relativeError(sum, tape.hiddenGradient(layer: index)) < 1e-14)
      // Nothing comes back over a cut.
      let size = 2 * tape.hidden
      #expect(layer.futureGradient[3 * size..<4 * size].allSatisfy { $0 == 0 })
    }
  }

  /// A pass that keeps a state a segment is a pass that keeps all, bit for bit, in less memory.
  @Test(
    arguments: [(1, 400, false), (4, 100, true), (32, 37, false), (200, 9, true)],
    [CellKind.elman, .leaky, .lstm, .gru])
  func checkpointsChangeNothing(size: (batch: Int, steps: Int, oneHot: Bool), cell: CellKind) {
    func check<S: Scalar>(_: S.Type) {
      let trial = Trial(cell: cell, steps: size.steps, batch: size.batch, layers: 2, oneHot: size.oneHot)
      let plain = Pass<S>(
        network: trial.network, layout: trial.layout, steps: size.steps, batch: size.batch, loss: trial.data.loss)
      let frugal = CheckpointedPass<S>(
        network: trial.network, layout: trial.layout, length: size.steps, batch: size.batch, loss: trial.data.loss)
      for (index, value) in trial.parameters.enumerated() {
        plain.parameters[index] = S(value)
        frugal.pass.parameters[index] = S(value)
      }
      for (layer, state) in trial.carriedState.enumerated() {
        plain.setState(at: 0, layer: layer, from: state)
        frugal.setState(layer: layer, from: state)
      }
      plain.load(trial.data)
      for _ in 0..<2 {
        plain.forward(0..<size.steps)
        frugal.forward(trial.data)
        let window = Window(steps: 0..<size.steps, injected: 0..<size.steps)
        let result = plain.backward(window, reduction: .mean)
        #expect(frugal.backward(trial.data, reduction: .mean) == result)
        #expect(Array(frugal.pass.gradient) == Array(plain.gradient))
        for layer in 0..<2 {
          #expect(frugal.state(layer: layer) == plain.state(row: 0, layer: layer))
          #expect(frugal.state(layer: layer, atEnd: true) == plain.state(row: size.steps, layer: layer))
        }
        plain.carryState()
        frugal.carryState()
      }
    }
    check(Double.self)
    check(Float.self)
  }

  /// What the arenas take grows as √T: a hundredfold sequence in ten times the memory, the parameters aside.
  @Test func checkpointsTakeTheRoot() throws {
    let trial = Trial(hidden: 8, batch: 32)
    func bytes(_ steps: Int) throws -> Double {
      Double(
        try #require(
          CheckpointedPass<Double>.bytesNeeded(
            network: trial.network, layout: trial.layout, length: steps, batch: 32)))
    }
    let few = try bytes(2_500), many = try bytes(250_000)
    #expect((8...11).contains(many / few))
    let whole = try #require(
      Pass<Double>.bytesNeeded(network: trial.network, layout: trial.layout, steps: 250_000, batch: 32))
    #expect(Double(whole) / many > 100)
  }

  /// The first number that was not finite has the same name and step.
  @Test func checkpointsNameWhatExplodes() {
    var trial = Trial(activation: .identity, steps: 300, batch: 2)
    for index in trial.parameters.indices { trial.parameters[index] *= 30 }
    let plain = TruncationTests.pass(trial)
    let frugal = CheckpointedPass<Double>(
      network: trial.network, layout: trial.layout, length: 300, batch: 2, loss: trial.data.loss)
    for (index, value) in trial.parameters.enumerated() { frugal.pass.parameters[index] = value }
    for (layer, state) in trial.carriedState.enumerated() { frugal.setState(layer: layer, from: state) }
    frugal.forward(trial.data)
    let expected = plain.backward(Window(steps: 0..<300, injected: 0..<300), reduction: .sum).nonFinite
    #expect(expected != nil)
    #expect(frugal.backward(trial.data, reduction: .sum).nonFinite == expected)
  }

  /// A window whose first steps keep the activations of older weights: forward at some weights, back with others.
  @Test(arguments: [CellKind.elman, .leaky, .residual, .lstm, .gru])
  func keptActivationsAreUsedAsTheyWere(cell: CellKind) {
    let trial = Trial(cell: cell, steps: Self.n, batch: 2, layers: 2)
    let pass = Pass<Double>(
      network: trial.network, layout: trial.layout, steps: Self.n, batch: 2, loss: trial.data.loss, recordsTape: true)
    for (index, value) in trial.parameters.enumerated() { pass.parameters[index] = value }
    for (layer, state) in trial.carriedState.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
    pass.load(trial.data)
    pass.forward(0..<8)
    // The weights move on; only the new steps run under them.
    let newer = trial.parameters.map { 0.9 * $0 + 0.01 }
    for (index, value) in newer.enumerated() { pass.parameters[index] = value }
    let kept = pass.keptActivations(3..<8)
    let carried = (0..<2).map { pass.state(row: 3, layer: $0) }
    pass.forward(8..<Self.n)
    let window = Window(steps: 3..<Self.n, injected: 8..<Self.n)
    let result = pass.backward(window, reduction: .sum)
    var variant = PassVariant()
    variant.kept = kept
    let tape = Tape.compute(
      network: trial.network, layout: trial.layout, parameters: newer, data: trial.data, window: window,
      carriedState: carried, reduction: .sum, precision: .float64, variant: variant)
    #expect(tape.gradient == Array(pass.gradient) && tape.objective == result.objective)
    #expect(tape.layers[0].preactivation.prefix(5 * 2 * 5 * cell.gates) == kept.layers[0].preactivation[...])
    // Running all of it again under the new weights is something else.
    let again = Tape.compute(
      network: trial.network, layout: trial.layout, parameters: newer, data: trial.data, window: window,
      carriedState: carried, reduction: .sum, precision: .float64)
    #expect(relativeError(again.gradient, tape.gradient) > 1e-4)
  }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
  (0..<exponent).reduce(1) { product, _ in product * base }
}

/// Recurrent backpropagation at a fixed point.
@Suite struct FixedPointTests {
  /// A network under an input that stands still, with a target at its last step.
  private func settled(cell: CellKind, layers: Int = 1, steps: Int) -> (trial: Trial, pass: Pass<Double>) {
    var trial = Trial(cell: cell, loss: .squared, hidden: 6, steps: steps, batch: 3, layers: layers, targets: 1)
    let row = 3 * trial.data.inputs
    for index in trial.data.x.indices { trial.data.x[index] = trial.data.x[index % row] }
    for t in 0..<steps * 3 { trial.data.targetMask[t] = t >= (steps - 1) * 3 ? 1 : 0 }
    for entry in trial.layout.entries where entry.name.hasPrefix("weight_hh") {
      for k in entry.range { trial.parameters[k] *= 0.6 }
    }
    return (trial, TruncationTests.pass(trial))
  }

  /// z = (I - Jᵀ)⁻¹ e by dense elimination, and (D z) h*ᵀ, from nothing but the tape's activations.
  @Test func isTheSolutionOfTheLinearSystem() throws {
    let (trial, pass) = settled(cell: .elman, steps: 200)
    let settled = pass.backwardAtFixedPoint(step: 199, reduction: .sum, tolerance: 1e-15, limit: 1000)
    #expect(settled.change <= 1e-15 && settled.turns > 10)
    let tape = trial.tape(Window(steps: 0..<200, injected: 199..<200), .sum)
    let h = tape.hidden
    var sum = [Double](repeating: 0, count: h * h)
    for b in 0..<3 {
      let start = (199 * 3 + b) * h
      let jacobian = tape.jacobian(step: 199, sequence: b, layer: 0)
      var rows = (0..<h).map { i in
        (0..<h).map { j in (i == j ? 1 : 0) - jacobian[j, i] } + [tape.lossGradient[start + i]]
      }
      for pivot in 0..<h {
        for i in 0..<h where i != pivot {
          let factor = rows[i][pivot] / rows[pivot][pivot]
          for j in 0...h { rows[i][j] -= factor * rows[pivot][j] }
        }
      }
      for i in 0..<h {
        let dz = tape.layers[0].derivative[start + i] * rows[i][h] / rows[i][i]
        for j in 0..<h { sum[i * h + j] += dz * tape.layers[0].state[start + j] }
      }
    }
    let range = try #require(trial.layout["weight_hh_l0"]?.range)
    #expect(relativeError(Array(pass.gradient[range]), sum) < 1e-12)
  }

  /// Backpropagation over L steps after settling tends to it as ρ(J)^L.
  @Test(arguments: [(CellKind.elman, 1), (.leaky, 1), (.elman, 2), (.lstm, 1), (.gru, 1), (.lstm, 2)])
  func isWhatBackpropagationTendsTo(cell: CellKind, layers: Int) {
    // A forget gate that is half open lets a cell settle slowly.
    let steps = cell == .lstm ? 1000 : 400
    let (trial, pass) = settled(cell: cell, layers: layers, steps: steps)
    #expect(pass.distanceMoved(step: 0) > 0.1 && pass.distanceMoved(step: steps - 1) < 1e-14)
    _ = pass.backwardAtFixedPoint(step: steps - 1, reduction: .sum, tolerance: 1e-15, limit: 1000)
    let fixed = Array(pass.gradient)
    func error(_ length: Int) -> Double {
      _ = pass.backward(
        Window(steps: steps - length..<steps, injected: steps - 1..<steps), reduction: .sum)
      return relativeError(Array(pass.gradient), fixed)
    }
    let errors = [10, 20, 30, 40].map(error)
    #expect(error(steps / 2) < 1e-12)
    // Geometric: the same ratio in ten steps again and again, about ρ¹⁰.
    let tape = trial.tape(Window(steps: 0..<steps, injected: 0..<steps), .sum)
    let radius =
      (0..<layers).flatMap { layer in
        (0..<3).map { (try? tape.jacobian(step: steps - 1, sequence: $0, layer: layer).spectralRadius()) ?? .nan }
      }.max() ?? .nan
    for (first, second) in zip(errors, errors.dropFirst()) where second > 1e-13 {
      #expect(second < first * power(radius, 10) * 3)
    }
    #expect(errors[3] > 1e-16 && errors[3] < errors[0])
  }

  /// An adjoint that does not settle is stopped; one turn is one step of backpropagation.
  @Test func oneTurnIsOneMoreStep() {
    let (_, pass) = settled(cell: .elman, steps: 400)
    let window = Window(steps: 395..<400, injected: 399..<400)
    _ = pass.backward(window, reduction: .mean)
    let five = Array(pass.gradient)
    let settled = pass.backwardAtFixedPoint(step: 399, reduction: .mean, tolerance: 0, limit: 4)
    #expect(settled.turns == 4)
    #expect(relativeError(Array(pass.gradient), five) < 1e-10)
  }

  @Test func itsTapeHasTheSameGradient() {
    let (trial, pass) = settled(cell: .leaky, layers: 2, steps: 60)
    let result = pass.backwardAtFixedPoint(step: 59, reduction: .mean, tolerance: 1e-12, limit: 300)
    var variant = PassVariant()
    variant.fixedPoint = .init(tolerance: 1e-12, limit: 300)
    let tape = Tape.compute(
      network: trial.network, layout: trial.layout, parameters: trial.parameters, data: trial.data,
      window: Window(steps: 0..<60, injected: 59..<60), carriedState: trial.carriedState, reduction: .mean,
      precision: .float64, variant: variant)
    #expect(tape.gradient == Array(pass.gradient) && tape.objective == result.pass.objective)
    #expect(tape.distanceMoved(step: 0) == pass.distanceMoved(step: 0))
    #expect(tape.distanceMoved(step: 59) == pass.distanceMoved(step: 59))
    let size = 3 * tape.hidden
    for layer in tape.layers {
      let sum = zip(layer.localGradient.suffix(size), layer.futureGradient.suffix(size)).map { $0 + $1 }
      #expect(relativeError(sum, Array(layer.gradient.suffix(size))) < 1e-10)
      #expect(layer.gradient.dropLast(size).allSatisfy { $0 == 0 })
    }
  }
}
