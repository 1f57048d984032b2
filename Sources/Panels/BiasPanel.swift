import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The bias of the truncated gradient: against k2, over training, and tensor by tensor.
struct BiasPanel: Panel {
  let id: PanelID = "bias"
  let title = "Truncation bias"
  let shortTitle = "Bias"
  let size = PanelSize(28, 5)
  let help = [
    "log10 of ‖g_truncated - g‖/‖g‖ by the window's length k2, at the present weights and k1: what a truncation leaves out of the sequence's gradient. The upright line is the present k2.",
    "Where there is room: the same at the present k2 over the updates, and each tensor's own error and cosine.",
    "Look for: the least k2 with an error of 10 %; a slope that is the Jacobian product's; an error that does not fall with k2 until the window reaches the loss.",
  ]
  let reads: [any Instrument.Type] = [BiasByWindowInstrument.self, BiasInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[BiasByWindowInstrument.self] else { return ["error by k2"] }
    let now = state.lane[BiasInstrument.self]?.overall.relativeError
    let error =
      now.map { "\(state.lanePrefix)k2 \(reading.k2): error \(NumberText.short($0, digits: 2))" }
      ?? "\(state.lanePrefix)k2 \(reading.k2)"
    let least = reading.leastWindow.map { "under 10 % from k2 = \($0)" } ?? "over 10 % at any k2"
    let slopes = [("error", reading.bias.log10PerStep), ("product", reading.log10ProductPerStep)].compactMap {
      name, slope in
      slope.map { "\(name) ×\(NumberText.short(Log10.power($0))) a step" }
    }
    return ["\(error) · \(least) · \(slopes.joined(separator: ", "))", "\(error) · \(least)", error]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading(
        "the truncation's bias", from: BiasByWindowInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let tensors = state.lane[BiasInstrument.self]?.tensors ?? [], isLarge = rect.height >= 16
    let parts = rect.rows([
      .flexible(), isLarge ? .flexible() : .fixed(0), .fixed(isLarge ? min(tensors.count + 1, rect.height / 3) : 0),
    ])
    let curves = state.series("error by k2", role: .truncated) { lane in
      let bias = lane[BiasByWindowInstrument.self]?.bias
      return zip(bias?.k2 ?? [], bias?.relativeError ?? []).filter { $1 > 0 }
        .map { (x: Double($0), y: NumberText.log10($1)) }
    }
    var plot = Plot(
      x: .steps(1, max(2, reading.length)),
      y: .logarithmic(curves.flatMap { $0.points.map(\.y) }, including: [-1], floor: 12), series: curves, xName: "k2",
      cursor: Double(reading.k2))
    plot.guides = [Guide(-1, ["10 %"], role: .floor)]
    plot.draw(in: parts[0], into: &buffer, theme: theme)
    guard isLarge else { return }
    let trend = state.series("error at its k2", role: .gradientNorm) { lane in
      lane.trends[BiasInstrument.self, "relative_error"].filter { $0.value > 0 }
        .map { (x: Double($0.update), y: NumberText.log10($0.value)) }
    }
    let updates = trend.flatMap { $0.points.map(\.x) }
    if let first = updates.min(), let last = updates.max() {
      Plot(
        x: .steps(Int(first), max(1, Int(last))), y: .logarithmic(trend.flatMap { $0.points.map(\.y) }, floor: 12),
        series: trend, xName: "update"
      ).draw(in: parts[1], into: &buffer, theme: theme)
    } else {
      buffer.paragraph("error at its k2 over training: 0 so far, nothing is cut", in: parts[1], style: theme[.dimText])
    }
    buffer.put("tensor                error    cosine", in: parts[2], style: theme[.dimText])
    for (row, tensor) in tensors.enumerated() {
      let name = tensor.name.padding(20), error = NumberText.short(tensor.relativeError).padding(8)
      buffer.put(
        "\(name)  \(error) \(NumberText.short(tensor.cosine))", in: parts[2], row: row + 1, style: theme[.text])
    }
  }
}

extension String {
  /// With spaces after it up to so many columns.
  fileprivate func padding(_ columns: Int) -> String {
    self + String(repeating: " ", count: max(0, columns - self.columns))
  }
}
