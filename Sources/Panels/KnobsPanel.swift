import Canvas
import Dashboard
import Instruments
import Training

/// The settings of the run, each a knob that turns while it trains.
struct KnobsPanel: Panel {
  let id: PanelID = "knobs"
  let title = "Knobs"
  let size = PanelSize(24, 2, widthWeight: 4, heightWeight: 7, maximumHeight: 5)
  /// The knob ρ shows what W_hh has.
  let reads: [any Instrument.Type] = [SpectrumInstrument.self]
  let help = [
    "Every setting of the experiment. A change takes effect at the next update; while paused, the same pass is redrawn at once.",
    "η is the learning rate, φ the activation, ρ rescales the current W_hh. A dot marks a change that has not taken effect yet; with two lanes the other lane's value stands behind a knob that differs.",
    "Look for: k2 too small to reach what is needed, ρ beyond 1, a learning rate that the clipping hides.",
  ]
  let keys = [
    PanelKey([.up, .down, .character("k"), .character("j")], name: "↑↓", short: "choose", help: "choose a knob (k j)"),
    PanelKey([.left, .right, .character("h"), .character("l")], name: "←→", short: "turn", help: "turn it (h l)"),
  ]

  func applies(to state: DashboardState) -> Bool { state.isOurs }

  func notes(_ state: DashboardState) -> [String] {
    let lane = state.lanes.count > 1 ? "lane \(state.lane.id.letter) · " : ""
    let knobs = state.lane.knobs
    guard let index = knobs.firstIndex(where: { $0.name == state.knob }) else { return [] }
    let place = "\(index + 1) of \(knobs.count)"
    return ["\(lane)\(knobs[index].summary) · \(place)", "\(lane)\(knobs[index].name) · \(place)", lane + place]
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
    let knobs = state.lane.knobs
    let chosen = knobs.firstIndex { $0.name == state.knob } ?? 0
    if rect.width >= 60, rect.height >= 12 {
      drawList(knobs, chosen, state, in: rect, &buffer, theme)
      return
    }
    let lines = Self.lines(knobs, state, width: rect.width - 1)
    let chosenLine = lines.firstIndex { $0.contains { $0.index == chosen } } ?? 0
    let first = Self.firstLine(of: lines.count, around: chosenLine, height: rect.height)
    for (row, line) in lines.dropFirst(first).prefix(rect.height).enumerated() {
      for cell in line {
        buffer.put(
          spans(knobs[cell.index], isChosen: cell.index == chosen, state, theme), in: rect.inset(left: 1 + cell.column),
          row: row)
      }
    }
  }

  /// A knob in its line: which, where, and how wide.
  struct Item: Equatable {
    var index: Int, column: Int, width: Int
  }

  /// The knobs one after the other in lines, each as wide as its widest value, so that a turn moves nothing.
  static func lines(_ knobs: [Knob], _ state: DashboardState, width: Int) -> [[Item]] {
    var lines: [[Item]] = [[]]
    var column = 0
    let gap = width < 40 ? 1 : 2
    for (index, knob) in knobs.enumerated() {
      let needed = knob.label.words(state.theme).columns + 3 + knob.valueWidth(state)
      if column > 0, column + needed > width {
        lines.append([])
        column = 0
      }
      lines[lines.count - 1].append(Item(index: index, column: column, width: needed))
      column += needed + gap
    }
    return lines
  }

  /// The first line shown, so that the chosen one is.
  private static func firstLine(of count: Int, around chosen: Int, height: Int) -> Int {
    min(max(0, chosen - height / 2), max(0, count - height))
  }

  private func spans(_ knob: Knob, isChosen: Bool, _ state: DashboardState, _ theme: Theme) -> [Span] {
    let isConfirmed = state.lane.unconfirmed[knob.name] == nil
    let other = state.otherLane.map { ($0.id.letter, knob.value($0, state)) }
    let difference = other.flatMap { $0.1 == knob.value(state.lane, state) ? nil : " \($0.0) \($0.1)" } ?? ""
    return [
      Span(knob.label.words(theme) + " ", theme[isChosen ? .title : .dimText]),
      Span("◂", theme[isChosen ? .keyName : .dimText]),
      Span(knob.value(state.lane, state), theme[isChosen ? .selection : .value]),
      Span("▸", theme[isChosen ? .keyName : .dimText]),
      Span(isConfirmed ? "" : "·", theme[.warning]), Span(difference, theme[.newest]),
    ]
  }

  /// A knob a line, with its dotted key, what it is, and the key that turns it.
  private func drawList(
    _ knobs: [Knob], _ chosen: Int, _ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let labels = knobs.map { $0.label.words(theme).columns }.max() ?? 0
    let values = knobs.map { $0.valueWidth(state) }.max() ?? 0
    // The dotted names are what a narrow list can do without.
    let names = rect.width >= 140 ? knobs.map(\.name.columns).max() ?? 0 : 0
    let columns = rect.inset(left: 1).columns(
      [
        .fixed(labels), .fixed(values + 4), .fixed(3), .fixed(names), .flexible(minimum: 1),
      ], gap: 1)
    let first = Self.firstLine(of: knobs.count, around: chosen, height: rect.height)
    for (row, index) in knobs.indices.dropFirst(first).prefix(rect.height).enumerated() {
      let knob = knobs[index]
      let parts = spans(knob, isChosen: index == chosen, state, theme)
      buffer.put(parts[0].text, in: columns[0], row: row, style: parts[0].style)
      buffer.put(Array(parts.dropFirst()), in: columns[1], row: row)
      buffer.put(knob.directKeys, in: columns[2], row: row, style: theme[.keyName])
      buffer.put(knob.name, in: columns[3], row: row, style: theme[index == chosen ? .text : .dimText])
      // Of a summary whose first word has no room there is nothing to read.
      guard knob.summary.prefix(while: { $0 != " " }).columns < columns[4].width else { continue }
      buffer.put(knob.summary, in: columns[4], row: row, style: theme[.dimText], ellipsis: true)
    }
  }
}

extension DashboardState {
  /// The knob before or after the chosen one, around.
  mutating func chooseKnob(by step: Int) {
    let knobs = lane.knobs
    guard !knobs.isEmpty else { return }
    let here = knobs.firstIndex { $0.name == knob } ?? 0
    knob = knobs[(here + step + knobs.count) % knobs.count].name
  }
}
