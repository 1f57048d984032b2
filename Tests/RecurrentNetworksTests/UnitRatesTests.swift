import Foundation
import LinearAlgebra
import Testing

@testable import RecurrentNetworks

/// Leaky units with a β each, fixed or trained.
@Suite struct UnitRatesTests {
  /// BPTT is the derivative by every parameter, ρ of β = 1/(1 + e^-ρ) among them, in stacks, over blocks of steps, in truncated
  /// windows; what the steps contribute adds up to it.
  @Test(arguments: [(10.0, false), (1, true), (30, true)])
  func backpropagationIsTheDerivative(spread: Double, learnsBeta: Bool) {
    for (layers, batch, activation) in [(1, 2, Activation.tanh), (2, 70, .sigmoid), (3, 1, .sin)] {
      let trial = Trial(
        cell: .leaky, activation: activation, hidden: 3, steps: 6, batch: batch, layers: layers, spread: spread,
        learnsBeta: learnsBeta)
      for window in [Window(steps: 0..<6, injected: 0..<6), Window(steps: 2..<6, injected: 4..<6)] {
        let (tape, reference) = (trial.tape(window), trial.reference(window))
        #expect(relativeError(tape.gradient, reference.gradient(trial.parameters)) < 1e-12)
        let stateComponents = (0..<tape.steps).map { tape.weightGradientContribution(step: $0) }
        let sum = stateComponents.reduce([Double](repeating: 0, count: tape.layout.count)) { zip($0, $1).map(+) }
        #expect(relativeError(sum, tape.gradient) < 1e-12)
        let single = trial.tape(window, .mean, .float32)
        #expect(relativeError(single.gradient, tape.gradient) < 1e-4)
      }
      #expect(trial.layout.entries.count { $0.name.hasPrefix("beta_logit") } == (learnsBeta ? layers : 0))
    }
  }

  /// δ by all paths, and its two parts; ∂h_t/∂h_{t-1} = diag(1-β) + diag(β φ′) W, also where it is applied in place.
  @Test(arguments: [false, true])
  func jacobianIsItsClosedForm(learnsBeta: Bool) throws {
    let trial = Trial(cell: .leaky, steps: 4, spread: 20, learnsBeta: learnsBeta)
    let window = Window(steps: 0..<4, injected: 0..<4)
    let tape = trial.tape(window)
    #expect(relativeError(tape.layers[0].gradient, trial.reference(window).hiddenGradient(trial.parameters)) < 1e-12)
    let sum = zip(tape.layers[0].localGradient, tape.layers[0].futureGradient).map(+)
    #expect(relativeError(sum, tape.layers[0].gradient) < 1e-13)
    let rates = try #require(tape.rates(layer: 0))
    let weights = tape.elements(tape.layout.recurrentWeights(layer: 0))
    let jacobian = tape.jacobian(step: 2, sequence: 1, layer: 0)
    for i in 0..<5 {
      let logit = learnsBeta ? tape.parameters[(tape.layout["beta_logit_l0"]?.offset ?? 0) + i] : 0
      let beta = learnsBeta ? 1 / (1 + exp(-logit)) : 0.4 * pow(20, -Double(i) / 4)
      #expect(abs(rates[i] - beta) < 1e-15)
      let opening = tape.layers[0].derivative[(2 * 2 + 1) * 5 + i]
      for j in 0..<5 {
        let wanted = (i == j ? 1 - beta : 0) + beta * opening * weights[i * 5 + j]
        #expect(abs(jacobian[i, j] - wanted) < 1e-15)
      }
    }
    let pullback = StatePullback(tape, layer: 0, sequence: 1, rows: 5)
    let rows = RowBlock(unitRows: 5, width: 5)
    pullback.apply(step: 2, rows: 5, from: rows, to: rows)
    #expect(relativeError((0..<5).flatMap(rows.row), jacobian.elements) < 1e-15)
  }

  /// Trained β start where the fixed ones stand: the same pass.
  @Test func trainedBetaStartsAtTheSetOne() {
    let fixed = Trial(cell: .leaky, spread: 9), trained = Trial(cell: .leaky, spread: 9, learnsBeta: true)
    var parameters = initialParameters(trained.network, trained.layout, seed: 1)
    parameters.replaceSubrange(0..<fixed.layout.count, with: fixed.parameters)
    var same = fixed
    (same.network, same.layout, same.parameters) = (trained.network, trained.layout, parameters)
    let window = Window(steps: 0..<7, injected: 0..<7)
    let (a, b) = (fixed.tape(window), same.tape(window))
    #expect(relativeError(b.layers[0].state, a.layers[0].state) < 1e-14)
    #expect(relativeError(Array(b.gradient.prefix(fixed.layout.count)), a.gradient) < 1e-13)
    // One β for all, given as a spread of 1, is the scalar cell.
    #expect(Trial(cell: .leaky).tape(window).rates(layer: 0) == nil)
  }
}
