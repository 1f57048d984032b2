import Foundation
import Testing

extension EndToEnd {
  /// Runs that are trained elsewhere, in a real terminal.
  @Suite(.serialized) struct Watching {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("SourcesTests/Fixtures").path

    /// Publishes a window as a loop does: beside, and renamed.
    private func publish(_ fixture: String, _ update: Int, in folder: String) throws {
      let files = FileManager.default
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let name = "window-" + String(repeating: "0", count: 9 - "\(update)".count) + "\(update).safetensors"
      try files.copyItem(atPath: "\(Self.fixtures)/\(fixture).safetensors", toPath: "\(folder)/.part")
      try files.moveItem(atPath: "\(folder)/.part", toPath: "\(folder)/\(name)")
    }

    private func folder() -> String {
      FileManager.default.temporaryDirectory.appendingPathComponent("watch-\(UUID().uuidString)").path
    }

    @Test func aLoopIsWatchedFromBeforeItBegins() throws {
      let home = folder()
      try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: home) }
      let tmux = try Tmux(environment: ["HOME": home])
      try tmux.enter("cd; \(Bpttop.path) watch a")
      #expect(try tmux.shows("waits for the folder, which is not there yet"))
      try publish("lstm_2_13", 0, in: home + "/a")
      #expect(
        try tmux.screen { $0.contains("states agree to") && $0.contains("nn.LSTM") && $0.contains("T=13") } != nil)
      // What changes its shape in the middle is said, and what is cut short is one line.
      try publish("gru_1_40", 20, in: home + "/a")
      #expect(try tmux.screen { $0.contains("nn.GRU") && $0.contains("T=40") } != nil)
      try Data("half".utf8).write(to: URL(fileURLWithPath: home + "/a/window-000000040.safetensors"))
      #expect(try tmux.shows("window 40 cannot be read"))
      try tmux.press("N")
      #expect(try tmux.screen { $0.contains("nn.GRU") && $0.contains("paused") } != nil)
      try tmux.press("q")
      #expect(try tmux.ended())
    }

    @Test func twoRunsStandSideBySide() throws {
      let home = folder()
      defer { try? FileManager.default.removeItem(atPath: home) }
      try publish("lstm_1_13", 0, in: home + "/a")
      try publish("rnn_1_13", 0, in: home + "/b")
      let tmux = try Tmux(environment: ["HOME": home])
      try tmux.enter("cd; \(Bpttop.path) watch a b")
      #expect(
        try tmux.screen { $0.contains("A ── a") && $0.contains("B ╌╌ b") && $0.contains("no weights of one shape") }
          != nil)
      try tmux.press("x")
      #expect(try tmux.screen { $0.contains("closed") && !$0.contains("A ── a") } != nil)
      try tmux.press("f")
      #expect(try tmux.screen { $0.contains("A ── a") && $0.contains("B ╌╌ b") } != nil)
      try tmux.press("q")
      #expect(try tmux.ended())
      try tmux.enter("clear; \(Bpttop.path) watch a a")
      #expect(try tmux.shows("expected one run, or two that are not the same"))
      try tmux.enter("clear; \(Bpttop.path) watch a/window-000000000.safetensors")
      #expect(try tmux.shows("found a binary file, expected the folder of the windows, as a"))
    }

    @Test func aPipeIsWatched() throws {
      let tmux = try Tmux()
      let line = "{\\\"update\\\": 3, \\\"loss\\\": 0.5, \\\"states\\\": [[0.1], [0.2], [0.3]]}"
      try tmux.enter("(echo \"\(line)\"; sleep 100) | \(Bpttop.path) watch -")
      #expect(try tmux.screen { $0.contains("3 steps as they were recorded") && $0.contains("update 3") } != nil)
      try tmux.press("q")
      #expect(try tmux.ended())
    }
  }
}
