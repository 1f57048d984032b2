import Canvas
import Dashboard
import Instruments
import Training

/// The loss over the updates with what is known of it, and the gradient's norm with what clipping does to it.
struct LossPanel: Panel {
  let id: PanelID = "loss"
  let title = "Loss and gradient norm"
  let shortTitle = "Loss"
  let size = PanelSize(26, 5, widthWeight: 6, heightWeight: 14)
  let help = [
    "The loss by update (nats, or half squares), the loss on held-out data dashed (with two lanes dotted), and reference losses of the task as lines; under it ‖g‖, the norm of all weights' gradient.",
    "‖g‖ is taken before clipping, log10, with the threshold as a line; updates that were clipped stand out in color and words.",
    "Look for: steps down when something is learned, and spikes of the norm before the loss jumps.",
  ]
  let reads: [any Instrument.Type] = [LossInstrument.self]

  func notes(_ state: DashboardState) -> [String] {
    let firsts = state.lanes.compactMap { $0[LossInstrument.self]?.history.buckets.first?.firstUpdate }
    guard let reading = state.lane[LossInstrument.self], let first = firsts.min() else { return ["by update"] }
    let unit = reading.kind.map { $0 == .crossEntropy ? "nats · " : "½(y-d)² · " } ?? ""
    let range = "update \(NumberText.grouped(first)) … \(NumberText.grouped(reading.update))"
    return [unit + range, range, ""]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = state.lane[LossInstrument.self] else {
      buffer.paragraph("no update yet", in: rect, style: theme[.dimText])
      return
    }
    guard state.lanes.count > 1 else {
      LossPicture(reading).draw(in: rect, &buffer, theme: theme)
      return
    }
    LaneLossPicture(state.lanes.compactMap { lane in lane[LossInstrument.self].map { (lane.id, $0) } })
      .draw(in: rect, &buffer, theme: theme)
  }
}

/// The losses of two lanes over the same updates, and under them their gradients' norms.
struct LaneLossPicture {
  private let lanes: [(id: LaneID, reading: LossInstrument.Reading)]

  init(_ lanes: [(LaneID, LossInstrument.Reading)]) { self.lanes = lanes.map { (id: $0.0, reading: $0.1) } }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let buckets = lanes.flatMap(\.reading.history.buckets)
    guard let first = buckets.map(\.firstUpdate).min(), let last = buckets.map({ $0.firstUpdate + $0.count - 1 }).max()
    else {
      buffer.paragraph("no update yet: space trains, n makes one update", in: rect, style: theme[.dimText])
      return
    }
    let x = Axis.steps(first, last)
    let losses = lanes.flatMap { $0.reading.history.buckets.map(\.lossMean) + heldOut($0.reading).map(\.y) }
    var loss = Plot(x: x, y: .linear(losses.filter(\.isFinite)), series: series("loss", \.lossMean) { $0 })
    for (id, reading) in lanes {
      guard let newest = reading.history.newest else { continue }
      let style = LaneStyle(id)
      func guide(_ name: String, _ value: Double) -> Guide {
        let number = NumberText.short(value)
        return Guide(
          value, ["\(id.letter) \(name) \(number)", "\(id.letter) \(number)"], role: style.role, isLine: false)
      }
      loss.guides.append(guide("loss", newest.loss))
      guard let last = reading.history.validations.last else { continue }
      loss.series.append(Series(heldOut(reading), .dots, role: style.role, symbol: style.symbol))
      loss.guides.append(guide("held-out", last.value))
    }
    guard rect.height >= 8 else {
      let hasWords = rect.height >= 5
      loss.draw(in: rect.inset(bottom: hasWords ? 1 : 0), into: &buffer, theme: theme)
      if hasWords { buffer.put(fitting: normWords(theme), in: rect, row: rect.height - 1) }
      return
    }
    let parts = rect.rows([.flexible(weight: 3), .fixed(1), .flexible(weight: 2)])
    loss.labelsX = false
    Plot.draw(loss, in: parts[0], over: normPlot(x), in: parts[2], into: &buffer, theme: theme)
    buffer.put(fitting: normWords(theme), in: parts[1])
  }

  /// The gradients' norms, with the threshold that both lanes clip at, or each its own.
  private func normPlot(_ x: Axis) -> Plot {
    let thresholds = lanes.compactMap { lane -> (letter: String, value: Double, role: Role)? in
      guard let clip = lane.reading.clip, clip.kind == .norm else { return nil }
      return (lane.id.letter, clip.threshold, LaneStyle(lane.id).role)
    }
    let norms = lanes.flatMap { $0.reading.history.buckets.map { NumberText.log10($0.normMaximum) } }
    var norm = Plot(
      x: x, y: .logarithmic(norms, including: thresholds.map { NumberText.log10($0.value) }),
      series: series("‖g‖", \.normMaximum, NumberText.log10))
    let areAlike = Set(thresholds.map(\.value)).count == 1 && thresholds.count == lanes.count
    norm.guides = (areAlike ? Array(thresholds.prefix(1)) : thresholds).map { letter, value, role in
      let words = "clip at " + NumberText.trimmed(value)
      return Guide(
        NumberText.log10(value), areAlike ? [words] : ["\(letter) \(words)", letter], role: areAlike ? .threshold : role
      )
    }
    return norm
  }

  /// ‖g‖ of each lane's last update.
  private func normWords(_ theme: Theme) -> [[Span]] {
    let values = lanes.compactMap { id, reading -> (name: Span, value: Span)? in
      guard let newest = reading.history.newest, !newest.gradientNorm.isNaN else { return nil }
      let style = theme[LaneStyle(id).role]
      return (Span("  \(id.letter) ", style), Span(NumberText.short(newest.gradientNorm), style))
    }
    let line = [Span("‖g‖", theme[.gradientNorm])] + values.flatMap { [$0.name, $0.value] }
    return values.isEmpty ? [] : [line + [Span("  before clipping", theme[.dimText])], line]
  }

  private func heldOut(_ reading: LossInstrument.Reading) -> [(x: Double, y: Double)] {
    reading.history.validations.map { (x: Double($0.update), y: $0.value) }
  }

  private func series(
    _ name: String, _ value: KeyPath<LossHistory.Bucket, Double>, _ place: (Double) -> Double
  ) -> [Series] {
    lanes.map { id, reading in
      let style = LaneStyle(id)
      var line = Series(
        reading.history.buckets.map { bucket in
          (x: Double(bucket.firstUpdate) + Double(bucket.count - 1) / 2, y: place(bucket[keyPath: value]))
        }, style.mark, role: style.role, symbol: style.symbol, labels: ["\(id.letter) \(name)", id.letter])
      line.isOverlaid = style.mark != .line(.solid)
      return line
    }
  }
}

/// What the panel draws.
struct LossPicture {
  var buckets: [LossHistory.Bucket]
  var recent: [UpdateRecord]
  /// Floors that the objective can be compared with.
  var floors: [TaskDescription.Floor]
  /// How gradients are clipped; nil where that is not known.
  var clip: ClipSpecification?
  /// The losses on held-out data.
  var heldOut: [LossHistory.Mark] = []

  init(
    buckets: [LossHistory.Bucket], recent: [UpdateRecord], floors: [TaskDescription.Floor], clip: ClipSpecification?
  ) {
    self.buckets = buckets
    self.recent = recent
    self.floors = floors
    self.clip = clip
  }

  init(_ reading: LossInstrument.Reading) {
    self.init(
      buckets: reading.history.buckets, recent: reading.history.recent, floors: reading.floors, clip: reading.clip)
    heldOut = reading.history.validations
  }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let first = buckets.first, let last = buckets.last else {
      buffer.paragraph(
        clip == nil ? "no update yet" : "no update yet: space trains, n makes one update", in: rect,
        style: theme[.dimText])
      return
    }
    let x = Axis.steps(first.firstUpdate, last.firstUpdate + last.count - 1)
    var loss = lossPlot(x)
    guard rect.height >= 6 else {
      loss.draw(in: rect, into: &buffer, theme: theme)
      return
    }
    let parts = rect.rows([.flexible(weight: 3), .fixed(1), .flexible(weight: 2)])
    // The updates are written once, under the lower plot where it has room for it.
    loss.labelsX = parts[2].height < 4
    Plot.draw(loss, in: parts[0], over: normPlot(x), in: parts[2], into: &buffer, theme: theme)
    buffer.put(clippingWords(theme, limit: rect.width), in: parts[1])
  }

  private func middle(_ bucket: LossHistory.Bucket) -> Double {
    Double(bucket.firstUpdate) + Double(bucket.count - 1) / 2
  }

  private func lossPlot(_ x: Axis) -> Plot {
    let mean = buckets.map { (x: middle($0), y: $0.lossMean) }
    let least = buckets.map { (x: middle($0), y: $0.lossMinimum) }
    let most = buckets.map { (x: middle($0), y: $0.lossMaximum) }
    let hasSpread = buckets.contains { $0.count > 1 }
    var series = [Series(mean, role: .loss, symbol: "*")]
    if hasSpread {
      series += [
        Series(least, .dots, role: .grid, symbol: "."), Series(most, .dots, role: .grid, symbol: "."),
      ]
    }
    let measured = heldOut.map { (x: Double($0.update), y: $0.value) }
    if !measured.isEmpty { series.append(Series(measured, .line(.dashed), role: .future, symbol: "o")) }
    // Floors far from the loss are left out rather than flattening it.
    let losses = (mean + measured + (hasSpread ? least + most : [])).map(\.y).filter(\.isFinite)
    let highest = losses.max() ?? 1
    let near = floors.filter { $0.loss <= max(2 * highest, highest + 0.1) }
    let seen = losses + near.map(\.loss)
    let isLogarithmic = Self.spansDecades(mean.map(\.y))
    func place(_ value: Double) -> Double { isLogarithmic && value.isFinite ? NumberText.log10(value) : value }
    if isLogarithmic {
      for index in series.indices { series[index].points = series[index].points.map { (x: $0.x, y: place($0.y)) } }
    }
    // From 0 on where that costs little room.
    let zero = (seen.min() ?? 0) < 0.4 * (seen.max() ?? 0) ? [0.0] : []
    let axis = isLogarithmic ? Axis.logarithmic(seen.map(place)) : .linear(seen, including: zero)
    var plot = Plot(x: x, y: axis, series: series)
    plot.guides = near.map { Guide(place($0.loss), Self.names($0), role: .floor) }
    if let last = heldOut.last {
      let value = NumberText.short(last.value)
      plot.guides.insert(Guide(place(last.value), ["held-out " + value, value], role: .future, isLine: false), at: 0)
    }
    if let newest = recent.last {
      let value = NumberText.short(newest.loss)
      plot.guides.insert(Guide(place(newest.loss), ["loss " + value, value], role: .loss, isLine: false), at: 0)
    }
    return plot
  }

  /// Whether losses lie so far apart that on a linear axis only the largest would be seen.
  private static func spansDecades(_ losses: [Double]) -> Bool {
    let seen = losses.filter { $0.isFinite && $0 > 0 }
    guard let least = seen.min(), let most = seen.max() else { return false }
    return NumberText.log10(most) - NumberText.log10(least) > 4
  }

  /// What a floor is called, longest first: a name is shortened before it is lost.
  private static func names(_ floor: TaskDescription.Floor) -> [String] {
    let value = NumberText.short(floor.loss, digits: 4)
    let prefix = ["knowing the ", "knowing ", "always "].first(where: floor.name.hasPrefix)
    let name = prefix.map { String(floor.name.dropFirst($0.count)) } ?? floor.name
    let rounded = NumberText.short(floor.loss, digits: 3)
    return [
      "\(floor.name) \(value)", "\(name) \(value)", "\(floor.short) \(value)", "\(floor.short) \(rounded)", value,
    ]
  }

  private func normPlot(_ x: Axis) -> Plot {
    func logarithm(_ value: Double) -> Double { value.isFinite ? NumberText.log10(value) : value }
    let free = buckets.filter { $0.clippedCount == 0 }.map { (x: middle($0), y: logarithm($0.normMaximum)) }
    let clipped = buckets.filter { $0.clippedCount > 0 }.map { (x: middle($0), y: logarithm($0.normMaximum)) }
    let threshold = clip.flatMap { $0.kind == .norm ? logarithm($0.threshold) : nil } ?? .nan
    // A run that is watched may not tell its norms; a run of our own has one at least.
    guard recent.contains(where: { !$0.gradientNorm.isNaN }) else {
      return Plot(x: x, y: .logarithmic([0], including: []), series: [])
    }
    let values = (free + clipped).map(\.y)
    var plot = Plot(
      x: x, y: .logarithmic(values, including: [threshold]),
      series: [
        Series(clipped, .stems, role: .threshold, symbol: "!"), Series(free, .stems, role: .gradientNorm, symbol: "|"),
      ])
    if threshold.isFinite, let clip {
      let value = NumberText.trimmed(clip.threshold)
      plot.guides = [Guide(threshold, ["clip at " + value, "clip " + value, value], role: .threshold)]
    }
    return plot
  }

  /// What clipping did to the last 100 updates.
  private func clippingWords(_ theme: Theme, limit: Int) -> [Span] {
    let last = recent.suffix(100)
    let clipped = last.filter { $0.clipScale < 1 }
    let name = Span("‖g‖ ", theme[.gradientNorm])
    guard recent.contains(where: { !$0.gradientNorm.isNaN }) else { return [name, Span("not known", theme[.dimText])] }
    guard clip?.kind != ClipKind.none else { return [name, Span("not clipped", theme[.dimText])] }
    guard !clipped.isEmpty else {
      // A run that does not tell how much it clips is not said to clip nothing.
      if clip == nil, last.allSatisfy(\.clipScale.isNaN) { return [name] }
      let forms = ["none of the last \(last.count) clipped", "none clipped", "unclipped"]
      return [name, Span(String.fitting(limit - 4, forms) ?? "", theme[.dimText])]
    }
    let what = clip?.kind == .weight ? "weights clipped" : clip?.kind == .step ? "δ clipped" : "clipped"
    let share = NumberText.percent(Double(clipped.count) / Double(max(1, last.count)))
    let strongest = NumberText.short(clipped.map(\.clipScale).min() ?? 1, digits: 2)
    let forms = [
      "\(what) in \(share) of the last \(last.count) updates, the strongest ×\(strongest)",
      "\(what) in \(share) of the last \(last.count), the strongest ×\(strongest)",
      "\(what) in \(share) of the last \(last.count)",
      "\(what) \(share)",
    ]
    return [name, Span(String.fitting(limit - 4, forms) ?? "", theme[.threshold])]
  }
}
