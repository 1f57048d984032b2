import Foundation
import Testing

extension EndToEnd {
  /// The map of a sweep on the terminal.
  @Suite(.serialized) struct SweepMaps {
    /// A run that was opened from the map goes back to it, where the reader was.
    @Test func aRunGoesBackToItsMap() throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "sweep-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let (status, output) = try runTool(
        Bpttop.path,
        [
          "sweep", "coin", "--over", "training.k2=2,4,6", "--over", "network.activation=tanh,relu", "--updates", "5",
          "-o", folder,
        ])
      try #require(status == 0, "\(output)")
      let tmux = try Tmux()
      try tmux.enter("\(Bpttop.path) sweep \(folder)")
      try #require(try tmux.shows("q quit"))
      try tmux.press("j", "l", "m")
      try #require(try tmux.shows("k2 4, φ relu: spread of the final loss"))
      try tmux.press("Enter")
      try #require(try tmux.shows("q goes back to its map"))
      #expect(try tmux.text().contains("relu"))
      try tmux.press("q")
      #expect(try tmux.shows("k2 4, φ relu: spread of the final loss"))
      try tmux.press("q")
      #expect(try tmux.screen { !$0.contains("spread of the final loss") } != nil, "q does not leave the map")
    }
  }
}
