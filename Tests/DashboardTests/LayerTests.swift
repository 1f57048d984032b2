import Canvas
import GradientFlow
import Instruments
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// Stacked layers, gated cells and other learners on the screen.
@Suite struct LayerTests {
  private func experiment(_ cell: CellKind = .elman, layers: Int) -> Experiment {
    var experiment = Example.experiment()
    experiment.network.cell = cell
    experiment.network.layers = layers
    return experiment
  }

  @Test func keysLookIntoTheLayers() throws {
    var state = try Example.state(experiment(layers: 3))
    let top = try #require(state.requests[.a])
    #expect(top.focus.layer == nil && state.shownLayer == 2)
    _ = state.type("((")
    let lowest = try #require(state.requests[.a])
    #expect(state.layer == 0 && lowest.focus.layer == 0 && !lowest.isCovered(by: top))
    _ = state.type("(")
    #expect(state.layer == 0 && state.message?.text == "layer 1 of 3, the lowest")
    _ = state.type(")))")
    #expect(state.layer == nil && state.message?.text == "layer 3 of 3, the top")
    var single = try Example.state()
    _ = single.type("(")
    #expect(single.layer == nil && single.message?.text == "one layer: network.layers stacks more")
  }

  @Test func aKnobThatMeansNothingSaysSo() throws {
    var state = try Example.state(experiment(.gru, layers: 1))
    #expect(state.type("a").isEmpty && state.message?.text == "φ means nothing with gru")
    #expect(!render(state).plainText.contains("a A"))
    #expect(try render(Example.state()).plainText.contains("a A"))
  }

  @Test func theProductHasAViewForWhatThereIs() throws {
    var state = try Example.state(experiment(.gru, layers: 2))
    var seen: [ProductView] = [state.shownProductView]
    for _ in 0..<4 {
      _ = state.type("v")
      seen.append(state.shownProductView)
    }
    #expect(seen == [.memoryPath, .time, .depth, .paths, .memoryPath])
    #expect(try Example.state().lane[JacobianProductInstrument.self]?.views == [.time])
    let gated = try Example.state(experiment(.lstm, layers: 1))
    #expect(gated.lane[JacobianProductInstrument.self]?.views == [.memoryPath, .time])
  }

  /// Every row of cells goes to one thing, bands are of one height, and none is negative.
  @Test(arguments: 1...8) func rowsOfStackedLayersAddUp(_ layers: Int) {
    for height in 0...70 {
      for (gates, beside) in [(0, 0), (3, 0), (4, 1)] where layers > 1 || gates > 0 {
        let rows = TimeRows(
          height: height, inputs: 2, states: 16, hasTargets: true, bracketRows: 2, layers: layers,
          bands: layers + beside, gates: gates, shared: (layers + 1) / 2)
        let parts = [
          rows.axis, rows.inputs, rows.targets, rows.states, rows.derivatives, rows.gradients, rows.brackets,
        ]
        #expect(parts.allSatisfy { $0 >= 0 } && parts.reduce(0, +) <= height)
        #expect(rows.states % rows.stateBands == 0 && rows.stateBands <= layers + beside)
        if rows.gateBands > 0 { #expect(rows.derivatives % rows.gateBands == 0 && rows.gateBands <= gates) }
        if rows.gradientBands > 1 { #expect(rows.gradients % rows.gradientBands == 0 && rows.gradientBands == layers) }
        if height >= 3 * layers + 12 { #expect(rows.gradientBands == layers && rows.stateBands == layers + beside) }
      }
    }
  }

  @Test func aGatedCellSaysWhoDidIt() throws {
    var state = try Example.state(experiment(.lstm, layers: 1))
    state.cursor = Cursor(.backward, step: 11)
    let rows = render(state).rows.joined(separator: "\n")
    #expect(
      rows.contains("memory path f₁₃ ×") && rows.contains("path through the gates ×")
        && rows.contains("∂L/∂c₁₂ = f₁₃ ⊙"))
    #expect(rows.contains("lstm H=4 │") && !rows.contains("lstm tanh"))
    state.cursor = Cursor(.forward, step: 11)
    #expect(render(state).rows.joined(separator: "\n").contains("c₁₂ = f₁₂ ⊙ c₁₁ + i₁₂ ⊙ g₁₂"))
  }

  @Test func anotherAlgorithmHasItsPanel() throws {
    var experiment = Example.experiment()
    experiment.training.algorithm = .rtrl
    experiment.training.k2 = .full
    let run = try TrainingRun(experiment: experiment)
    var state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
    state.show(run.snapshot())
    #expect(
      state.instruments.contains(LearningInstrument.id) && ScreenLayout(state).frame(of: Panels.learning.id) != nil)
    // Before the first update RTRL's gradient is BPTT's to the sequence's start.
    #expect(render(state).rows.contains { $0.contains("cos 1.0000 to full BPTT") })
    let report = try #require(state.lane[LearningInstrument.self]).report
    #expect(try #require(state.lane[StepInstrument.self]).update.raw == euclideanNorm(report.gradient))
    // With BPTT it comes when it is asked for.
    var plain = try Example.state()
    #expect(!plain.instruments.contains(LearningInstrument.id) && ScreenLayout(plain).hidden.isEmpty)
    _ = plain.type("0")
    #expect(
      plain.instruments.contains(LearningInstrument.id) && ScreenLayout(plain).frame(of: Panels.learning.id) != nil)
  }

  @Test(arguments: AlgorithmKind.allCases) func costsAreEveryAlgorithms(_ algorithm: AlgorithmKind) throws {
    var experiment = Example.experiment()
    experiment.training.algorithm = algorithm
    if algorithm.description.isForward { experiment.training.k2 = .full }
    let costs = try #require(try Example.state(experiment).lane[LearningInstrument.self]).costs
    #expect(costs.map(\.subject) == AlgorithmKind.allCases.map(CostSubject.algorithm))
    // What the panel writes is what an update of the next window costs, and what This step writes of it.
    let own = try #require(costs.first { $0.subject == .algorithm(algorithm) })
    let update = try #require(try Example.state(experiment).lane[StepInstrument.self]).update
    #expect(own.floats == update.numbersHeld && own.multiplyAdds == update.multiplyAdds)
    #expect(CostTable(.algorithm(algorithm), costs).rows == costs)
    #expect(NumberText.count(42_240) == "42,240")
  }

  /// Every view of the product shows what the backward pass has reached: nothing in the forward pass, all at the update.
  @Test(arguments: [(CellKind.elman, 1), (.lstm, 1), (.elman, 2), (.lstm, 2)])
  func everyViewOfTheProductGrowsWithThePass(_ cell: CellKind, _ layers: Int) throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.layers) = (cell, layers)
    var state = try Example.state(experiment)
    let views = try #require(state.lane[JacobianProductInstrument.self]).views
    #expect(views.count == (cell == .lstm ? 2 : 1) + (layers > 1 ? 2 : 0))
    for view in views {
      state.productView = view
      func marks(_ cursor: Cursor) -> Int {
        state.cursor = cursor
        var buffer = Buffer(width: 60, height: 12, fill: Theme().blank)
        JacobianProductPanel().draw(state, in: buffer.bounds, &buffer, theme: Theme())
        // Braille under the legend.
        return buffer.rows.dropFirst().joined().unicodeScalars.count { (0x2801...0x28FF).contains($0.value) }
      }
      let counts = [
        marks(Cursor(.forward, step: 10)), marks(Cursor(.backward, step: 13)), marks(Cursor(.backward, step: 6)),
        marks(Cursor(.update, step: 14)),
      ]
      #expect(counts[0] == 0 && counts[1] < counts[2] && counts[2] < counts[3], "\(view): \(counts)")
    }
  }
}
