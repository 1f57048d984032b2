import Canvas
import Foundation
import Testing
import Training

@testable import Dashboard

/// The dashboard with a real run behind it: keys go in, effects are done, snapshots and analyses come back.
@Suite struct RealRunTests {
  private struct Stage {
    let run: TrainingRun
    var state: DashboardState

    init(_ experiment: Experiment = Example.experiment()) throws {
      run = try TrainingRun(experiment: experiment)
      state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
      try look()
    }

    mutating func look() throws {
      let snapshot = run.snapshot()
      _ = reduce(into: &state, .snapshot(snapshot))
      _ = reduce(into: &state, .analysis(try Example.analysis(snapshot)))
    }

    mutating func press(_ keys: String) throws {
      for key in keys {
        for effect in reduce(into: &state, .key(.character(key))) {
          switch effect {
          case .update(let count): for _ in 0..<count { _ = run.trainOnce() }
          case .rewind(let updates): _ = run.rewind(by: updates)
          case .apply(let key, let value): _ = try run.apply(key: key, value: value)
          case .begin(let settings): try run.begin(with: settings)
          case .restart: try run.restart()
          default: break
          }
        }
        try look()
      }
    }
  }

  @Test func updatesOnAndBackAreBitIdentical() throws {
    var stage = try Stage()
    try stage.press("nn")
    let weights = try #require(stage.state.snapshot).parameters
    try stage.press("nnnNNN")
    #expect(stage.state.snapshot?.update == 2)
    #expect(stage.state.snapshot?.parameters == weights)
  }

  @Test func walkingThroughAWholeWindowMakesTheUpdate() throws {
    var stage = try Stage()
    // The first window is steps 1 … 5: from rest one key enters it, ten reach its update, one more makes it.
    try stage.press(String(repeating: ".", count: 11))
    #expect(stage.state.cursor.phase == .update && stage.state.snapshot?.update == 0)
    try stage.press(".")
    #expect(stage.state.snapshot?.update == 1)
    #expect(stage.state.cursor == Cursor(.forward, step: 0))
    // The second window is steps 1 … 10: 20 places, then the update.
    try stage.press(String(repeating: ".", count: 20))
    #expect(stage.state.cursor.phase == .update && stage.state.snapshot?.update == 1)
    try stage.press(".")
    #expect(stage.state.snapshot?.update == 2 && stage.state.cursor == Cursor(.forward, step: 5))
    // And back over the boundary.
    try stage.press(",")
    #expect(stage.state.snapshot?.update == 1 && stage.state.cursor.phase == .update)
  }

  @Test func whatIfAtTheSameWeights() throws {
    var stage = try Stage()
    try stage.press("nnn,,,")
    let before = try #require(stage.state.snapshot).parameters
    let cursor = stage.state.cursor
    try stage.press("a")
    #expect(stage.state.analysis?.window.network.activation == .sigmoid)
    #expect(stage.state.snapshot?.parameters == before && stage.state.cursor == cursor)
    #expect(stage.state.unconfirmed.isEmpty)
  }

  @Test func aRewindBringsTheSettingsBackAndSaysSo() throws {
    var stage = try Stage()
    try stage.press("nn{nN")
    #expect(stage.state.experiment.training.k2 == .steps(9))
    try stage.press("N")
    #expect(stage.state.experiment.training.k2 == .steps(10))
    #expect(stage.state.message?.text == "back before update 2, with the settings of then")
  }

  @Test func anExplosionAndTheWayBack() throws {
    var experiment = Example.experiment()
    experiment.training.clip.kind = .none
    experiment.training.optimizer.learningRate = 1e300
    experiment.network.activation = .identity
    var stage = try Stage(experiment)
    for _ in 0..<10 where stage.state.explosion == nil {
      _ = stage.run.trainOnce()
      try stage.look()
    }
    let explosion = try #require(stage.state.explosion)
    let rows = render(stage.state).rows
    #expect(rows[0].contains("✖ exploded"))
    #expect(rows.last?.contains("update \(explosion.update), step \(explosion.step): \(explosion.factor)") == true)
    #expect(rows.contains { $0.contains("no gradient: \(explosion.factor)") })
    try stage.press("N")
    #expect(stage.state.explosion == nil)
    #expect(render(stage.state).rows[0].contains("paused"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    var state = try Example.state()
    let limits = AnalysisLimits(lags: 3, flowRows: 3, flowSteps: 10, spectrumUnits: 2)
    _ = reduce(
      into: &state,
      .analysis(
        try Analysis.compute(snapshot: try Example.snapshot(), wanted: Set(Instrument.allCases), limits: limits)))
    let screen = render(state).rows.joined(separator: "\n")
    #expect(screen.components(separatedBy: "left out to stay fast").count == 3)
    _ = state.press(.character("?"))
    #expect(render(state).rows.contains { $0.contains("the eigenvalues of W_hh: more than 2 units") })
  }
}
