import Canvas
import Dashboard
import Sources
import Testing
import Training

@testable import Terminal
@testable import Panels

/// The dashboard's own frames as bytes, on a model of a terminal.
struct EvenGroundTests {
  /// Frames of a run: its first, one with help over it, one without, and one whose pass stands in the middle.
  private func frames(_ theme: Theme, width: Int, height: Int) throws -> [Buffer] {
    var experiment = Experiment()
    experiment.task.name = .coin
    experiment.task.length = 20
    experiment.network.hidden = 4
    experiment.training.k1 = .steps(5)
    experiment.training.k2 = .steps(10)
    let source = SteppedSource(run: try TrainingRun(experiment: experiment))
    let size = Size(width: width, height: height)
    var runner = EffectRunner(
      DashboardState(experiment: experiment, size: size, theme: theme, showsTip: true), source: source,
      files: NoOutlet())
    source.requestFrame()
    _ = runner.takeNews()
    var frames = [render(runner.state)]
    for (index, key) in "n?\u{1B}..:".enumerated() {
      _ = runner.handle(.key(key == "\u{1B}" ? .escape : .character(key), at: .seconds(index)))
      _ = runner.takeNews()
      frames.append(render(runner.state))
    }
    return frames
  }

  @Test(arguments: ColorTier.allCases, Ground.allCases)
  func theGroundIsEven(_ tier: ColorTier, _ ground: Ground) throws {
    let theme = Theme(colors: tier, ground: ground)
    var encoder = FrameEncoder(capabilities: .ecma48(tier), colorTier: tier, characterTier: .braille)
    for (width, height) in [(120, 36), (80, 24), (60, 20)] {
      var model = ModelTerminal(width: width, height: height)
      for frame in try frames(theme, width: width, height: height) {
        var bytes: [UInt8] = []
        encoder.encode(frame, width: width, height: height, into: &bytes)
        model.write(bytes)
        #expect(model.unknown.isEmpty)
        let own = model.cells.count { $0.background.isEmpty }
        if theme.drawsByInk {
          // What was red for an error or reversed for a choice is little.
          #expect(own > width * height * 9 / 10)
          #expect(model.cells.allSatisfy { $0.foreground.isEmpty || $0.foreground != $0.background })
        } else {
          #expect(own == 0, "the terminal's own ground shows through")
        }
      }
    }
  }

  /// Another theme leaves nothing behind of the one before.
  @Test func aNewThemeReplacesTheOldOne() throws {
    var encoder = FrameEncoder(capabilities: .ecma48(.colors8), colorTier: .colors8, characterTier: .braille)
    var model = ModelTerminal(width: 80, height: 24)
    for ground in [Ground.unknown, .light, .dark] {
      let frame = try #require(try frames(Theme(colors: .colors8, ground: ground), width: 80, height: 24).last)
      var bytes: [UInt8] = []
      encoder.encode(frame, width: 80, height: 24, into: &bytes)
      model.write(bytes)
      #expect(model.cells == frame.cells.map { ModelTerminal.Shown($0, .colors8) })
    }
  }
}

/// Takes no files.
private final class NoOutlet: FileOutlet {
  func write(_ file: OutletFile, update: Int) {}
  func takeNews() -> [Action] { [] }
  func cancel() {}
}
