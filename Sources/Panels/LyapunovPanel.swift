import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The Lyapunov exponents of the state along its trajectory.
struct LyapunovPanel: Panel {
  let id: PanelID = "lyapunov"
  let title = "Lyapunov exponents"
  let shortTitle = "Lyapunov"
  let size = PanelSize(28, 5)
  let help = [
    "λ_i, in nats a step: how fast a small change of the state grows (above 0) or dies (below 0), one direction after the other; by QR along the trajectory, with the real inputs.",
    "± is the standard error over the sequences of the batch; the first tenth of the steps is left out. D is the Kaplan-Yorke dimension.",
    "Look for: λ_1 near 0, where gradients neither vanish nor explode; above 0 the state is chaotic. Each λ is the mean slope of a line in the fan of the Jacobian product.",
  ]
  let reads: [any Instrument.Type] = [LyapunovInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[LyapunovInstrument.self], let largest = reading.exponents.first else {
      return ["nats a step"]
    }
    let value = "\(state.lanePrefix)λ₁ \(NumberText.short(largest))"
    let error = reading.standardErrors.first.map { $0.isNaN ? "" : " ± \(NumberText.short($0, digits: 1))" } ?? ""
    let dimension = reading.dimension.map { " · D \(NumberText.short($0))" } ?? ""
    return ["\(value)\(error) nats a step\(dimension)", value + error, value]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let name = "the Lyapunov exponents"
    guard let reading = reading(name, from: LyapunovInstrument.self, of: state.lane, in: rect, &buffer, theme) else {
      return
    }
    let curves = state.series("λ_i, the largest first", role: .sigma) { lane in
      let exponents = lane[LyapunovInstrument.self]?.exponents ?? []
      return exponents.enumerated().map { (x: Double($0 + 1), y: $1) }.filter { $0.y.isFinite }
    }
    guard reading.exponents.contains(where: \.isFinite) else {
      buffer.paragraph("every change of the state is gone in one step: λ = -∞", in: rect, style: theme[.dimText])
      return
    }
    var plot = Plot(
      x: .steps(1, max(2, reading.exponents.count)), y: .linear(curves.flatMap { $0.points.map(\.y) }, including: [0]),
      series: curves, xName: "i")
    plot.guides = [Guide(0, ["steady", "0"], role: .bound)]
    // What is left of the height shows how the largest one settles.
    guard rect.height >= 14, state.lanes.count == 1 else {
      plot.draw(in: rect, into: &buffer, theme: theme)
      return
    }
    let parts = rect.rows([.flexible(), .flexible()])
    plot.draw(in: parts[0], into: &buffer, theme: theme)
    let mean = reading.convergence.enumerated().map { (x: Double(reading.transient + $0 + 1), y: $1) }
    Plot(
      x: .steps(reading.transient + 1, reading.transient + max(2, reading.measured)),
      y: .linear(mean.map(\.y), including: []),
      series: [Series(mean, role: .truncated, labels: ["λ₁ as the mean up to step t"])], xName: "t"
    ).draw(in: parts[1], into: &buffer, theme: theme)
  }
}
