import Canvas
import Dashboard
import Experiments
import Foundation
import Sweeps
import Terminal

/// A sweep's map on the terminal: the cursor moves, and Enter opens a run in the dashboard.
struct SweepBrowser: TerminalHandler {
  private var map: SweepMap
  private var theme: Theme
  /// The run that is to be opened.
  private(set) var opened: SweepResult?

  private init(_ map: SweepMap, theme: Theme) { (self.map, self.theme) = (map, theme) }

  var deadline: ContinuousClock.Instant? { nil }

  mutating func handle(_ event: TerminalEvent) -> TerminalResponse {
    switch event {
    case .key(let key): return take(key)
    case .resize, .resumed: return .repaint
    case .ground(let ground):
      theme = theme.with(theme.choice, ground: ground)
      return .redraw
    case .paste, .wake, .deadline, .pointer: return .idle
    }
  }

  private mutating func take(_ key: Key) -> TerminalResponse {
    switch key {
    case .character("q"), .escape: return .quit
    case .left, .character("h"): map.move(rows: 0, columns: -1)
    case .right, .character("l"): map.move(rows: 0, columns: 1)
    case .up, .character("k"): map.move(rows: -1, columns: 0)
    case .down, .character("j"): map.move(rows: 1, columns: 0)
    case .character("m"): map.turn(by: 1)
    case .character("M"): map.turn(by: -1)
    case .character("x"): map.turnAxes()
    case .enter:
      opened = map.result
      return opened == nil ? .idle : .quit
    default: return .idle
    }
    return .redraw
  }

  mutating func draw(_ size: TerminalSize) -> Buffer {
    map.draw(size: Size(width: size.width, height: size.height), theme: theme, keys: true)
  }

  /// Shows a map until the user quits, or opens a run: then the process becomes its dashboard.
  static func show(_ map: SweepMap, folder: SweepFolder, looks: TerminalLooks) throws -> Never {
    let end: TerminalEnd, recording = try looks.startRecording()
    var browser: SweepBrowser
    do {
      let screen = try TerminalScreen(
        environment: ProcessInfo.processInfo.environment, colors: looks.colors, characters: looks.characters,
        asksGround: looks.theme == nil, recording: recording)
      let theme = Theme(
        looks.theme ?? .dark, colors: screen.colorTier, characters: screen.characterTier, ground: screen.ground)
      browser = SweepBrowser(map, theme: theme)
      var loop = TerminalLoop(screen: screen, waker: try Waker())
      end = loop.run(&browser)
      screen.close()
    } catch {
      throw Failure.input(error.description)
    }
    if let failure = recording?.finish() {
      FileHandle.standardError.write(Data("bpttop: --record: \(failure)\n".utf8))
    }
    fflush(nil)
    guard let result = browser.opened else { _exit(end.exitCode) }
    try browser.open(result, of: folder, looks: looks)
  }

  /// Goes on as the dashboard of a run; where that is quit, the map stands there again as it was.
  private func open(_ result: SweepResult, of folder: SweepFolder, looks: TerminalLooks) throws -> Never {
    try OtherCommand.become(
      [folder.path + "/experiment.yaml"] + folder.plan.settings(of: result.point).flatMap { ["--set", $0] }
        + ["--from-sweep", folder.path, "--sweep-place", map.place] + looks.arguments)
  }
}
