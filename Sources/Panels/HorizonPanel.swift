import Canvas
import Dashboard
import GradientFlow
import Instruments
import Training

/// How far back a change of the state is felt, over training: against what the task needs and what the truncation reaches.
struct HorizonPanel: Panel {
  let id: PanelID = "horizon"
  let title = "Horizon"
  let size = PanelSize(28, 5)
  let help = [
    "The lag at which ‖∂h_T/∂h_k‖ falls under 10 % and under 1 %, over the updates at which it was read, in steps; of the batch's first sequence.",
    "Lines: how far back the gradient must reach for the task, where that is known, and k2, the reach of a truncated gradient.",
    "Look for: a horizon under what the task needs (it cannot be learned yet), and k2 under the horizon (the truncation cuts gradient that would arrive).",
  ]
  let reads: [any Instrument.Type] = [HorizonInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { state.size.width >= 160 && state.size.height >= 44 }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[HorizonInstrument.self] else { return ["steps, by update"] }
    func text(_ lag: Int?) -> String { lag.map(String.init) ?? "> \(reading.longest)" }
    return [
      "\(state.lanePrefix)10 % after \(text(reading.under10)) steps, 1 % after \(text(reading.under1))",
      "\(state.lanePrefix)10 %: \(text(reading.under10))",
    ]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("the horizon", from: HorizonInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let isPair = state.lanes.count > 1
    let series = state.lanes.flatMap { lane in
      // Two lanes are told apart by their lines: of each there is one.
      (isPair ? ["10 %"] : ["10 %", "1 %"]).map { name in
        let style = LaneStyle(lane.id), isFirst = name == "10 %"
        let trend = isFirst ? "lag_10_percent" : "lag_1_percent"
        let points = lane.trends[HorizonInstrument.self, trend].map { (x: Double($0.update), y: $0.value) }
        let letter = lane.id.letter
        return Series(
          points, isPair ? style.mark : isFirst ? .line(.solid) : .line(.dotted),
          role: isPair ? style.role : isFirst ? .truncated : .sigma,
          symbol: isPair ? style.symbol : isFirst ? "*" : ".",
          labels: isPair ? ["\(letter) under \(name)", letter] : ["under \(name)"])
      }
    }
    let updates = series.flatMap { $0.points.map(\.x) }
    let values = series.flatMap { $0.points.map(\.y) }
    var plot = Plot(
      x: .steps(Int(updates.min() ?? 0), max(1, Int(updates.max() ?? 1))),
      y: .linear(values + [Double(reading.k2), Double(reading.dependencyLength ?? reading.k2)], including: [0]),
      series: series, xName: "update")
    plot.guides = [Guide(Double(reading.k2), ["k2 = \(reading.k2)", "k2"], role: .window)]
    if let needed = reading.dependencyLength {
      plot.guides.append(
        Guide(Double(needed), ["the task needs \(needed)", "needs \(needed)", "\(needed)"], role: .floor))
    }
    plot.draw(in: rect, into: &buffer, theme: theme)
  }
}
