import Foundation
import Testing

extension EndToEnd {
  /// However it ends, the terminal is as it was.
  @Suite(.serialized) struct Ending {
    /// Runs the program from a script (which, other than an interactive shell, repairs nothing) between two looks at
    /// the terminal's modes, and ends it.
    private func run(_ end: (Tmux) throws -> Void) throws -> (status: String, modes: [String], text: String, tmux: Tmux)
    {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let script = """
        stty -g > \(folder.path)/before
        \(Bpttop.path)
        status=$?
        stty -g > \(folder.path)/after
        echo "ended with $status."
        """
      let file = folder.appendingPathComponent("run.sh")
      try script.write(to: file, atomically: true, encoding: .utf8)
      let tmux = try Tmux()
      try tmux.enter("sh \(file.path)")
      try #require(try tmux.shows("bpttop"), "no first frame")
      try #require(try wait { try tmux.isAlternate() && tmux.text().contains("Through time") })
      #expect(try tmux.value("cursor_flag") == "0")
      try end(tmux)
      let text = try #require(try tmux.screen { $0.contains("ended with ") }, "it did not end")
      let modes = try ["before", "after"].map {
        try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
      }
      let status = text.components(separatedBy: "ended with ").last?.prefix { $0 != "." } ?? ""
      return (String(status), modes, text, tmux)
    }

    private func expectRestored(
      _ result: (status: String, modes: [String], text: String, tmux: Tmux), status: String,
      location: SourceLocation = #_sourceLocation
    ) throws {
      #expect(result.status == status, sourceLocation: location)
      #expect(result.modes[0] == result.modes[1], sourceLocation: location)
      #expect(try !result.tmux.isAlternate(), sourceLocation: location)
      #expect(try result.tmux.value("cursor_flag") == "1", sourceLocation: location)
      #expect(try result.tmux.value("keypad_cursor_flag") == "0", sourceLocation: location)
      #expect(!result.text.contains("Through time"), sourceLocation: location)
    }

    @Test(arguments: [("q", "0"), ("C-c", "130"), ("C-\\", "131")])
    func byKey(_ key: String, _ status: String) throws {
      try expectRestored(run { try $0.press(key) }, status: status)
    }

    @Test(arguments: [(SIGINT, "130"), (SIGTERM, "143"), (SIGHUP, "129"), (SIGQUIT, "131")])
    func bySignal(_ signal: Int32, _ status: String) throws {
      try expectRestored(
        run { tmux in kill(try #require(try tmux.program()).identifier, signal) }, status: status)
    }

    /// Swift's own report of the crash comes on the terminal as it was, and asks there how to go on.
    @Test(arguments: [(SIGSEGV, "139"), (SIGABRT, "134")])
    func byCrash(_ signal: Int32, _ status: String) throws {
      let result = try run { tmux in
        kill(try #require(try tmux.program()).identifier, signal)
        _ = try tmux.screen { $0.contains("ended with") || $0.contains("Press space to interact") }
        #expect(try !tmux.isAlternate())
        if try !tmux.text().contains("ended with") { try tmux.press("q") }
      }
      try expectRestored(result, status: status)
    }

    @Test func suspendedAndContinued() throws {
      let tmux = try Tmux()
      try tmux.enter(Bpttop.path)
      try #require(try tmux.shows("Through time"))
      for _ in 0..<2 {
        try tmux.press("C-z")
        try #require(try tmux.shows("Stopped"), "Ctrl-Z did not stop it")
        #expect(try !tmux.isAlternate())
        #expect(try tmux.value("cursor_flag") == "1")
        try tmux.enter("fg")
        try #require(try tmux.shows("Through time"), "fg did not bring it back")
        #expect(try tmux.isAlternate())
      }
      // Stopped by another, and another size meanwhile: the whole screen comes back.
      let program = try #require(try tmux.program())
      kill(program.identifier, SIGTSTP)
      try #require(try tmux.shows("Stopped"))
      try tmux.resize(width: 100, height: 30)
      try tmux.enter("fg")
      try #require(try tmux.screen { $0.contains("Through time") && $0.contains("q quit") } != nil)
      try tmux.press("q")
      #expect(try tmux.ended())
    }

    @Test func itsTerminalDisappears() throws {
      let tmux = try Tmux()
      try tmux.enter(Bpttop.path)
      try #require(try tmux.shows("Through time"))
      let program = try #require(try tmux.program())
      let start = ContinuousClock.now
      tmux.kill()
      #expect(wait(seconds: 5) { !program.isAlive })
      let time = ContinuousClock.now - start
      print("gone \(time) after its terminal")
      #expect(time < .seconds(1))
    }

    /// A connection that hangs: the terminal is there, but takes nothing any more.
    @Test func itsTerminalDoesNotRead() throws {
      let terminal = try PseudoTerminal(Bpttop.path, reads: false)
      sleep(2)
      let time = terminal.figures.processorTime
      try #require(terminal.figures.isAlive)
      kill(terminal.identifier, SIGTERM)
      #expect(terminal.end(seconds: 3) == 143)
      #expect(time > 0)
    }

    /// Even if nobody sends SIGHUP: it ignores the signal (nohup), and sees the end of its input.
    @Test func itsTerminalDisappearsUnderNohup() throws {
      let tmux = try Tmux()
      try tmux.enter("trap '' HUP; \(Bpttop.path)")
      try #require(try tmux.shows("Through time"))
      let program = try #require(try tmux.program())
      tmux.kill()
      #expect(wait(seconds: 2) { !program.isAlive })
    }
  }

  /// Terminals that do not serve get one line, and exit code 2.
  @Suite(.serialized) struct Refusing {
    private func refusal(_ command: String, _ environment: [String: String?] = [:]) throws -> String {
      let terminal = try PseudoTerminal("/bin/sh", ["-c", command], environment: environment)
      #expect(terminal.end() == 2)
      let output = terminal.output
      #expect(output.split(whereSeparator: \.isNewline).count == 1, "\(output)")
      #expect(!output.contains("\u{1B}"), "\(output)")
      return output
    }

    @Test func terminalsThatDoNotServe() throws {
      let path = Bpttop.path
      #expect(try refusal("exec \(path)", ["TERM": "dumb"]).contains("'dumb'"))
      #expect(try refusal("exec \(path)", ["TERM": "unknown"]).contains("'unknown'"))
      #expect(try refusal("exec \(path)", ["TERM": nil as String?]).contains("TERM"))
      #expect(try refusal("exec \(path) > /dev/null").contains("standard output"))
      #expect(try refusal("exec \(path) < /dev/null").contains("standard input"))
      #expect(try refusal("\(path) | cat; exit 2").contains("standard output"))
    }

    /// Emulators that are newer than this machine's terminfo are opened; what was made of them is told afterwards.
    @Test(arguments: ["xterm-kittens", "nonsense"]) func typesThatTerminfoDoesNotKnow(_ type: String) throws {
      let terminal = try PseudoTerminal(Bpttop.path, environment: ["TERM": type])
      try #require(terminal.time(until: "Through time") != nil)
      terminal.type("q")
      #expect(terminal.end() == 0)
      let rest = terminal.output.components(separatedBy: "\u{1B}[?1049l").last ?? ""
      let lines = rest.split(whereSeparator: \.isNewline).filter { $0.contains("TERM") }
      #expect(lines.count == 1 && lines[0].contains("'\(type)'") && lines[0].contains("xterm-256color"), "\(rest)")
    }
  }
}
