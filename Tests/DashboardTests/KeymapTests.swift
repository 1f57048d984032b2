import Canvas
import Testing

@testable import Dashboard
@testable import Panels

/// Footer and help are made of the keymap, and the keymap says what is true.
@Suite struct KeymapTests {
  @Test func noKeyIsBoundTwice() {
    let keys = Keymap.bindings.flatMap { $0.keys.map(\.key) }
    #expect(Set(keys).count == keys.count)
  }

  /// States in which keys mean something: paused, running, zoomed, with the newcomer's line.
  private func situations() throws -> [DashboardState] {
    let paused = try Example.state()
    var running = paused, zoomed = paused, slow = paused, explained = paused
    _ = running.press(.character(" "))
    _ = zoomed.press(.character("z"))
    _ = slow.press(.character("<"))
    explained.tip = Tip.allCases
    return [paused, running, zoomed, slow, explained]
  }

  @Test(arguments: Keymap.bindings.flatMap { binding in binding.keys.map(\.key) })
  func everyKeyDoesSomething(_ key: Key) throws {
    let doesSomething = try situations().contains { state in
      var after = state
      let effects = reduce(into: &after, .key(key))
      return after != state || !effects.isEmpty
    }
    #expect(doesSomething)
  }

  @Test(arguments: [
    Key.character("P"), .character("Q"), .function(1), .control("b"),
  ])
  func aKeyOfNoBindingSaysSo(_ key: Key) throws {
    for state in try situations() {
      var after = state
      after.message = nil
      let before = after
      #expect(reduce(into: &after, .key(key)) == [])
      #expect(after.message == Message("\(key.name): nothing; ? lists the keys"))
      after.message = nil
      after.held = before.held
      #expect(after == before)
    }
  }

  @Test(arguments: Keymap.bindings.indices)
  func aBindingIsCalledByItsOwnKeys(_ index: Int) {
    let binding = Keymap.bindings[index]
    let names: [Key: String] = [
      .character(" "): "space", .tab: "⇥", .enter: "⏎", .escape: "Esc", .control("l"): "Ctrl-L",
      .control("z"): "Ctrl-Z", .control("r"): "Ctrl-R", .home: "Home", .end: "End", .left: "←",
      .right: "→",
    ]
    let own = binding.keys.map { key in
      if let name = names[key.key] { return name }
      if case .character(let character) = key.key { return String(character) }
      return ""
    }
    for word in binding.name.split(separator: " ") where word != "0-9" { #expect(own.contains(String(word))) }
    #expect(!binding.name.isEmpty && !binding.help.isEmpty)
  }

  @Test(arguments: Panels.all.indices)
  func aPanelTakesTheKeysThatItNames(_ index: Int) throws {
    let panel = Panels.all[index]
    for key in panel.keys.flatMap(\.keys) {
      var state = try Example.state()
      #expect(panel.handle(key, &state) != nil)
    }
  }

  @Test func panelsHaveTheirDigitsAndThreeLines() {
    // Ten have a digit; the others are found by their names.
    let catalogue = Panels.catalogue
    #expect(Panels.all.compactMap(catalogue.digit).sorted() == Array(0...9))
    #expect((0...9).allSatisfy { catalogue.panel(digit: $0).flatMap(catalogue.digit) == $0 })
    #expect(catalogue.panel(digit: 10) == nil)
    #expect(Set(Panels.all.map(\.id)).count == Panels.all.count)
    #expect(Set(catalogue.priority.map(\.id)) == Set(Panels.all.map(\.id)))
    for panel in Panels.all {
      #expect(panel.help.count == 3)
      #expect(panel.help.allSatisfy { !$0.isEmpty })
    }
  }

  @Test func theHelpBeginsWithTheScreenThenTheFocusedPanelThenEveryBinding() throws {
    var state = try Example.state()
    state.focus = "flow"
    let lines = Help.rows(state).flatMap { $0 }
    let titles = lines.compactMap { line in if case .title(let text) = line { text } else { nil } }
    #expect(titles.prefix(4) == ["The screen", "Symbols", "Colors", "4 Flow ‖∂l_i/∂h_t‖"])
    // An experiment that was opened says first what to look at.
    state.opened = ("demo vanishing", "It vanishes.\nLook at: it")
    #expect(
      Help.rows(state).prefix(3) == [[.title("demo vanishing")], [.text("It vanishes.")], [.text("Look at: it")]])
    for binding in Keymap.bindings {
      #expect(
        lines.contains { line in
          if case .key(let name, let help) = line { return name == binding.name && binding.help.hasPrefix(help) }
          return false
        })
    }
  }

  @Test(arguments: [60, 64, 80, 90, 120, 200])
  func theNewcomersLineIsNeverCut(_ width: Int) throws {
    var state = try Example.state(size: Size(width: width, height: 24))
    state.tip = Tip.allCases
    let line = try #require(render(state).rows.dropLast().last)
    #expect(line.contains("explode") && line.contains("clip") && line.contains("truncate"))
    #expect(line.hasSuffix(" ") || line.hasSuffix("hides this") || line.hasSuffix("truncate"))
  }

  /// After sixty keys, or five minutes after the first, nobody is new here; a key that is held is one.
  @Test func theNewcomersLineGrowsOld() throws {
    func state(after keys: Int, every pause: Duration) throws -> DashboardState {
      var state = try Example.state()
      state.tip = Tip.allCases
      for number in 0..<keys { _ = reduce(into: &state, .key(.tab, at: pause * number)) }
      return state
    }
    #expect(try state(after: 60, every: .seconds(1)).tip == Tip.allCases)
    #expect(try state(after: 61, every: .seconds(1)).tip == [])
    #expect(try state(after: 400, every: .milliseconds(30)).tip == Tip.allCases)
    #expect(try state(after: 2, every: .seconds(299)).tip == Tip.allCases)
    #expect(try state(after: 2, every: .seconds(301)).tip == [])
  }

  /// On a screen of few lines the newcomer's line takes the footer, but for help and quit.
  @Test(arguments: [60, 64, 80, 120])
  func theNewcomersLineLeavesHelpAndQuit(_ width: Int) throws {
    var state = try Example.state(size: Size(width: width, height: 20))
    state.tip = Tip.allCases
    let footer = try #require(render(state).rows.last)
    #expect(footer.contains("+ + … ") && footer.contains("clip"))
    #expect(footer.contains(" ? help ") && footer.contains(" q quit "))
  }

  @Test(arguments: [60, 73, 80, 100, 120, 200, 300])
  func theFooterIsNeverCutAndNamesHelpAndQuit(_ width: Int) throws {
    let state = try Example.state(size: Size(width: width, height: 24))
    let footer = try #require(render(state).rows.last)
    #expect(footer.contains(" ? help ") && footer.contains(" q quit "))
    // Every word of it belongs to a binding, to the focused panel, or tells of hidden panels.
    let known =
      Keymap.bindings.compactMap { binding in binding.footer.map { "\(binding.name) \($0)" } }
      + KnobsPanel().keys.map { "\($0.name) \($0.short)" }
    for pair in footer.split(separator: "  ").map({ $0.drop { $0 == " " } }) where !pair.isEmpty {
      let text = String(pair.reversed().drop { $0 == " " }.reversed())
      #expect(known.contains(text) || text.hasSuffix("hidden"), "\(text)")
    }
  }

  /// The first two lines of a panel's help are its caption on paper, where there are no keys.
  @Test func captionsNameNoKeys() {
    for panel in Panels.all {
      for line in panel.help.prefix(2) {
        let words = line.split { " ,;.:".contains($0) }
        #expect(!words.contains { ["v", "arrows", "N"].contains($0) }, "\(panel.title): \(line)")
      }
    }
  }
}
