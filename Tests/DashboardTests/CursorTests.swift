import Canvas
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

/// The cursor on the tape: forward, backward, update.
@Suite struct CursorTests {
  let window = Window(steps: 5..<8, injected: 6..<8)

  @Test func itsPlacesAreThePassInOrder() {
    let walk = PassWalk(Experiment(), window)
    let places = (0..<6).map { place in walk[place].map { Cursor($0.phase, $0.site) } } + [Cursor.end(of: window)]
    #expect(
      places == [
        Cursor(.forward, step: 5), Cursor(.forward, step: 6), Cursor(.forward, step: 7), Cursor(.backward, step: 7),
        Cursor(.backward, step: 6), Cursor(.backward, step: 5), Cursor(.update, step: 5),
      ])
    #expect(walk.last == 6 && walk[-1] == nil && walk[6] == nil)
    for (place, cursor) in places.enumerated() { #expect(cursor.map { walk.place(of: $0, layer: 0) } == place) }
  }

  @Test func itKnowsWhatThePassHasReached() {
    let forward = Cursor(.forward, step: 6), backward = Cursor(.backward, step: 6), update = Cursor.end(of: window)
    #expect((5..<8).map(forward.hasState) == [true, true, false])
    #expect((5..<8).map(forward.hasGradient) == [false, false, false])
    #expect((5..<8).map(backward.hasState) == [true, true, true])
    #expect((5..<8).map(backward.hasGradient) == [false, true, true])
    #expect((5..<8).map(update.hasGradient) == [true, true, true])
  }

  @Test func itStaysAtItsStepWhenTheWindowChanges() {
    let longer = Window(steps: 2..<8, injected: 6..<8), shorter = Window(steps: 7..<8, injected: 7..<8)
    #expect(Cursor(.backward, step: 6).clamped(to: longer) == Cursor(.backward, step: 6))
    #expect(Cursor(.backward, step: 6).clamped(to: shorter) == Cursor(.backward, step: 7))
    #expect(Cursor.end(of: window).clamped(to: longer) == Cursor(.update, step: 2))
  }

  @Test func steppingBackAndOnIsMovingOnly() throws {
    var state = try Example.state()
    #expect(state.cursor == Cursor(.update, step: 5))
    #expect(state.press(.character(",")) == [])
    #expect(state.cursor == Cursor(.backward, step: 5))
    for _ in 0..<9 { #expect(state.press(.character(",")) == []) }
    #expect(state.cursor == Cursor(.backward, step: 14))
    #expect(state.press(.character(",")) == [])
    #expect(state.cursor == Cursor(.forward, step: 14))
    #expect(state.press(.character(".")) == [])
    #expect(state.cursor == Cursor(.backward, step: 14))
  }

  /// The example's pass has 10 steps: 20 places, then the update.
  @Test func fromRestAStepEntersThePassThatIsShown() throws {
    var state = try Example.state()
    #expect(state.press(.character(".")) == [])
    #expect(state.cursor == Cursor(.forward, step: 5))
    for _ in 0..<9 { #expect(state.press(.character(".")) == []) }
    #expect(state.cursor == Cursor(.forward, step: 14))
    for _ in 0..<10 { #expect(state.press(.character(".")) == []) }
    #expect(state.cursor == Cursor(.backward, step: 5))
    #expect(state.press(.character(".")) == [])
    #expect(state.cursor == Cursor(.update, step: 5))
    #expect(state.press(.character(".")) == [.source(.step(updates: 1))])
  }

  /// On the way forward → goes on, on the way back ← does: the cursor moves where the arrow points, and turns only onward.
  @Test func arrowsMoveItAsTheyPoint() throws {
    var state = try Example.state()
    _ = state.press(.escape)
    state.focus = nil
    #expect(state.press(.right) == [])
    #expect(state.cursor == Cursor(.forward, step: 5))
    #expect(state.press(.left) == [] && state.cursor == Cursor(.forward, step: 5))
    #expect(state.message?.text.hasPrefix("the pass begins here") == true)
    for _ in 0..<9 { _ = state.press(.right) }
    #expect(state.cursor == Cursor(.forward, step: 14))
    _ = state.press(.left)
    #expect(state.cursor == Cursor(.forward, step: 13))
    _ = state.press(.right, .right)
    #expect(state.cursor == Cursor(.backward, step: 14))
    #expect(state.press(.right) == [] && state.cursor == Cursor(.backward, step: 14))
    #expect(state.message?.text.hasPrefix("the gradient begins here") == true)
    _ = state.press(.left, .left)
    #expect(state.cursor == Cursor(.backward, step: 12))
    _ = state.press(.right)
    #expect(state.cursor == Cursor(.backward, step: 13))
    for _ in 0..<9 { _ = state.press(.left) }
    #expect(state.cursor == Cursor(.update, step: 5))
    #expect(state.press(.left) == [] && state.cursor == Cursor(.update, step: 5))
    #expect(state.press(.right) == [] && state.cursor == Cursor(.backward, step: 5))
  }

  @Test func aChangeAndAPauseBringTheRestBack() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character("."))
    #expect(state.cursor == Cursor(.update, step: 5))
    _ = state.press(.character("a"))
    #expect(state.press(.character(".")) == [] && state.cursor == Cursor(.forward, step: 5))
    _ = state.press(.character(" "), .character(" "))
    #expect(state.press(.character(".")) == [] && state.cursor == Cursor(.forward, step: 5))
  }

  @Test(arguments: ["n", "N"])
  func afterAnUpdateItRests(_ key: Character) throws {
    var state = try Example.state()
    _ = state.press(.character(key))
    let next = try Example.snapshot(update: key == "n" ? 8 : 6, end: 20, serial: 3)
    state.show(next)
    #expect(state.cursor == Cursor(.update, step: 10))
    #expect(state.press(.character(".")) == [] && state.cursor == Cursor(.forward, step: 10))
  }

  @Test func aStepAskedForBeforeThePausedPassIsThereEntersIt() throws {
    var state = try Example.state()
    let next = try Example.snapshot(update: 8, end: 20, serial: 3)
    state.announce(next)
    #expect(state.press(.character(".")) == [])
    _ = reduce(into: &state, .news(.frame(Example.frame(next))))
    #expect(state.cursor == Cursor(.forward, step: 10))
  }

  @Test func behindTheUpdateLiesTheNextWindowsFirstStep() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character("."))
    #expect(state.press(.character(".")) == [.source(.step(updates: 1))])
    // Steps asked for before the next pass is there are not lost.
    #expect(state.press(.character("."), .character(".")) == [])
    // A pass of the same window that arrives late changes nothing.
    let late = try Example.snapshot(serial: 2)
    _ = reduce(into: &state, .news(.frame(Example.frame(late))))
    #expect(state.cursor == Cursor(.update, step: 5))
    let next = try Example.snapshot(update: 8, end: 20, serial: 3)
    state.show(next)
    #expect(state.cursor == Cursor(.forward, step: 12))
    #expect(state.press(.character(".")) == [])
    #expect(state.cursor == Cursor(.forward, step: 13))
  }

  @Test func beforeTheFirstStepLiesTheUpdateBefore() throws {
    var state = try Example.state()
    state.cursor = .start(of: Window(steps: 5..<15, injected: 10..<15))
    #expect(state.press(.character(",")) == [.source(.rewind(updates: 1))])
    let before = try Example.snapshot(update: 6, end: 10, serial: 2)
    state.show(before)
    #expect(state.cursor == Cursor(.update, step: 0))
    // It was stepped to: the next step goes the same way back.
    #expect(state.press(.character(".")) == [.source(.step(updates: 1))])
  }

  @Test func whatIsNotKeptIsSaid() throws {
    var state = try Example.state()
    var snapshot = try Example.snapshot(serial: 2)
    snapshot.rewindable = 0
    state.announce(snapshot)
    #expect(state.press(.character("N")) == [])
    #expect(state.message?.text == "history ends at update 7")
  }

  @Test func whileItRunsTheCursorRests() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character(","))
    #expect(state.press(.character(" ")) == [.source(.run)])
    #expect(state.cursor == Cursor(.update, step: 5))
    let next = try Example.snapshot(update: 9, end: 20, running: true, serial: 2)
    state.show(next)
    #expect(state.cursor == Cursor(.update, step: 10))
    // A step while it runs stops it, no more.
    #expect(state.press(.character(".")) == [.source(.pause)])
    #expect(!state.isRunning)
  }

  @Test func aChangedWindowKeepsTheStepUnderTheCursor() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character(","), .character(","))
    #expect(state.cursor == Cursor(.backward, step: 7))
    var experiment = Example.experiment()
    experiment.training.k2 = .steps(6)
    let shorter = try Example.snapshot(experiment, end: 15, serial: 2)
    state.show(shorter)
    #expect(state.cursor == Cursor(.backward, step: 9))
  }

  /// Home and End are the pass's ends, PgUp and PgDn ten places, and stay in it.
  @Test func keysWalkFast() throws {
    var state = try Example.state()
    state.focus = nil
    #expect(state.press(.home) == [] && state.cursor == Cursor(.forward, step: 5))
    #expect(state.press(.pageDown) == [] && state.cursor == Cursor(.backward, step: 14))
    #expect(state.press(.pageUp, .pageUp) == [] && state.cursor == Cursor(.forward, step: 5))
    #expect(state.press(.end) == [] && state.cursor == Cursor(.update, step: 5))
    #expect(state.press(.pageDown) == [] && state.cursor == Cursor(.update, step: 5))
    // From the end, as after walking there, the next step makes the update.
    #expect(state.press(.character(".")) == [.source(.step(updates: 1))])
  }

  /// The losses of the steps 11 … 15 are injected; the walk goes through both passes, and around.
  @Test func theNextLoss() throws {
    var state = try Example.state()
    let targets = try #require(state.newest).targetSteps.filter { (10..<15).contains($0) }
    #expect(!targets.isEmpty)
    for step in targets {
      #expect(state.press(.character(";")) == [] && state.cursor == Cursor(.forward, step: step))
    }
    for step in targets.reversed() {
      _ = state.press(.character(";"))
      #expect(state.cursor == Cursor(.backward, step: step))
    }
    _ = state.press(.character(";"))
    #expect(state.cursor == Cursor(.forward, step: targets[0]))
    // A window without a target says so.
    var experiment = Example.experiment()
    experiment.task.name = .temporalOrder
    state = try Example.state(experiment)
    let before = state.cursor
    _ = state.press(.character(";"))
    #expect(state.message?.text == "no loss is injected in this window" && state.cursor == before)
  }

  /// A key that is held goes ten, then a hundred updates at a time.
  @Test func aHeldKeyGoesFaster() throws {
    var state = try Example.state()
    var updates: [Int] = []
    for press in 0..<60 {
      let effects = reduce(into: &state, .key(.character("n"), at: .milliseconds(30 * press)))
      if case .source(.step(let count))? = effects.first { updates.append(count) }
    }
    #expect(updates.count == 60 && updates[0] == 1 && updates[11] == 1 && updates[12] == 10 && updates[40] == 100)
    // Let go, it is one again.
    #expect(reduce(into: &state, .key(.character("n"), at: .seconds(9))) == [.source(.step(updates: 1))])
  }
}
