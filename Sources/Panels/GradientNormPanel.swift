import Canvas
import Dashboard
import GradientFlow
import Instruments
import Training

/// ‖∂L/∂h_t‖ by step: of the gradient as it trains, and of the same losses with nothing cut off behind it.
struct GradientNormPanel: Panel {
  let id: PanelID = "gradient-norm"
  let title = "Gradient norm"
  let shortTitle = "‖δ‖"
  let size = PanelSize(24, 5)
  let help = [
    "‖∂L/∂h_t‖ by step t on a logarithmic axis: of the losses that this update injects, as the truncation leaves it, and of the same losses with nothing cut off.",
    "Over all sequences of the batch, the unit is that of the loss per h. A straight line is an exponential decay: the title has its factor a step. Other curves are described by their shape. For an LSTM also ∂L/∂c_t with h_t held fixed: what the memory path brings.",
    "Look for: how far the cut curve lies below the other, and whether the line falls or climbs towards t = 1. Untied, each step's W_hh is there too, with how far it has moved, relative to what it was.",
  ]
  let reads: [any Instrument.Type] = [GradientNormInstrument.self]

  func notes(_ state: DashboardState) -> [String] {
    guard state.cursor.phase != .forward else { return ["‖∂L/∂h_t‖ · comes with the backward pass", "‖∂L/∂h_t‖"] }
    guard let reading = state.lane[GradientNormInstrument.self] else { return ["‖∂L/∂h_t‖"] }
    let both = comparison(state)
    let name = state.lanePrefix
    let layer = state.layerWords.map { "\($0) · " } ?? ""
    let whose = reading.batch > 1 ? "over \(reading.batch) sequences · " : ""
    guard let words = words(of: state.lane, state) else {
      return [layer + whose + "‖∂L/∂h_t‖", layer + "‖∂L/∂h_t‖", "‖∂L/∂h_t‖"]
    }
    return both + [layer + "‖∂L/∂h_t‖ " + whose + name + words.long, layer + whose + name + words.long]
      + [layer + name + words.long, name + words.long, name + words.brief, name + words.short]
  }

  /// Of two lanes how much arrives at the window's first step in each, long and short; empty before the backward pass is there.
  private func comparison(_ state: DashboardState) -> [String] {
    guard state.lanes.count == 2 else { return [] }
    let parts = state.lanes.compactMap { lane -> (step: Int, letter: String, log10: Double)? in
      guard let reading = lane[GradientNormInstrument.self], reading.noGradientReason == nil else { return nil }
      let step = reading.window.lowerBound
      guard state.cursor(in: lane).hasGradient(at: step), reading.norms.indices.contains(step) else { return nil }
      return (step, lane.id.letter, reading.norms[step])
    }
    guard parts.count == 2, parts[0].step == parts[1].step else { return [] }
    let step = parts[0].step + 1
    let long = parts.map { "\($0.letter) \(NumberText.power(log10: $0.log10))" }.joined(separator: " · ")
    let short = parts.map { "\($0.letter) \(NumberText.power(log10: $0.log10, digits: 1))" }.joined(separator: " ")
    return ["at t = \(step): \(long)", "t \(step): \(short)", "t\(step): \(short)", short]
  }

  /// How a lane's curve runs; nil where there is none, and before all of it is there.
  private func words(of lane: Lane, _ state: DashboardState) -> CurveWords? {
    guard let reading = lane[GradientNormInstrument.self], reading.noGradientReason == nil else { return nil }
    let cursor = state.cursor(in: lane)
    // Before the first loss the gradient only passes on; where losses enter a slope would say nothing of the way.
    let way =
      reading.window.lowerBound..<min((reading.firstLoss ?? reading.window.upperBound - 1) + 1, reading.norms.count)
    guard cursor.hasGradient(at: way.lowerBound) else { return nil }
    return CurveWords(Array(reading.norms[way]), firstStep: way.lowerBound)
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let main = reading(
        "the gradient's norm", from: GradientNormInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    if let reason = main.noGradientReason, !main.norms.contains(where: \.isFinite) {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    picture(main, state).draw(in: rect, &buffer, theme: theme)
  }

  func target(x: Int, y: Int, in rect: Rect, _ state: DashboardState) -> PointerTarget? {
    guard let main = state.lane[GradientNormInstrument.self] else { return nil }
    let area = picture(main, state).plot.area(in: rect, theme: state.theme)
    return area.value(atColumn: min(max(x, area.rect.x), area.rect.maxX - 1)).map { .step(Int($0.rounded()) - 1) }
  }

  private func picture(_ main: GradientNormInstrument.Reading, _ state: DashboardState) -> GradientNormPicture {
    var picture = GradientNormPicture(length: main.length, cursor: state.cursor)
    picture.clip = main.clipThreshold
    if state.lanes.count > 1 {
      picture.curves = state.lanes.compactMap { lane in
        lane[GradientNormInstrument.self].map {
          GradientNormPicture.Curve(
            $0, lane: lane, difference: state.differences(of: lane, limit: 1), cursor: state.cursor(in: lane))
        }
      }
      picture.length = picture.curves.map(\.norms.count).max() ?? main.length
    } else {
      picture.curves = GradientNormPicture.curves(of: main, cursor: state.cursor)
      picture.moved = main.moved
    }
    return picture
  }
}

/// What the panel draws, without where it came from. Norms are log10, a step each, -infinity where nothing arrives.
struct GradientNormPicture {
  /// One line.
  struct Curve {
    var norms: [Double]
    /// Its names, longest first; and the one that its value under the cursor is written behind.
    var names: [String], name: String
    var mark = Series.Mark.line(.solid), role: Role, symbol: Unicode.Scalar
    /// Outside of its window a cut gradient is nothing by definition: no mark says so at every step.
    var skipsNothing = true
    /// Where the pass stands in it.
    var cursor: Cursor
  }

  var curves: [Curve] = []
  /// n.
  var length: Int
  var cursor: Cursor
  /// The norm that every ‖δ_t‖ is clipped to, if it is.
  var clip: Double?
  /// How far each step's own W_hh has moved, relative to what it began with; nil where all steps share one.
  var moved: [Double]?

  init(length: Int, cursor: Cursor) {
    self.length = length
    self.cursor = cursor
  }

  /// The curves of one lane: as it trains, with nothing cut, and along the memory path.
  static func curves(of reading: GradientNormInstrument.Reading, cursor: Cursor) -> [Curve] {
    let isCut = reading.uncut != nil || !reading.reachesStart
    let window = reading.window.count
    let names =
      reading.truncationName.isEmpty
      // A run that is trained elsewhere does not tell what is cut.
      ? ["∂L/∂h_t"]
      : !reading.trains
        ? ["BPTT of the window", "BPTT"]
        : isCut
          ? ["cut after k2 = \(window) steps", "cut at k2 = \(window)", "cut"]
          : ["∂L/∂h_t, nothing cut", "nothing cut"]
    var curves = [
      Curve(
        norms: reading.norms, names: names, name: names[names.count - 1], role: .truncated, symbol: "*", cursor: cursor)
    ]
    if let uncut = reading.uncut {
      curves.append(
        // Behind the window's losses there is nothing by definition; before, an exact 0 is told.
        Curve(
          norms: Array(uncut.prefix(reading.window.upperBound)),
          names: ["same losses, nothing cut", "nothing cut", "uncut"], name: "uncut",
          mark: .line(.dotted), role: .full, symbol: ".", skipsNothing: false, cursor: cursor))
    }
    if let carried = reading.carried {
      let names = reading.carriedNames
      curves.append(
        Curve(
          norms: carried, names: names, name: names.last ?? "", mark: .line(.dashed), role: .window, symbol: "#",
          cursor: cursor))
    }
    return curves
  }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard curves.flatMap(\.norms).contains(where: { $0.isFinite || $0.isNaN || $0 > 0 }) else {
      buffer.paragraph(
        "the gradient is exactly 0: no loss was injected in this window, or φ′ is 0 everywhere", in: rect,
        style: theme[.dimText])
      return
    }
    let area = plot.draw(in: rect, into: &buffer, theme: theme)
    guard cursor.phase == .forward else { return }
    let words = ["not yet: the backward pass computes it", "not yet: backward pass", "not yet"]
    let row = area.rect.line(area.rect.height / 2)
    buffer.put(String.fitting(row.width, words) ?? "", in: row, alignment: .center, style: theme[.dimText])
  }

  /// The plot of all curves.
  var plot: Plot {
    let values = curves.flatMap(\.norms)
    let moved = (moved ?? []).enumerated().filter { $1.isFinite }.map { (x: Double($0 + 1), y: $1) }
    var copies = Series(
      moved, .line(.alternating), role: .value, symbol: "-",
      labels: moved.isEmpty ? [] : ["‖ΔW_hh‖/‖W_hh‖ of each step's copy", "‖ΔW_hh‖/‖W_hh‖", "ΔW moved"])
    copies.isOverlaid = true
    var plot = Plot(
      x: .steps(1, max(1, length)),
      y: .logarithmic(values + moved.map(\.y), including: clip.map { [NumberText.log10($0)] } ?? []),
      series: curves.map(\.series) + [copies], xName: "t", cursor: cursor.stepOfPlot)
    if let clip {
      let value = NumberText.trimmed(clip)
      let names = ["δ clipped at " + value, "clip " + value, value]
      plot.guides = [Guide(NumberText.log10(clip), names, role: .threshold)]
    }
    return plot
  }
}

extension GradientNormPicture.Curve {
  /// A lane's curve beside another lane's, named by what differs.
  init(_ reading: GradientNormInstrument.Reading, lane: Lane, difference: String, cursor: Cursor) {
    let style = LaneStyle(lane.id)
    let letter = lane.id.letter, name = difference.isEmpty ? reading.truncationName : difference
    self.init(
      norms: reading.norms, names: ["\(letter) \(name)", letter], name: letter, mark: style.mark,
      role: style.role, symbol: style.symbol, cursor: cursor)
  }

  /// What the backward pass has not reached is not there yet; the axis is that of the whole pass, so that it stands still.
  fileprivate var series: Series {
    let points = norms.enumerated().compactMap { step, norm -> (x: Double, y: Double)? in
      !cursor.hasGradient(at: step) || skipsNothing && norm == -.infinity ? nil : (Double(step + 1), norm)
    }
    var series = Series(points, mark, role: role, symbol: symbol, labels: labels)
    // A line with gaps leaves what lies under it in them.
    if case .line(.alternating) = mark { series.isOverlaid = true }
    return series
  }

  /// The curve's names, with its value under the cursor where there is room.
  private var labels: [String] {
    guard cursor.phase == .backward, norms.indices.contains(cursor.step) else { return names }
    let value = NumberText.power(log10: norms[cursor.step])
    return ["\(names[0]) \(value) at t = \(cursor.step + 1)", "\(name) \(value)"] + names
  }
}
