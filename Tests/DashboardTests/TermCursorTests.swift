import Canvas
import GradientFlow
import Instruments
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// A term of the flow matrix is gone to with the arrows, and all panels come along.
@Suite struct TermCursorTests {
  /// A runner on a run that is stepped: 20 steps with a loss at each, windows of 10 steps every 5.
  private func stage(_ settings: [Setting] = [], files: any FileOutlet = NoFiles()) throws -> EffectRunner {
    let experiment = try Example.experiment().setting(settings)
    let source = SteppedSource(run: try TrainingRun(experiment: experiment))
    let state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
    var runner = EffectRunner(state, source: source, files: files)
    source.requestFrame()
    _ = runner.takeNews()
    return runner
  }

  private func press(_ runner: inout EffectRunner, _ keys: Key...) {
    for key in keys {
      _ = runner.handle(.key(key))
      _ = runner.takeNews()
    }
  }

  private func term(_ runner: EffectRunner) throws -> FlowTerm {
    try #require(runner.state.lane[TermInstrument.self]).term
  }

  @Test func arrowsGoToAnyTermAndThePassComesAlong() throws {
    var runner = try stage()
    press(&runner, .character("n"), .character("n"), .character("4"))
    // Steps 6 … 15; at rest the last loss at the window's first step.
    #expect(runner.state.window?.steps == 5..<15)
    #expect(try term(runner).loss == 19 && term(runner).step == 5)
    press(&runner, .up, .up, .right)
    #expect(try term(runner).loss == 17 && term(runner).step == 6)
    #expect(runner.state.cursor == Cursor(.backward, step: 6) && runner.state.term == TermPlace(loss: 17, step: 6))
    // The value is that of the matrix.
    let flow = try #require(runner.state.lane[FlowInstrument.self]).matrix
    let row = try #require(flow.rows.firstIndex(of: 17))
    #expect(abs(try term(runner).log10Norm - flow[row, 6]) < 1e-12)

    // Outside of the window the pass stays where it was.
    press(&runner, .left, .left, .left)
    #expect(try term(runner).step == 3 && runner.state.cursor.step == 5)
    for _ in 0..<8 { press(&runner, .left) }
    #expect(try term(runner).step == 0)
    for _ in 0..<30 { press(&runner, .down, .right) }
    #expect(try term(runner).loss == 19 && term(runner).step == 19)
    // A step of the pass forgets the term: the loss at the cursor's step is read.
    press(&runner, .character("."))
    #expect(runner.state.term == nil)
    let cursor = runner.state.cursor
    #expect(try term(runner).step == cursor.step && term(runner).loss == cursor.step)
  }

  @Test func zoomedTheTermIsWrittenOut() throws {
    var runner = try stage()
    press(&runner, .character("n"), .character("n"), .character("4"), .character("z"), .up, .up)
    let found = try term(runner), text = render(runner.state).rows.joined(separator: " ")
    #expect(text.contains("∂l₁₈/∂h₆ = ∂l₁₈/∂h₁₈ J₁₈ J₁₇ … J₇"))
    #expect(text.contains("^12"))
    // Step 6 lies in no window that loss 18 enters: windows end at 20 and begin at 11.
    #expect(found.loss == 17 && text.contains("cut off: no update has both in its window"))
    press(&runner, .up, .up, .up, .up)
    #expect(render(runner.state).rows.joined().contains("carried by one update, steps 6 … 15"))
  }

  @Test func theScheduleIsShownAlone() throws {
    var runner = try stage([Setting(key: "training.k1", value: "5"), Setting(key: "training.k2", value: "5")])
    press(&runner, .character("4"), .character("z"), .character("v"))
    #expect(runner.state.showsSchedule && render(runner.state).rows.contains { $0.contains("TBPTT(5,5)") })
    let mask = try #require(runner.state.lane[FlowInstrument.self]?.schedule)
    // Blocks of five: a term is carried where both lie in one.
    for i in 0..<20 { for t in 0...i { #expect(mask[i, t] == (i / 5 == t / 5 ? 1 : 0)) } }
    press(&runner, .character("v"))
    #expect(!runner.state.showsSchedule)
  }

  @Test func theLossUnderTheCursorIsAttributed() throws {
    var runner = try stage()
    press(&runner, .character("n"), .character("n"))
    for key in "/attribution" { press(&runner, .character(key)) }
    press(&runner, .enter)
    func loss() -> Int? { runner.state.lane[AttributionInstrument.self]?.attribution.loss }
    #expect(runner.state.focus == "attribution" && loss() == 19)
    press(&runner, .character(","))
    #expect(loss() == runner.state.cursor.step)
    press(&runner, .up)
    #expect(loss() == runner.state.cursor.step - 1)
    #expect(render(runner.state).rows.contains { $0.contains("loss i = \(runner.state.cursor.step)") })
  }

  @Test func whatExplodedIsWalkedBackAndSaved() throws {
    let files = NoFiles()
    let settings = [
      Setting(key: "training.clip.kind", value: "none"), Setting(key: "network.activation", value: "identity"),
      Setting(key: "training.optimizer.learning_rate", value: "1e12"),
    ]
    var runner = try stage(settings, files: files)
    for key in "/black" { press(&runner, .character(key)) }
    press(&runner, .enter)
    #expect(render(runner.state).rows.contains { $0.contains("no number has overflowed") })
    for _ in 0..<10 where runner.state.explosion == nil { press(&runner, .character("n")) }
    let explosion = try #require(runner.state.explosion)
    let box = try #require(runner.state.lane[BlackBoxInstrument.self]).box
    #expect(box.explosion == explosion && box.entries.count == explosion.update)
    #expect(render(runner.state).rows.contains { $0.contains("✖ update \(explosion.update), step \(explosion.step)") })
    press(&runner, .character("e"))
    guard case .blackBox(let saved)? = files.asked.last else {
      Issue.record("no black box")
      return
    }
    #expect(saved.entries.count == box.entries.count)
    // Gone back, the box is there still, and e writes the pass that is shown.
    press(&runner, .character("N"))
    #expect(
      runner.state.explosion == nil
        && runner.state.lane[BlackBoxInstrument.self]?.present?.update == runner.state.newest.map { $0.update + 1 })
  }
}
