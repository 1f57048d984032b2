import Canvas
import GradientFlow
import Instruments
import LinearAlgebra
import RecurrentNetworks
import Training

/// What a learning algorithm has in place of a backward pass, how near its gradient is to BPTT's, and what it costs.
struct LearningPanel: Panel {
  let id: PanelID = "learning"
  let title = "Learning algorithm"
  let shortTitle = "Algorithm"
  let size = PanelSize(46, 5, widthWeight: 7, heightWeight: 14)
  let help = [
    "The learning algorithm's gradient against backpropagation to the sequence's start (cosine, ratio of norms), and the memory and the work that the update of this window takes.",
    "Those that go forward carry an influence matrix M_t = ∂h_t/∂w: its norm by step (log10), and ‖∂h_i/∂w‖ by unit and weights' unit at the cursor's step.",
    "Look for: what an approximation leaves out of M (the empty places), how its cosine falls, and n³(m+n) against n(m+n) in the cost.",
  ]
  let reads: [any Instrument.Type] = [LearningInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { !state.lane.trainsByPass }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[LearningInstrument.self] else { return [] }
    let name = state.lanePrefix + reading.report.algorithm.rawValue
    let title = reading.description.title
    return ["\(name) · \(title) · g: the next algorithm", "\(name) · \(title)", title, name]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading(
        "the algorithm's gradient", from: LearningInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    if let reason = reading.noGradientReason, !reading.report.overall.norm.isFinite {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    LearningPicture(
      report: reading.report,
      costs: AlgorithmCosts(reading.report.algorithm, reading.costs, state.lane[CostInstrument.self]),
      length: reading.length,
      cursor: state.cursor, equations: reading.description.equations
    ).draw(in: rect, &buffer, theme: theme)
  }
}

/// What the panel draws.
struct LearningPicture {
  let report: AlgorithmReport
  let costs: AlgorithmCosts
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
    let hasCost = rect.height != 6 || report.byUnit == nil && report.restarted.isEmpty
    if hasCost { buffer.put(fitting: costs.line(theme), in: inside, row: 1) }
    var rest = inside.inset(top: min(hasCost ? 2 : 1, inside.height))
    if rect.height >= 20 {
      // The equations, and all algorithms' costs below the pictures.
      let equations = self.equations.map { written($0).words(theme) }
      for line in equations {
        buffer.put(line, in: rest.inset(left: 2), style: theme[.text], ellipsis: true)
        rest = rest.inset(top: 1)
      }
      let table = costs.tableHeight
      let parts = rest.inset(top: 1).rows([.flexible(minimum: 1), .fixed(1), .fixed(table)])
      drawInfluence(in: parts[0], &buffer, theme)
      costs.drawTable(in: parts[2], &buffer, theme)
    } else if report.byUnit == nil && report.restarted.isEmpty {
      costs.drawTable(in: rest, &buffer, theme)
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
      Span("cos ", dim), cos, Span(" to full BPTT's gradient, ‖g‖ ", dim), size, Span(" of its", dim),
    ]
    let short = [Span("cos ", dim), cos, Span(" to full BPTT, ‖g‖ ", dim), size]
    return [base + (least ?? []), base, short, [Span("cos ", dim), cos]].map { $0.map { $0.words(theme) } }
  }

  private func drawInfluence(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2 else { return }
    guard report.byUnit != nil || !report.restarted.isEmpty || !report.influence.isEmpty else {
      buffer.paragraph(
        "this algorithm carries no influence matrix: its gradient comes back over the window", in: rect,
        style: theme[.dimText])
      return
    }
    // As near to a square as there is room: a cell is twice as high as wide.
    let side = min(rect.width / 2, max(12, 2 * (rect.height - 1)))
    let parts = rect.columns([.flexible(), .fixed(report.byUnit == nil ? 0 : side)], gap: 2)
    drawNorms(in: parts[0], &buffer, theme)
    if let matrix = report.byUnit { drawMatrix(matrix, in: parts[1], &buffer, theme) }
  }

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
