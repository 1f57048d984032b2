import Canvas
import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// Whole screens.
@Suite struct RenderTests {
  /// Golden screens lie beside this file, characters and styles; `BPTTOP_UPDATE_GOLDEN=1` writes them anew, to be read before they
  /// are committed.
  @Test(arguments: [("screen", CellKind.elman, 80, 24), ("screen", .elman, 120, 36), ("lstm", .lstm, 120, 36)])
  func golden(_ name: String, _ cell: CellKind, _ width: Int, _ height: Int) throws {
    var experiment = Example.experiment()
    experiment.network.cell = cell
    var state = try Example.state(experiment, size: Size(width: width, height: height))
    // Backward at t = 12, where the next step's factors are known.
    state.cursor = Cursor(.backward, step: 11)
    try Self.expect(state, "\(name)-\(width)x\(height)")
  }

  /// Every equation of a step of two units and one sequence, written out: i, f, g, o and r, z, n.
  @Test(arguments: [CellKind.lstm, .gru]) func goldenStep(_ cell: CellKind) throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden, experiment.training.batch) = (cell, 2, 1)
    var state = try Example.state(experiment, size: Size(width: 120, height: 36))
    (state.focus, state.zoomed) = ("this-step", "this-step")
    for (phase, name) in [(Cursor.Phase.forward, "forward"), (.backward, "backward")] {
      state.cursor = Cursor(phase, step: 11)
      try Self.expect(state, "\(cell.rawValue)-step-\(name)-120x36")
    }
  }

  /// Compares a screen with the golden one of a name.
  private static func expect(_ state: DashboardState, _ name: String) throws {
    let screen = text(render(state), state.theme)
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/\(name).txt")
    if ProcessInfo.processInfo.environment["BPTTOP_UPDATE_GOLDEN"] != nil {
      try screen.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    let (lines, wanted) = (screen.components(separatedBy: "\n"), expected.components(separatedBy: "\n"))
    let other = zip(lines, wanted).enumerated().first { $1.0 != $1.1 }
    if let (row, (line, wanted)) = other { Issue.record("line \(row + 1) is\n\(line)\nand was\n\(wanted)") }
    #expect(lines.count == wanted.count)
  }

  /// The characters, then a letter for the style of every cell, then what the letters stand for.
  private static func text(_ buffer: Buffer, _ theme: Theme) -> String {
    func trimmed(_ row: String) -> String { String(row.reversed().drop { $0 == " " }.reversed()) }
    let (rows, legend) = buffer.styleRows(theme)
    return (buffer.rows.map(trimmed) + [""] + rows + [""] + legend)
      .joined(separator: "\n") + "\n"
  }

  @Test func stylesAsLetters() {
    let theme = Theme()
    var buffer = Buffer(width: 6, height: 2, fill: theme.blank)
    buffer.put("abcd", x: 0, y: 0, style: theme[.border])
    buffer.put("xy", x: 0, y: 1, style: theme[.truncated])
    buffer.put("~", x: 5, y: 1, style: Style(Color(1, 2, 3), on: Color(4, 5, 6)))
    let (rows, legend) = buffer.styleRows(theme)
    #expect(rows == ["aaaa..", "bb...#"])
    #expect(legend == ["a border: #76828F on #10141B", "b truncated: #5FE08F on #10141B"])
  }

  @Test func beforeAnythingHasArrivedThereIsAScreen() {
    for size in [Size(width: 0, height: 0), Size(width: 60, height: 20), Size(width: 200, height: 60)] {
      let state = DashboardState(experiment: Experiment(), size: size, theme: Theme(), showsTip: true)
      #expect(render(state).width == size.width)
    }
  }

  @Test func theHeaderSaysHowItStands() throws {
    var state = try Example.state()
    #expect(
      render(state).rows[0].split(separator: "  ").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
        == [
          "bpttop", "coin n=20 │ elman tanh H=4 │ TBPTT(5,10) newest │ clip norm 1 │ sgd 0.01", "▮▮ paused",
          "update 7 ",
        ])
    state.speed = .unlimited
    state.announce(try Example.snapshot(running: true, serial: 2))
    #expect(render(state).rows[0].hasSuffix("▶ 2,431 up/s  update 7 "))
    _ = state.press(.character("<"))
    #expect(render(state).rows[0].hasSuffix("▶ 1,000 of 1,000 up/s  update 7 "))
    var snapshot = try Example.snapshot(serial: 3)
    snapshot.explosion = Explosion(update: 8, step: 2, factor: "loss")
    state.announce(snapshot)
    #expect(render(state).rows[0].hasSuffix("✖ exploded  update 7 "))
  }

  /// On a narrow screen the words of the line get fewer, the task's first: the truncation, the clipping, the optimizer and the
  /// updates are there down to 60 columns.
  @Test(arguments: [
    (80, false, " elman tanh H=4 │ TBPTT(5,10) newest │ clip norm 1 │ sgd 0.01 "),
    (60, false, " elman tanh │ TBPTT(5,10) │ clip 1 │ sgd 0.01 "),
    (80, true, " elman tanh H=4 │ TBPTT(5,10) newest │ clip 1 │ sgd 0.01 "),
  ])
  func theRunningSettingIsAlwaysSeen(_ width: Int, _ isRunning: Bool, _ wanted: String) throws {
    let size = Size(width: width, height: 24)
    var state = try Example.state(size: size)
    state.speed = Speed(1000)
    if isRunning { state.announce(try Example.snapshot(running: true, serial: 2)) }
    let row = render(state).rows[0]
    #expect(row.hasPrefix(wanted), "\(row)")
    #expect(row.hasSuffix(isRunning ? " ▶ 1,000 up/s update 7 " : " ▮▮ update 7 "), "\(row)")
    let pair = try Example.pair(Example.experiment(), Example.experiment(), size: size)
    #expect(render(pair).rows[0].hasPrefix(" B"))
  }

  /// Every width has whole words, of those that the widest has.
  @Test func theHeaderCutsNoWord() throws {
    func words(_ width: Int) throws -> [Substring] {
      render(try Example.state(size: Size(width: width, height: 24))).rows[0].split { " │".contains($0) }
    }
    let all = try Set(words(140))
    for width in 60..<140 {
      let words = try words(width)
      #expect(all.isSuperset(of: words.filter { !["1", "7", "n=20"].contains($0) }), "\(width): \(words)")
      #expect(words.contains("TBPTT(5,10)"), "\(width): \(words)")
    }
  }

  @Test func theTruncationHasItsName() {
    var experiment = Experiment()
    #expect(HeaderLine.truncation(experiment) == "full BPTT")
    experiment.training.k1 = .steps(10)
    #expect(HeaderLine.truncation(experiment) == "TBPTT(10,n) newest")
    experiment.training.k2 = .steps(20)
    experiment.training.inject = .window
    #expect(HeaderLine.truncation(experiment) == "TBPTT(10,20) window")
  }

  @Test func thePromptShowsCandidatesAndProblems() throws {
    var state = try Example.state(size: Size(width: 80, height: 24))
    _ = state.type(":training.cl")
    var rows = render(state).rows
    #expect(rows.last?.hasPrefix(" :training.cl ") == true)
    #expect(rows.contains { $0.contains("training.clip.kind") && $0.contains("norm") })
    _ = state.type("og 3") + state.press(.enter)
    rows = render(state).rows
    #expect(rows.contains { $0.contains("training.clog: unknown key") })
  }
}
