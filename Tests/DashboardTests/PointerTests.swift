import Canvas
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// The mouse on the screen of a real pass: 20 steps, window 6 … 15, of which the last 5 are injected.
@Suite struct PointerTests {
  private func place(_ id: PanelID, _ state: DashboardState) throws -> ScreenLayout.Place {
    try #require(ScreenLayout(state).places.first { $0.panel.id == id })
  }

  private func use(_ state: inout DashboardState, _ kind: PointerEvent.Kind, _ x: Int, _ y: Int) -> [Effect] {
    reduce(into: &state, .pointer(PointerEvent(kind, x: x, y: y)))
  }

  /// Where a character stands on the screen.
  private func find(_ text: String, _ state: DashboardState, from row: Int = 0) throws -> (x: Int, y: Int) {
    for (y, line) in render(state).rows.enumerated().dropFirst(row) {
      if let range = line.range(of: text) { return (line.distance(from: line.startIndex, to: range.lowerBound), y) }
    }
    throw Missing()
  }
  private struct Missing: Error {}

  @Test func aClickFocuses() throws {
    var state = try Example.state()
    for id in ScreenLayout(state).places.map(\.panel.id) {
      let frame = try place(id, state).frame
      #expect(use(&state, .press, frame.x, frame.y).isEmpty)
      _ = use(&state, .release, frame.x, frame.y)
      #expect(state.focus == id)
    }
    let before = state
    // Header, footer and what lies beside the screen are no panel.
    for (x, y) in [(3, 0), (3, 35), (500, 5), (3, -1)] { #expect(use(&state, .press, x, y).isEmpty) }
    #expect(state == before)
  }

  @Test func aClickGoesToTheStep() throws {
    var state = try Example.state(size: Size(width: 120, height: 60))
    // The label of a step stands under its column.
    let axis = try find("step t", state)
    let line = render(state).rows[axis.y]
    let column = try #require(line.range(of: " 10 ")).lowerBound
    _ = use(&state, .press, line.distance(from: line.startIndex, to: column) + 1, axis.y + 2)
    #expect(state.cursor.step + 1 == 10 && state.cursor.phase != .update)
    // Held, it follows the mouse, also beyond the panel's edge.
    _ = use(&state, .drag, 119, axis.y + 9)
    #expect(state.cursor.step + 1 == 15)
    _ = use(&state, .release, 119, axis.y)
    let there = state.cursor
    _ = use(&state, .drag, 20, axis.y)
    #expect(state.cursor == there)
  }

  @Test func aClickIntoTheGradientsPlotGoesToTheStep() throws {
    var state = try Example.state()
    let inside = try place("gradient-norm", state).inside
    let labels = render(state).rows[inside.maxY - 1]
    let text = String(Array(labels)[inside.x..<inside.maxX])
    let ten = try #require(text.range(of: " 10 "))
    _ = use(&state, .press, inside.x + text.distance(from: text.startIndex, to: ten.lowerBound) + 1, inside.y + 2)
    #expect(state.cursor.step + 1 == 10)
  }

  @Test func theWheelMovesTheCursorOfThePanel() throws {
    var state = try Example.state()
    let time = try place("through-time", state).inside
    _ = use(&state, .press, time.maxX - 40, time.y + 2)
    let before = state.cursor
    _ = use(&state, .wheelDown, time.x + 30, time.y + 1)
    #expect(state.cursor != before && state.focus == "through-time")
    _ = use(&state, .wheelUp, time.x + 30, time.y + 1)
    #expect(state.cursor == before)
    let knobs = try place("knobs", state).inside, knob = state.knob
    _ = use(&state, .wheelDown, knobs.x + 1, knobs.y)
    #expect(state.knob != knob && state.focus == "knobs" && state.cursor == before)
    _ = use(&state, .wheelUp, knobs.x + 1, knobs.y)
    #expect(state.knob == knob)
  }

  @Test func aCellOfTheFlowIsRead() throws {
    var state = try Example.state()
    let flow = try place("flow", state).inside
    _ = use(&state, .press, flow.x + 7, flow.maxY - 2)
    let words = try #require(state.message?.text)
    #expect(words.hasPrefix("‖∂l_i/∂h_t‖ of loss i = 1") || words.hasPrefix("‖∂l_i/∂h_t‖ of loss i = 2"), "\(words)")
    #expect(words.contains("at state t = "))
    // Above the diagonal nothing flows.
    let upper = (flow.x..<flow.maxX).compactMap { x in
      _ = use(&state, .press, x, flow.y)
      return state.message?.text
    }
    #expect(upper.last?.contains("a loss reaches no later state") == true)
    // Beside the map there is nothing to read.
    #expect(upper.count > 3 && upper.count < flow.width)
  }

  @Test func draggingTheBracketTurnsTheKnob() throws {
    var state = try Example.state()
    let bracket = try find("├", state, from: 3)
    // One column a step or more: the place of step 6 is the bracket's left end.
    #expect(use(&state, .press, bracket.x, bracket.y).isEmpty && state.knob == "training.k2")
    let end = try find("]", state, from: bracket.y)
    let third = (end.x - bracket.x) * 7 / 10
    let effects = use(&state, .drag, bracket.x + third, bracket.y)
    #expect(state.experiment.training.k2 == .steps(3) || state.experiment.training.k2 == .steps(4))
    guard case .source(.change)? = effects.first else {
      Issue.record("the source is not told: \(effects)")
      return
    }
    // Where nothing has changed nothing is told.
    #expect(use(&state, .drag, bracket.x + third, bracket.y).isEmpty)
    _ = use(&state, .release, 0, 0)
    #expect(use(&state, .drag, bracket.x, bracket.y).isEmpty)
  }

  @Test func inThePromptTheMouseDoesNothing() throws {
    var state = try Example.state()
    _ = state.type(":k2")
    let before = state
    for kind in [PointerEvent.Kind.press, .drag, .release, .wheelUp] { #expect(use(&state, kind, 30, 5).isEmpty) }
    #expect(state == before)
    _ = state.press(.escape)
    _ = state.type("?")
    _ = use(&state, .wheelDown, 30, 5)
    #expect(state.mode == .help(line: 1))
  }

  @Test func remappedKeysDoWhatTheOthersDo() throws {
    var state = try Example.state()
    state.remappedKeys = [.character("w"): .character("z"), .function(1): .character("?")]
    _ = state.type("w")
    #expect(state.zoomed != nil)
    // Where text is written a key is its own character.
    _ = state.type(":w")
    guard case .prompt(let editor) = state.mode else {
      Issue.record("no prompt")
      return
    }
    #expect(editor.text == "w")
    _ = state.press(.escape, .escape, .function(1))
    #expect(state.mode == .help(line: 0))
    #expect(render(state, size: Size(width: 120, height: 60)).rows.contains { $0.contains("Your own keys") })
  }

  @Test func themesAreShownAndSetAtThePrompt() throws {
    var state = try Example.state()
    _ = state.type("T")
    #expect(state.theme.name == .light && state.message?.text == "theme light")
    _ = state.type(":theme hi")
    _ = state.press(.tab)
    _ = state.press(.enter)
    #expect(state.theme.name == .highContrast && state.mode == .panels)
    _ = state.type(":theme ligt")
    _ = state.press(.enter)
    guard case .prompt(let editor) = state.mode else {
      Issue.record("no prompt")
      return
    }
    #expect(editor.problem?.hasSuffix("nearest is light") == true && state.theme.name == .highContrast)
  }

  /// Large numbers and one panel or two, in every size.
  @Test func theBigScreenHasLargeNumbers() throws {
    for (width, height) in [(60, 20), (80, 24), (120, 36), (200, 60)] {
      var state = try Example.state(size: Size(width: width, height: height))
      _ = state.type("B")
      let rows = render(state).rows
      #expect(rows[1].contains("update") && rows[1].contains("∂L/∂h"))
      #expect(rows[2...6].allSatisfy { $0.contains("█") })
      #expect(ScreenLayout(state).places.count == (height >= 30 ? 2 : 1))
      #expect(rows.joined().contains("Gradient norm"))
      #expect(!rows.joined().unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
      // A name is whole, with its number, or shorter.
      state.theme = Theme(characters: .ascii)
      let names = render(state).rows[1]
      #expect(names.contains("||dL/dh||") && (names.contains("at t = 6") || !names.contains("at t")))
      _ = state.press(.escape)
      #expect(!state.isBig)
    }
  }
}
