import Foundation
import Testing

extension EndToEnd {
  /// `--record`: what was drawn can be played, whatever ended the program.
  @Suite(.serialized) struct Recordings {
    private static let player = ["/work/venv/bin/asciinema", "/usr/bin/asciinema", "/usr/local/bin/asciinema"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }

    private func file() -> String {
      FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString).cast").path
    }

    /// The events of a recording; every line is whole.
    private func events(_ path: String) throws -> [(time: Double, code: String, text: String)] {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.hasSuffix("\n"))
      let lines = text.split(separator: "\n")
      let header = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
      #expect(header?["version"] as? Int == 2 && header?["width"] as? Int == 100 && header?["height"] as? Int == 30)
      return try lines.dropFirst().map { line in
        let parts = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
        return (
          try #require(parts[0] as? Double), try #require(parts[1] as? String), try #require(parts[2] as? String)
        )
      }
    }

    /// Played into another terminal of the size, the recording shows what the first one showed.
    @Test(arguments: [["--paused"], ["lesson", "by-hand", "--autoplay", "0"]])
    func itShowsTheSameScreen(_ arguments: [String]) throws {
      let path = file()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let tmux = try Tmux(width: 100, height: 30, environment: ["XDG_STATE_HOME": path + ".state"])
      defer { try? FileManager.default.removeItem(atPath: path + ".state") }
      try tmux.enter(Bpttop.path + " " + (arguments + ["--record", path]).joined(separator: " "))
      let isLesson = arguments[0] == "lesson"
      #expect(try tmux.shows(isLesson ? "step 1 of" : "This step"))
      try tmux.press(isLesson ? "Enter" : "n", isLesson ? "Enter" : "n")
      let shown = try tmux.settled()
      try tmux.press("q")
      #expect(try tmux.ended())
      let events = try events(path)
      #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time } && events.count >= 4)
      #expect(events.allSatisfy { $0.code == "o" })
      // The last event gives the terminal back.
      let raw = path + ".raw"
      defer { try? FileManager.default.removeItem(atPath: raw) }
      try events.dropLast().map(\.text).joined().write(toFile: raw, atomically: true, encoding: .utf8)
      let other = try Tmux(width: 100, height: 30)
      try other.enter("cat \(raw); sleep 100")
      #expect(try other.screen(seconds: 5) { $0 == shown } != nil, "\(shown)")
      guard let player = Self.player else { return }
      let (status, output) = try runTool(player, ["cat", path])
      #expect(status == 0 && output == events.map(\.text).joined())
    }

    @Test func aKilledProgramLeavesWholeLines() throws {
      let path = file()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let terminal = try PseudoTerminal(Bpttop.path, ["--pace", "full", "--record", path], width: 100, height: 30)
      #expect(terminal.time(until: "This step") != nil)
      usleep(700_000)
      kill(terminal.identifier, SIGKILL)
      #expect(terminal.end() == 128 + SIGKILL)
      let events = try events(path)
      #expect(events.count > 5 && events.map(\.text).joined().contains("This step"))
    }

    @Test(arguments: [
      ("/nowhere/x.cast", "cannot write /nowhere/x.cast: No such file or directory"),
      ("-", "--record: found -, expected a file, as in --record x.cast"),
    ])
    func aPlaceThatCannotBeWrittenIsOneLine(_ path: String, _ line: String) throws {
      let terminal = try PseudoTerminal(Bpttop.path, ["--record", path])
      #expect(terminal.end() == 2)
      #expect(terminal.output == "bpttop: \(line)\r\n")
    }
  }
}
