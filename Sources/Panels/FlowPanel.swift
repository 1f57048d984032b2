import Canvas
import Dashboard
import GradientFlow
import Instruments

/// Every term of the double sum: how strongly loss i pulls at state t, and what the truncation keeps of it.
struct FlowPanel: Panel {
  let id: PanelID = "flow"
  let title = "Flow ‖∂l_i/∂h_t‖"
  let shortTitle = "Flow"
  let size = PanelSize(22, 5, widthWeight: 5, heightWeight: 14)
  let help = [
    "Every term of the double sum: ‖∂l_i/∂h_t‖ of loss i (down) at state t (to the right), log10 as color; of the batch's first sequence.",
    "What the truncation cuts off is hatched; how many of the terms and how much of the sum of their norms it keeps is written beside it. The error there compares whole gradients, in which terms may cancel.",
    "Look for: whether what is cut off is large, or had vanished anyway. The arrows go to any term, zoomed it is written out: J_t = ∂h_t/∂h_{t-1}; v shows the schedule's mask alone: how many updates carry each term.",
  ]
  let reads: [any Instrument.Type] = [FlowInstrument.self, BiasInstrument.self, TermInstrument.self]
  let keys =
    DashboardState.termKeys + [
      PanelKey([.character("v")], name: "v", short: "mask", help: "the schedule's mask, or the flow")
    ]

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    guard key == .character("v") else { return state.moveTerm(key) }
    state.showsSchedule.toggle()
    return []
  }

  func notes(_ state: DashboardState) -> [String] {
    let batch = state.lane[FlowInstrument.self]?.batch ?? 1
    let layer = state.layerWords.map { "\($0) · " } ?? ""
    if state.showsSchedule {
      return ["updates that carry (i ↓, t →) · v: the flow", "updates that carry (i, t)", "mask"]
    }
    if let term = state.lane[TermInstrument.self]?.term, state.term != nil || state.cursor.phase != .update {
      let place = "i = \(term.loss + 1) ↓ t = \(term.step + 1) →",
        norm = NumberText.power(log10: term.log10Norm, digits: 3)
      return [
        layer + "‖∂l\(sub(term.loss + 1))/∂h\(sub(term.step + 1))‖ = \(norm) · \(place)", "\(place) \(norm)", "i ↓ t →",
      ]
    }
    let short = [layer + "loss i ↓  state t →", "i ↓ t →"]
    guard batch > 1 else { return short }
    return short.map { "sequence 1 of \(batch) · " + $0 } + short
  }

  func target(x: Int, y: Int, in rect: Rect, _ state: DashboardState) -> PointerTarget? {
    guard state.lanes.count == 1, let reading = state.lane[FlowInstrument.self],
      let target = picture(reading, state.lane, state).target(x: x, y: y, in: rect)
    else { return nil }
    return target
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    // Two lanes in the colors of one axis.
    let readings = state.lanes.compactMap { $0[FlowInstrument.self] }
    let axis = readings.count > 1 ? Axis.logarithmic(readings.flatMap(\.extent), floor: 12) : nil
    state.sideBySide(in: rect, &buffer, theme, name: { $0[FlowInstrument.self]?.truncationName }) {
      draw($0, state, in: $1, &$2, theme, axis: axis)
    }
  }

  private func draw(
    _ lane: Lane, _ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme, axis: Axis? = nil
  ) {
    guard let reading = reading("the flow matrix", from: FlowInstrument.self, of: lane, in: rect, &buffer, theme) else {
      return
    }
    if state.showsSchedule {
      drawSchedule(reading, in: rect, &buffer, theme)
      return
    }
    if let reason = reading.noGradientReason, !reading.matrix.log10.contains(where: \.isFinite) {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    var picture = picture(reading, lane, state)
    picture.axis = axis ?? Axis.logarithmic(reading.extent, floor: 12)
    // Where there is room for it the term is written out under the map.
    let story =
      rect.height >= 16
      ? lane[TermInstrument.self]?.lines { NumberText.power(log10: $0, digits: 3) }.flatMap {
        $0.words(theme).wrapped(to: rect.width)
      } : nil
    let parts = rect.rows([.flexible(), .fixed(story.map { $0.count + 1 } ?? 0)])
    picture.draw(in: parts[0], &buffer, theme: theme)
    for (row, line) in (story ?? []).enumerated() {
      buffer.put(line, in: parts[1], row: row + 1, style: theme[row == 0 ? .value : .text])
    }
  }

  /// How many updates carry each term, as if every step had a loss: bands, staircases and blocks.
  private func drawSchedule(
    _ reading: FlowInstrument.Reading, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    guard let mask = reading.schedule else {
      buffer.paragraph("no mask: the gradient that trains is not cut by windows", in: rect, style: theme[.dimText])
      return
    }
    let (n, counts, most) = (mask.steps, mask.counts, max(1, mask.counts.max() ?? 0))
    let map = HeatMap(
      counts.enumerated().map { $0 % n > $0 / n ? -.infinity : Double($1) }, rows: n, columns: n,
      range: 0...Double(most)
    ) { i, t in counts[i * n + t] == 0 }
    let carry = most > 1 ? "updates carry the term (i, t)" : "update carries the term (i, t)"
    let rule = " · \(reading.truncationName): an update every k1 steps, k2 steps back"
    var picture = LabeledMap(
      map, rows: "i", columns: "t", key: ColorKey("1", "\(most)", start: 1 / Double(most)),
      words: [carry + rule, carry, most > 1 ? "updates" : "update"])
    if counts.contains(0) {
      picture.before = [Span((theme.characters == .ascii ? "//" : "╱╱") + " none  ", theme[.dimText])]
    }
    picture.draw(in: rect.inset(left: 1), into: &buffer, theme: theme)
  }

  private func picture(_ reading: FlowInstrument.Reading, _ lane: Lane, _ state: DashboardState) -> FlowPicture {
    // Where nothing goes back the map need not wait for it, nor where its terms are read.
    let goesBack = reading.way != .forward && state.term == nil, cursor = state.cursor(in: lane)
    var picture = FlowPicture(
      flow: reading.matrix, mask: reading.mask, share: reading.share,
      bias: lane[BiasInstrument.self]?.overall, truncation: reading.truncationName,
      cursor: cursor.phase == .update || !goesBack ? nil : cursor.step,
      isBackward: cursor.phase != .forward || !goesBack)
    picture.note = Self.note(reading)
    picture.term = state.term
    return picture
  }

  /// Why no share of the flow is kept or cut: the gradient does not go back through windows.
  private static func note(_ reading: FlowInstrument.Reading) -> [String] {
    switch reading.way {
    case .windows: reading.isClippedAtSteps ? ["each δ is clipped"] : []
    case .randomCuts: ["shown uncut: cut points", "are drawn at random", "at every update"]
    case .fixedPoint: ["shown: the path there;", "the gradient used is", "the fixed point's only"]
    case .forward: ["shown: of full BPTT;", "nothing goes back"]
    }
  }
}

/// What the panel draws.
struct FlowPicture {
  var flow: FlowMatrix
  var mask: TruncationMask?
  var share: TruncationShare?
  var bias: TruncationBias.Comparison?
  /// "TBPTT(10,20) newest".
  var truncation: String
  /// What is to be said where no share can be.
  var note: [String] = []
  /// The step at which the pass stands.
  var cursor: Int?
  /// The term that is read.
  var term: TermPlace?
  /// The range of the colors, where it is shared; nil for its own.
  var axis: Axis?
  /// Whether the backward pass has begun: states from the cursor on have their gradient.
  var isBackward = true

  /// Columns that the words take.
  private static let wordColumns = 22

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard !rect.isEmpty else { return }
    guard flow.steps > 0, flow.log10.contains(where: { $0 > -.infinity || $0.isNaN }) else {
      buffer.paragraph(
        "nothing flows: the sequence has no loss, or every path is exactly 0", in: rect, style: theme[.dimText])
      return
    }
    let axis = axis ?? Axis.logarithmic(flow.log10, floor: 12)
    let (field, hasWords, hasAxis) = places(in: rect)
    let (leftWidth, width, height) = (field.x - rect.x, field.width, field.height)
    drawMap(in: field, axis, &buffer, theme)
    if leftWidth > 0 { drawRowLabels(in: Rect(x: rect.x, y: rect.y, width: leftWidth, height: height), &buffer, theme) }
    if hasAxis { drawAxis(in: Rect(x: field.x, y: field.maxY, width: width, height: 1), &buffer, theme) }
    let below = rect.inset(top: field.maxY + (hasAxis ? 1 : 0) - rect.y)
    if !hasWords, below.height > 2 {
      drawWords(in: below, axis, nil, hasHeading: false, &buffer, theme)
    } else if !hasWords, below.height > 0, let share, isBackward {
      let kept = NumberText.percent(share.massShare)
      let text = String.fitting(rect.width, ["keeps \(kept) of norms", "norms \(kept)"]) ?? ""
      buffer.put(text, in: below, style: theme[.truncated])
    } else if !hasWords {
      drawShort(in: rect, field, &buffer, theme)
    }
    if hasWords {
      let words = Rect(x: field.maxX + 2, y: rect.y, width: rect.maxX - field.maxX - 2, height: rect.height)
      drawWords(in: words, axis, pooled(in: field, theme), &buffer, theme)
    }
  }

  /// Where the map lies, and whether there are words beside it and an axis under it.
  private func places(in rect: Rect) -> (field: Rect, hasWords: Bool, hasAxis: Bool) {
    let hasWords = rect.width >= Self.wordColumns + 14
    let hasAxis = rect.height >= (flow.rows.count < 3 ? 3 : 6)
    // As near to a square as there is room: a cell is twice as high as wide. One loss or two are lines, and no matrix.
    let room = rect.height - (hasAxis ? 1 : 0)
    let height = flow.rows.count < 3 ? min(room, 2 * flow.rows.count) : room
    // Where not every loss has a row, the rows are named: fewer rows are drawn higher.
    let namesRows = rect.height >= 8 && rect.width >= 60 || flow.rows.count < flow.steps && rect.width >= 36
    let left = namesRows ? 6 : 0
    let width = max(1, min(rect.width - left - (hasWords ? Self.wordColumns + 1 : 0), room * 3))
    return (Rect(x: rect.x + left, y: rect.y, width: width, height: height), hasWords, hasAxis)
  }

  /// The term at a cell of the map in words; of several the largest. Nil beside the map, and where nothing is drawn yet.
  func target(x: Int, y: Int, in rect: Rect) -> PointerTarget? {
    let map = HeatMap(flow.log10, rows: flow.rows.count, columns: flow.steps, range: 0...1)
    guard isBackward, let (row, column) = map.place(x: x, y: y, in: places(in: rect).field) else { return nil }
    let (loss, step) = (flow.rows[row] + 1, column + 1)
    let name = "‖∂l_i/∂h_t‖ of loss i = \(loss) at state t = \(step)"
    let term = TermPlace(loss: loss - 1, step: column)
    if step > loss { return .term(term, "\(name): a loss reaches no later state") }
    let isCut = mask.map { $0.steps == flow.steps && $0[loss - 1, step - 1] == 0 } ?? false
    let norm = NumberText.power(log10: flow[row, column])
    return .term(term, "\(name): \(norm)" + (isCut ? ", cut off by the truncation" : ""))
  }

  /// How many terms share a cell, and whether they are many; nil where each has one of its own.
  private func pooled(in field: Rect, _ theme: Theme) -> (words: String, isCoarse: Bool)? {
    let height = max(1, field.height * HeatMap.valuesPerCell(theme)), width = max(1, field.width)
    let (down, across) = ((flow.rows.count + height - 1) / height, (flow.steps + width - 1) / width)
    return max(down, across) > 1 ? ("cell: largest of \(down)×\(across)", down * across > 16) : nil
  }

  private func drawMap(in rect: Rect, _ axis: Axis, _ buffer: inout Buffer, _ theme: Theme) {
    var isCut: (@Sendable (Int, Int) -> Bool)?
    if let mask, mask.steps == flow.steps {
      let rows = flow.rows
      isCut = { row, t in rows.indices.contains(row) && t < mask.steps && mask[rows[row], t] == 0 }
    }
    guard isBackward else {
      buffer.paragraph(
        rect.width < 24 || rect.height < 2 ? "not yet" : "not yet: it comes with the backward pass", in: rect,
        style: theme[.dimText])
      return
    }
    // Back in time the map grows from its right edge to the cursor.
    let first = cursor ?? 0
    let values =
      first == 0 ? flow.log10 : flow.log10.enumerated().map { $0 % max(1, flow.steps) < first ? -.infinity : $1 }
    HeatMap(
      values, rows: flow.rows.count, columns: flow.steps, range: axis.lower...axis.upper, mask: isCut
    ).draw(in: rect, into: &buffer, theme: theme)
  }

  private func drawRowLabels(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let count = flow.rows.count
    guard count > 0 else { return }
    let places = count == 1 ? [0] : [0, count / 2, count - 1]
    if let term, let row = flow.rows.firstIndex(where: { $0 >= term.loss }) {
      buffer.put("▸", x: rect.maxX - 1, y: rect.y + (2 * row + 1) * rect.height / (2 * count), style: theme[.cursor])
    }
    for place in places {
      let y = count == 1 ? rect.height / 2 : place * (rect.height - 1) / (count - 1)
      let name = (place == 0 ? "i=" : "") + "\(flow.rows[place] + 1) "
      buffer.put(name, in: rect.line(y), alignment: .right, style: theme[.dimText])
    }
  }

  private func drawAxis(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let last = "\(flow.steps)"
    let mark = (term?.step ?? cursor).flatMap { $0 < flow.steps ? (2 * $0 + 1) * rect.width / (2 * flow.steps) : nil }
    // The labels step aside for the cursor.
    if mark.map({ $0 > 2 }) ?? true { buffer.put("t=1", in: rect, style: theme[.dimText]) }
    if rect.width > last.columns + 5, mark.map({ $0 < rect.width - last.columns }) ?? true {
      buffer.put(last, in: rect, alignment: .right, style: theme[.dimText])
    }
    if let mark { buffer.put("▲", x: rect.x + mark, y: rect.y, style: theme[.cursor]) }
  }

  /// What the truncation keeps, in the corner over the diagonal, where nothing flows; beside the map where not every loss
  /// has its row and there is no such corner.
  private func drawShort(in rect: Rect, _ field: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard let share, isBackward else { return }
    let lines: [([String], Role)] = [
      (
        ["keeps \(NumberText.percent(share.massShare)) of norms", "norms \(NumberText.percent(share.massShare))"],
        .truncated
      ),
      (["\(NumberText.percent(share.termShare)) of terms"], .text),
    ]
    for (row, line) in lines.enumerated() where row < field.height {
      let diagonal = field.x + (row + 1) * field.width / max(1, field.height) + 1
      let free = flow.rows.count < flow.steps ? field.maxX + 1 : diagonal
      guard let text = String.fitting(rect.maxX - free, line.0) else { continue }
      buffer.put(text, x: rect.maxX - text.columns, y: rect.y + row, style: theme[line.1])
    }
  }

  /// The truncation, and what is left of it where it is too long: up to a comma, or its first words.
  private var headings: [String] {
    let clause = truncation.prefix { $0 != "," }
    let words = clause.split(separator: " ")
    return [truncation, String(clause)]
      + [2, 1].map { words.prefix($0).joined(separator: " ") }
      .filter { !$0.hasSuffix(" by") }
  }

  private func drawWords(
    in rect: Rect, _ axis: Axis, _ pooled: (words: String, isCoarse: Bool)?, hasHeading: Bool = true,
    _ buffer: inout Buffer, _ theme: Theme
  ) {
    var lines: [[Span]] = hasHeading ? [[Span(String.fitting(rect.width, headings) ?? "", theme[.text])]] : []
    for line in note { lines.append([Span(line, theme[.dimText])]) }
    if let share {
      lines.append([
        Span("keeps ", theme[.dimText]), Span(NumberText.percent(share.termShare), theme[.value]),
        Span(" of terms", theme[.dimText]),
      ])
      lines.append([
        Span("keeps ", theme[.dimText]), Span(NumberText.percent(share.massShare), theme[.truncated]),
        Span(" of norms", theme[.dimText]),
      ])
    }
    if let bias {
      lines.append([
        Span("cos   ", theme[.dimText]), Span(NumberText.fixed(bias.cosine, 3), theme[.value]),
        Span(" to full", theme[.dimText]),
      ])
      lines.append([
        Span("error ", theme[.dimText]), Span(NumberText.short(bias.relativeError, digits: 2), theme[.value]),
        Span(" of full", theme[.dimText]),
      ])
    }
    if let mask, mask.counts.contains(0), rect.height > lines.count + 2, share?.termsKept != share?.terms {
      lines.append([Span(theme.characters == .ascii ? "//" : "╱╱", theme[.dimText]), Span(" cut off", theme[.dimText])])
    }
    // Said where there is room for it, and always where a cell stands for many.
    if let pooled, rect.height > lines.count + 1 || pooled.isCoarse {
      lines.insert([Span(pooled.words, theme[.dimText])], at: min(lines.count, max(1, rect.height - 2)))
    }
    for (row, line) in lines.enumerated() {
      // What has a shorter form says no half word.
      let isKept = line.first?.text == "keeps "
      buffer.put(isKept && line.columns > rect.width ? Array(line.dropFirst()) : line, in: rect, row: row)
    }
    guard rect.height > lines.count else { return }
    ColorKey(axis.label(axis.lower), axis.label(axis.upper))
      .draw(in: rect.line(rect.height - 1), &buffer, theme: theme)
  }
}
