import Canvas
import Training

/// The settings of the run, each a knob that turns while it trains.
struct KnobsPanel: Panel {
  let id: PanelID = "knobs"
  let digit = 7
  let title = "Knobs"
  let shortTitle = "Knobs"
  let minimumSize = Size(width: 22, height: 2)
  let widthWeight = 4
  let heightWeight = 1
  let maximumHeight: Int? = 9
  let help = [
    "Every setting of the experiment; a turn is taken at the next update, and paused it redraws the same pass at once.",
    "A dot after a value: the trainer has not confirmed it yet. ρ rescales W_hh where it stands.",
    "Look for: k2 too small to reach what is needed, ρ beyond 1, a learning rate that the clipping hides.",
  ]
  let keys = [
    PanelKey([.up, .down, .character("k"), .character("j")], name: "↑↓", short: "choose", help: "choose a knob (k j)"),
    PanelKey([.left, .right, .character("h"), .character("l")], name: "←→", short: "turn", help: "turn it (h l)"),
  ]

  /// The columns that a knob takes.
  static let columnWidth = 22

  func notes(_ state: DashboardState) -> [String] {
    guard let key = try? ExperimentKey.named(state.knob) else { return [] }
    return [key.summary, key.name]
  }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    switch key {
    case .up, .character("k"): state.chooseKnob(by: -1)
    case .down, .character("j"): state.chooseKnob(by: 1)
    case .left, .character("h"): return state.turn(state.knob, up: false, coarse: false)
    case .right, .character("l"): return state.turn(state.knob, up: true, coarse: false)
    default: return nil
    }
    return []
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard rect.width > 0, rect.height > 0 else { return }
    let knobs = Knob.applying(to: state.experiment)
    let columns = max(1, rect.width / Self.columnWidth)
    let rows = (knobs.count + columns - 1) / columns
    let chosen = knobs.firstIndex { $0.name == state.knob } ?? 0
    // Knobs read along the lines; the lines that are shown hold the chosen one.
    let first = min(max(0, chosen / columns - rect.height / 2), max(0, rows - rect.height))
    let cells = rect.columns(Array(repeating: .flexible(), count: columns))
    for (index, knob) in knobs.enumerated().dropFirst(first * columns).prefix(rect.height * columns) {
      drawKnob(
        knob, isChosen: index == chosen, state, in: cells[index % columns].line(index / columns - first), &buffer, theme
      )
    }
  }

  private func drawKnob(
    _ knob: Knob, isChosen: Bool, _ state: DashboardState, in line: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    guard let key = try? ExperimentKey.named(knob.name) else { return }
    var value = Knob.shortValue(key.get(state.experiment))
    if value == "null" { value = "as drawn" }
    let isConfirmed = state.unconfirmed[knob.name] == nil
    buffer.put(
      [
        Span(" " + knob.label + " ", theme[isChosen ? .title : .dimText]),
        Span("◂ ", theme[isChosen ? .keyName : .dimText]),
        Span(value, theme[isChosen ? .selection : .value]), Span(" ▸", theme[isChosen ? .keyName : .dimText]),
        Span(isConfirmed ? "" : "·", theme[.warning]),
      ], in: line)
  }
}

extension DashboardState {
  /// The knob before or after the chosen one, around.
  mutating func chooseKnob(by step: Int) {
    let knobs = Knob.applying(to: experiment)
    guard !knobs.isEmpty else { return }
    let here = knobs.firstIndex { $0.name == knob } ?? 0
    knob = knobs[(here + step + knobs.count) % knobs.count].name
  }
}
