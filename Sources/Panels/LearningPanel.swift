import Canvas
import Dashboard
import GradientFlow
import Instruments
import LinearAlgebra
import RecurrentNetworks
import Training

/// What a learning algorithm has in place of a backward pass, how near its gradient is to BPTT's, how far it moves each tensor, and
/// what it costs.
struct LearningPanel: Panel {
  let id: PanelID = "learning"
  let title = "Learning algorithm"
  let shortTitle = "Algorithm"
  let size = PanelSize(46, 5, widthWeight: 7, heightWeight: 14)
  let help = [
    "The learning algorithm's gradient against backpropagation to the sequence's start (cosine, ratio of norms), and the memory and the work that the update of this window takes. Networks that are no recurrent ones train by the exact gradient, with clients by what the server makes of theirs; their cost stands beside a recurrent network's.",
    "Algorithms that go forward carry an influence matrix M_t = ∂h_t/∂w: its norm by step (log10), and ‖∂h_i/∂w‖ by unit and weights' unit at the cursor's step. Without one: of every tensor ‖w‖, the gradient's norm before clipping, and the length of the next update beside it, ‖Δw‖/‖w‖.",
    "Look for: what an approximation leaves out of M (the empty places), how its cosine falls, and n³(m+n) against n(m+n) in the cost. ‖Δw‖/‖w‖ is usually about 0.001: a tensor far from the others learns too fast or hardly at all.",
  ]
  let reads: [any Instrument.Type] = [LearningInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { !state.lane.trainsByPass }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[LearningInstrument.self] else { return [] }
    let title = reading.description.title
    guard case .algorithm(let kind) = reading.own else {
      let kind = state.lanePrefix + reading.own.name
      return ["\(kind) · \(title) over the whole sequence", "\(kind) · \(title)", kind]
    }
    let name = state.lanePrefix + kind.rawValue
    return ["\(name) · \(title) · g: the next algorithm", "\(name) · \(title)", title, name]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading(
        "the algorithm's gradient", from: LearningInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    if let reason = reading.noGradientReason, !reading.report.overall.cosine.isFinite {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    LearningPicture(
      report: reading.report, own: reading.own, tensors: reading.tensors, isFederated: reading.isFederated,
      costs: CostTable(reading.own, reading.costs, state.lane[CostInstrument.self]), length: reading.length,
      cursor: state.cursor,
      equations: reading.description.equations
    ).draw(in: rect, &buffer, theme: theme)
  }
}

/// What the panel draws.
struct LearningPicture {
  let report: AlgorithmReport
  /// What trains.
  let own: CostSubject
  /// What the next update does to each tensor.
  var tensors: [LearningInstrument.TensorUpdate] = []
  /// Whether clients make the gradient.
  var isFederated = false
  let costs: CostTable
  /// n.
  var length: Int
  var cursor: Cursor
  /// The algorithm's equations, a line each.
  var equations: [String] = []

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard !rect.isEmpty else { return }
    let inside = rect.inset(left: 1)
    buffer.put(fitting: comparison(theme), in: inside)
    // In six rows the plot's legend, which names what is drawn, is worth more than the cost.
    let hasCost = rect.height != 6 || !hasInfluence
    if hasCost { buffer.put(fitting: costs.line(theme), in: inside, row: 1) }
    var rest = inside.inset(top: min(hasCost ? 2 : 1, inside.height))
    if rect.height >= 20 {
      // The equations, and all algorithms' costs below the pictures.
      let equations = self.equations.map { written($0).words(theme) }
      for line in equations {
        buffer.put(line, in: rest.inset(left: 2), style: theme[.text], ellipsis: true)
        rest = rest.inset(top: 1)
      }
      let table = costs.height
      let parts = rest.inset(top: 1).rows([.flexible(minimum: 1), .fixed(1), .fixed(table)])
      drawInfluence(in: parts[0], &buffer, theme)
      costs.draw(in: parts[2], &buffer, theme)
    } else {
      drawInfluence(in: rest, &buffer, theme)
    }
  }

  private func written(_ equation: String) -> String {
    let t = (report.step ?? report.window.steps.upperBound - 1) + 1
    return equation.replacing("{t-1}", with: sub(t - 1)).replacing("{t+1}", with: sub(t + 1))
      .replacing("{t}", with: sub(t))
  }

  /// cos 0.998 to BPTT's gradient, ‖g‖ ×1.02 of its.
  private func comparison(_ theme: Theme) -> [[Span]] {
    let dim = theme[.dimText], value = theme[.value]
    let cosine = report.overall.cosine, ratio = report.overall.ratio
    if case .network = own, !isFederated, report.overall.norm > 0 {
      let norm = Span(NumberText.short(report.overall.norm), value)
      return [
        [Span("the exact gradient of the whole sequence, ‖g‖ ", dim), norm], [Span("exact gradient, ‖g‖ ", dim), norm],
      ].map { $0.map { $0.words(theme) } }
    }
    guard cosine.isFinite else {
      return [[Span("no gradient to compare: no loss was injected, or all of it is 0".words(theme), dim)]]
    }
    let cos = Span(NumberText.fixed(cosine, 4), cosine > 0.9 ? value : theme[.warning])
    let size = Span("×" + NumberText.short(ratio, digits: 3), value)
    let worst = report.tensors.filter { $0.cosine.isFinite }.min { $0.cosine < $1.cosine }
    let least = worst.map {
      [Span("   least in \($0.name) ", dim), Span(NumberText.fixed($0.cosine, 3), value)]
    }
    let base = [
      Span("cos ", dim), cos, Span(" to \(isFederated ? "the whole batch's" : "full BPTT's") gradient, ‖g‖ ", dim),
      size,
      Span(" of its", dim),
    ]
    let short = [Span("cos ", dim), cos, Span(" to \(isFederated ? "the batch's" : "full BPTT"), ‖g‖ ", dim), size]
    return [base + (least ?? []), base, short, [Span("cos ", dim), cos]].map { $0.map { $0.words(theme) } }
  }

  private func drawInfluence(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2 else { return }
    guard hasInfluence else { return TensorTable(tensors).draw(in: rect, &buffer, theme) }
    // As near to a square as there is room: a cell is twice as high as wide.
    let side = min(rect.width / 2, max(12, 2 * (rect.height - 1)))
    let parts = rect.columns([.flexible(), .fixed(report.byUnit == nil ? 0 : side)], gap: 2)
    drawNorms(in: parts[0], &buffer, theme)
    if let matrix = report.byUnit { drawMatrix(matrix, in: parts[1], &buffer, theme) }
  }

  /// Whether the algorithm carries M; otherwise its gradient comes back over the window.
  private var hasInfluence: Bool { report.byUnit != nil || !report.restarted.isEmpty || !report.influence.isEmpty }

  /// log10 ‖M_t‖ by step: as training carries it, and from the sequence's start under the present weights behind it.
  private func drawNorms(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let first = report.window.steps.lowerBound
    let carried = report.influence.enumerated().map { (x: Double(first + $0 + 1), y: $1) }
    let restarted = report.restarted.enumerated().map { (x: Double($0 + 1), y: $1) }
    let values = report.influence + report.restarted
    guard values.contains(where: \.isFinite) else {
      buffer.paragraph("M is 0 at every step", in: rect, style: theme[.dimText])
      return
    }
    let plot = Plot(
      x: .steps(1, max(1, length)), y: .logarithmic(values),
      series: [
        Series(
          carried.filter { cursor.hasState(at: Int($0.x) - 1) }, role: .truncated, symbol: "*",
          labels: here + ["‖M_t‖ as carried", "carried"]),
        Series(
          restarted, .line(.dotted), role: .full, symbol: ".", labels: ["recomputed at these weights", "recomputed"]),
      ], xName: "t", cursor: cursor.stepOfPlot)
    plot.draw(in: rect, into: &buffer, theme: theme)
  }

  private var here: [String] {
    let index = cursor.step - report.window.steps.lowerBound
    guard cursor.phase != .update, report.influence.indices.contains(index) else { return [] }
    return ["‖M_t‖ \(NumberText.power(log10: report.influence[index])) at t = \(cursor.step + 1)"]
  }

  /// ‖∂h_i/∂w‖ over the weights of unit j, color in log10.
  private func drawMatrix(_ matrix: Matrix, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2, rect.width >= 8 else { return }
    let t = (report.step ?? 0) + 1
    let title = String.fitting(
      rect.width,
      ["M at t = \(t): unit i ↓, weights of j →", "M_t: unit i ↓ weights of j →", "M_t  i ↓ j →", "M_t"].map {
        $0.words(theme)
      })
    buffer.put(title ?? "", in: rect, style: theme[.dimText])
    let logs = matrix.elements.map { $0 > 0 ? Log10.of($0) : $0 == 0 ? -.infinity : .nan }
    let axis = Axis.logarithmic(logs, floor: 6)
    HeatMap(logs, rows: matrix.rows, columns: matrix.columns, range: axis.lower...axis.upper)
      .draw(in: rect.inset(top: 1), into: &buffer, theme: theme)
  }
}

/// How far the next update moves each tensor, beside its own norm and its gradient's: a line a tensor, in the order of the parameters.
struct TensorTable {
  let tensors: [LearningInstrument.TensorUpdate]

  init(_ tensors: [LearningInstrument.TensorUpdate]) { self.tensors = tensors }

  func draw(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2, rect.width >= 20, !tensors.isEmpty else { return }
    let room = rect.height - 1
    // Side by side where there are more than lines, and room for two or three.
    let sides = max(1, min((tensors.count + room - 1) / room, rect.width / 56))
    let fits = tensors.count <= sides * room
    let shown = fits ? tensors : Array(tensors.prefix(sides * room - 1))
    let lines = (shown.count + (fits ? 0 : 1) + sides - 1) / sides
    for (side, place) in rect.columns((0..<sides).map { _ in .flexible() }, gap: 2).enumerated() {
      let own = shown.dropFirst(side * lines).prefix(lines)
      guard !own.isEmpty || side == 0 else { continue }
      draw(Array(own), in: place, &buffer, theme)
      guard !fits, side == sides - 1 else { continue }
      let ratios = tensors.dropFirst(shown.count).map(\.ratio).filter(\.isFinite)
      let range = ratios.min().map { least in
        ": ‖Δw‖/‖w‖ \(NumberText.short(least, digits: 2)) … \(NumberText.short(ratios.max() ?? least, digits: 2))"
      }
      let rest = "and \(tensors.count - shown.count) more"
      let texts = [rest + (range ?? ""), rest].map { $0.words(theme) }
      buffer.put(
        String.fitting(place.width, texts) ?? "", in: place, row: own.count + 1, style: theme[.dimText])
    }
  }

  private func draw(
    _ tensors: [LearningInstrument.TensorUpdate], in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let numbers: [(name: String, of: (LearningInstrument.TensorUpdate) -> Double)] = [
      ("‖w‖", \.norm), ("‖∂L/∂w‖", \.gradientNorm), ("‖Δw‖/‖w‖", \.ratio),
    ]
    // The ratio last and first of all.
    let columns = rect.width >= 46 ? numbers : rect.width >= 36 ? Array(numbers.dropFirst()) : [numbers[2]]
    let places = rect.columns([.flexible()] + columns.map { _ in .fixed(8) }, gap: 1)
    buffer.put("tensor", in: places[0], style: theme[.dimText])
    for (row, tensor) in tensors.enumerated() {
      buffer.put(
        Self.name(tensor.name, places[0].width), in: places[0], row: row + 1, style: theme[.text], ellipsis: true)
    }
    for (column, place) in zip(columns, places.dropFirst()) {
      buffer.put(column.name.words(theme), in: place, alignment: .right, style: theme[.dimText])
      for (row, tensor) in tensors.enumerated() {
        let number = column.of(tensor)
        buffer.put(
          number.isNaN ? "-" : NumberText.short(number, digits: 3), in: place, row: row + 1, alignment: .right,
          style: theme[.value])
      }
    }
  }

  /// PyTorch's name, in a narrow place without the middle of it: layers.0.self_attn.in_proj_weight, 0.in_proj_weight.
  private static func name(_ name: String, _ width: Int) -> String {
    let short = name.replacing("layers.", with: "").replacing("self_attn.", with: "")
    return name.columns <= width || !name.hasPrefix("layers.") ? name : short
  }
}
