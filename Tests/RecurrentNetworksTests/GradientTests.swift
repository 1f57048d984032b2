import Testing

@testable import RecurrentNetworks

@Suite struct GradientTests {
  static let combinations = CellKind.allCases.flatMap { cell in
    cell.activations.flatMap { activation in
      [LossKind.crossEntropy, .squared].map { (cell, activation, $0) }
    }
  }

  /// BPTT is the derivative of the objective, for every cell, activation and loss.
  @Test(arguments: combinations)
  func backpropagationIsTheDerivative(cell: CellKind, activation: Activation, loss: LossKind) {
    let trial = Trial(cell: cell, activation: activation, loss: loss)
    let window = Window(steps: 0..<7, injected: 0..<7)
    for reduction in Reduction.allCases {
      let reference = trial.reference(window, reduction)
      let tape = trial.tape(window, reduction)
      let truth = reference.run(trial.parameters.map { Dual($0) })
      #expect(abs(tape.objective - truth.objective.value) < 1e-13 * max(1, abs(truth.objective.value)))
      #expect(relativeError(tape.loss, truth.loss.map(\.value)) < 1e-12)
      #expect(relativeError(tape.gradient, reference.gradient(trial.parameters)) < 1e-12)
      #expect(relativeError(tape.hiddenGradient(layer: 0), reference.hiddenGradient(trial.parameters)) < 1e-12)
    }
  }

  /// A truncated gradient is the derivative of its window's objective with the state before the window held constant.
  @Test(arguments: [Window(steps: 2..<6, injected: 4..<6), Window(steps: 3..<7, injected: 6..<7)], CellKind.allCases)
  func truncatedGradientIsTheDerivativeOfTheWindow(window: Window, cell: CellKind) {
    for layers in 1...(cell.isFullyRecurrent ? 1 : 3) {
      let trial = Trial(cell: cell, hidden: 4, layers: layers, targets: 1)
      let tape = trial.tape(window)
      let reference = trial.reference(window)
      #expect(relativeError(tape.gradient, reference.gradient(trial.parameters)) < 1e-12)
      let contributions = (0..<tape.steps).map { tape.weightGradientContribution(step: $0) }
      let sum = contributions.reduce([Double](repeating: 0, count: tape.layout.count)) { zip($0, $1).map(+) }
      #expect(relativeError(sum, tape.gradient) < 1e-12)
    }
  }

  /// One-hot inputs by their symbols, and batches so large that the sweeps go block by block.
  @Test(arguments: [1, 70, 130], [CellKind.elman, .lstm, .gru])
  func symbolsAndBlocks(batch: Int, cell: CellKind) {
    for layers in 1...2 {
      let trial = Trial(
        cell: cell, hidden: 2, inputs: 3, outputs: 2, steps: 4, batch: batch, layers: layers, oneHot: true)
      let window = Window(steps: 0..<4, injected: 1..<4)
      let gradient = trial.tape(window).gradient
      #expect(relativeError(gradient, trial.reference(window).gradient(trial.parameters)) < 1e-12)
      var dense = trial
      dense.data.symbols = nil
      #expect(relativeError(gradient, dense.tape(window).gradient) < 1e-13)
    }
  }

  /// Central differences, with nothing but the pass's own objective.
  @Test func centralDifferences() {
    let trial = Trial(cell: .residual, activation: .sin, layers: 2)
    let window = Window(steps: 0..<7, injected: 0..<7)
    let step = 1e-5
    let differences = trial.parameters.indices.map { index in
      var moved = trial
      moved.parameters[index] += step
      let above = moved.tape(window).objective
      moved.parameters[index] -= 2 * step
      return (above - moved.tape(window).objective) / (2 * step)
    }
    #expect(relativeError(trial.tape(window).gradient, differences) < 1e-6)
  }

  /// Sizes at and beside those of vectors and tiles, down to 1.
  @Test(arguments: [
    (1, 1, 1, 1, 1), (1, 1, 2, 3, 1), (7, 1, 1, 1, 4), (17, 5, 1, 2, 3), (33, 2, 9, 1, 2), (9, 3, 17, 5, 2),
  ])
  func oddSizes(hidden: Int, inputs: Int, outputs: Int, batch: Int, steps: Int) {
    for loss in [LossKind.crossEntropy, .squared] {
      let trial = Trial(
        loss: loss, hidden: hidden, inputs: inputs, outputs: outputs, steps: steps, batch: batch, targets: 1)
      let window = Window(steps: 0..<steps, injected: 0..<steps)
      let (tape, reference) = (trial.tape(window), trial.reference(window))
      let truth = reference.gradient(trial.parameters)
      if outputs == 1 && loss == .crossEntropy {
        // One class is always right.
        #expect(tape.objective == 0 && tape.gradient.allSatisfy { $0 == 0 })
      } else {
        #expect(relativeError(tape.gradient, truth) < 1e-12)
      }
    }
  }
}
