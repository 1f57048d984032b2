import Canvas
import Dashboard
import Instruments
import Sources
import Training

/// The scrub bar: all updates that are held, where training stands among them, and the places worth going back to.
struct TimelinePanel: Panel {
  let id: PanelID = "timeline"
  let title = "Timeline"
  let size = PanelSize(40, 1, heightWeight: 1, maximumHeight: 1, isFramed: false)
  let help = [
    "All updates of this run from left to right, up to a round number: ━ updates that you can go back to, ╍ those that are no longer held, █ the present one, · those to come.",
    "Marks: c the first clipped update, ▲ the largest gradient norm, ! a spike of the loss, ◆ a change of a setting.",
    "Going back is bit for bit, settings included; going on again makes the same changes at the same updates.",
  ]
  let keys = [
    PanelKey(
      [.left, .right, .character("h"), .character("l")], name: "←→", short: "scrub",
      help: "a column of the bar back or on (h l)"),
    PanelKey(
      [.up, .down, .character("k"), .character("j")], name: "↑↓", short: "mark",
      help: "to the mark before or after (k j)"),
    PanelKey([.home, .end], name: "Home End", short: "ends", help: "to the first and to the last update held"),
  ]

  func isWanted(_ state: DashboardState) -> Bool { state.size.height >= 30 }

  func notes(_ state: DashboardState) -> [String] {
    guard let run = state.lane.told else { return [] }
    let held = run.rewindable > 0 ? "held from update \(NumberText.grouped(run.update - run.rewindable))" : ""
    let here = state.lane.marks.filter { $0.update == run.update }.map(\.nameHere).joined(separator: ", ")
    let last = state.lane.marks.last { $0.update <= run.update }
    let mark = here.isEmpty ? last.map { "last mark: \($0.name)" } ?? "" : here
    return [[mark, held].filter { !$0.isEmpty }.joined(separator: " · "), held, ""]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let lane = state.lane
    guard let run = lane.told, rect.width > 30 else { return }
    let isFocused = state.focus == id && rect.height == 1
    let name = " " + (isFocused ? "▸ " : "") + (state.lanes.count > 1 ? "\(lane.id.letter) " : "") + "updates "
    let notes = rect.height == 1 ? String.fitting(rect.width / 2 - 2, notes(state)) ?? "" : ""
    let end = " " + NumberText.grouped(TimelineScale(lane, width: 1).end)
    // The notes have a place of their own: whatever they say, the bar stands still.
    let room = rect.width - (rect.height == 1 ? rect.width / 2 : 0)
    let scale = TimelineScale(lane, width: room - name.columns - end.columns - 1)
    var x = buffer.put(name, x: rect.x, y: rect.y, style: theme[isFocused ? .accent : .dimText])
    let first = x
    for column in 0..<scale.width {
      let update = scale.update(at: column), isHeld = update >= run.update - run.rewindable && update <= scale.last
      let line = update > scale.last ? "·" : theme.characters == .ascii ? (isHeld ? "=" : "-") : isHeld ? "━" : "╍"
      x = buffer.put(line.words(theme), x: x, y: rect.y, style: theme[isHeld ? .window : .dimText])
    }
    for mark in lane.marks {
      buffer.put(
        mark.sign.words(theme), x: first + scale.column(of: mark.update), y: rect.y,
        style: theme[mark.kind == .change ? .keyName : .threshold], limit: 1)
    }
    buffer.put("█", x: first + scale.column(of: run.update), y: rect.y, style: theme[.cursor])
    buffer.put(end + (notes.isEmpty ? "" : "  " + notes), x: x, y: rect.y, style: theme[.dimText])
    drawList(of: lane, now: run.update, in: rect.inset(top: 2), &buffer, theme)
  }

  /// In the zoom the marks by name, those around where training stands.
  private func drawList(of lane: Lane, now: Int, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let marks = lane.marks
    let here = marks.lastIndex { $0.update <= now } ?? 0
    let first = max(0, min(here - rect.height / 2, marks.count - rect.height))
    for (row, index) in marks.indices.dropFirst(first).prefix(max(0, rect.height)).enumerated() {
      let mark = marks[index]
      let sign = Span(" \(mark.sign.words(theme)) ", theme[mark.kind == .change ? .keyName : .threshold])
      buffer.put([sign, Span("update \(NumberText.grouped(mark.update))", theme[.dimText])], in: rect, row: row)
      buffer.put(mark.name, in: rect.inset(left: 22), row: row, style: theme[index == here ? .accent : .text])
    }
  }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    guard let run = state.newest else { return nil }
    let marks = state.lane.marks.map(\.update)
    let scale = TimelineScale(state.lane, width: 60)
    let step = max(1, scale.end / max(1, scale.width))
    switch key {
    case .left, .character("h"): return state.updateBack(step)
    case .right, .character("l"): return state.updateForward(step)
    case .up, .character("k"):
      guard let mark = marks.last(where: { $0 < run.update }) else { return [] }
      return state.go(toUpdate: mark)
    case .down, .character("j"):
      guard let mark = marks.first(where: { $0 > run.update }) else { return [] }
      return state.go(toUpdate: mark)
    case .home: return state.go(toUpdate: run.update - run.rewindable)
    case .end: return state.go(toUpdate: max(run.update, state.lane.furthestUpdate))
    default: return nil
    }
  }
}

/// Which updates stand in which columns of the bar. It ends at a round number, so that its marks stand still for long.
struct TimelineScale {
  /// The columns, the last update that the lane has been at, and the update at the bar's end.
  let width: Int, last: Int, end: Int

  init(_ lane: Lane, width: Int) {
    self.width = max(1, width)
    last = max(lane.told?.update ?? 0, lane.newest?.isRunning == true ? 0 : lane.furthestUpdate)
    end = Self.roundNumber(from: max(20, last))
  }

  /// The least of 1, 2, 5 times a power of ten that is no smaller.
  static func roundNumber(from least: Int) -> Int {
    var decade = 1
    while 10 * decade <= least { decade *= 10 }
    return decade * ([1, 2, 5].first { $0 * decade >= least } ?? 10)
  }

  func column(of update: Int) -> Int { min(width - 1, max(0, (update * (width - 1) + end / 2) / end)) }

  /// The last update that stands in a column, or before it.
  func update(at column: Int) -> Int { width > 1 ? (column * end + end / 2) / (width - 1) : end }
}

extension TimelineMark {
  /// What is said of it where training stands there: a change was made here, anything else is what the next update is.
  fileprivate var nameHere: String { kind == .change ? "here: " + name : "next: " + name }

  /// How it is drawn on the scrub bar.
  fileprivate var sign: String {
    switch kind {
    case .firstClipped: "c"
    case .largestNorm: "▲"
    case .lossSpike: "!"
    case .change: "◆"
    }
  }
}
