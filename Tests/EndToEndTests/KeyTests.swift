import Foundation
import Testing

extension EndToEnd {
  /// Keys do on the screen what they say.
  @Suite(.serialized) struct Keys {
    /// The program in a terminal, all panels drawn; paused, if wanted.
    private func dashboard(paused: Bool, options: String = "") throws -> Tmux {
      let tmux = try Tmux()
      try tmux.enter(Bpttop.path + options)
      let isComplete = try tmux.screen { text in text.contains("up/s") && panelTitles.allSatisfy { text.contains($0) } }
      try #require(isComplete != nil, "it does not run with all panels")
      if paused {
        try tmux.press("Space")
        try #require(try tmux.shows("paused"))
        // The last pass' numbers may come after the pause.
        _ = try tmux.settled()
      }
      return tmux
    }

    /// The number of the update in the first line.
    private func update(_ text: String) -> Int? {
      let header = text.prefix { $0 != "\n" }
      guard let word = header.components(separatedBy: "update ").last, header.contains("update ") else { return nil }
      return Int(word.filter { $0.isNumber })
    }

    @Test func spaceRunsAndPauses() throws {
      let tmux = try dashboard(paused: true)
      let still = try #require(update(try tmux.text()))
      #expect(try update(tmux.settled()) == still)
      try tmux.press("Space")
      #expect(try tmux.screen { (update($0) ?? 0) > still } != nil, "it does not run again")
      #expect(try !tmux.text().contains("paused"))
    }

    /// tmux sends other sequences for Home and End than the terminfo of xterm has, and many call it so inside of tmux.
    @Test func homeAndEndUnderTheNameOfAnotherTerminal() throws {
      let tmux = try Tmux()
      try tmux.enter("TERM=xterm-256color " + Bpttop.path + " --paused")
      try #require(try tmux.shows("the whole pass"))
      try tmux.press("Home")
      #expect(try tmux.shows("forward pass · t 1 of 50"))
      try tmux.press("End")
      #expect(try tmux.shows("the whole pass"))
    }

    @Test func stepsOfTheCursorAndOfTheTraining() throws {
      let tmux = try dashboard(paused: true)
      try tmux.press(".")
      #expect(try tmux.shows("t 1 of 50"))
      try tmux.press(".", ".", ".")
      #expect(try tmux.shows("t 4 of 50"))
      try tmux.press(",")
      #expect(try tmux.shows("t 3 of 50"))
      let before = try #require(update(try tmux.text()))
      try tmux.press("n")
      #expect(try tmux.screen { update($0) == before + 1 } != nil, "n is not one update")
      try tmux.press("n", "n")
      #expect(try tmux.screen { update($0) == before + 3 } != nil)
      try tmux.press("N", "N")
      #expect(try tmux.screen { update($0) == before + 1 } != nil, "N does not go back")
    }

    /// What is of a step alone follows the cursor, also where a pass that arrives moves it.
    @Test func theStepsJacobianFollowsTheCursor() throws {
      let tmux = try dashboard(paused: true, options: " --set network.cell=lstm")
      #expect(try tmux.shows("J_t of [h; c], t = 50"))
      try tmux.press(".", ".", ".")
      #expect(try tmux.shows("J_t of [h; c], t = 3"))
      try tmux.press("n")
      #expect(try tmux.shows("J_t of [h; c], t = 50"), "it stays at a step of the pass before")
    }

    @Test func knobsTurnWhileItRuns() throws {
      let tmux = try dashboard(paused: false)
      #expect(try tmux.text().contains("full BPTT"))
      try tmux.press("[")
      #expect(try tmux.shows("TBPTT(5,n)"), "[ does not go to a tenth of the whole sequence")
      try tmux.press("]")
      #expect(try tmux.shows("TBPTT(6,n)"), "] does not add to k1")
      try tmux.press("{")
      #expect(try tmux.shows("TBPTT(6,5)"), "{ does not go to a tenth of the whole sequence")
      #expect(try !tmux.text().contains("paused"))
    }

    /// The same pass at the same weights, drawn anew with another activation.
    @Test func theActivationChangesAtOnceWhilePaused() throws {
      let tmux = try dashboard(paused: true)
      let before = try tmux.text()
      try #require(before.contains("elman tanh"))
      try tmux.press("a")
      let after = try #require(try tmux.screen(seconds: 5) { $0.contains("elman ") && !$0.contains("elman tanh") })
      #expect(update(after) == update(before))
      #expect(after.contains("paused"))
      func gradient(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.contains("‖∂L/∂h‖") } }
      #expect(try tmux.screen(seconds: 5) { gradient($0) != gradient(before) } != nil, "the gradient is the old one")
      try tmux.press("A")
      // All but the last lines, which say what was turned, and when.
      func panels(_ text: String) -> [Substring] { Array(text.split(separator: "\n").dropLast(3)) }
      let back = try tmux.screen(seconds: 5) { panels($0) == panels(before) }
      #expect(back != nil, "A does not bring the same screen back:\n\(before)")
    }

    @Test func zoomAndHelp() throws {
      let tmux = try dashboard(paused: true)
      let before = try tmux.text()
      try tmux.press("z")
      #expect(try tmux.screen { !$0.contains("Through time") || !$0.contains("Spectrum") } != nil, "z does not zoom")
      try tmux.press("z")
      #expect(try tmux.screen { $0 == before } != nil, "z does not zoom back")
      try tmux.press("?")
      #expect(try tmux.screen { $0.contains("Help") && $0.contains("Symbols") } != nil)
      try tmux.press("Escape")
      #expect(try tmux.screen { $0 == before } != nil, "Esc does not leave the help")
    }

    @Test func aPasteDoesNotPressKeys() throws {
      let tmux = try dashboard(paused: true)
      let before = try tmux.text()
      try tmux.paste("q\nnnn[[a")
      #expect(try tmux.settled() == before)
    }

    @Test func anUnknownEscapeSequenceIsNoKey() throws {
      let tmux = try dashboard(paused: true)
      let before = try tmux.text()
      try tmux.press("M-q", "C-M-n")
      #expect(try tmux.settled() == before)
      // A known sequence of a key that does nothing is answered.
      try tmux.press("C-F11")
      #expect(try tmux.shows("F35: nothing"))
    }
  }
}
