import Canvas
import GradientFlow
import Instruments
import RecurrentNetworks
import Testing

@testable import Dashboard
@testable import Training
@testable import Panels

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
    state.show(snapshot)
    if let step {
      state.cursor = Cursor(.backward, step: step)
      state.show(snapshot, step: state.requests[.a]?.focus.step)
    }
    if let step { state.cursor = Cursor(.backward, step: step) }
    return state
  }

  /// The pass that is shown.
  private static func tape(_ state: DashboardState) throws -> Tape {
    try #require(state.lane.shown?.pass).tape()
  }

  /// The spectrum is that of the cursor's own W_hh; at rest of the last step's.
  @Test func theSpectrumIsTheStepsOwn() throws {
    for step in [3, 11, nil] {
      let state = try Self.state(Self.experiment(), step: step)
      #expect(state.requests[.a]?.focus.step == step)
      let shown = step ?? 11
      let tape = try Self.tape(state)
      let reading = try #require(state.lane[SpectrumInstrument.self])
      #expect(reading.weightStep == shown)
      #expect(reading.recurrent == (try MatrixSpectrum(recurrentWeightsOf: tape, step: shown)))
      #expect(reading.recurrent != (try MatrixSpectrum(recurrentWeightsOf: tape, step: 7)))
      #expect(
        render(state).rows.contains { $0.contains("t = \(shown + 1)  ρ ") || $0.contains("W\(sub(shown + 1)) ρ") })
    }
  }

  /// The header counts the copies; This step tells the step's own gradient and how far its copy is from the others.
  @Test func theScreenSaysSo() throws {
    let backward = render(try Self.state(Self.experiment(), step: 10)).rows
    #expect(backward[0].contains("full BPTT, untied: 12 copies"))
    #expect(backward.contains { $0.contains("‖∂L/∂W_hh₁₁‖") })
    #expect(backward.contains { $0.contains("ΔW") })
    let resting = try Self.state(Self.experiment())
    let rows = render(resting).rows
    #expect(rows.contains { $0.contains("12 copies of W_hh; farthest from their mean: ") })
    #expect(rows.contains { $0.contains("gₜ = ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]") } && !rows.contains { $0.contains("Σₜ") })
    // One step's σ_max bounds no product, and decides nothing for the others.
    #expect(
      resting.lane[JacobianProductInstrument.self]?.time.log10BoundPerStep == nil
        && !rows.contains { $0.contains("must vanish") })
    // ‖∂L/∂W_t‖ is what the tape's gradient has at step t's copy.
    let tape = try Self.tape(resting)
    let place = try #require(resting.lane[StepInstrument.self]?.place(step: 10, layer: 0))
    let term = tape.weightGradientContribution(step: 10)
    let norm = euclideanNorm(tape.layout.recurrentWeights(layer: 0, step: 10).elements(of: term))
    #expect(abs(NumberText.log10(norm) - (place.log10CopyGradient ?? .nan)) < 1e-12)
  }

  /// Another length is another network; k1 and k2 turned are refused with a way out.
  @Test func knobs() throws {
    var state = try Self.state(Self.experiment())
    let effects = state.type(":task.length 14") + state.press(.enter)
    #expect(effects == [.change(["task.length": "14"])] && state.message?.text.contains("a new run") == true)
    _ = state.type(":training.k2 3") + state.press(.enter)
    #expect(state.experiment.training.k2 == .full)
    #expect(render(state).rows.contains { $0.contains("training.untied: found true, expected false with k1") })
  }
}
