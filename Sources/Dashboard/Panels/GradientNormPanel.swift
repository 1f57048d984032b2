import Canvas
import GradientFlow

/// ‖∂L/∂h_t‖ by step: of the truncated gradient that trains, and of full backpropagation behind it.
struct GradientNormPanel: Panel {
  let id: PanelID = "gradient-norm"
  let digit = 2
  let title = "Gradient norm"
  let shortTitle = "‖δ‖"
  let minimumSize = Size(width: 24, height: 5)
  let help = [
    "‖∂L/∂h_t‖ by step t on a logarithmic axis: the truncated gradient, and full backpropagation behind it.",
    "Over all sequences of the batch, in the loss' unit by that of h. A straight line is an exponential decay, said as a factor a step where no losses enter on the way. Of an LSTM ∂L/∂c_t too, h_t held fixed: what the carousel brings.",
    "Look for: how much of the full gradient the truncation leaves, and whether the line falls or climbs towards t = 1. Untied, each step's W_hh is there too, with how far it has moved, relative to what it was.",
  ]
  let instruments: Set<Instrument> = [.gradientNorm]

  func notes(_ state: DashboardState) -> [String] {
    guard state.cursor.phase != .forward else { return ["‖∂L/∂h_t‖ · comes with the backward pass", "‖∂L/∂h_t‖"] }
    let cursor = state.cursor
    let norms = (state.analysis?.truncatedGradientNorm ?? []).enumerated()
      .map { cursor.hasGradient(at: $0) ? $1 : -.infinity }
    let batch = state.shown?.data.batch ?? 1
    let layer = state.layers > 1 ? "layer \(state.shownLayer + 1) · " : ""
    // Before the first loss the gradient only passes on; where losses enter a slope would say nothing of the way.
    guard let decay = GradientDecay(Array(norms.prefix((state.firstLoss ?? norms.count - 1) + 1))) else {
      let whose = layer + "‖∂L/∂h_t‖"
      return (batch > 1 ? [whose + " over \(batch) sequences"] : []) + [whose, "‖∂L/∂h_t‖"]
    }
    let whole =
      (batch > 1 ? [layer + "‖∂L/∂h_t‖ over \(batch) sequences · ", layer + "over \(batch) sequences · "] : [])
      + (layer.isEmpty ? [] : [layer])
    return whole.map { $0 + decay.words } + ["‖∂L/∂h_t‖ · " + decay.words, decay.words, decay.factorWords]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let analysis = state.analysis else {
      buffer.paragraph("no pass yet: it comes with the first weights", in: rect, style: theme[.dimText])
      return
    }
    if let reason = state.noGradientReason, !(analysis.truncatedGradientNorm ?? []).contains(where: \.isFinite) {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    let clip = analysis.snapshot.experiment.training.clip
    GradientNormPicture(
      truncated: analysis.truncatedGradientNorm, full: analysis.fullGradientNorm, length: analysis.sequenceLength,
      cursor: state.cursor, clip: clip.kind == .step ? clip.threshold : nil,
      name: analysis.snapshot.experiment.training.algorithm.description.isTape ? "truncated" : "BPTT of the window",
      moved: analysis.drift?.log10Moved, carried: analysis.carriedGradientNorm,
      carriedName: analysis.carousel?.part ?? "c"
    ).draw(in: rect, &buffer, theme: theme)
  }
}

/// How the gradient changes on its way back over a window: the least-squares slope of its logarithm.
struct GradientDecay: Equatable {
  /// log10 of the factor a step back.
  let slope: Double
  /// log10 of the first step's norm over the last's.
  let whole: Double
  /// How many steps.
  let steps: Int

  /// From log10 ‖∂L/∂h_t‖ by step; nil with fewer than 3 finite ones.
  init?(_ norms: [Double]) {
    var count = 0.0, sumX = 0.0, sumY = 0.0, sumXX = 0.0, sumXY = 0.0
    var first: Int?, last = 0
    for (step, value) in norms.enumerated() where value.isFinite {
      let x = Double(step)
      count += 1
      sumX += x
      sumY += value
      sumXX += x * x
      sumXY += x * value
      first = first ?? step
      last = step
    }
    guard let first, count >= 3 else { return nil }
    // slope = (NΣxy - ΣxΣy)/(NΣx² - (Σx)²), and back in time its negative.
    let slope = (count * sumXY - sumX * sumY) / (count * sumXX - sumX * sumX)
    guard slope.isFinite else { return nil }
    self.slope = -slope
    whole = norms[first] - norms[last]
    steps = last - first
  }

  /// "×0.87 a step back".
  var factorWords: String { "×" + NumberText.power(log10: slope, digits: 3) + " a step back" }

  /// What that makes over the window, in words.
  var words: String {
    let verb = slope < -0.005 ? "vanishes" : slope > 0.005 ? "explodes" : "steady"
    return verb + " " + factorWords
  }
}

/// What the panel draws, without where it came from. Norms are log10, a step each, -infinity where nothing arrives.
struct GradientNormPicture {
  var truncated: [Double]?, full: [Double]?
  /// n.
  var length: Int
  var cursor: Cursor
  /// The norm that every ‖δ_t‖ is clipped to, if it is.
  var clip: Double?
  /// What the gradient of the window is called: where another algorithm learns, it is not the one that trains.
  var name = "truncated"
  /// How far each step's own W_hh has moved, relative to what it began with; nil where all steps share one.
  var moved: [Double]?
  /// The norm of the gradient by the part of the state that the cell's carousel carries, and that part's name; nil where that is h.
  var carried: [Double]?, carriedName = "c"

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let truncated else {
      buffer.paragraph("the gradient's norm is being computed", in: rect, style: theme[.dimText])
      return
    }
    let full = full ?? []
    let carried = carried ?? []
    let values = truncated + full + carried
    let moved = (moved ?? []).enumerated().filter { $1.isFinite }.map { (x: Double($0 + 1), y: $1) }
    guard values.contains(where: { $0.isFinite || $0.isNaN || $0 > 0 }) else {
      buffer.paragraph(
        "the gradient is exactly 0: no loss was injected in this window, or φ′ is 0 everywhere", in: rect,
        style: theme[.dimText])
      return
    }
    var copies = Series(
      moved, .line(.alternating), role: .value, symbol: "-",
      labels: moved.isEmpty ? [] : ["‖ΔW_hh‖/‖W_hh‖ of each step's copy", "‖ΔW_hh‖/‖W_hh‖", "ΔW moved"])
    copies.isOverlaid = true
    var plot = Plot(
      x: .steps(1, max(1, length)),
      y: .logarithmic(values + moved.map(\.y), including: clip.map { [NumberText.log10($0)] } ?? []),
      series: [
        Series(
          points(truncated, skipsNothing: true), role: .truncated, symbol: "*", labels: labels(name, truncated)),
        Series(
          points(full, skipsNothing: false), .line(.dotted), role: .full, symbol: ".",
          labels: full.isEmpty ? [] : labels("full", full, long: "full BPTT")),
        Series(
          points(carried, skipsNothing: true), role: .window, symbol: "#",
          labels: carried.isEmpty ? [] : labels("∂L/∂" + carriedName, carried)),
        copies,
      ])
    plot.xName = "t"
    if let clip {
      let value = NumberText.trimmed(clip)
      let names = ["δ clipped at " + value, "clip " + value, value]
      plot.guides = [Guide(NumberText.log10(clip), names, role: .threshold)]
    }
    if cursor.phase != .update { plot.cursor = Double(cursor.step + 1) }
    let area = plot.words(theme).draw(in: rect, into: &buffer, theme: theme)
    guard cursor.phase == .forward else { return }
    let words = ["not yet: the backward pass computes it", "not yet: backward pass", "not yet"]
    let row = area.rect.line(area.rect.height / 2)
    buffer.put(String.fitting(row.width, words) ?? "", in: row, alignment: .center, style: theme[.dimText])
  }

  /// Outside of its window the truncated gradient is nothing by definition: no mark says so at every step. What the
  /// backward pass has not reached is not there yet; the axis is that of the whole pass, so that it stands still.
  private func points(_ norms: [Double], skipsNothing: Bool) -> [(x: Double, y: Double)] {
    norms.enumerated().compactMap { step, norm in
      !cursor.hasGradient(at: step) || skipsNothing && norm == -.infinity ? nil : (Double(step + 1), norm)
    }
  }

  /// The series' name, with its value under the cursor where there is room.
  private func labels(_ name: String, _ norms: [Double], long: String? = nil) -> [String] {
    let plain = [long, name].compactMap { $0 }
    guard cursor.phase == .backward, norms.indices.contains(cursor.step) else { return plain }
    let value = NumberText.power(log10: norms[cursor.step])
    return ["\(long ?? name) \(value) at t = \(cursor.step + 1)", "\(name) \(value)"] + plain
  }
}
