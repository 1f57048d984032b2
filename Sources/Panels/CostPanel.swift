import Canvas
import Dashboard
import GradientFlow
import Instruments
import Training

/// What every learning algorithm, or every kind of network, holds and computes at the sizes of this run, measured beside its formula.
struct CostPanel: Panel {
  let id: PanelID = "cost"
  let title = "Cost meter"
  let shortTitle = "Cost"
  let size = PanelSize(40, 9, maximumHeight: AlgorithmKind.allCases.count + 3)
  let help = [
    "For every learning algorithm at the same sizes n (length), m (inputs) and h (units): the numbers that it holds to get a gradient, and its multiply-adds for an update, by its formula and as measured; the measured ones also per time step. Where the network is no recurrent one: the same for every kind of network that goes with these settings, and the formulas of its own kind; o outputs, B sequences, l layers, e the expansion, k the kernel.",
    "Measured: one sequence is trained with it, and what the kernels multiply is counted; its memory is that of whole buffers, with their padding. Inputs that are symbols are looked up and not multiplied; attention is computed in blocks of 32 steps. A dash: it does not work with these settings, or the measurement would take long.",
    "Look for: h⁴ of rtrl against h² of the others, and what truncation by k2 saves; n² h of attention against n h² of a recurrent network.",
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
      LearningInstrument.Cost($0.subject, floats: $0.numbersHeld, multiplyAdds: $0.perUpdate)
    }
    let table = CostTable(reading.own, rows, reading), inside = rect.inset(left: 1)
    // The formulas of the kind that trains come under the table, where there is room for both.
    var parts = inside.rows([.flexible(), .fixed(0)])
    if let formulas = reading.formulas, rect.height >= table.height + 2 {
      parts = inside.rows([.fixed(table.height), .flexible()])
      let lines = [
        ["floats held \(formulas.heldFormula)", "floats \(formulas.heldFormula)", formulas.heldFormula],
        [
          "mult-adds/update \(formulas.workFormula)", "mult-adds \(formulas.workFormula)", formulas.workFormula,
        ],
      ]
      for (row, line) in lines.enumerated() {
        let words = line.map { $0.words(theme) }
        buffer.put(
          String.fitting(inside.width, words) ?? words[2], in: parts[1], row: row, style: theme[.text], ellipsis: true)
      }
    }
    table.draw(in: parts[0], &buffer, theme)
  }
}

/// What every algorithm, or every kind of network, would hold and compute in this experiment.
struct CostTable {
  let own: CostSubject
  /// Numbers held, and multiply-adds an update; the same as they were measured.
  let rows: [LearningInstrument.Cost], measured: [CostSubject: MeasuredCost]

  init(_ own: CostSubject, _ costs: [LearningInstrument.Cost], _ reading: CostInstrument.Reading? = nil) {
    self.own = own
    rows = costs
    let pairs = reading?.rows.compactMap { row in row.measured.map { (row.subject, $0) } } ?? []
    measured = Dictionary(uniqueKeysWithValues: pairs)
  }

  var height: Int { rows.count + 1 }

  /// "holds 42,240 floats (bptt 1,664) · 1.4e6 multiply-adds an update (bptt 9.2e4)".
  func line(_ theme: Theme) -> [[Span]] {
    let dim = theme[.dimText], value = theme[.value]
    guard let own = rows.first(where: { $0.subject == own }) else { return [] }
    let other = rows.first { $0.subject == own.subject.reference && $0.subject != own.subject }
    func beside(_ number: Double?) -> Span {
      Span(number.map { " (\(own.subject.reference.name) \(NumberText.count($0)))" } ?? "", dim)
    }
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

  /// A line each: its name, what it holds and what it computes, by formula and measured, with bars of their logarithms.
  func draw(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.height >= 2, rect.width >= 30 else { return }
    var columns: [Column?] = [
      Column(names: ["floats held", "floats"], number: \.floats),
      Column(names: ["measured"], isMeasured: true) { measured[$0.subject]?.numbersHeld }, nil,
      Column(names: ["mult-adds/update", "mult-adds"], number: \.multiplyAdds),
      Column(names: ["measured"], isMeasured: true) { measured[$0.subject]?.perUpdate }, nil,
      Column(names: ["a step"], isMeasured: true) { measured[$0.subject]?.perStep },
    ]
    // What was measured goes where there is no room for it, and where nothing was.
    if measured.isEmpty || rect.width < 66 { columns.removeAll { $0?.isMeasured == true } }
    let longest = rows.map(\.subject.name.columns).max() ?? 0
    let places = rect.columns(
      [.fixed(min(longest + 2, max(12, rect.width - 30)))] + columns.map { $0 == nil ? .flexible() : .fixed(9) }, gap: 1
    )
    // The one that learns comes first, where there is not room for all.
    let order =
      rows.count < rect.height ? rows : rows.filter { $0.subject == own } + rows.filter { $0.subject != own }
    for (index, row) in order.prefix(rect.height - 1).enumerated() {
      let isOwn = row.subject == own
      buffer.put(
        (isOwn ? "▸ " : "  ") + row.subject.name, in: places[0], row: index + 1,
        style: theme[isOwn ? .accent : .text], ellipsis: true)
    }
    buffer.put("cost", in: places[0], style: theme[.dimText])
    var last: Column?
    for (column, place) in zip(columns, places.dropFirst()) {
      if let column {
        buffer.put(
          String.fitting(place.width, column.names) ?? "", in: place, alignment: .right, style: theme[.dimText])
        for (index, row) in order.prefix(rect.height - 1).enumerated() {
          let style = theme[row.subject == own ? .value : column.isMeasured ? .text : .dimText]
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
        style: theme[rows[index].subject == own ? .truncated : .full], into: &buffer, theme: theme)
    }
  }
}
