import Canvas
import GradientFlow
import RecurrentNetworks
import Testing

@testable import Dashboard
@testable import Training

/// What the screen says of a network whose steps have weights of their own.
@Suite struct UntiedTests {
  private static func experiment(_ cell: CellKind = .elman) throws -> Experiment {
    var experiment = Experiment()
    (experiment.task.name, experiment.task.length) = (.temporalOrder, 12)
    (experiment.network.cell, experiment.network.hidden) = (cell, 4)
    try experiment.set("training.untied", "true")
    try experiment.set("training.optimizer.learning_rate", "0.3")
    return experiment
  }

  /// A dashboard paused after some updates, at step `step` (from 0) of the backward pass.
  private static func state(_ experiment: Experiment, step: Int? = nil, size: Size = Size(width: 160, height: 50))
    throws
    -> DashboardState
  {
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<30 { run.trainOnce() }
    var state = DashboardState(experiment: experiment, size: size, theme: Theme())
    let snapshot = run.snapshot()
    _ = reduce(into: &state, .snapshot(snapshot))
    if let step { state.cursor = Cursor(.backward, step: step) }
    let analysis = try Analysis.compute(
      snapshot: snapshot, wanted: Set(Instrument.allCases), step: state.request.step, limits: AnalysisLimits.none)
    _ = reduce(into: &state, .analysis(analysis))
    if let step { state.cursor = Cursor(.backward, step: step) }
    return state
  }

  /// The spectrum is that of the cursor's own W_hh; at rest of the last step's.
  @Test func theSpectrumIsTheStepsOwn() throws {
    for step in [3, 11, nil] {
      let state = try Self.state(Self.experiment(), step: step)
      #expect(state.request.step == step)
      let analysis = try #require(state.analysis)
      let shown = step ?? 11
      #expect(analysis.weightStep == shown)
      let wanted = try #require(try MatrixSpectrum(recurrentWeightsOf: analysis.window, step: shown))
      #expect(analysis.recurrentSpectrum == wanted)
      #expect(analysis.recurrentSpectrum != (try MatrixSpectrum(recurrentWeightsOf: analysis.window, step: 7)))
      #expect(
        render(state).rows.contains { $0.contains("t = \(shown + 1)  ρ ") || $0.contains("W\(sub(shown + 1)) ρ") })
    }
    let gated = try #require(try Self.state(Self.experiment(.gru), step: 5).analysis)
    #expect(gated.weightSpectra == (try MatrixSpectrum.recurrentWeights(of: gated.window, step: 5)))
    // Where only the step is another, the same comes out.
    let moved = try Analysis.compute(
      snapshot: gated.snapshot, wanted: gated.instruments, step: 2, limits: AnalysisLimits.none, previous: gated)
    #expect(moved.weightStep == 2 && moved.drift == gated.drift)
    #expect(moved.weightSpectra == (try MatrixSpectrum.recurrentWeights(of: gated.window, step: 2)))
    #expect(moved.weightSpectra != gated.weightSpectra)
  }

  /// The header counts the copies; This step tells the step's own gradient and how far its copy is from the others.
  @Test func theScreenSaysSo() throws {
    let backward = render(try Self.state(Self.experiment(), step: 10)).rows
    #expect(backward[0].contains("full BPTT, untied: 12 copies"))
    #expect(backward.contains { $0.contains("‖∂L/∂W_hh₁₁‖") })
    #expect(backward.contains { $0.contains("ΔW") })
    let resting = try Self.state(Self.experiment())
    let rows = render(resting).rows
    #expect(rows.contains { $0.contains("12 untied W_hh, from their mean up to ") })
    #expect(rows.contains { $0.contains("gₜ = ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]") } && !rows.contains { $0.contains("Σₜ") })
    // One step's σ_max bounds no product, and decides nothing for the others.
    #expect(resting.analysis?.product?.log10BoundPerStep == nil && !rows.contains { $0.contains("must vanish") })
    // ‖∂L/∂W_t‖ is what the tape's gradient has at step t's copy.
    let analysis = try #require(resting.analysis)
    let drift = try #require(analysis.drift)
    let term = analysis.window.weightGradientContribution(step: 10)
    let norm = euclideanNorm(analysis.window.layout.recurrentWeights(layer: 0, step: 10).elements(of: term))
    #expect(abs(Decade.log10(norm) - drift.log10Gradient[10]) < 1e-12)
  }

  /// Another length is another network; k1 and k2 turned are refused with a way out.
  @Test func knobs() throws {
    var state = try Self.state(Self.experiment())
    let effects = state.type(":task.length 14") + state.press(.enter)
    #expect(effects == [.apply(key: "task.length", value: "14")] && state.message?.text.contains("a new run") == true)
    _ = state.type(":training.k2 3") + state.press(.enter)
    #expect(state.experiment.training.k2 == .full)
    #expect(render(state).rows.contains { $0.contains("training.untied: found true, expected false with k1") })
  }
}
