import Foundation
import Testing

extension EndToEnd {
  /// The mouse, by the bytes that terminals send.
  @Suite(.serialized) struct Mouse {
    private static let on = "\u{1B}[?1002h\u{1B}[?1006h", off = "\u{1B}[?1006l\u{1B}[?1002l"

    /// A report at a cell counted from 0.
    private func report(_ button: Int, _ x: Int, _ y: Int, release: Bool = false) -> String {
      "\u{1B}[<\(button);\(x + 1);\(y + 1)\(release ? "m" : "M")"
    }

    /// Where a text stands on the screen.
    private func find(_ text: String, on screen: String) throws -> (x: Int, y: Int) {
      for (y, line) in screen.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if let range = line.range(of: text) { return (line.distance(from: line.startIndex, to: range.lowerBound), y) }
      }
      throw Tmux.Failure(description: "no \(text) on the screen:\n\(screen)")
    }

    @Test func clicksWheelAndDragDoWhatTheySay() throws {
      let tmux = try Tmux()
      try tmux.enter(Bpttop.path + " --paused")
      try #require(try tmux.screen { text in panelTitles.allSatisfy { text.contains($0) } } != nil)
      var screen = try tmux.settled()
      // A click focuses: the keys of Knobs go from the last line.
      #expect(screen.contains("↑↓ choose"))
      let spectrum = try find("Spectrum", on: screen)
      try tmux.send(report(0, spectrum.x, spectrum.y + 2) + report(0, spectrum.x, spectrum.y + 2, release: true))
      #expect(try tmux.screen { !$0.contains("↑↓ choose") } != nil)
      // A click on a step goes there, the wheel goes on.
      let input = try find("input x", on: screen)
      try tmux.send(report(0, input.x + 60, input.y + 1) + report(0, input.x + 60, input.y + 1, release: true))
      screen = try #require(try tmux.screen { $0.contains("pass · t ") })
      let step = try #require(Int(screen.components(separatedBy: "pass · t ")[1].prefix { $0.isNumber }))
      #expect((15...35).contains(step))
      try tmux.send(report(65, input.x + 60, input.y + 1))
      #expect(try tmux.screen { $0.contains("t \(step + 1) of") || $0.contains("t \(step - 1) of") } != nil)
      // A cell of the flow is read.
      let flow = try find("i=50", on: screen)
      try tmux.send(report(0, flow.x + 8, flow.y) + report(0, flow.x + 8, flow.y, release: true))
      try tmux.press("End")
      try tmux.send(report(0, flow.x + 8, flow.y) + report(0, flow.x + 8, flow.y, release: true))
      #expect(try tmux.shows("of loss i = 50 at state t = "))
      // The window's bracket is dragged from its left end to its middle.
      try tmux.press("End")
      screen = try tmux.settled()
      let left = try find("├", on: screen), right = try find("┤", on: screen)
      try tmux.send(report(0, left.x, left.y) + report(32, (left.x + right.x) / 2, left.y))
      #expect(try tmux.screen { $0.contains("TBPTT(") && ($0.contains("k2 = 25") || $0.contains("k2 = 26")) } != nil)
      try tmux.send(report(0, left.x, left.y, release: true))
      try tmux.press("q")
      #expect(try wait { try tmux.value("mouse_any_flag") == "0" })
    }

    @Test func motionAloneWritesNothing() throws {
      let terminal = try PseudoTerminal(Bpttop.path, ["--paused"])
      try #require(terminal.time(until: Self.on) != nil)
      try #require(terminal.time(until: "This step") != nil)
      // Nothing more comes of the first pass.
      var before = -1
      _ = wait {
        defer { before = terminal.total; usleep(500_000) }; return before == terminal.total
      }
      for column in 1..<60 { terminal.type("\u{1B}[<35;\(column);10M") }
      usleep(700_000)
      #expect(terminal.total == before)
      terminal.type("q")
      #expect(terminal.time(until: Self.off) != nil)
    }

    @Test func itIsLeftAloneWhereNobodyWantsIt() throws {
      let terminal = try PseudoTerminal(Bpttop.path, ["--paused", "--no-mouse"])
      try #require(terminal.time(until: "This step") != nil)
      #expect(!terminal.output.contains("?1002"))
    }

    /// On every way out: stopped, ended by a signal, crashed.
    @Test(arguments: [SIGTSTP, SIGTERM, SIGHUP, SIGSEGV, SIGABRT])
    func itIsGivenBack(_ signal: Int32) throws {
      let terminal = try PseudoTerminal(Bpttop.path, ["--paused"])
      try #require(terminal.time(until: "This step") != nil)
      terminal.forget()
      kill(terminal.identifier, signal)
      #expect(terminal.time(until: Self.off) != nil)
      guard signal == SIGTSTP else { return }
      terminal.forget()
      kill(terminal.identifier, SIGCONT)
      #expect(terminal.time(until: Self.on) != nil)
    }
  }

  /// The user's own file.
  @Suite(.serialized) struct Configuration {
    @Test func whatIsRightHoldsAndFaultsAreTold() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
      let file = folder.appendingPathComponent("bpttop/config.yaml")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try "theme: light\nmouse: nope\npace: 30\npanels: [loss, knobs]\nkeys: {w: z}\ncolor: x\n"
        .write(to: file, atomically: true, encoding: .utf8)
      let terminal = try PseudoTerminal(
        Bpttop.path, ["--paused", "--colors", "true"], environment: ["XDG_CONFIG_HOME": folder.path])
      #expect(terminal.time(until: "mouse: found nope") != nil)
      #expect(terminal.output.contains("48;2;255;255;255") && !terminal.output.contains("Spectrum"))
      terminal.type("w")
      #expect(terminal.time(until: "back") != nil)
      terminal.forget()
      terminal.type("q")
      #expect(terminal.time(until: "config.yaml:2: mouse: found nope, expected one of: true, false") != nil)
      #expect(terminal.time(until: "config.yaml:6: color: unknown key") != nil)
    }
  }
}
