import Foundation
import Testing

extension EndToEnd {
  @Suite(.serialized) struct Sizes {
    @Test func stormsAndOneCell() throws {
      let tmux = try Tmux()
      try tmux.enter(Bpttop.path)
      try #require(try tmux.screen { text in panelTitles.allSatisfy { text.contains($0) } } != nil, "not all panels")
      let program = try #require(try tmux.program())
      for step in 0..<40 { try tmux.resize(width: 1 + step * 37 % 200, height: 1 + step * 13 % 60) }
      try tmux.resize(width: 1, height: 1)
      usleep(200_000)
      #expect(program.isAlive)
      let before = program.processorTime
      try tmux.resize(width: 40, height: 10)
      try #require(try tmux.shows("q"))
      try tmux.resize(width: 120, height: 36)
      let screen = try tmux.screen { text in panelTitles.allSatisfy { text.contains($0) } }
      #expect(screen != nil, "not all panels after the storm")
      #expect(program.processorTime >= before)
      try tmux.press("q")
      #expect(try tmux.ended())
    }

    @Test(arguments: [(60, 20), (80, 24), (200, 60)])
    func everySizeShowsItself(_ width: Int, _ height: Int) throws {
      let tmux = try Tmux(width: width, height: height)
      try tmux.enter(Bpttop.path)
      // Drawn whole, and no line longer than the terminal.
      let screen = try #require(
        try tmux.screen { $0.split(separator: "\n").count > height * 3 / 4 && $0.contains("Through time") })
      #expect(screen.split(separator: "\n").allSatisfy { $0.count <= width })
      try tmux.press("q")
      #expect(try tmux.ended())
    }
  }
}
