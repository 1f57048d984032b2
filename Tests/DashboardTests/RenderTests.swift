import Canvas
import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

/// Whole screens.
@Suite struct RenderTests {
  /// Golden screens lie beside this file; `BPTTOP_UPDATE_GOLDEN=1` writes them anew, to be read before they are committed.
  @Test(arguments: [(1, 1), (60, 20), (80, 24), (120, 36), (200, 60)])
  func golden(_ width: Int, _ height: Int) throws {
    try expectGolden("screen-\(width)x\(height)", Example.experiment(), width, height)
  }

  /// A gated cell, and two layers of which the lower one is looked into.
  @Test(arguments: [(80, 24), (120, 36)]) func goldenOfAnLSTM(_ width: Int, _ height: Int) throws {
    var experiment = Example.experiment()
    experiment.network.cell = .lstm
    try expectGolden("lstm-\(width)x\(height)", experiment, width, height)
  }

  @Test(arguments: [(80, 24), (120, 36)]) func goldenOfTwoLayers(_ width: Int, _ height: Int) throws {
    var experiment = Example.experiment()
    experiment.network.layers = 2
    try expectGolden("layers-\(width)x\(height)", experiment, width, height, layer: 0)
  }

  @Test func goldenOfLayersZoomed() throws {
    var experiment = Example.experiment()
    experiment.network.cell = .gru
    experiment.network.layers = 3
    try expectGolden("zoomed-through-time-120x36", experiment, 120, 36, layer: 1, zoomed: Panels.throughTime.id)
  }

  private func expectGolden(
    _ name: String, _ experiment: Experiment, _ width: Int, _ height: Int, layer: Int? = nil, zoomed: PanelID? = nil
  ) throws {
    var state = try Example.state(experiment, layer: layer, size: Size(width: width, height: height))
    state.zoomed = zoomed
    // Backward at t = 12, where the next step's factors are known.
    state.cursor = Cursor(.backward, step: 11)
    let screen =
      render(state).rows.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n") + "\n"
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/\(name).txt")
    if ProcessInfo.processInfo.environment["BPTTOP_UPDATE_GOLDEN"] != nil {
      try screen.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(screen == (try String(contentsOf: file, encoding: .utf8)))
  }

  @Test(arguments: [(CellKind.elman, 1), (.lstm, 1), (.gru, 3), (.elman, 8)])
  func anyStateIsDrawnAtAnySize(_ cell: CellKind, _ layers: Int) throws {
    var random = SystemRandomNumberGenerator()
    var experiment = Example.experiment()
    experiment.network.cell = cell
    experiment.network.layers = layers
    let start = try Example.state(experiment, layer: Int.random(in: 0..<layers, using: &random))
    let steps = 5..<15
    for _ in 0..<40 {
      var state = start
      state.productView = ProductView.allCases.randomElement(using: &random)
      state.askedFor = Bool.random(using: &random) ? [Panels.learner.id] : []
      state.size = Size(width: .random(in: 0...310, using: &random), height: .random(in: 0...110, using: &random))
      state.theme = Theme(
        colors: ColorTier.allCases.randomElement(using: &random) ?? .mono,
        characters: CharacterTier.allCases.randomElement(using: &random) ?? .ascii)
      let phase: Cursor.Phase = [.forward, .backward, .update].randomElement(using: &random) ?? .update
      state.cursor = Cursor(phase, step: .random(in: steps, using: &random))
      state.zoomed = (Panels.all.map(\.id) + [nil, nil, nil]).randomElement(using: &random) ?? nil
      state.focus = Panels.all.map(\.id).randomElement(using: &random)
      state.tip = Bool.random(using: &random) ? Tip.allCases : []
      state.mode =
        [.panels, .panels, .help(line: 3), .prompt(LineEditor("training.k")), .find(LineEditor("l"))]
        .randomElement(using: &random) ?? .panels
      let buffer = render(state)
      #expect(buffer.width == state.size.width && buffer.height == state.size.height)
      if state.theme.characters == .ascii {
        #expect(buffer.cells.allSatisfy { $0.character.isASCII })
      }
    }
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
    _ = reduce(into: &state, .snapshot(try Example.snapshot(running: true, serial: 2)))
    #expect(render(state).rows[0].hasSuffix("▶ 2,431 up/s  update 7 "))
    _ = state.press(.character("<"))
    #expect(render(state).rows[0].hasSuffix("▶ ≤2,431 up/s  update 7 "))
    var snapshot = try Example.snapshot(serial: 3)
    snapshot.explosion = Explosion(update: 8, step: 2, factor: "loss")
    _ = reduce(into: &state, .snapshot(snapshot))
    #expect(render(state).rows[0].hasSuffix("✖ exploded  update 7 "))
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
