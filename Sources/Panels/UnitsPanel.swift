import Canvas
import Dashboard
import GradientFlow
import Instruments

/// Units that are saturated, dead or still, and how a, h and the gradient are spread.
struct UnitsPanel: Panel {
  let id: PanelID = "units"
  let title = "Units"
  let size = PanelSize(28, 6)
  let help = [
    "How often a, h and log10 |∂L/∂h| have each value, over all units, steps and sequences of the window's pass; the range of each stands above it.",
    "Saturated: φ′ under a tenth of its maximum at nine steps in ten. Dead: φ′ is 0 at every step. Still: h moves less than 0.001. Beside each unit its share of Σ ‖∂L/∂a‖².",
    "Look for: many values at both ends of h (saturation), and units through which most of the gradient should go and that are flat.",
  ]
  let reads: [any Instrument.Type] = [UnitsInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[UnitsInstrument.self] else { return [] }
    let faults = UnitActivity.Fault.allCases.map { ($0, reading.count($0)) }.filter { $0.1 > 0 }
    if faults.isEmpty {
      return [
        "\(state.lanePrefix)all \(reading.units.count) move and let gradient through", "\(state.lanePrefix)all fine",
      ]
    }
    let words = state.lanePrefix + faults.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", ")
    return ["\(words) of \(reading.units.count)", words]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("the units", from: UnitsInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let listed = list(reading), height = max(1, (rect.height - min(3, listed.count)) / 3)
    let histograms = [
      ("a", reading.preactivations, Role.sigma), ("h", reading.states, .truncated),
      ("log10 |∂L/∂h|", reading.gradients, .gradientNorm),
    ]
    let rows = rect.rows(histograms.map { _ in .fixed(height) } + [.flexible()])
    for (index, (name, histogram, role)) in histograms.enumerated() {
      draw(histogram, name, in: rows[index], &buffer, role, theme)
    }
    for (row, line) in listed.wrapped(to: rect.width, rows: rows[3].height).enumerated() {
      buffer.put(line, in: rows[3], row: row, style: theme[.text])
    }
  }

  private func draw(
    _ histogram: Histogram, _ name: String, in rect: Rect, _ buffer: inout Buffer, _ role: Role, _ theme: Theme
  ) {
    let most = Double(histogram.counts.max() ?? 0), least = NumberText.trimmed(histogram.lower)
    let range = most > 0 ? "\(least) … \(NumberText.trimmed(histogram.upper))" : "none"
    buffer.put("\(name)  \(range)".words(theme), in: rect, style: theme[.dimText])
    let bars = rect.inset(left: 0, top: 1)
    guard most > 0, bars.width > 0 else { return }
    let heights = (0..<bars.width).map { column in
      Double(histogram.counts[column * histogram.counts.count / bars.width]) / most
    }
    Bars(heights: heights, styles: [theme[role]]).draw(in: bars, into: &buffer, theme: theme)
  }

  /// The units with a fault, a text a fault.
  private func list(_ reading: UnitActivity) -> [String] {
    UnitActivity.Fault.allCases.compactMap { fault -> String? in
      let units = reading.faulty.filter { $0.fault == fault }
      guard !units.isEmpty else { return nil }
      let names = units.map { unit in
        let name = unit.gate.isEmpty ? "\(unit.index + 1)" : "\(unit.gate)\(unit.index + 1)"
        return unit.gradientShare > 0.005 ? "\(name) (\(NumberText.percent(unit.gradientShare)))" : name
      }
      return "\(fault.rawValue): \(names.joined(separator: ", "))"
    }
  }
}
