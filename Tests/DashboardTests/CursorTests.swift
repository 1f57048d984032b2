import Canvas
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

/// The cursor on the tape: forward, backward, update.
@Suite struct CursorTests {
  let window = Window(steps: 5..<8, injected: 6..<8)

  @Test func itsPlacesAreThePassInOrder() {
    let places = (0...6).map { Cursor(place: $0, in: window) }
    #expect(
      places == [
        Cursor(.forward, step: 5), Cursor(.forward, step: 6), Cursor(.forward, step: 7), Cursor(.backward, step: 7),
        Cursor(.backward, step: 6), Cursor(.backward, step: 5), Cursor(.update, step: 5),
      ])
    #expect(Cursor(place: -1, in: window) == nil && Cursor(place: 7, in: window) == nil)
    for place in 0...6 { #expect(Cursor(place: place, in: window)?.place(in: window) == place) }
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
    #expect(state.press(.character(".")) == [.update(count: 1)])
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
    _ = reduce(into: &state, .snapshot(next))
    _ = reduce(into: &state, .analysis(try Example.analysis(next)))
    #expect(state.cursor == Cursor(.update, step: 10))
    #expect(state.press(.character(".")) == [] && state.cursor == Cursor(.forward, step: 10))
  }

  @Test func aStepAskedForBeforeThePausedPassIsThereEntersIt() throws {
    var state = try Example.state()
    let next = try Example.snapshot(update: 8, end: 20, serial: 3)
    _ = reduce(into: &state, .snapshot(next))
    #expect(state.press(.character(".")) == [])
    _ = reduce(into: &state, .analysis(try Example.analysis(next)))
    #expect(state.cursor == Cursor(.forward, step: 10))
  }

  @Test func behindTheUpdateLiesTheNextWindowsFirstStep() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character("."))
    #expect(state.press(.character(".")) == [.update(count: 1)])
    // Steps asked for before the next pass is there are not lost.
    #expect(state.press(.character("."), .character(".")) == [])
    // A pass of the same window that arrives late changes nothing.
    let late = try Example.snapshot(serial: 2)
    _ = reduce(into: &state, .analysis(try Example.analysis(late)))
    #expect(state.cursor == Cursor(.update, step: 5))
    let next = try Example.snapshot(update: 8, end: 20, serial: 3)
    _ = reduce(into: &state, .snapshot(next))
    _ = reduce(into: &state, .analysis(try Example.analysis(next)))
    #expect(state.cursor == Cursor(.forward, step: 12))
    #expect(state.press(.character(".")) == [])
    #expect(state.cursor == Cursor(.forward, step: 13))
  }

  @Test func beforeTheFirstStepLiesTheUpdateBefore() throws {
    var state = try Example.state()
    state.cursor = .start(of: Window(steps: 5..<15, injected: 10..<15))
    #expect(state.press(.character(",")) == [.rewind(updates: 1)])
    let before = try Example.snapshot(update: 6, end: 10, serial: 2)
    _ = reduce(into: &state, .snapshot(before))
    _ = reduce(into: &state, .analysis(try Example.analysis(before)))
    #expect(state.cursor == Cursor(.update, step: 0))
    // It was stepped to: the next step goes the same way back.
    #expect(state.press(.character(".")) == [.update(count: 1)])
  }

  @Test func whatIsNotKeptIsSaid() throws {
    var state = try Example.state()
    var snapshot = try Example.snapshot(serial: 2)
    snapshot.rewindable = 0
    _ = reduce(into: &state, .snapshot(snapshot))
    #expect(state.press(.character("N")) == [])
    #expect(state.message?.text == "the updates before 8 are not kept")
  }

  @Test func whileItRunsTheCursorRests() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character(","))
    #expect(state.press(.character(" ")) == [.run])
    #expect(state.cursor == Cursor(.update, step: 5))
    let next = try Example.snapshot(update: 9, end: 20, running: true, serial: 2)
    _ = reduce(into: &state, .snapshot(next))
    _ = reduce(into: &state, .analysis(try Example.analysis(next)))
    #expect(state.cursor == Cursor(.update, step: 10))
    // A step while it runs stops it, no more.
    #expect(state.press(.character(".")) == [.pause])
    #expect(!state.isRunning)
  }

  @Test func aChangedWindowKeepsTheStepUnderTheCursor() throws {
    var state = try Example.state()
    _ = state.press(.character(","), .character(","), .character(","))
    #expect(state.cursor == Cursor(.backward, step: 7))
    var experiment = Example.experiment()
    experiment.training.k2 = .steps(6)
    let shorter = try Example.snapshot(experiment, end: 15, serial: 2)
    _ = reduce(into: &state, .snapshot(shorter))
    _ = reduce(into: &state, .analysis(try Example.analysis(shorter)))
    #expect(state.cursor == Cursor(.backward, step: 9))
  }
}
