import Canvas
import Dashboard
import Instruments
import RecurrentNetworks
import Training

/// One window's pass over the sequence: what goes in, what the units do, and the gradient on its way back.
struct ThroughTimePanel: Panel {
  let id: PanelID = "through-time"
  let title = "Through time"
  let shortTitle = "Time"
  let size = PanelSize(40, 5)
  let help = [
    "One window's pass over the batch's first sequence: inputs, units h by time (color is the value), φ′ (the mean of the units; the number is that of all steps) or gates, and ‖∂L/∂h_t‖ of every layer.",
    "‖∂L/∂h_t‖ is in log10, color and height alike; gates are means over units; the brackets are the window (k2) and the losses that this update injects (k1).",
    "Look for: steps and layers at which the gradient fades, units that are shut (φ′ near 0), forget gates near 1.",
  ]
  let reads: [any Instrument.Type] = [
    TimeInstrument.self, GradientNormInstrument.self, SaturationInstrument.self, AttentionInstrument.self,
  ]

  /// A gated cell has a row a gate, and one for what it carries.
  func size(_ state: DashboardState) -> PanelSize {
    var size = size
    let gates = state.lane.gates
    if state.layers == 1, gates > 1 {
      // On a screen of few lines the equation of This step is worth more.
      size.heightWeight += state.size.height >= 30 ? 2 * (gates - 1) : 2
    }
    if state.lanes.count > 1, state.size.height >= 30 { size.heightWeight += 6 }
    return size
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[TimeInstrument.self] else { return [] }
    let cursor = state.cursor
    let step = "t \(cursor.step + 1) of \(reading.length)"
    let isStack = state.lane.experiment.architecture.kind != .bidirectional
    let stacked = state.layerWords.map { $0 + (isStack ? " of \(state.layers) · " : " · ") } ?? ""
    let whose = stacked + (reading.batch > 1 ? "h of sequence 1 of \(reading.batch), ∂L/∂h of all · " : "")
    let window = "window \(reading.window.lowerBound + 1)…\(reading.window.upperBound)"
    switch cursor.phase {
    case .forward:
      let words = "forward pass · \(step) · . goes right, , left"
      return [whose + words, words, "forward · \(step) · . →", "forward · \(step)", step]
    case .backward:
      let words = "backward pass · \(step) · . goes left, , right"
      return [whose + words, words, "backward · \(step) · . ←", "backward · \(step)", step]
    case .update:
      let words = "the whole pass · \(window) of \(reading.length)"
      return [whose + words, words, window]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard reading("the pass", from: TimeInstrument.self, of: state.lane, in: rect, &buffer, theme) != nil else {
      return
    }
    for drawing in drawings(state, in: rect, theme) { drawing.draw(into: &buffer) }
  }

  func target(x: Int, y: Int, in rect: Rect, _ state: DashboardState) -> PointerTarget? {
    drawings(state, in: rect, state.theme).lazy.compactMap { $0.target(x: x, y: y) }.first
  }

  private func drawings(_ state: DashboardState, in rect: Rect, _ theme: Theme) -> [TimeDrawing] {
    // One above the other; where there is no room for both, the lane that has the focus.
    let lanes = state.lanes.count > 1 && rect.height >= 2 * size.minimum.height ? state.lanes : [state.lane]
    let places = rect.rows(lanes.map { _ in .flexible() })
    var pictures = lanes.map { TimePicture($0, cursor: state.cursor(in: $0)) }
    // Bars of two lanes are compared: they have one axis.
    let axes = pictures.compactMap { $0?.gradientAxis }
    if let lower = axes.map(\.lower).min(), let upper = axes.map(\.upper).max() {
      for index in pictures.indices {
        pictures[index]?.gradientAxis = Axis(.logarithmic, lower: lower, upper: upper)
      }
    }
    // A step stands in the same column of both.
    let gutterWidth =
      pictures.compactMap { picture in
        picture.map { TimeDrawing.gutterWidth($0, rect.width, isLow: places[0].height < 6) }
      }.max() ?? 0
    if let session = state.lesson, !session.isAway {
      for index in pictures.indices { pictures[index]?.hidden = session.lesson.hidden }
    }
    return zip(lanes, zip(pictures, places)).compactMap { lane, pair in
      pair.0.map {
        TimeDrawing(
          $0, in: pair.1, theme: theme, name: state.lanes.count > 1 ? lane.id.letter : nil,
          isFocused: lane.id == state.focusedLane, gutterWidth: gutterWidth)
      }
    }
  }
}
