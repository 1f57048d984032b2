import Canvas
import GradientFlow
import Instruments
import Training

/// What every learning algorithm holds and computes at the sizes of this run, measured beside its formula.
struct CostPanel: Panel {
  let id: PanelID = "cost"
  let title = "Cost meter"
  let shortTitle = "Cost"
  let size = PanelSize(40, 9, maximumHeight: AlgorithmKind.allCases.count + 1)
  let help = [
    "For every learning algorithm at the same sizes n (length), m (inputs) and h (units): the numbers that it holds to get a gradient, and its multiply-adds for an update, by its formula and as measured; the measured ones also per time step.",
    "Measured: one sequence is trained with it, and what the kernels multiply is counted; its memory is that of whole buffers, with their padding. Inputs that are symbols are looked up and not multiplied. A dash: the algorithm does not work with these settings, or the measurement would take long.",
    "Look for: h⁴ of rtrl against h² of the others, and what truncation by k2 saves.",
  ]
  let reads: [any Instrument.Type] = [CostInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[CostInstrument.self] else { return [] }
    let sizes = "n = \(reading.length), m = \(reading.inputs), h = \(reading.units)"
    let scan = reading.scanDepth.map { ["\(sizes) · a parallel scan joins the steps in \($0) rounds"] } ?? []
    let isMeasured = reading.rows.contains { $0.measured != nil }
    return scan + [isMeasured ? sizes : sizes + " · measured when it pauses", sizes]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("the cost", from: CostInstrument.self, of: state.lane, in: rect, &buffer, theme) else {
      return
    }
    let rows = reading.rows.map {
      LearningInstrument.Cost(kind: $0.kind, floats: $0.numbersHeld, multiplyAdds: $0.perUpdate)
    }
    AlgorithmCosts(reading.algorithm, rows, reading).drawTable(in: rect.inset(left: 1), &buffer, theme)
  }
}

/// What every algorithm would hold and compute in this experiment.
struct AlgorithmCosts {
  let algorithm: AlgorithmKind
  /// Numbers held, and multiply-adds an update, by algorithm; the same as they were measured.
  let rows: [LearningInstrument.Cost], measured: [AlgorithmKind: MeasuredCost]

  init(_ algorithm: AlgorithmKind, _ costs: [LearningInstrument.Cost], _ reading: CostInstrument.Reading? = nil) {
    self.algorithm = algorithm
    rows = costs
    let pairs = reading?.rows.compactMap { row in row.measured.map { (row.kind, $0) } } ?? []
    measured = Dictionary(uniqueKeysWithValues: pairs)
  }

  var tableHeight: Int { rows.count + 1 }

  /// "holds 42,240 floats (bptt 1,664) · 1.4e6 multiply-adds an update (bptt 9.2e4)".
  func line(_ theme: Theme) -> [[Span]] {
    let dim = theme[.dimText], value = theme[.value]
    guard let own = rows.first(where: { $0.kind == algorithm }) else { return [] }
    let other = rows.first { $0.kind == .bptt && algorithm != .bptt }
    func beside(_ number: Double?) -> Span { Span(number.map { " (bptt \(NumberText.count($0)))" } ?? "", dim) }
    let floats = [Span("holds ", dim), Span(NumberText.count(own.floats), value)]
    let adds = [Span(NumberText.count(own.multiplyAdds), value)]
    return [
      floats + [Span(" floats", dim), beside(other?.floats), Span(" · ", dim)] + adds
        + [Span(" multiply-adds an update", dim), beside(other?.multiplyAdds)],
      floats + [Span(" floats", dim), beside(other?.floats), Span(" · ", dim)] + adds
        + [Span(" mult-adds", dim), beside(other?.multiplyAdds)],
      floats + [Span(" floats · ", dim)] + adds + [Span(" mult-adds an update", dim)],
      floats + [Span(" floats", dim)],
    ]
  }

  /// A column of the table: its names, the longest first, and its numbers by row.
  private struct Column {
    var names: [String], isMeasured = false
    var number: (LearningInstrument.Cost) -> Double?
  }

  /// A line an algorithm: its name, what it holds and what it computes, by formula and measured, with bars of their logarithms.
  func drawTable(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2, rect.width >= 30 else { return }
    var columns: [Column?] = [
      Column(names: ["floats held", "floats"], number: \.floats),
      Column(names: ["measured"], isMeasured: true) { measured[$0.kind]?.numbersHeld }, nil,
      Column(names: ["mult-adds/update", "mult-adds"], number: \.multiplyAdds),
      Column(names: ["measured"], isMeasured: true) { measured[$0.kind]?.perUpdate }, nil,
      Column(names: ["a step"], isMeasured: true) { measured[$0.kind]?.perStep },
    ]
    // What was measured goes where there is no room for it, and where nothing was.
    if measured.isEmpty || rect.width < 66 { columns.removeAll { $0?.isMeasured == true } }
    let longest = rows.map(\.kind.rawValue.columns).max() ?? 0
    let places = rect.columns(
      [.fixed(min(longest + 2, max(12, rect.width / 4)))] + columns.map { $0 == nil ? .flexible() : .fixed(10) }, gap: 1
    )
    // The one that learns comes first, where there is not room for all.
    let order =
      rows.count < rect.height ? rows : rows.filter { $0.kind == algorithm } + rows.filter { $0.kind != algorithm }
    for (index, row) in order.prefix(rect.height - 1).enumerated() {
      let isOwn = row.kind == algorithm
      buffer.put(
        (isOwn ? "▸ " : "  ") + row.kind.rawValue, in: places[0], row: index + 1,
        style: theme[isOwn ? .accent : .text], ellipsis: true)
    }
    buffer.put("cost", in: places[0], style: theme[.dimText])
    var last: Column?
    for (column, place) in zip(columns, places.dropFirst()) {
      if let column {
        buffer.put(
          String.fitting(place.width, column.names) ?? "", in: place, alignment: .right, style: theme[.dimText])
        for (index, row) in order.prefix(rect.height - 1).enumerated() {
          let style = theme[row.kind == algorithm ? .value : column.isMeasured ? .text : .dimText]
          buffer.put(
            column.number(row).map(NumberText.count) ?? "-", in: place, row: index + 1, alignment: .right, style: style)
        }
        last = column.isMeasured ? last : column
      } else if let last {
        drawBars(order, last, in: place, &buffer, theme)
      }
    }
  }

  /// Bars of the logarithms of a column's numbers.
  private func drawBars(
    _ rows: [LearningInstrument.Cost], _ column: Column, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    buffer.put(String.fitting(rect.width, ["log scale", "log"]) ?? "", in: rect, style: theme[.dimText])
    let logs = rows.map { column.number($0).map(Log10.of) ?? -.infinity }, finite = logs.filter(\.isFinite)
    let least = (finite.min() ?? 0) - 0.5, span = max(1, (finite.max() ?? 1) - least)
    for (index, log) in logs.enumerated() where log.isFinite && index + 1 < rect.height && rect.width > 0 {
      Bars.horizontal(
        (log - least) / span, in: rect.line(index + 1),
        style: theme[rows[index].kind == algorithm ? .truncated : .full], into: &buffer, theme: theme)
    }
  }
}
