import Canvas
import Dashboard
import GradientFlow
import Instruments
import Training

/// The gradient by the shared weights, taken apart: what each time step adds to it, and how much the steps cancel.
struct ContributionsPanel: Panel {
  let id: PanelID = "contributions"
  let title = "Contributions"
  let size = PanelSize(28, 5)
  let help = [
    "‖g_t‖ by step t, log10: the term of each time step in ∂L/∂W = Σ_t g_t, over all weights and sequences, before the terms are summed; and ‖Σ g_τ‖ from the newest step back to t.",
    "The unit is that of the loss per weight. The share that is left is ‖Σ g_t‖/Σ ‖g_t‖: 1 where all steps pull the same way.",
    "Look for: few steps that make the whole gradient, and steps far back whose terms are negligible beside the newest.",
  ]
  let reads: [any Instrument.Type] = [ContributionsInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { state.size.width >= 160 && state.size.height >= 44 }

  func notes(_ state: DashboardState) -> [String] {
    guard let share = state.lane[ContributionsInstrument.self]?.terms.remainingShare, share.isFinite else {
      return ["‖g_t‖ by step"]
    }
    let percent = NumberText.percent(share)
    return [
      "\(state.lanePrefix)‖g_t‖ by step · added up, \(percent) is left",
      "\(state.lanePrefix)added up, \(percent) is left", "\(state.lanePrefix)\(percent) left",
    ]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading(
        "the steps' contributions", from: ContributionsInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    if let reason = reading.noGradientReason {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    let series: [Series] = state.lanes.flatMap { lane in
      lane[ContributionsInstrument.self].map { lines($0, state, lane) } ?? []
    }
    let values = series.flatMap { $0.points.map(\.y) }
    guard values.contains(where: \.isFinite) else {
      buffer.paragraph("no step contributes: the gradient is exactly 0", in: rect, style: theme[.dimText])
      return
    }
    Plot(
      x: .steps(1, max(1, reading.length)), y: .logarithmic(values), series: series, xName: "t",
      cursor: state.cursor.stepOfPlot
    ).draw(in: rect, into: &buffer, theme: theme)
  }

  private func lines(
    _ reading: ContributionsInstrument.Reading, _ state: DashboardState, _ lane: Lane
  ) -> [Series] {
    func points(_ norms: [Double]) -> [(x: Double, y: Double)] {
      norms.enumerated().map { (x: Double(reading.firstStep + $0 + 1), y: $1) }.filter { $0.y > -.infinity }
    }
    let terms = points(reading.terms.log10Norm)
    guard state.lanes.count == 1 else {
      let style = LaneStyle(lane.id)
      var line = Series(
        terms, style.mark, role: style.role, symbol: style.symbol, labels: ["\(lane.id.letter) ‖g_t‖", lane.id.letter])
      line.isOverlaid = style.mark != .line(.solid)
      return [line]
    }
    return [
      Series(terms, role: .truncated, symbol: "*", labels: ["‖g_t‖ of each step", "‖g_t‖"]),
      Series(
        points(reading.terms.log10Sum), .line(.dotted), role: .gradientNorm, symbol: ".",
        labels: ["‖Σ g‖ from the newest step", "‖Σ g‖"]),
    ]
  }
}
