import Canvas
import Dashboard

/// Draws a picture of a pass, row by row, over the columns of its steps.
struct TimeDrawing {
  let picture: TimePicture
  let theme: Theme
  let rows: TimeRows
  let scale: TimeScale
  /// The labels at the left, and the steps.
  let gutter: Rect, field: Rect
  /// The lane's letter, where two stand one above the other, and whether its knobs turn.
  let name: String?, isFocused: Bool

  /// - Parameter gutterWidth: what another picture over the same steps needs, where there is one.
  init(
    _ picture: TimePicture, in rect: Rect, theme: Theme, name: String? = nil, isFocused: Bool = false,
    gutterWidth: Int = 0
  ) {
    self.picture = picture
    self.theme = theme
    (self.name, self.isFocused) = (name, isFocused)
    let perCell = HeatMap.valuesPerCell(theme)
    let inputs = picture.symbols != nil ? 1 : picture.inputs.count
    let states = (picture.units + perCell - 1) / perCell
    let hasTargets = picture.targets.contains { !$0.isEmpty }
    let bracketRows =
      picture.hidden.contains(.window) || picture.injected == picture.window && picture.length < rect.width - 15 ? 1 : 2
    let layers = max(1, picture.layers.count)
    rows =
      layers == 1 && picture.gates == nil
      ? TimeRows(
        height: rect.height, inputs: inputs, states: states, hasTargets: hasTargets, bracketRows: bracketRows,
        hidden: picture.hidden)
      : TimeRows(
        height: rect.height, inputs: inputs, states: states, hasTargets: hasTargets, bracketRows: bracketRows,
        layers: layers, bands: picture.bands.count, gates: picture.gates?.gates.count ?? 0,
        shared: (layers + perCell - 1) / perCell)
    let parts = rect.columns([.fixed(max(gutterWidth, Self.gutterWidth(picture, rect.width))), .flexible()])
    gutter = parts[0]
    let focus = picture.cursor.phase == .update ? nil : picture.cursor.step
    scale = TimeScale(length: picture.length, width: parts[1].width, focus: focus)
    field = Rect(x: parts[1].x, y: rect.y, width: scale.columns, height: rect.height)
  }

  /// The columns that the names of a picture's rows take of so many; where it is low, the gradient's name has its scale beside it.
  static func gutterWidth(_ picture: TimePicture, _ width: Int, isLow: Bool = false) -> Int {
    // A file's columns have names of their own, which are longer than those of the rows.
    let longest = picture.symbols == nil ? picture.inputs.map(\.name.columns).max() ?? 0 : 0
    let named = picture.layers.count > 1 || picture.gates != nil || isLow ? 13 : 9
    let wide = width >= 80 ? max(named, min(15, longest + 1)) : 9
    return width >= 40 ? wide : width >= 24 ? 4 : 0
  }

  func draw(into buffer: inout Buffer) {
    guard !field.isEmpty else { return }
    var y = field.y
    func next(_ height: Int) -> Rect {
      defer { y += height }
      return Rect(x: field.x, y: y, width: field.width, height: height)
    }
    if let name {
      buffer.put(name, x: gutter.x, y: field.y, style: theme[isFocused ? .accent : .dimText])
    }
    drawAxis(in: next(rows.axis), &buffer)
    drawInputs(in: next(rows.inputs), &buffer)
    drawTargets(in: next(rows.targets), &buffer)
    drawStates(in: next(rows.states), &buffer)
    drawDerivatives(in: next(rows.derivatives), &buffer)
    drawGradients(in: next(rows.gradients), &buffer)
    drawBrackets(in: next(rows.brackets), &buffer)
  }

  /// The step of a cell, beside the steps the nearest one; in the rows of the brackets k2, or k1 where its bracket is.
  func target(x: Int, y: Int) -> PointerTarget? {
    guard !field.isEmpty, (field.y..<field.maxY).contains(y),
      let step = scale.steps(at: min(max(0, x - field.x), field.width - 1)).first
    else { return nil }
    let first = field.y + rows.axis + rows.inputs + rows.targets + rows.states + rows.derivatives + rows.gradients
    guard y >= first, y < first + rows.brackets else { return .step(step) }
    let isNewest =
      picture.injected != picture.window && (rows.brackets == 1 ? picture.injected.contains(step) : y > first)
    return .bracket(knob: isNewest ? "training.k1" : "training.k2", steps: picture.window.upperBound - step)
  }

  func label(_ forms: [String], row: Int, _ buffer: inout Buffer, role: Role = .dimText) {
    // The lane's letter stands before the first row's name.
    let indent = name != nil && row == field.y ? 2 : 0
    guard let text = String.fitting(gutter.width - 1 - indent, forms.map { $0.words(theme) } + forms) else { return }
    buffer.put(text, x: gutter.x + indent, y: row, style: theme[role], limit: gutter.width - indent)
  }

  func rightLabel(_ text: String, row: Int, _ buffer: inout Buffer) {
    guard text.columns < gutter.width else { return }
    buffer.put(text, x: gutter.maxX - 1 - text.columns, y: row, style: theme[.dimText])
  }

  /// Where a step stands beside the window.
  private func isInWindow(_ column: Int) -> Bool { scale.steps(at: column).overlaps(picture.window) }

  private func drawAxis(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0, let first = scale.steps.first else { return }
    label(["step t"], row: rect.y, &buffer)
    let axis = Axis.steps(first + 1, scale.steps.upperBound)
    var end = rect.x
    for tick in axis.ticks(atMost: max(2, rect.width / 8)) {
      guard let middle = scale.middle(of: Int(tick.value) - 1) else { continue }
      let start = max(rect.x, min(rect.x + middle - (tick.label.columns - 1) / 2, rect.maxX - tick.label.columns))
      guard start >= end else { continue }
      end = buffer.put(tick.label, x: start, y: rect.y, style: theme[.dimText], limit: rect.maxX - start) + 1
    }
  }

  private func drawInputs(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    guard let symbols = picture.symbols else {
      let marks = picture.marks(hiddenFrom: rect.height).map { picture.inputs[$0] }
      for (row, input) in picture.inputs.prefix(rect.height).enumerated() {
        let room = max(1, gutter.width - 2)
        let marks = row == 0 ? marks : nil
        label(
          (marks.map { ["\(input.name), \($0.name)"] } ?? []) + [
            input.name, input.name.prefix(room) + "…", "x\(row + 1)",
          ],
          row: rect.y + row, &buffer)
        drawBars(of: input.values, marks: marks?.values, in: rect.line(row), &buffer)
      }
      return
    }
    label(["input x", "x"], row: rect.y, &buffer)
    for place in scale.places {
      let steps = place.steps.clamped(to: symbols.indices)
      // Of several in one column the one that the task turns on.
      guard let step = steps.first(where: { symbols[$0].isAccented }) ?? steps.first else { continue }
      let symbol = symbols[step]
      let isCursor = steps.contains(picture.cursor.step) && picture.cursor.phase != .update
      let role: Role = symbol.isAccented ? .accent : steps.overlaps(picture.window) ? .text : .dimText
      let x = rect.x + place.columns.lowerBound + (place.columns.count - 1) / 2
      buffer.put(
        symbol.text.prefix(1), x: x, y: rect.y, style: isCursor ? theme[.selection] : theme[role], limit: rect.maxX - x)
    }
  }

  /// Bars from the least value to the largest, in one row; of those that are marked, where any are, the others are gray.
  private func drawBars(of values: [Double], marks: [Double]?, in rect: Rect, _ buffer: inout Buffer) {
    let finite = values.filter(\.isFinite)
    guard let least = finite.min(), let most = finite.max() else { return }
    let base = min(0, least)
    let span = max(most - base, 1e-300)
    var heights: [Double?] = []
    var styles: [Style] = []
    for column in 0..<rect.width {
      let steps = scale.steps(at: column).clamped(to: values.indices)
      heights.append(steps.map { values[$0].isFinite ? (values[$0] - base) / span : .nan }.max())
      let isCursor = steps.contains(picture.cursor.step) && picture.cursor.phase != .update
      let isMarked = marks.map { marks in steps.contains { marks.indices.contains($0) && marks[$0] > 0 } }
      styles.append(theme[isCursor ? .focusBorder : isMarked ?? isInWindow(column) ? .accent : .dimText])
    }
    Bars(heights: heights, styles: styles).draw(in: rect, into: &buffer, theme: theme)
  }

  private func drawTargets(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    label(["target d", "d"], row: rect.y, &buffer)
    let only = picture.targets.count { !$0.isEmpty } == 1
    for place in scale.places {
      let column = place.columns.lowerBound
      let steps = place.steps.clamped(to: picture.targets.indices)
      guard let step = steps.first(where: { !picture.targets[$0].isEmpty }) else { continue }
      let text = picture.targets[step]
      let role: Role = picture.injected.contains(step) ? .local : .dimText
      if only {
        // A single target has the row for itself.
        let x = max(rect.x, min(rect.x + column, rect.maxX - text.columns))
        buffer.put(text, x: x, y: rect.y, style: theme[role], limit: rect.maxX - x)
      } else {
        // A blank parts what has more than one column; of a number that finds no room no digit is shown.
        let fits = text.columns == 1 || text.columns < place.columns.count
        let short = Double(text) == nil ? String(text.prefix(1)) : "·"
        let width = fits ? text.columns : 1
        let x = rect.x + column + max(0, (place.columns.count - width) / 2)
        buffer.put(fits ? text : short, x: x, y: rect.y, style: theme[role], limit: min(width, rect.maxX - x))
      }
    }
  }

  /// How open the units are: 1 lets the gradient through as well as φ can, 0 shuts it off.
  private func drawDerivatives(in rect: Rect, _ buffer: inout Buffer) {
    guard rect.height > 0 else { return }
    if let gates = picture.gates {
      drawGates(gates, in: rect, &buffer)
      return
    }
    // One row says by a number too how open they are: where all are saturated, two colors alone are not told apart.
    let open = picture.meanDerivative.filter(\.isFinite)
    let slope = open.reduce(0, +) / Double(open.count) * picture.largestSlope
    let mean = open.isEmpty || rect.height > 1 ? "φ′ mean" : "φ′ " + NumberText.fixed(slope, 2)
    let series: [(name: [String], values: [Double])] = [
      ([mean, "φ′"], picture.meanDerivative), (["φ′ min", "min"], picture.leastDerivative),
    ]
    for (row, series) in series.prefix(rect.height).enumerated() {
      label(series.name, row: rect.y + row, &buffer)
      guard !series.values.isEmpty else {
        buffer.put(picture.missing, in: rect.line(row), style: theme[.dimText])
        continue
      }
      let values = scale.steps.map { step in
        step < min(series.values.count, picture.window.upperBound) && picture.cursor.hasState(at: step)
          ? series.values[step] : -.infinity
      }
      drawHeat(values, rows: 1, range: 0...1, .sequential, .mean, in: rect.line(row), &buffer)
    }
  }
}
