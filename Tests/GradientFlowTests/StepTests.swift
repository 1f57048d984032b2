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
}
