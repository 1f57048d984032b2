import LinearAlgebra
import Testing

@testable import RecurrentNetworks

@Suite("Untied weights: a copy for each step") struct UntiedWeightsTests {
  static let stacks = CellKind.allCases.flatMap { cell in (1...(cell.isFullyRecurrent ? 1 : 3)).map { (cell, $0) } }

  /// The layout: PyTorch's names and shapes with the steps before them, and one readout.
  @Test func layout() throws {
    var network = NetworkSpecification()
    (network.cell, network.hidden, network.layers) = (.gru, 3, 2)
    let layout = ParameterLayout(network, inputs: 2, outputs: 4, copies: 5)
    let shapes = layout.entries.map(\.shape)
    #expect(
      shapes == [[5, 9, 2], [5, 9, 3], [5, 9], [5, 9], [5, 9, 3], [5, 9, 3], [5, 9], [5, 9], [4, 3], [4]])
    #expect(layout.count == 5 * (18 + 27 + 9 + 9 + 27 + 27 + 9 + 9) + 16)
    let tied = ParameterLayout(network, inputs: 2, outputs: 4)
    #expect(tied.count == layout.sharedCount && layout.entries.map(\.name) == tied.entries.map(\.name))
    let shared = initialParameters(network, tied, seed: 3)
    let parameters = initialParameters(network, layout, seed: 3)
    for t in 0..<5 {
      for layer in 0..<2 {
        let own = layout.recurrentWeights(layer: layer, step: t).elements(of: parameters)
        #expect(own == tied.recurrentWeights(layer: layer).elements(of: shared))
      }
      let bias = try #require(layout["bias_hh_l1"]).copy(t)
      #expect(bias.shape == [9] && bias.range.upperBound <= (layout["readout.weight"]?.offset ?? 0))
    }
    #expect(layout.shared(parameters) == shared)
    var moved = parameters
    moved[layout.recurrentWeights(layer: 0, step: 2).index(1, 1)] += 1
    #expect(layout.shared(moved) == nil)
  }

  /// Σ_t ∂L/∂W_t = ∂L/∂W where all copies are the same, and each is the term that step t contributes to the shared gradient.
  @Test(arguments: stacks)
  func copiesAddUpToTheSharedGradient(cell: CellKind, layers: Int) {
    for oneHot in [false, true] {
      let tied = Trial(cell: cell, hidden: 4, outputs: 3, layers: layers, oneHot: oneHot)
      var untied = Trial(cell: cell, hidden: 4, outputs: 3, layers: layers, oneHot: oneHot, untied: true)
      (untied.data, untied.carriedState) = (tied.data, tied.carriedState)
      untied.parameters = untied.layout.copied(tied.parameters)
      let window = Window(steps: 0..<7, injected: 0..<7)
      let (whole, copies) = (tied.tape(window), untied.tape(window))
      #expect(abs(whole.objective - copies.objective) < 1e-14)
      #expect(relativeError(untied.layout.summed(copies.gradient), whole.gradient) < 1e-12)
      for t in 0..<7 {
        let term = whole.weightGradientContribution(step: t)
        for layer in 0..<layers {
          let own = untied.layout.recurrentWeights(layer: layer, step: t).elements(of: copies.gradient)
          let wanted = tied.layout.recurrentWeights(layer: layer).elements(of: term)
          #expect(relativeError(own, wanted) < 1e-12 || wanted.allSatisfy { $0 == 0 } && own == wanted)
        }
      }
      // What a step contributes is its copies' gradient, and all that there is.
      let sum = (0..<7).map { copies.weightGradientContribution(step: $0) }
        .reduce([Double](repeating: 0, count: copies.layout.count)) { zip($0, $1).map(+) }
      #expect(relativeError(sum, copies.gradient) < 1e-12)
    }
  }

  /// Copies that differ: the gradient, the losses and δ are those of the definitions written down naively.
  @Test(arguments: stacks)
  func theGradientIsTheDerivative(cell: CellKind, layers: Int) {
    for (oneHot, targets) in [(false, 0.8), (true, 0.3)] {
      let trial = Trial(
        cell: cell, hidden: 3, outputs: 3, steps: 5, layers: layers, targets: targets, oneHot: oneHot, untied: true)
      let window = Window(steps: 0..<5, injected: 0..<5)
      let (tape, reference) = (trial.tape(window), trial.reference(window))
      #expect(relativeError(tape.gradient, reference.gradient(trial.parameters)) < 1e-12)
      #expect(
        relativeError(tape.hiddenGradient(layer: layers - 1), reference.hiddenGradient(trial.parameters)) < 1e-12)
      #expect(relativeError(trial.tape(window, .mean, .float32).gradient, tape.gradient) < 1e-4)
    }
  }

  /// A trained β stays one for all steps, and so does the readout.
  @Test func betaStaysShared() {
    let trial = Trial(cell: .leaky, hidden: 3, steps: 5, layers: 2, spread: 4, learnsBeta: true, untied: true)
    #expect(trial.layout.betaLogit(layer: 1)?.shape == [3] && trial.layout["readout.bias"]?.shape == [4])
    let window = Window(steps: 0..<5, injected: 0..<5)
    #expect(
      relativeError(trial.tape(window).gradient, trial.reference(window).gradient(trial.parameters)) < 1e-12)
  }

  /// Central differences of the pass's own objective, copy by copy.
  @Test(arguments: [CellKind.elman, .lstm, .gru])
  func centralDifferences(cell: CellKind) {
    let trial = Trial(cell: cell, hidden: 4, layers: 2, untied: true)
    let check = GradientCheck(
      network: trial.network, layout: trial.layout, parameters: trial.parameters, data: trial.data,
      window: Window(steps: 0..<7, injected: 0..<7), carriedState: trial.carriedState, reduction: .mean)
    for row in check.rows() { #expect(row.largestError < 1e-8, "\(row.name)") }
  }

  /// h_t = 0.1 h_{t-1} + x_t: δ falls by 0.1 a step back, and so do the gradients of the copies where h is the same at every step.
  @Test func vanishing() throws {
    let steps = 20
    var trial = Trial(
      cell: .elman, activation: .identity, loss: .squared, hidden: 2, inputs: 2, outputs: 2, steps: steps, batch: 1,
      untied: true)
    let layout = trial.layout
    trial.parameters = [Double](repeating: 0, count: layout.count)
    for t in 0..<steps {
      for i in 0..<2 {
        trial.parameters[layout.recurrentWeights(layer: 0, step: t).index(i, i)] = 0.1
        trial.parameters[layout.inputWeights(layer: 0, step: t).index(i, i)] = 1
      }
    }
    let readout = try #require(layout["readout.weight"])
    (trial.parameters[readout.offset], trial.parameters[readout.offset + 3]) = (1, 1)
    // h = 1 from the start on: x_t = 0.9 keeps it.
    trial.carriedState = [[1, 1]]
    trial.data = SequenceBatch(
      steps: steps, batch: 1, inputs: 2, outputs: 2, x: [Double](repeating: 0.9, count: 2 * steps), symbols: nil,
      target: .values([Double](repeating: 0, count: 2 * steps)),
      targetMask: (0..<steps).map { $0 == steps - 1 ? 1 : 0 })
    let gradient = trial.tape(Window(steps: 0..<steps, injected: 0..<steps)).gradient
    for t in 0..<steps {
      // ∂L/∂W_t = δ_t h_{t-1}ᵀ, δ_t = 0.1^(T-1-t) (y - d) with y = 1, d = 0.
      var wanted = 1.0
      for _ in t + 1..<max(t + 1, steps) { wanted *= 0.1 }
      for value in layout.recurrentWeights(layer: 0, step: t).elements(of: gradient) {
        #expect(abs(value / wanted - 1) < 1e-12)
      }
    }
  }

  /// J_t is made of step t's own W_hh, and clipping and Ω at every step go on as with shared weights.
  @Test func jacobiansAndFlow() {
    let trial = Trial(hidden: 4, layers: 2, untied: true)
    let window = Window(steps: 0..<7, injected: 0..<7)
    let tape = trial.tape(window)
    // Out of order: what was packed for one step is not taken for another.
    for t in [3, 0, 6, 3] {
      let jacobian = tape.jacobian(step: t, sequence: 1, layer: 1)
      let w = trial.layout.recurrentWeights(layer: 1, step: t)
      for i in 0..<4 {
        let slope = tape.layers[1].derivative[(t * 2 + 1) * 4 + i]
        for j in 0..<4 { #expect(abs(jacobian[i, j] - slope * trial.parameters[w.index(i, j)]) < 1e-15) }
      }
    }
    var flow = FlowControl()
    flow.omega = 0.3
    let tied = Trial(hidden: 4, layers: 2)
    var same = trial
    (same.data, same.carriedState) = (tied.data, tied.carriedState)
    same.parameters = same.layout.copied(tied.parameters)
    for clip in [nil, 0.02] {
      flow.clipThreshold = clip
      func gradient(_ trial: Trial) -> (gradient: [Double], omega: Double) {
        let tape = Tape.compute(
          network: trial.network, layout: trial.layout, parameters: trial.parameters, data: trial.data, window: window,
          carriedState: trial.carriedState, reduction: .mean, precision: .float64, flow: flow)
        return (tape.gradient, tape.omega)
      }
      let (copies, whole) = (gradient(same), gradient(tied))
      #expect(relativeError(same.layout.summed(copies.gradient), whole.gradient) < 1e-12)
      #expect(abs(copies.omega - whole.omega) < 1e-12 * whole.omega && whole.omega > 0)
    }
  }
}
