import Canvas
import Dashboard
import Instruments
import Training

/// The updates before an explosion, and what of them grew.
struct BlackBoxPanel: Panel {
  let id: PanelID = "black-box"
  let title = "Black box"
  let size = PanelSize(40, 5, heightWeight: 10)
  let help = [
    "The last 50 updates before a number was not finite, by update, in log10: ‖g‖ before clipping, the largest |w|, the largest |h| of the window, and the mean factor by which ‖∂L/∂h‖ grows a step back.",
    "The first number that was not finite is named: its update, its step, what it was, and of which unit.",
    "Look for: what grows first. A factor above 1 before |w| grows is the product of Jacobians; |w| first is the learning rate. N and n go back and forth through these updates, and every panel shows them; e saves them (safetensors).",
  ]
  let reads: [any Instrument.Type] = [BlackBoxInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[BlackBoxInstrument.self] else { return [] }
    let count = reading.box.entries.count - 1
    return ["\(count) updates before update \(reading.box.explosion.update) · N n: walk · e: save", "\(count) updates"]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = state.lane[BlackBoxInstrument.self] else {
      let words =
        state.explosion != nil
        ? "the updates before it are being made again, to be kept"
        : "no number has overflowed: all of them have been finite"
      buffer.paragraph(words, in: rect, style: theme[.dimText])
      return
    }
    let lane = state.lanes.count > 1 ? "\(state.lane.id.letter): " : ""
    var lines = ["\(lane)✖ \(reading.headline)".words(theme)].flatMap { $0.wrapped(to: rect.width) }
    let headlines = lines.count
    if let entry = reading.present { lines += words(entry).words(theme).wrapped(to: rect.width) }
    let parts = rect.rows([.fixed(min(lines.count, rect.height)), .flexible()])
    for (row, line) in lines.enumerated() {
      buffer.put(line, in: parts[0], row: row, style: theme[row < headlines ? .error : .text])
    }
    guard reading.box.entries.count > 1 else {
      buffer.paragraph("it was the first update: there is none before it", in: parts[1], style: theme[.dimText])
      return
    }
    draw(reading.box.entries, next: reading.next, in: parts[1], &buffer, theme)
  }

  /// The update that comes next, in numbers.
  private func words(_ entry: BlackBox.Entry) -> String {
    let record = entry.record.map {
      "loss \(NumberText.short($0.loss)), ‖g‖ \(NumberText.short($0.gradientNorm))"
        + ($0.clipScale < 1 ? " × \(NumberText.short($0.clipScale))" : "")
    }
    return "update \(entry.update): \(record ?? "exploded"), |w| up to \(NumberText.short(entry.largestWeight)) in "
      + "\(entry.largestTensor), |h| up to \(NumberText.short(entry.largestState))"
      + (entry.factorPerStep.isNaN ? "" : ", ‖∂L/∂h‖ ×\(NumberText.short(entry.factorPerStep)) a step back")
  }

  private func draw(
    _ entries: [BlackBox.Entry], next: Int, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    func series(
      _ role: Role, _ mark: Series.Mark, _ symbol: Unicode.Scalar, _ names: [String],
      _ value: (BlackBox.Entry) -> Double?
    ) -> Series {
      let points = entries.compactMap { entry in value(entry).map { (x: Double(entry.update), y: NumberText.log10($0)) }
      }
      return Series(points.filter { $0.y.isFinite }, mark, role: role, symbol: symbol, labels: names)
    }
    let curves = [
      series(.gradientNorm, .line(.solid), "*", ["‖g‖"]) { $0.record?.gradientNorm },
      series(.sigma, .line(.dotted), "w", ["|w| largest", "|w|"]) { $0.largestWeight },
      series(.truncated, .line(.alternating), "h", ["|h| largest", "|h|"]) { $0.largestState },
      series(.loss, .line(.dotted), "x", ["factor a step back", "factor"]) { $0.factorPerStep },
    ].filter { !$0.points.isEmpty }
    guard let first = entries.first, let last = entries.last else { return }
    var plot = Plot(
      x: .steps(first.update, last.update), y: .logarithmic(curves.flatMap { $0.points.map(\.y) }, including: [0]),
      series: curves, xName: "update", cursor: Double(next))
    plot.guides = [Guide(0, ["1"], role: .bound)]
    plot.draw(in: rect, into: &buffer, theme: theme)
  }
}
