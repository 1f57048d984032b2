import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@Suite struct StepTests {
  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test func theNumbersOfAStepMakeTheRecursion() throws {
    let tape = TestNetwork(hidden: 5, steps: 8, batch: 2, hasTarget: { $0 != 3 }).tape()
    let weights = Matrix(rows: 5, columns: 5, elements: try #require(tape.parameter("weight_hh_l0")))
    for t in 0..<8 {
      let numbers = try #require(BackwardNumbers(tape, step: t))
      let layer = tape.layers[0]
      let delta = layer.gradient[t * 10..<(t + 1) * 10]
      #expect(abs(numbers.gradient / norm(delta) - 1) < 1e-12)
      #expect((numbers.local == 0) == (t == 3))
      let forward = try #require(ForwardNumbers(tape, step: t))
      #expect(forward.isInjected == (t != 3) && (forward.loss == nil) == (t == 3))
      guard t < 7 else {
        #expect(numbers.future == 0 && numbers.next == nil && numbers.derivativeFactor == nil)
        continue
      }
      // future_t = W_hhᵀ (φ′_{t+1} ⊙ δ_{t+1}), formed here by hand.
      var (opened, future) = ([Double](), [Double]())
      for b in 0..<2 {
        let v = (0..<5).map {
          let k = ((t + 1) * 2 + b) * 5 + $0
          return tape.network.activation.derivative(layer.preactivation[k]) * layer.gradient[k]
        }
        opened += v
        future += weights.transposed * v
      }
      let next = norm(layer.gradient[(t + 1) * 10..<(t + 2) * 10])
      #expect(abs(numbers.future / norm(future) - 1) < 1e-12)
      #expect(abs(try #require(numbers.next) / next - 1) < 1e-12)
      #expect(abs(try #require(numbers.derivativeFactor) / (norm(opened) / next) - 1) < 1e-12)
      #expect(abs(try #require(numbers.recurrentFactor) / (norm(future) / norm(opened)) - 1) < 1e-12)
    }
  }

  @Test(arguments: CellKind.affine) func decayIsSharedByDerivativeAndWeights(cell: CellKind) {
    let tape = TestNetwork(cell: cell, hidden: 5, steps: 10, batch: 2).tape()
    let shares = DecayShares(tape)
    #expect(shares.whole[0].isNaN && shares.recurrent[0].isNaN)
    for t in 1..<10 {
      #expect(shares.derivative[t] <= 1e-12)
      if cell == .elman { #expect(abs(shares.whole[t] - shares.derivative[t] - shares.recurrent[t]) < 1e-12) }
      // What W_hh does lies between its smallest and its largest singular value.
      let weights = Matrix(rows: 5, columns: 5, elements: tape.elements(tape.layout.recurrentWeights(layer: 0)))
      let values = (try? weights.singularValues()) ?? []
      #expect(shares.recurrent[t] <= Log10.of(values.first ?? 0) + 1e-12)
      #expect(shares.recurrent[t] >= Log10.of(values.last ?? 0) - 1e-12)
    }
  }

  @Test func saturationIsTheSlopeOfEveryUnit() {
    // Biases 0, 2 and 20 with W = 0: φ′ = 1, 1/cosh² 2 = 0.0707, 1/cosh² 20 = 1.7e-17.
    var test = TestNetwork(hidden: 3, steps: 2, batch: 2, recurrent: Matrix(rows: 3, columns: 3), isZero: true)
    if let bias = test.layout["bias_ih_l0"] {
      for (k, value) in [0.0, 2, 20].enumerated() { test.parameters[bias.offset + k] = value }
    }
    let saturation = Saturation(test.tape(), sequence: 1)
    #expect(saturation.units == 3 && saturation.steps == 2 && saturation.largest == 1)
    #expect(abs(saturation.derivative[4] / 0.070650824853164466 - 1) < 1e-14)
    #expect(abs(saturation.derivative[5] / 1.6993417021166355e-17 - 1) < 1e-12)
  }

  @Test(arguments: [2, 8]) func lossOfAReadoutThatKnowsNothingIsTheLogOfTheClasses(classes: Int) {
    // Losses before learning: ln(classes), here with a readout of zeros.
    var test = TestNetwork(hidden: 3, steps: 5, outputs: classes)
    for name in ["readout.weight", "readout.bias"] {
      if let entry = test.layout[name] { for k in entry.range { test.parameters[k] = 0 } }
    }
    let wanted = [2: 0.69314718055994531, 8: 2.0794415416798357][classes] ?? .nan
    for loss in test.tape().loss { #expect(abs(loss - wanted) < 1e-14) }
  }

  @Test func unitsInWilliamsAndZipsersTerms() throws {
    var test = TestNetwork(cell: .fullyRecurrent, activation: .sigmoid, hidden: 3, steps: 6, batch: 2, outputs: 2)
    test.reduction = .mean
    let values = (0..<24).map { Double($0 % 5) / 4 }
    let mask = (0..<24).map { UInt8($0 % 3 == 0 ? 1 : 0) }
    test.data.target = .values(values)
    test.data.outputMask = mask
    test.data.targetMask = (0..<12).map { mask[2 * $0] | mask[2 * $0 + 1] }
    let tape = test.tape(Window(steps: 0..<6, injected: 3..<6))
    for sequence in 0..<2 {
      var after = [Double](repeating: 0, count: 3)
      for step in (0..<6).reversed() {
        let units = try #require(UnitNumbers(tape, step: step, sequence: sequence)).units
        for (k, unit) in units.enumerated() {
          let place = 2 * (step * 2 + sequence) + k
          let isAsked = k < 2 && mask[min(place, 23)] == 1
          #expect(unit.target == (isAsked ? values[place] : nil))
          #expect((unit.error != nil) == (isAsked && step >= 3))
          if let error = unit.error { #expect(abs(error - (values[place] - unit.output)) < 1e-15) }
          #expect(abs(unit.output - 1 / (1 + exp(-unit.input))) < 1e-15)
          // ε_k = e_k + Σ_l w_lk δ_l(t+1),  δ_k = y_k (1 - y_k) ε_k
          let epsilon = (unit.error ?? 0) + (0..<3).reduce(0) { $0 + tape.parameters[$1 * 5 + k] * after[$1] }
          #expect(abs(unit.epsilon - epsilon) < 1e-14)
          #expect(abs(unit.delta - unit.output * (1 - unit.output) * epsilon) < 1e-14)
        }
        after = units.map(\.delta)
      }
    }
    #expect(UnitNumbers(TestNetwork(hidden: 3, steps: 2).tape(), step: 0) == nil)
  }
}
