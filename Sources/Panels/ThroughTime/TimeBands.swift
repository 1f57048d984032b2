import Canvas
import Dashboard
import GradientFlow

/// One band of states: the units of a layer, or what a gated cell carries beside h.
struct StateBand {
  /// Its names, longest first.
  var names: [String]
  var state: (_ unit: Int, _ step: Int) -> Double?
  /// The largest magnitude that the colors reach.
  var range: Double
  /// Whether it is the layer that the other rows and panels show.
  var isChosen = false
}

extension TimePicture {
  /// The band of the layer that was asked for, where there is room for one.
  var band: StateBand {
    layers.first { $0.number == layer }.map(Self.band(chosen: layer))
      ?? StateBand(names: ["h"], state: state, range: stateRange)
  }

  /// All bands, the top layer first.
  var bands: [StateBand] {
    let own = layers.isEmpty ? [band] : layers.map(Self.band(chosen: layer))
    let beside = carried.map {
      StateBand(
        names: (layers.isEmpty ? [] : ["layer \(layer) \($0.name)"]) + [$0.name], state: $0.state, range: $0.range)
    }
    return own + (beside.map { [$0] } ?? [])
  }

  private static func band(chosen: Int) -> (TimeLayer) -> StateBand {
    {
      StateBand(
        names: ["\($0.name.long) h", "h \($0.name.short)"], state: $0.state, range: $0.stateRange,
        isChosen: $0.number == chosen)
    }
  }
}

extension TimeDrawing {
  /// The units by time, a band a layer.
  func drawStates(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0, picture.units > 0 else { return }
    let bands = rows.stateBands > 1 ? Array(picture.bands.prefix(rows.stateBands)) : [picture.band]
    let height = rect.height / bands.count
    for (index, band) in bands.enumerated() {
      drawBand(
        band, isAlone: bands.count == 1,
        in: Rect(x: rect.x, y: rect.y + index * height, width: rect.width, height: height),
        &buffer)
    }
  }

  private func drawBand(_ band: StateBand, isAlone: Bool, in rect: Rect, _ buffer: inout Buffer) {
    // Units that are shown are whole units, the first ones: mixing several would hide that one of them remembers.
    let shown = min(picture.units, rect.height * HeatMap.valuesPerCell(theme))
    let name = band.names.last ?? "h"
    let count =
      shown < picture.units ? "\(shown) of \(picture.units)" : "\(shown) \(shown == 1 ? "unit" : "units")"
    let short = shown < picture.units ? "\(shown)/\(picture.units)" : "\(shown)"
    // With several bands the name comes before the numbers, with one the numbers have room.
    let forms =
      isAlone && picture.layers.isEmpty ? ["\(name) \(count)", "\(name) \(short)", name] : band.names + [name]
    label(forms, row: rect.y, &buffer, role: band.isChosen && !isAlone ? .accent : .dimText)
    if rect.height > 1 {
      label(
        [(isAlone && picture.layers.isEmpty ? name + " ±" : "±") + NumberText.trimmed(band.range)], row: rect.y + 1,
        &buffer)
    }
    if rect.height > 2, forms == band.names + [name] { label([count, short], row: rect.y + 2, &buffer) }
    var values: [Double] = []
    values.reserveCapacity(shown * scale.steps.count)
    for unit in 0..<shown {
      for step in scale.steps { values.append(band.state(unit, step) ?? -.infinity) }
    }
    drawHeat(values, rows: shown, range: -band.range...band.range, .diverging, .maximumMagnitude, in: rect, &buffer)
  }

  /// Values by row and seen step; what lies outside of the window is dimmed.
  func drawHeat(
    _ values: [Double], rows: Int, range: ClosedRange<Double>, _ colors: HeatMap.Map, _ reduction: HeatMap.Reduction,
    in rect: Rect, _ buffer: inout Buffer
  ) {
    let (first, window) = (scale.steps.lowerBound, picture.window)
    var map = HeatMap(
      values, rows: rows, columns: scale.steps.count, range: range, map: colors, reduction: reduction
    ) { _, column in !window.contains(first + column) }
    map.hatchesMask = false
    map.draw(in: rect, into: &buffer, theme: theme)
  }

  /// The gates of a gated cell, a band each: what opens and shuts from 0 to 1, what is written from -1 to 1. One row holds the
  /// mean of the units, more rows the first units.
  func drawGates(_ activity: GateActivity, in rect: Rect, _ buffer: inout Buffer) {
    guard rows.gateBands > 0 else { return }
    // Where there is not room for all, the gate that carries comes first.
    var order = Array(activity.gates.indices)
    if let memoryPath = activity.memoryPath, rows.gateBands < order.count {
      order = [memoryPath] + order.filter { $0 != memoryPath }
    }
    let height = rect.height / rows.gateBands
    for (place, index) in order.prefix(rows.gateBands).sorted().enumerated() {
      let gate = activity.gates[index]
      let band = Rect(x: rect.x, y: rect.y + place * height, width: rect.width, height: height)
      let share = NumberText.percent(gate.saturatedShare), isGate = !gate.saturatedShare.isNaN
      let range = height == 1 && gate.opens ? ["gate \(gate.name) 0…1"] : []
      label(
        isGate
          ? range + ["gate \(gate.name)", gate.name] : ["\(gate.name) of \(activity.gates.count)", gate.name],
        row: band.y, &buffer)
      if height > 1, isGate { label(["\(share) flat", share], row: band.y + 1, &buffer) }
      if height > 2 { label([gate.opens ? "0 … 1" : "-1 … 1"], row: band.y + 2, &buffer) }
      let shown = height > 1 ? min(activity.units, height * HeatMap.valuesPerCell(theme)) : 1
      var values: [Double] = []
      for unit in 0..<shown {
        for step in scale.steps {
          let place = step - picture.firstSeen
          let isKnown =
            place >= 0 && place < activity.steps && step < picture.window.upperBound
            && picture.cursor.hasState(at: step)
          values.append(
            !isKnown ? -.infinity : height > 1 ? gate.values[place * activity.units + unit] : gate.mean[place])
        }
      }
      let shares = isGate ? (values, gate.opens ? 0...1 : -1...1) : HeatMap.shares(values, upTo: 1, theme: theme)
      drawHeat(
        shares.0, rows: shown, range: shares.1, gate.opens ? .sequential : .diverging,
        !isGate ? .maximum : gate.opens ? .mean : .maximumMagnitude, in: band, &buffer)
    }
  }

  /// ‖∂L/∂h_t‖ on its way back, a band of bars a layer, or all layers in one picture of colors.
  func drawGradients(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    let isStacked = picture.layers.count > 1
    let bands = isStacked ? picture.layers.map(\.gradient) : [picture.gradient]
    labelGradients(in: rect, &buffer)
    guard !bands.contains(where: \.isEmpty) else {
      buffer.put(picture.missing, in: rect, style: theme[.dimText])
      return
    }
    guard picture.cursor.phase != .forward else {
      let words = ["not yet: the backward pass computes it", "not yet: backward pass", "not yet"]
      let row = rect.line((rect.height - 1) / 2)
      buffer.put(String.fitting(row.width, words) ?? "", in: row, alignment: .center, style: theme[.dimText])
      return
    }
    guard rows.gradientBands > 0 else {
      let axis = picture.gradientAxis
      let values = bands.flatMap { band in
        scale.steps.map { band.indices.contains($0) && picture.cursor.hasGradient(at: $0) ? band[$0] : -.infinity }
      }
      drawHeat(values, rows: bands.count, range: axis.lower...axis.upper, .sequential, .maximum, in: rect, &buffer)
      return
    }
    let height = rect.height / bands.count
    for (index, band) in bands.enumerated() {
      drawBars(band, in: Rect(x: rect.x, y: rect.y + index * height, width: rect.width, height: height), &buffer)
    }
  }

  private func labelGradients(in rect: Rect, _ buffer: inout Buffer) {
    let axis = picture.gradientAxis, range = picture.gradientRange
    guard picture.layers.count > 1 else {
      let alone = rect.height == 1 ? ["‖∂L/∂h‖ \(range)", "∂L/∂h \(range)"] : []
      label(alone + ["‖∂L/∂h‖", "‖δ‖"], row: rect.y + (rect.height > 2 ? rect.height / 2 : 0), &buffer)
      if rect.height > 2 {
        rightLabel(axis.label(axis.upper), row: rect.y, &buffer)
        rightLabel(axis.label(axis.lower), row: rect.maxY - 1, &buffer)
      } else if rect.height == 2 {
        label([range, "≤ " + axis.label(axis.upper)], row: rect.y + 1, &buffer)
      }
      return
    }
    guard rows.gradientBands > 0 else {
      let count = picture.layers.count
      label(["‖δ‖ of \(count)…1", "‖δ‖ \(count)…1", "‖δ‖"], row: rect.y, &buffer)
      if rect.height > 1 { label(["layers, top", "layers"], row: rect.y + 1, &buffer) }
      if rect.height > 2 { label([range], row: rect.y + 2, &buffer) }
      return
    }
    let height = rect.height / rows.gradientBands
    for (index, layer) in picture.layers.enumerated() {
      let row = rect.y + index * height
      label(
        ["\(layer.name.long) ‖δ‖", "‖δ‖ \(layer.name.short)"], row: row, &buffer,
        role: layer.number == picture.layer ? .accent : .dimText)
      if height > 1 { label([range], row: row + 1, &buffer) }
    }
  }

  private func drawBars(_ gradient: [Double], in rect: Rect, _ buffer: inout Buffer) {
    let colors = ColorMap.sequential(theme)
    var heights: [Double?] = []
    var styles: [Style] = []
    for column in 0..<rect.width {
      // The backward pass goes from the window's end down to the cursor: before that there is no gradient yet.
      let steps = scale.steps(at: column).clamped(to: gradient.indices)
        .filter { picture.cursor.hasGradient(at: $0) }
      let value = steps.reduce(-Double.infinity) { gradient[$1].isNaN ? .nan : max($0, gradient[$1]) }
      let fraction = picture.gradientAxis.fraction(value)
      heights.append(value == -.infinity ? nil : value.isNaN ? value : max(0.001, fraction))
      styles.append(theme.colors == .mono ? Style(bold: true) : Style(colors[fraction]))
    }
    Bars(heights: heights, styles: styles).draw(in: rect, into: &buffer, theme: theme)
  }
}
