import Foundation
import Testing

extension EndToEnd {
  /// Lanes, sessions and watched runs in a real terminal.
  @Suite(.serialized) struct Sessions {
    /// A folder that is the shell's home, and goes with the test.
    private final class Folder {
      let path: String
      init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func terminal(_ home: Folder, command: String) throws -> Tmux {
      let tmux = try Tmux(environment: ["HOME": home.path])
      try tmux.enter("cd; \(Bpttop.path) \(command)")
      return tmux
    }

    /// A small experiment that opens at rest.
    private let experiment = "--set network.hidden=6 --set task.length=20"

    private func paused(_ home: Folder, _ options: String) throws -> Tmux {
      let tmux = try terminal(home, command: options)
      try #require(try tmux.shows("Through time"))
      if try !tmux.text().contains("paused") { try tmux.press("Space") }
      try #require(try tmux.shows("paused"))
      _ = try tmux.settled()
      return tmux
    }

    private func header(_ tmux: Tmux) throws -> Substring { try tmux.settled().prefix { $0 != "\n" } }

    /// The updates that a header tells.
    private func update(_ header: Substring) -> Int? {
      header.split(separator: " ").last.flatMap { Int($0.filter { $0 != "," }) }
    }

    @Test func aForkTurnsAloneAndIsClosed() throws {
      let home = try Folder()
      let tmux = try paused(home, experiment)
      try tmux.press("f")
      #expect(try tmux.shows("the same settings"))
      try tmux.press("{")
      #expect(try tmux.screen { $0.contains("k2 full") && $0.contains("k2 2") && $0.contains("cos(g_A, g_B)") } != nil)
      try tmux.press("n", "n")
      #expect(try tmux.shows("bpttop B"))
      try tmux.press("x")
      #expect(try tmux.screen { $0.contains("lane B closed") && !$0.contains("cos(g_A, g_B)") } != nil)
      // What is left of two is the second lane alone: its session has a link as any other.
      try tmux.press("f")
      #expect(try tmux.shows("cos(g_A, g_B)"))
      try tmux.press("f")
      #expect(try tmux.shows("lane A: its knobs turn now"))
      try tmux.press("x")
      #expect(try tmux.shows("lane A closed"))
      try tmux.press("s")
      try #require(try tmux.shows("wrote session-"))
      let (status, output) = try runTool("/bin/sh", ["-c", "\(Bpttop.path) link \(home.path)/*.bpttop"])
      #expect(status == 0 && output.contains("network.hidden=6"), "\(output)")
      try tmux.press("q")
      #expect(try tmux.ended())
    }

    /// What is opened again is what was saved: the numbers of the screen, and those after one more update.
    @Test func aSavedSessionGoesOnWithTheSameNumbers() throws {
      let home = try Folder()
      let tmux = try paused(home, experiment)
      let start = try #require(try update(header(tmux)))
      try tmux.press("f", "a", "n", "n", "s")
      try #require(try tmux.screen { $0.contains(".bpttop") } != nil, "it does not say the file's name")
      try #require(try tmux.screen { update($0.prefix { $0 != "\n" }) == start + 2 } != nil)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: home.path).first { $0.hasSuffix(".bpttop") })
      try tmux.press("n")
      try #require(try tmux.screen { update($0.prefix { $0 != "\n" }) == start + 3 } != nil)
      let after = try tmux.settled()
      try tmux.press("q")
      try #require(try tmux.ended())
      try tmux.enter("clear; \(Bpttop.path) \(name)")
      try #require(try tmux.shows("cos(g_A, g_B)"))
      _ = try tmux.settled()
      try tmux.press("n")
      #expect(try tmux.screen { $0.prefix { $0 != "\n" } == after.prefix { $0 != "\n" } } != nil)
      // The losses' axis is the same, the numbers of the step too.
      let rows = { (text: String) in text.split(separator: "\n").filter { $0.contains("‖g‖") || $0.contains("cos(") } }
      #expect(try rows(tmux.settled()) == rows(after))
    }

    /// A session that nobody closed is offered at the next start.
    @Test func aKilledSessionIsTakenUp() throws {
      let home = try Folder()
      let tmux = try paused(home, experiment)
      try tmux.press("n", "n", "n")
      let header = try header(tmux)
      let folder = home.path + "/.local/state/bpttop"
      try #require(
        wait(seconds: 25) {
          (try? FileManager.default.contentsOfDirectory(atPath: folder))?.contains { $0.hasSuffix(".bpttop") } ?? false
        }, "nothing was saved by itself")
      let program = try #require(try tmux.program())
      kill(program.identifier, SIGKILL)
      try #require(wait { !program.isAlive })
      try tmux.enter("reset; clear; \(Bpttop.path)")
      try #require(try tmux.shows("Ctrl-R"), "the session is not offered")
      try tmux.press("C-r")
      #expect(try tmux.screen { $0.prefix { $0 != "\n" } == header } != nil, "it is not where it was")
      try tmux.press("q")
      #expect(try tmux.ended())
      // What was closed is not offered again.
      #expect(try wait { try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty })
    }

    /// A run that is trained elsewhere, while it grows.
    @Test func aGrowingFileIsWatched() throws {
      let home = try Folder()
      let path = home.path + "/run.jsonl"
      try "{\"update\": 1, \"loss\": 0.7, \"grad_norm\": 2}\nno line\n".write(
        toFile: path, atomically: false, encoding: .utf8)
      let tmux = try terminal(home, command: "watch run.jsonl")
      #expect(try tmux.screen { $0.contains("run.jsonl │ 1 line is no update") && $0.contains("Loss") } != nil)
      #expect(try !tmux.text().contains("Gradient norm"), "a panel without numbers takes room")
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.seekToEnd()
      try file.write(
        contentsOf: Data("{\"update\": 2, \"loss\": 0.6, \"log10_grad_steps\": [-4, -3, -2, -1]}\n".utf8))
      #expect(try tmux.screen { $0.contains("update 2") && $0.contains("vanishes ×0.100 a step back") } != nil)
      try tmux.press("q")
      #expect(try tmux.ended())
      try tmux.enter("clear; \(Bpttop.path) watch run.jsom")
      #expect(try tmux.shows("run.jsom: no such file; nearest is run.jsonl"))
    }
  }
}
