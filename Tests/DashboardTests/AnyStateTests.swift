import Canvas
import Foundation
import Instruments
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// Whatever is shown, on whatever terminal: panels stand beside each other, each draws in its own place, one column a character.
@Suite struct AnyStateTests {
  /// What is drawn from; `BPTTOP_SEED` draws a failure again.
  private static let seed =
    ProcessInfo.processInfo.environment["BPTTOP_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ..< .max)

  private static func experiment(
    _ cell: CellKind, layers: Int = 1, _ settings: KeyValuePairs<String, String> = [:]
  ) throws -> Experiment {
    var experiment = Example.experiment()
    experiment.network.cell = cell
    experiment.network.layers = layers
    for (key, value) in settings { try experiment.set(key, value) }
    return experiment
  }

  /// What stands on the screen: one run, or two beside each other that differ in more or less.
  enum Scene: String, CaseIterable {
    case elman, lstm, stack, manyLayers, forward, units, twins, cells, lengths, stacks, algorithms

    func state(_ random: inout SeededRandom) throws -> DashboardState {
      func one(_ experiment: Experiment) throws -> DashboardState {
        try Example.state(
          experiment, layer: .random(in: 0..<experiment.network.layers, using: &random),
          instruments: Instruments.allIDs)
      }
      func two(_ first: Experiment, _ second: Experiment) throws -> DashboardState {
        let layers = max(first.network.layers, second.network.layers)
        return try Example.pair(
          first, second, layer: .random(in: 0..<layers, using: &random), instruments: Instruments.allIDs)
      }
      let plain = try experiment(.elman)
      return switch self {
      case .elman: try one(plain)
      case .lstm: try one(experiment(.lstm))
      case .stack: try one(experiment(.gru, layers: 3))
      case .manyLayers: try one(experiment(.elman, layers: 8))
      case .forward: try one(experiment(.elman, ["training.k2": "full", "training.algorithm": "rtrl"]))
      case .units: try one(experiment(.fullyRecurrent, ["network.hidden": "3"]))
      case .twins: try two(plain, plain)
      case .cells: try two(plain, experiment(.lstm, ["training.optimizer.learning_rate": "0.5"]))
      case .lengths:
        try two(plain, experiment(.leaky, ["network.beta": "0.3", "task.length": "33", "training.k2": "33"]))
      case .stacks: try two(experiment(.gru, layers: 3), plain)
      case .algorithms:
        try two(
          experiment(.elman, ["training.k2": "full", "training.algorithm": "uoro"]),
          experiment(.lstm, ["training.k2": "full", "training.algorithm": "rtrl"]))
      }
    }
  }

  @Test(arguments: Scene.allCases) func anyStateIsDrawnAtAnySize(_ scene: Scene) throws {
    var random = SeededRandom(seed: Self.seed)
    let start = try scene.state(&random)
    let window = try #require(start.window)
    let looks = ColorTier.allCases.flatMap { colors in CharacterTier.allCases.map { (colors, $0) } }
    var turn = Int.random(in: 0..<12, using: &random)
    // Every panel alone and all together, in every phase; every look comes by in turn.
    for zoomed in Panels.all.map({ Optional($0.id) }) + Array(repeating: nil, count: 5) {
      for phase in [Cursor.Phase.forward, .backward, .update] {
        turn += 1
        var state = start
        let (colors, characters) = looks[turn % looks.count]
        state.theme = Theme(colors: colors, characters: characters)
        state.cursor = Cursor(phase, step: .random(in: window.steps, using: &random))
        state.size = Self.size(&random)
        state.zoomed = zoomed
        state.productView = ProductView.allCases.randomElement(using: &random)
        state.focusedLane = state.lanes.randomElement(using: &random)?.id ?? .a
        state.panelsOn = Set(Panels.all.map(\.id).filter { _ in Int.random(in: 0..<5, using: &random) > 0 } + ["flow"])
        state.askedFor = [Panels.learning.id, Panels.horizon.id].filter { _ in Bool.random(using: &random) }
        state.focus = Panels.all.map(\.id).randomElement(using: &random)
        state.tip = Bool.random(using: &random) ? Tip.allCases : []
        state.message = Int.random(in: 0..<8, using: &random) == 0 ? Message("a word", isError: true) : nil
        state.mode =
          [.panels, .panels, .help(line: 3), .prompt(LineEditor("training.k")), .find(LineEditor("l"))]
          .randomElement(using: &random) ?? .panels
        if let problem = Self.problem(in: state) {
          let place =
            "\(state.size.width)×\(state.size.height), \(phase), \(zoomed?.name ?? "no zoom"), \(colors), \(characters)"
          Issue.record("\(problem) in \(scene) at \(place); BPTTOP_SEED=\(Self.seed) draws it again")
          return
        }
      }
    }
  }

  /// Sizes of every kind: the usual ones, small ones, and a few that are huge.
  private static func size(_ random: inout SeededRandom) -> Size {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: Size(width: .random(in: 0...70, using: &random), height: .random(in: 0...24, using: &random))
    case 1: Size(width: .random(in: 100...310, using: &random), height: .random(in: 30...110, using: &random))
    default: Size(width: .random(in: 60...170, using: &random), height: .random(in: 20...50, using: &random))
    }
  }

  /// What is wrong with a state's screen; nil where nothing is.
  private static func problem(in state: DashboardState) -> String? {
    let buffer = render(state)
    guard buffer.width == state.size.width, buffer.height == state.size.height else { return "another size" }
    if state.theme.characters == .ascii, !buffer.cells.allSatisfy({ $0.character.isASCII }) { return "no ASCII" }
    if let wide = buffer.cells.first(where: { $0.character.displayWidth != 1 }) { return "a wide \(wide.character)" }
    let layout = ScreenLayout(state)
    return overlap(of: layout, state) ?? stray(from: layout, state)
  }

  /// Places that share a cell, or leave the room between the lines above and below.
  private static func overlap(of layout: ScreenLayout, _ state: DashboardState) -> String? {
    var taken: [(name: String, rect: Rect)] = [("header", layout.header), ("footer", layout.footer)]
    if layout.isTooSmall { return layout.places.isEmpty ? nil : "panels on a screen that is too small" }
    if let tip = layout.tip { taken.append(("the newcomer's line", tip)) }
    if let difference = layout.difference { taken.append(("the lanes' line", difference)) }
    taken += layout.places.map { ($0.panel.id.name, $0.frame) }
    for (index, one) in taken.enumerated() {
      let rect = one.rect
      if rect.x < 0 || rect.y < 0 || rect.maxX > state.size.width || rect.maxY > state.size.height {
        return "\(one.name) at \(rect) leaves the screen"
      }
      for other in taken[..<index]
      where rect.x < other.rect.maxX && other.rect.x < rect.maxX && rect.y < other.rect.maxY && other.rect.y < rect.maxY
      {
        return "\(one.name) at \(rect) lies over \(other.name) at \(other.rect)"
      }
    }
    return nil
  }

  /// A panel that draws outside of its frame's inside.
  private static func stray(from layout: ScreenLayout, _ state: DashboardState) -> String? {
    let untouched = Cell("~", Style(Color(1, 2, 3)))
    for place in layout.places {
      let isFramed = place.panel.size.isFramed || state.zoomed == place.panel.id
      // A margin all around, so that the screen's edge hides nothing.
      let (frame, margin) = (place.frame, 3)
      let width = frame.width + 2 * margin, height = frame.height + 2 * margin
      let inside = Rect(x: margin, y: margin, width: frame.width, height: frame.height).inset(isFramed ? 1 : 0)
      var buffer = Buffer(width: width, height: height, fill: untouched)
      place.panel.draw(state, in: inside, &buffer, theme: state.theme)
      let cells = buffer.cells
      for y in 0..<height {
        for x in 0..<width where cells[y * width + x] != untouched && !inside.contains(x: x, y: y) {
          return "\(place.panel.id.name) draws (\(x - margin), \(y - margin)) beyond \(frame.width)×\(frame.height)"
        }
      }
    }
    return nil
  }
}
