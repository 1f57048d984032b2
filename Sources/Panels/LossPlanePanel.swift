import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The loss over two weights, with the place where the next step lands.
struct LossPlanePanel: Panel {
  let id: PanelID = "loss-plane"
  let title = "Loss surface"
  let shortTitle = "Surface"
  let size = PanelSize(28, 8, widthWeight: 3, heightWeight: 14)
  let help = [
    "log10 of the window's loss as color, over two of the weights with all others as they are; + is where they stand, ● where the next step lands, ○ where it would land without clipping; what lies outside is at the edge.",
    "The first unit's weight to itself and its bias, or the weights of your choice, by the size of their gradient.",
    "Look for: walls, where the color jumps: cliffs of the loss, from which an unclipped step flies off; valleys along which both weights may move.",
  ]
  let reads: [any Instrument.Type] = [LossPlaneInstrument.self]
  let keys = [
    PanelKey(
      [.left, .right], name: "←→", short: "weight across",
      help: "the weight to the right: one with a larger or smaller gradient"),
    PanelKey([.up, .down], name: "↑↓", short: "weight upwards", help: "the weight upwards"),
  ]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let weights = state.lane[LossPlaneInstrument.self]?.weights, weights.count == 2 else { return ["log10 L"] }
    return ["\(weights[0].name) → \(weights[1].name) ↑", "→ ↑"]
  }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    let place: Int, step: Int
    switch key {
    case .left: (place, step) = (0, -1)
    case .right: (place, step) = (0, 1)
    case .down: (place, step) = (1, -1)
    case .up: (place, step) = (1, 1)
    default: return nil
    }
    guard let reading = state.lane[LossPlaneInstrument.self] else { return [] }
    var weights = reading.weights.map(\.index)
    // The other of the two is passed over.
    let choices = reading.choices.filter { $0 != weights[1 - place] }
    guard !choices.isEmpty else { return [] }
    let next = choices.firstIndex(of: weights[place]).map { ($0 + step + choices.count) % choices.count }
    weights[place] = choices[next ?? 0]
    state.weights = weights
    return []
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let readings = state.lanes.compactMap { $0[LossPlaneInstrument.self] }
    // From the least loss up, and no more than 12 decades: what is higher has the last color.
    let logs = readings.flatMap { $0.losses.map(NumberText.log10) }.filter(\.isFinite), least = logs.min() ?? 0
    let range = least...max(least + 0.01, min(least + 12, logs.max() ?? 0))
    state.sideBySide(in: rect, &buffer, theme) { lane, rect, buffer in
      let name = "the loss over two weights"
      guard let reading = reading(name, from: LossPlaneInstrument.self, of: lane, in: rect, &buffer, theme) else {
        return
      }
      draw(reading, range, in: rect, &buffer, theme)
    }
  }

  private func draw(
    _ reading: LossPlaneInstrument.Reading, _ range: ClosedRange<Double>, in rect: Rect, _ buffer: inout Buffer,
    _ theme: Theme
  ) {
    let parts = rect.rows([.flexible(), .fixed(rect.height >= 7 ? 1 : 0)])
    // The axes and what stands on them are a plot, the map lies where its data are.
    let values = reading.weights.map { Axis(.linear, lower: $0.value - reading.span, upper: $0.value + reading.span) }
    let landings = reading.landings.map { landing in
      let place = zip(reading.weights, landing.moved).map { weight, moved in
        weight.value + max(-0.999, min(0.999, moved / reading.span)) * reading.span
      }
      return Series(
        [(place[0], place[1])], .glyph(landing.isClipped ? "●" : "○"), role: .cursor,
        symbol: landing.isClipped ? "@" : "o")
    }
    let now = Series([(reading.weights[0].value, reading.weights[1].value)], .glyph("+"), role: .cursor, symbol: "+")
    var plot = Plot(x: values[0], y: values[1], series: landings + [now])
    plot.gridFrom = .max
    let area = plot.area(in: parts[0], theme: theme)
    let rows = stride(from: reading.side - 1, through: 0, by: -1)
    let logs = rows.flatMap { row in
      reading.losses[row * reading.side..<(row + 1) * reading.side].map { $0.isFinite ? NumberText.log10($0) : .nan }
    }
    HeatMap(
      logs, rows: reading.side, columns: reading.side, range: range, reduction: .mean
    ).draw(in: area.rect, into: &buffer, theme: theme)
    plot.draw(in: parts[0], into: &buffer, theme: theme)
    let ends = [range.lowerBound, range.upperBound].map { NumberText.short(Log10.power($0)) }.joined(separator: " … ")
    let words = ["color: log10 L, L from \(ends); at + it is \(NumberText.short(reading.loss))", "L \(ends)"]
    buffer.put(
      String.fitting(rect.width, words.map { $0.words(theme) }) ?? "", in: parts[1], alignment: .center,
      style: theme[.dimText])
  }
}
