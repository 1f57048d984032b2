import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The gradient over space and time beside the frames that it is of.
struct SpaceTimePanel: Panel {
  let id: PanelID = "space-time"
  let title = "Space and time"
  let size = PanelSize(30, 6, widthWeight: 6, heightWeight: 16)
  let help = [
    "Cells from top to bottom, steps from left to right, of the batch's first sequence: the frames; log10 ‖∂l/∂h_t‖ of every cell, of one cell's loss at the cursor's step, and of all losses; with room the frame that is expected next.",
    "A kernel of width k carries the gradient (k - 1)/2 cells a step: what lies outside of that cone is exactly 0 and left empty.",
    "Look for: the cone, and in it the bright track that follows the bar back in time, when the network has learned to.",
  ]
  let reads: [any Instrument.Type] = [SpaceTimeInstrument.self]

  let needs = "network.kind convolutional"

  func applies(to state: DashboardState) -> Bool {
    state.lanes.contains { $0.experiment.architecture.kind == .convolutional }
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[SpaceTimeInstrument.self] else { return ["cell ↓  t →"] }
    let place = "cell \(reading.lossCell + 1) at t = \(reading.lossStep + 1)"
    return [
      "\(state.lanePrefix)cell ↓ t → · the loss of \(place) reaches \(NumberText.short(reading.speed)) cells a step",
      "\(state.lanePrefix)cell ↓ t → · the loss of \(place)", "cell ↓  t →",
    ]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading("the frames", from: SpaceTimeInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let gradients = (reading.one + reading.all).filter { $0.isFinite }
    let top = gradients.max() ?? 0, range = max(gradients.min() ?? -1, top - 8)...max(top, -300)
    let maps: [(name: String, values: [Double], range: ClosedRange<Double>)] = [
      ("frames x", reading.frames, 0...1), ("one loss", reading.one, range), ("all losses", reading.all, range),
      ("expected", reading.predicted, 0...1),
    ]
    let shown = maps.prefix(max(2, min(4, rect.width / 18)))
    let places = rect.columns(shown.map { _ in .flexible() }, gap: 1)
    for (map, place) in zip(shown, places) {
      let parts = place.rows([.fixed(1), .flexible()])
      buffer.put(map.name, in: parts[0], style: theme[.dimText], ellipsis: true)
      // What is far below the largest is not seen as nothing: it is the darkest.
      var picture = LabeledMap(
        HeatMap(
          map.values.map { $0 == -.infinity ? $0 : max($0, map.range.lowerBound) }, rows: reading.cells,
          columns: reading.steps, range: map.range), rows: "cell", columns: "t",
        key: map.range == 0...1
          ? ColorKey("0", "1")
          : ColorKey(
            NumberText.power(log10: map.range.lowerBound, digits: 1),
            NumberText.power(log10: map.range.upperBound, digits: 1)), words: [])
      picture.stretches = true
      picture.draw(in: parts[1], into: &buffer, theme: theme)
    }
  }
}
