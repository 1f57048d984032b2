import Canvas
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// What keys and messages do to the state: everything that changes, and nothing else.
@Suite struct ReducerTests {
  /// Asserts that pressing `keys` gives `effects` and changes the state just as `change` does.
  private func expect(
    _ keys: Key..., effects: [Effect] = [], from start: DashboardState? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, change: (inout DashboardState) -> Void = { _ in }
  ) throws {
    var state = try start ?? Example.state()
    var expected = state
    change(&expected)
    let found = keys.flatMap { reduce(into: &state, .key($0)) }
    #expect(found == effects, sourceLocation: sourceLocation)
    // Which key came when is no part of what it did.
    expected.held = state.held
    #expect(state == expected, sourceLocation: sourceLocation)
  }

  @Test func runAndPause() throws {
    try expect(.character(" "), effects: [.source(.run)]) { $0.requestedRunning = true }
    try expect(.character(" "), .character(" "), effects: [.source(.run), .source(.pause)]) {
      $0.requestedRunning = false
    }
  }

  @Test func theTrainersWordEndsTheWish() throws {
    var state = try Example.state()
    _ = state.press(.character(" "))
    // Published before the command was taken: the wish stands.
    state.announce(try Example.snapshot(running: false, serial: 2))
    #expect(state.isRunning)
    state.announce(try Example.snapshot(running: true, serial: 3))
    #expect(state.requestedRunning == nil && state.isRunning)
  }

  @Test func speedWalksItsLadder() throws {
    var state = try Example.state()
    state.speed = .unlimited
    #expect(state.press(.character("<")) == [.source(.speed(1000))])
    for rate in [300.0, 100, 30, 10, 3, 1] { #expect(state.press(.character("<")) == [.source(.speed(rate))]) }
    #expect(state.press(.character("<")) == [])
    for _ in 0..<6 { _ = state.press(.character(">")) }
    #expect(state.press(.character(">")) == [.source(.speed(nil))])
    #expect(state.press(.character(">")) == [])
    // A pace between two of them goes to the next.
    #expect(state.type(":pace 25") == [] && state.press(.enter) == [.source(.speed(25))])
    #expect(state.press(.character("<")) == [.source(.speed(10))])
    #expect(state.type(":pace full") == [] && state.press(.enter) == [.source(.speed(nil))])
    #expect(state.type(":pace fast") == [] && state.press(.enter) == [])
    #expect(render(state).plainText.contains("pace: found fast, expected updates a second, or full, as in :pace 50"))
  }

  @Test func programKeys() throws {
    try expect(.character("q"), effects: [.quit])
    try expect(.control("c"), effects: [.quit])
    try expect(.control("z"), effects: [.suspend])
    try expect(.control("l"), effects: [.repaint])
    try expect(.character("S"), effects: [.savePicture(PictureRequest())])
    try expect(.character("e"), effects: [.exportTrace])
    try expect(.character("E"), effects: [.saveExperiment])
    try expect(.character("s"), effects: [.saveSession])
    try expect(.control("r"), effects: [.takeUpSession])
    try expect(.character("Q")) { $0.message = Message("Q: nothing; ? lists the keys") }
    try expect(.function(5)) { $0.message = Message("F5: nothing; ? lists the keys") }
  }

  /// A digit goes to its panel; once more it goes back to where the focus was, and what was hidden is hidden again.
  @Test func aDigitGoesToItsPanelAndBack() throws {
    var state = try Example.state()
    _ = state.press(.character("4"))
    #expect(state.focus == "flow" && state.panelsOn.contains("flow"))
    _ = state.press(.character("4"))
    #expect(state.focus == "knobs" && state.panelsOn.contains("flow"))
    state.panelsOn.remove("flow")
    _ = state.press(.character("4"))
    #expect(state.focus == "flow" && ScreenLayout(state).frame(of: "flow") != nil)
    _ = state.press(.character("3"), .character("3"))
    #expect(state.focus == "flow")
    _ = state.press(.character("4"))
    // It was gone to by 3 in between: there is nothing to go back to, and it is hidden.
    #expect(ScreenLayout(state).frame(of: "flow") == nil)
    // Nothing to show in this task.
    _ = state.press(.character("9"))
    #expect(state.message == Message("9 File: nothing to show here, it needs a task that reads a file"))
  }

  @Test func aDigitAndZZoomsItsPanel() throws {
    var state = try Example.state()
    _ = state.press(.character("3"), .character("z"))
    #expect(state.zoomed == "jacobian-product")
    // Back, and the same again, though the focus is there already.
    _ = state.press(.character("z"), .character("3"), .character("z"))
    #expect(state.zoomed == "jacobian-product")
  }

  /// p goes through the choices of panels; one that the reader has made comes behind them.
  @Test func presetsOfPanels() throws {
    var state = try Example.state()
    _ = state.press(.character("p"))
    #expect(state.message?.text == "panels: research (classroom, explore, research)")
    #expect(
      ScreenLayout(state).frame(of: "decay") != nil && ScreenLayout(state).frame(of: "through-time") == nil)
    _ = state.press(.character("p"))
    #expect(state.panelsOn == ["through-time", "gradient-norm", "knobs", "this-step"])
    _ = state.press(.character("4"), .character("p"))
    #expect(state.message?.text == "panels: classroom (classroom, explore, research, own)")
    _ = state.press(.character("p"), .character("p"), .character("p"))
    #expect(state.ownPanels == ["through-time", "gradient-norm", "knobs", "this-step", "flow"])
    for _ in 0..<4 where state.panelsOn != state.ownPanels { _ = state.press(.character("p")) }
    #expect(state.panelsOn == state.ownPanels && state.message?.text.hasPrefix("panels: own") == true)
  }

  /// The panels that are on can be kept, and a choice can be taken by its name.
  @Test func panelsAtThePrompt() throws {
    var state = try Example.state()
    #expect(try enter("panels classroom", &state).isEmpty)
    #expect(state.panelsOn == ["through-time", "gradient-norm", "knobs", "this-step"])
    #expect(
      try enter("panels save", &state)
        == [.savePanels(["gradient-norm", "knobs", "this-step", "through-time"])])
    // Of all panels those are kept that the screen has room for.
    _ = try enter("panels explore", &state)
    state.size = Size(width: 80, height: 24)
    #expect(try enter("panels save", &state) == [.savePanels(ScreenLayout(state).places.map(\.panel.id.name).sorted())])
    #expect(ScreenLayout(state).places.count < 8)
    _ = try enter("panels classrom", &state)
    guard case .prompt(let editor) = state.mode else { throw Stop() }
    #expect(editor.problem?.contains("nearest is classroom") == true, "\(editor.problem ?? "")")
  }

  private struct Stop: Error {}

  private func enter(_ line: String, _ state: inout DashboardState) throws -> [Effect] {
    _ = state.press(.character(":"))
    for character in line { _ = state.press(.character(character)) }
    return state.press(.enter)
  }

  /// A search takes what is typed for a sign.
  @Test func lrFindsTheLearningRate() throws {
    let state = try Example.state()
    for (typed, key) in [("lr", "training.optimizer.learning_rate"), ("rho", "network.init.spectral_radius")] {
      guard case .knob(let knob)? = state.findings(typed).first else { throw Stop() }
      #expect(knob.name == key)
    }
  }

  @Test func theLastPanelStays() throws {
    var state = try Example.state()
    state.panelsOn = ["flow"]
    state.focus = "flow"
    _ = state.press(.character("4"))
    #expect(state.panelsOn == ["flow"] && state.message == Message("the last panel stays"))
  }

  @Test func whatFindsNoRoomComesWhenAskedFor() throws {
    var state = try Example.state(size: Size(width: 80, height: 24))
    #expect(!ScreenLayout(state).places.contains { $0.panel.id == "loss" })
    _ = state.press(.character("6"))
    #expect(ScreenLayout(state).places.contains { $0.panel.id == "loss" })
    #expect(state.focus == "loss")
  }

  @Test func zoomAndBack() throws {
    try expect(.character("z")) { $0.zoomed = "knobs" }
    try expect(.enter) { $0.zoomed = "knobs" }
    try expect(.character("z"), .escape)
    try expect(.character("z"), .character("z"))
    // In the zoom a digit takes another panel, Tab the next.
    var zoomed = try Example.state()
    _ = zoomed.press(.character("z"), .character("2"))
    #expect(zoomed.zoomed == "gradient-norm" && zoomed.focus == "gradient-norm")
    _ = zoomed.press(.character("2"))
    #expect(zoomed.zoomed == "knobs" && zoomed.focus == "knobs")
    try expect(.character("z"), .tab) {
      $0.zoomed = "this-step"
      $0.focus = "this-step"
    }
  }

  @Test func focusGoesRound() throws {
    var state = try Example.state()
    let order: [PanelID] = [
      "this-step", "timeline", "through-time", "gradient-norm", "jacobian-product", "flow", "spectrum", "loss", "knobs",
    ]
    for id in order {
      _ = state.press(.tab)
      #expect(state.focus == id)
    }
    for id in order.dropLast().reversed() {
      _ = state.press(.backTab)
      #expect(state.focus == id)
    }
  }

  /// The bar of the updates ends at 1, 2 or 5 times a power of ten: while training goes on its marks stand still for long.
  @Test(arguments: [(1, 1), (2, 2), (3, 5), (7, 10), (10, 10), (11, 20), (100, 100), (101, 200), (2345, 5000)])
  func theBarOfUpdatesEndsAtARoundNumber(_ least: Int, _ end: Int) {
    #expect(TimelineScale.roundNumber(from: least) == end)
  }

  @Test func aFocusOutOfSightTakesNoKeys() throws {
    var state = try Example.state()
    state.panelsOn.remove("knobs")
    #expect(state.press(.left) == [])
    #expect(state.cursor.phase == .backward)
  }

  @Test func helpOpensScrollsAndCloses() throws {
    var state = try Example.state(size: Size(width: 60, height: 20))
    _ = state.press(.character("?"))
    #expect(state.mode == .help(line: 0))
    _ = state.press(.down, .pageDown)
    #expect(state.mode == .help(line: 17))
    _ = state.press(.end, .home, .up)
    #expect(state.mode == .help(line: 0))
    #expect(state.press(.character("q")) == [])
    #expect(state.mode == .panels)
  }

  @Test func anExplosionSaysTheWayBack() throws {
    var state = try Example.state()
    _ = state.press(.character(" "))
    var snapshot = try Example.snapshot(serial: 2)
    snapshot.explosion = Explosion(update: 8, step: 11, factor: "pre-activation a")
    state.announce(snapshot)
    #expect(!state.isRunning)
    #expect(
      render(state).rows.last?.contains("update 8, step 11: pre-activation a is not finite · N goes back") == true)
    #expect(state.press(.character(" "), .character("."), .character("n")) == [])
    #expect(state.message?.isError == true)
    #expect(state.press(.character("N")) == [.source(.rewind(updates: 1))])
  }

  @Test func messagesStayUntilTheNextKey() throws {
    var state = try Example.state()
    _ = reduce(into: &state, .message("saved bpttop-1.svg"))
    #expect(render(state).rows.last?.hasPrefix(" saved bpttop-1.svg ") == true)
    _ = reduce(into: &state, .failure("cannot write"))
    #expect(state.message == Message("cannot write", isError: true))
    _ = state.press(.character("j"))
    #expect(state.message == nil)
  }

  @Test func aScreenTooSmallQuitsStill() throws {
    var state = try Example.state(size: Size(width: 1, height: 1))
    #expect(state.press(.character("k"), .character(" "), .character(":")) == [])
    #expect(state.press(.character("q")) == [.quit])
    state.size = Size(width: 120, height: 36)
    #expect(state.mode == .panels)
  }

  /// A long way is told, and Esc ends it.
  @Test func theWayToAnUpdateCanBeStopped() throws {
    var state = try Example.state()
    for key in ":update 5000" { #expect(state.press(.character(key)) == []) }
    #expect(state.press(.enter) == [.source(.go(to: 5000))] && state.goal == 5000)
    #expect(try #require(render(state).rows.last).contains("on the way to update 5,000 · Esc stops"))
    #expect(state.press(.escape) == [.source(.pause)] && state.goal == nil)
    #expect(state.press(.escape) == [])
  }

  @Test func theNewcomersLineGoesAsItIsUsed() throws {
    var state = try Example.state()
    state.tip = Tip.allCases
    _ = state.press(.character("c"))
    #expect(state.tip == [.explode, .truncate, .faster])
    _ = state.press(.character("{"))
    #expect(state.tip == [.explode, .faster])
    _ = state.press(.character("+"), .character("<"))
    #expect(state.tip == [.explode])
    for _ in 0..<4 { _ = state.press(.character("+")) }
    #expect(state.experiment.network.initialization.spectralRadius == 2 && state.tip == [])
    state.tip = Tip.allCases
    _ = state.press(.escape)
    #expect(state.tip == [])
  }

  @Test func resizing() throws {
    var state = try Example.state()
    #expect(reduce(into: &state, .resize(Size(width: 80, height: 24))) == [])
    #expect(state.size == Size(width: 80, height: 24))
  }
}
