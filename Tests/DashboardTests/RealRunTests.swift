import Canvas
import Foundation
import Instruments
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// The dashboard with a real run behind it: keys go in, effects are done, frames come back.
@Suite struct RealRunTests {
  private struct Stage {
    private var runner: EffectRunner
    var state: DashboardState { runner.state }
    /// The pass that is shown.
    var pass: Snapshot? { state.lane.shown?.pass }

    init(_ experiment: Experiment = Example.experiment(), patience: Budget.Patience = .patient) throws {
      let source = SteppedSource(run: try TrainingRun(experiment: experiment), patience: patience)
      let state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
      runner = EffectRunner(state, source: source, files: NoFiles())
      source.requestFrame()
      _ = runner.takeNews()
    }

    mutating func press(_ keys: String) {
      for key in keys { press(.character(key)) }
    }

    mutating func press(_ key: Key) {
      _ = runner.handle(.key(key))
      _ = runner.takeNews()
    }
  }

  @Test("the number beside the slopes is φ′ itself: of a sigmoid a quarter at most")
  func slopes() throws {
    let experiment = try Experiment().setting([Setting(key: "network.activation", value: "sigmoid")])
    let rows = render(try Stage(experiment).state).rows
    let row = try #require(rows.first { $0.contains("φ′ 0.") })
    let number = try #require(row.components(separatedBy: "φ′ ").last.flatMap { Double($0.prefix(4)) })
    #expect(number > 0.2 && number <= 0.25)
  }

  @Test func updatesOnAndBackAreBitIdentical() throws {
    var stage = try Stage()
    stage.press("nn")
    let weights = try #require(stage.pass).parameters
    stage.press("nnnNNN")
    #expect(stage.pass?.update == 2 && stage.state.newest?.update == 2)
    #expect(stage.pass?.parameters == weights)
  }

  @Test func walkingThroughAWholeWindowMakesTheUpdate() throws {
    var stage = try Stage()
    // The first window is steps 1 … 5: from rest one key enters it, ten reach its update, one more makes it.
    stage.press(String(repeating: ".", count: 11))
    #expect(stage.state.cursor.phase == .update && stage.state.newest?.update == 0)
    stage.press(".")
    #expect(stage.state.newest?.update == 1)
    #expect(stage.state.cursor == Cursor(.forward, step: 0))
    // The second window is steps 1 … 10: 20 places, then the update.
    stage.press(String(repeating: ".", count: 20))
    #expect(stage.state.cursor.phase == .update && stage.state.newest?.update == 1)
    stage.press(".")
    #expect(stage.state.newest?.update == 2 && stage.state.cursor == Cursor(.forward, step: 5))
    // And back over the boundary.
    stage.press(",")
    #expect(stage.state.newest?.update == 1 && stage.state.cursor.phase == .update)
  }

  @Test func whatIfAtTheSameWeights() throws {
    var stage = try Stage()
    stage.press("nnn,,,")
    let before = try #require(stage.pass).parameters
    let cursor = stage.state.cursor
    stage.press("a")
    #expect(stage.pass?.experiment.network.activation == .sigmoid)
    #expect(stage.state.lane[StepInstrument.self]?.network.activation == .sigmoid)
    #expect(stage.pass?.parameters == before && stage.state.cursor == cursor)
    #expect(stage.state.lane.unconfirmed.isEmpty)
  }

  @Test func aRewindBringsTheSettingsBackAndSaysSo() throws {
    var stage = try Stage()
    stage.press("nn{nN")
    #expect(stage.state.experiment.training.k2 == .steps(9))
    stage.press("N")
    #expect(stage.state.experiment.training.k2 == .steps(10))
    #expect(stage.state.message?.text == "back before update 2; the settings of that time are back too")
  }

  @Test func anExplosionAndTheWayBack() throws {
    var experiment = Example.experiment()
    experiment.training.clip.kind = .none
    experiment.training.optimizer.learningRate = 1e300
    experiment.network.activation = .identity
    var stage = try Stage(experiment)
    for _ in 0..<10 where stage.state.explosion == nil { stage.press("n") }
    let explosion = try #require(stage.state.explosion)
    let rows = render(stage.state).rows
    #expect(rows[0].contains("✖ exploded"))
    #expect(rows.last?.contains("update \(explosion.update), step \(explosion.step): \(explosion.factor)") == true)
    #expect(rows.contains { $0.contains("no gradient: \(explosion.factor)") })
    stage.press("N")
    #expect(stage.state.explosion == nil)
    #expect(render(stage.state).rows[0].contains("paused"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    var experiment = Example.experiment()
    experiment.network.hidden = 129
    var stage = try Stage(experiment, patience: .live)
    #expect(render(stage.state).rows.contains { $0.contains("left out: ") })
    stage.press("?")
    #expect(render(stage.state).rows.contains { $0.contains("the eigenvalues of W_hh: more than 128 units") })
  }
}
