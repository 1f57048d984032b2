import LinearAlgebra
import Testing

@testable import RecurrentNetworks

@Suite struct TapeTests {
  static let cells = CellKind.affine.flatMap { cell in Activation.allCases.map { (cell, $0) } }

  /// ∂h_t/∂h_{t-1} in closed form: D W, (1-β) I + β D W, I + α D W, with D = diag(φ′(a_t)).
  @Test(arguments: cells)
  func jacobiansAreTheirClosedForms(cell: CellKind, activation: Activation) throws {
    let layers = cell.isFullyRecurrent ? 1 : 2
    let trial = Trial(cell: cell, activation: activation, steps: 4, layers: layers)
    let tape = trial.tape(Window(steps: 0..<4, injected: 0..<4))
    let h = tape.hidden
    for layer in 0..<layers {
      let weight = tape.elements(tape.layout.recurrentWeights(layer: layer))
      for (t, sequence) in [(0, 0), (2, 1), (3, 0)] {
        let jacobian = tape.jacobian(step: t, sequence: sequence, layer: layer)
        for i in 0..<h {
          let a = tape.layers[layer].preactivation[(t * tape.batch + sequence) * h + i]
          for j in 0..<h {
            let dw = activation.derivative(a) * weight[i * h + j]
            let truth =
              switch cell {
              case .leaky: (i == j ? 1 - 0.4 : 0) + 0.4 * dw
              case .residual: (i == j ? 1 : 0) + 0.3 * dw
              default: dw
              }
            #expect(abs(jacobian[i, j] - truth) < 1e-14 * max(1, abs(truth)))
          }
        }
      }
    }
  }

  /// tanh at zero state, input and bias: the product of n Jacobians is Wⁿ.
  @Test func productAtTheOriginIsAPower() {
    var trial = Trial(hidden: 6, steps: 9, batch: 1)
    trial.carriedState = [[Double](repeating: 0, count: 6)]
    trial.data.x = trial.data.x.map { _ in 0 }
    if let bias = trial.layout["bias_ih_l0"] {
      for index in bias.range { trial.parameters[index] = 0 }
    }
    let tape = trial.tape(Window(steps: 0..<9, injected: 0..<9))
    let weight = Matrix(rows: 6, columns: 6, elements: tape.parameter("weight_hh_l0") ?? [])
    var product = Matrix.identity(6)
    var power = Matrix.identity(6)
    for t in 0..<9 {
      product = tape.jacobian(step: t, sequence: 0, layer: 0) * product
      power = weight * power
    }
    #expect(relativeError(product.elements, power.elements) < 1e-14)
  }

  /// δ_t is its local part and what comes from the step after it; only injected losses send anything.
  @Test(arguments: [1, 2])
  func gradientsAreTheSumOfTheirParts(layers: Int) {
    for cell in CellKind.allCases where layers == 1 || !cell.isFullyRecurrent {
      let trial = Trial(cell: cell, steps: 9, batch: 40, layers: layers)
      let window = Window(steps: 2..<9, injected: 5..<8)
      let tape = trial.tape(window)
      let h = tape.hidden
      for (index, layer) in tape.layers.enumerated() {
        let sum = zip(layer.localGradient, layer.futureGradient).map(+)
        #expect(relativeError(sum, tape.hiddenGradient(layer: index)) < 1e-13)
        #expect(layer.futureGradient.suffix(40 * h).allSatisfy { $0 == 0 })
      }
      #expect(tape.layers[layers - 1].localGradient.prefix(3 * 40 * h).allSatisfy { $0 == 0 })
      // The loss gradients are neither masked by the injection nor weighted.
      for row in 0..<7 * 40 where tape.mask[row] == 1 {
        for unit in row * h..<(row + 1) * h {
          let local = tape.layers[layers - 1].localGradient[unit]
          #expect(abs(local - tape.injectionWeight * tape.lossGradient[unit]) < 1e-15)
        }
      }
      for row in 0..<7 * 40 where tape.targetMask[row] == 0 {
        #expect(tape.lossGradient[row * h..<(row + 1) * h].allSatisfy { $0 == 0 } && tape.loss[row] == 0)
      }
    }
  }

  /// Row vectors pulled back many at a time, in place, are each multiplied by the Jacobian.
  @Test func pullbackIsTheJacobian() {
    let trial = Trial(cell: .leaky, hidden: 7, steps: 3, batch: 2)
    let tape = trial.tape(Window(steps: 0..<3, injected: 0..<3))
    let jacobian = tape.jacobian(step: 1, sequence: 1, layer: 0)
    let pullback = StatePullback(tape, layer: 0, sequence: 1, rows: 12)
    var random = CounterRandom(seed: 5, stream: 5)
    for count in [1, 5, 12] {
      let rows = RowBlock(rows: count, width: 7)
      for row in 0..<count { for k in 0..<7 { rows[row, k] = random.normal() } }
      let truth = (0..<count).flatMap { r in
        (0..<7).map { j in (0..<7).reduce(0) { $0 + rows[r, $1] * jacobian[$1, j] } }
      }
      pullback.apply(step: 1, rows: count, from: rows, to: rows)
      let ours = (0..<count).flatMap(rows.row)
      #expect(relativeError(ours, truth) < 1e-14)
    }
  }

  @Test func singlePrecisionIsCloseToDouble() {
    for cell in CellKind.allCases {
      for loss in [LossKind.crossEntropy, .squared] {
        let trial = Trial(cell: cell, loss: loss, hidden: 24, steps: 40, batch: 8)
        let window = Window(steps: 0..<40, injected: 0..<40)
        let double = trial.tape(window)
        let single = trial.tape(window, .mean, .float32)
        #expect(abs(single.objective - double.objective) < 1e-4 * abs(double.objective))
        #expect(relativeError(single.gradient, double.gradient) < 1e-4)
        #expect(relativeError(single.layers[0].gradient, double.layers[0].gradient) < 1e-4)
        #expect(relativeError(single.layers[0].state, double.layers[0].state) < 1e-4)
      }
    }
  }

  @Test func lossBeforeLearningIsGuessing() {
    for classes in [2, 8, 33] {
      var trial = Trial(outputs: classes, targets: 1)
      for name in ["readout.weight", "readout.bias"] {
        for index in trial.layout[name]?.range ?? 0..<0 { trial.parameters[index] = 0 }
      }
      // ln(classes)
      let logarithms = [2: 0.693147180559945309, 8: 2.07944154167983593, 33: 3.49650756146648023]
      #expect(abs(trial.tape(Window(steps: 0..<7, injected: 0..<7)).objective - (logarithms[classes] ?? 0)) < 1e-14)
    }
  }
}
