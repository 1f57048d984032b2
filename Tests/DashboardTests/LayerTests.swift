import Canvas
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

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
    #expect(state.request.layer == nil && state.shownLayer == 2)
    _ = state.type("dd")
    #expect(state.layer == 0 && state.request.layer == 0 && !state.request.isCovered(by: AnalysisRequest([])))
    _ = state.type("d")
    #expect(state.layer == 0 && state.message?.text == "layer 1 of 3, the lowest")
    _ = state.type("uuu")
    #expect(state.layer == nil && state.message?.text == "layer 3 of 3, the top")
    var single = try Example.state()
    _ = single.type("d")
    #expect(single.layer == nil && single.message?.text == "one layer: network.layers stacks more")
  }

  @Test func theInstrumentsAreThoseOfTheLayer() throws {
    let snapshot = try Example.snapshot(experiment(layers: 2))
    let analysis = try Example.analysis(snapshot, layer: 0)
    let full = try #require(analysis.full)
    #expect(analysis.layer == 0 && analysis.layerGradientNorms?.count == 2)
    #expect(analysis.truncatedGradientNorm == analysis.layerGradientNorms?[0])
    #expect(analysis.product == (try ProductByLag(full, layer: 0)))
    #expect(analysis.recurrentSpectrum == (try MatrixSpectrum(recurrentWeightsOf: full, layer: 0)))
    #expect(analysis.flow == FlowMatrix(full, layer: 0) && analysis.depth?.layers == 2)
    #expect(try Example.analysis(snapshot, layer: 9).layer == 1)
  }

  /// J_t of a gated cell is that of the step that was asked for; what is of every step is not computed again for another.
  @Test func theJacobianIsThatOfTheStep() throws {
    let snapshot = try Example.snapshot(experiment(.lstm, layers: 1))
    let wanted: Set<Instrument> = [.spectrum, .gradientNorm]
    let last = try Analysis.compute(snapshot: snapshot, wanted: wanted)
    let steps = snapshot.window.steps
    #expect(last.jacobianSpectrum?.step == steps.upperBound - 1 && last.recurrentSpectrum == nil)
    let moved = try Analysis.compute(snapshot: snapshot, wanted: wanted, step: steps.lowerBound + 2, previous: last)
    let jacobian = try #require(moved.jacobianSpectrum)
    #expect(jacobian.step == steps.lowerBound + 2)
    #expect(jacobian.spectrum == (try MatrixSpectrum(last.window.jacobian(step: 2, sequence: 0, layer: 0))))
    #expect(jacobian.spectrum.eigenvalues.count == 2 * moved.window.hidden)
    #expect(jacobian.spectrum != last.jacobianSpectrum?.spectrum)
    #expect(moved.fullGradientNorm == last.fullGradientNorm)
    // A block a gate, in the order of the parameters.
    #expect(moved.weightSpectra.count == 4)
    let hidden = moved.window.hidden
    let weights = try #require(moved.window.parameter("weight_hh_l0"))
    let forget = Matrix(
      rows: hidden, columns: hidden, elements: Array(weights[hidden * hidden..<2 * hidden * hidden]))
    #expect(moved.weightSpectra[1] == (try MatrixSpectrum(forget)))
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
    #expect(seen == [.carousel, .time, .depth, .paths, .carousel])
    #expect(try Example.state().analysis?.productViews == [.time])
    #expect(try Example.state(experiment(.lstm, layers: 1)).analysis?.productViews == [.carousel, .time])
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
    #expect(rows.contains("carousel f₁₃ ×") && rows.contains("gated W_hhᵀ ×") && rows.contains("∂L/∂c₁₂ = f₁₃ ⊙"))
    #expect(rows.contains("lstm H=4 │") && !rows.contains("lstm tanh"))
    state.cursor = Cursor(.forward, step: 11)
    #expect(render(state).rows.joined(separator: "\n").contains("c₁₂ = f₁₂ ⊙ c₁₁ + i₁₂ ⊙ g₁₂"))
  }

  @Test func anotherLearnerHasItsPanel() throws {
    var experiment = Example.experiment()
    experiment.training.algorithm = .rtrl
    experiment.training.k2 = .full
    let run = try TrainingRun(experiment: experiment)
    var state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
    let snapshot = run.snapshot()
    _ = reduce(into: &state, .snapshot(snapshot))
    _ = reduce(into: &state, .analysis(try Example.analysis(snapshot)))
    #expect(state.instruments.contains(.learner) && Layout(state).frame(of: Panels.learner.id) != nil)
    // Before the first update RTRL's gradient is BPTT's to the sequence's start.
    #expect(render(state).rows.contains { $0.contains("cos 1.0000 to full BPTT") })
    let analysis = try #require(state.analysis), report = try #require(analysis.learner)
    let numbers = UpdateNumbers(analysis.window, experiment.training.clip, gradient: report.gradient)
    #expect(numbers.raw == euclideanNorm(report.gradient))
    // With BPTT it comes when it is asked for.
    var plain = try Example.state()
    #expect(!plain.instruments.contains(.learner) && Layout(plain).hidden.isEmpty)
    _ = plain.type("0")
    #expect(plain.instruments.contains(.learner) && Layout(plain).frame(of: Panels.learner.id) != nil)
  }

  @Test func costsAreEveryAlgorithms() {
    var sizes = AlgorithmSizes(units: 32, inputs: 4, outputs: 2, length: 100)
    sizes.k1 = 10
    let costs = LearnerCosts(.rtrl, sizes)
    #expect(costs.rows.map(\.kind) == AlgorithmKind.allCases)
    for row in costs.rows {
      #expect(row.floats == row.kind.cost(sizes).floats)
      // An update is k1 steps.
      #expect(row.multiplyAdds == 10 * row.kind.cost(sizes).multiplyAdds)
    }
    #expect(NumberText.count(42_240) == "42,240")
  }
}
