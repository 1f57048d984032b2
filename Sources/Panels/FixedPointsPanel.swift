import Canvas
import Dashboard
import GradientFlow
import Instruments

/// Fixed and slow points of the state with the trajectory, on its two principal axes; of a single unit its map and its folds.
struct FixedPointsPanel: Panel {
  let id: PanelID = "fixed-points"
  let title = "Fixed points"
  let size = PanelSize(28, 8, widthWeight: 3, heightWeight: 14)
  let help = [
    "States that do not move (● stable, ○ some directions grow) or move very little (◇ slow) in a step with a constant input, found from the states of the trajectory. Axes: the two directions in which the states vary most. The constant input is the mean one, or that of the step under the cursor.",
    "Listed: the speed ‖F(s) - s‖ a step, the largest |λ| of ∂F/∂s there, and how many directions grow. Of one unit: its map F(h) against h, where they meet; and its fixed points over the drive u = W_ih x + b, which fold where w φ′ = 1.",
    "Look for: stable points, one for each thing that is remembered; |λ| near 1, which remembers long; a drive near a fold, where a small change of the weights makes the states jump and the gradient explode.",
  ]
  let reads: [any Instrument.Type] = [FixedPointsInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[FixedPointsInstrument.self] else { return ["F(s) = s"] }
    let held = reading.heldStep.map { "x of t = \($0 + 1) held" } ?? "mean x held"
    let found = reading.found,
      counts = "\(found.stableCount) stable, \(found.fixedCount - found.stableCount) not, \(found.slowCount) slow"
    return ["\(counts) · \(held)", counts]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    state.sideBySide(in: rect, &buffer, theme) { lane, rect, buffer in
      let name = "the fixed points"
      guard let reading = reading(name, from: FixedPointsInstrument.self, of: lane, in: rect, &buffer, theme) else {
        return
      }
      if let unit = reading.oneUnit {
        draw(unit, reading, in: rect, &buffer, theme)
        return
      }
      let lines = list(reading).map { $0.words(theme) }, shown = min(lines.count, rect.height / 3)
      let parts = rect.rows([.flexible(), .fixed(shown)])
      plane(reading).draw(in: parts[0], into: &buffer, theme: theme)
      for (row, line) in lines.prefix(shown).enumerated() {
        buffer.put(line, in: parts[1], row: row, style: theme[.text], ellipsis: true)
      }
    }
  }

  /// What a point is, with its sign.
  private enum Kind: String, CaseIterable {
    case stable, unstable, slow

    init(_ point: FixedPoints.Point) { self = !point.isFixed ? .slow : point.isStable ? .stable : .unstable }

    var sign: Unicode.Scalar { self == .stable ? "●" : self == .unstable ? "○" : "◇" }
    var symbol: Unicode.Scalar { self == .stable ? "@" : self == .unstable ? "o" : "?" }
    var role: Role { self == .stable ? .truncated : self == .unstable ? .bound : .newest }
  }

  /// Some points in the signs of their kinds.
  private func marks(_ points: [FixedPoints.Point], _ place: (FixedPoints.Point) -> (x: Double, y: Double)) -> [Series]
  {
    Kind.allCases.compactMap { kind in
      let places = points.filter { Kind($0) == kind }.map(place)
      guard !places.isEmpty else { return nil }
      return Series(places, .glyph(kind.sign), role: kind.role, symbol: kind.symbol, labels: [kind.rawValue])
    }
  }

  /// Points and trajectories on the principal axes.
  private func plane(_ reading: FixedPointsInstrument.Reading) -> Plot {
    func place(_ place: [Double]) -> (x: Double, y: Double) { (place[0], place.count > 1 ? place[1] : 0) }
    let paths = reading.trajectories.map { $0.map(place) }, seen = paths.flatMap { $0 }
    let points = reading.found.points.map { place(reading.axes.place($0.state)) }
    // A point far away would make a dot of the trajectory: it is drawn at the edge.
    let reach = 4 * (seen.map { max(abs($0.x), abs($0.y)) }.max() ?? 1)
    let near = seen + points.filter { max(abs($0.x), abs($0.y)) <= reach }
    // One path as a line, the others' states as dots: more lines than one hide everything.
    let lines = [
      Series(paths.first ?? [], role: .full, symbol: ".", labels: ["trajectory of sequence 1"]),
      Series(Array(paths.dropFirst().joined()), .dots, role: .sigma, symbol: ":", labels: ["states of others"]),
    ]
    return Plot(
      x: .linear(near.map(\.x)), y: .linear(near.map(\.y)),
      series: marks(reading.found.points) { place(reading.axes.place($0.state)) } + lines)
  }

  /// The points in words, a line each; how the plane is made comes first.
  private func list(_ reading: FixedPointsInstrument.Reading) -> [String] {
    let shares = reading.axes.shares.map { $0.isFinite ? NumberText.percent($0) : "none" }
    let lost = reading.found.lost, searches = reading.found.searches
    let head = "axes: \(shares.joined(separator: ", ")) of the variance · \(searches) searches, \(lost) ended nowhere"
    let points = reading.found.points.map { point in
      let kind = Kind(point), grows = point.unstableDirections
      let lambda = point.eigenvalues.first.map { NumberText.short($0.magnitude) } ?? "none"
      let words = grows > 0 ? " · \(grows) of \(point.state.count) directions grow" : ""
      let speed = point.isFixed ? "" : " · moves \(NumberText.short(point.speed)) a step"
      return "\(kind.sign) \(kind.rawValue)  |λ| \(lambda)\(words)\(speed)"
    }
    return points.isEmpty ? ["no fixed or slow point near the trajectory", head] : points + [head]
  }
}

/// A single unit: its map, and its fixed points over the drive.
extension FixedPointsPanel {
  private func draw(
    _ unit: OneUnitMap, _ reading: FixedPointsInstrument.Reading, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let words = self.words(unit).map { $0.words(theme) }, hasWords = rect.height >= 8
    let parts = rect.rows([.flexible(), .fixed(hasWords ? 1 : 0)])
    buffer.put(String.fitting(rect.width, words) ?? "", in: parts[1], style: theme[.text])
    let isWide = rect.width >= 56 && !unit.rests.isEmpty
    let places = parts[0].columns([.flexible(), isWide ? .flexible() : .fixed(0)], gap: 2)
    let curve = unit.curve.map { (x: $0.state, y: $0.next) }, ends = unit.curve.map(\.state)
    let seen = reading.trajectories.flatMap { path in zip(path, path.dropFirst()).map { (x: $0[0], y: $1[0]) } }
    let mean = reading.axes.mean.first ?? 0
    // On one axis a state's place is its number beside the mean, with the sign of the axis.
    let sign = reading.axes.directions.first?.first ?? 1
    let steps = seen.map { (x: mean + sign * $0.x, y: mean + sign * $0.y) }
    Plot(
      x: .linear(ends), y: .linear(curve.map(\.y) + steps.map(\.y)),
      series: marks(reading.found.points) { ($0.state[0], $0.state[0]) } + [
        Series(curve, role: .truncated, labels: ["F(h)"]),
        Series(ends.map { ($0, $0) }, .line(.dotted), role: .dimText, symbol: ".", labels: ["h"]),
        Series(steps, .dots, role: .full, symbol: ":", labels: ["steps made"]),
      ], xName: "h"
    ).draw(in: places[0], into: &buffer, theme: theme)
    guard isWide else { return }
    drives(unit, reading.found.points).draw(in: places[1], into: &buffer, theme: theme)
  }

  /// The fixed points over the drive: the stable ones joined, the others dotted.
  private func drives(_ unit: OneUnitMap, _ points: [FixedPoints.Point]) -> Plot {
    func branch(_ isStable: Bool) -> [(x: Double, y: Double)] {
      unit.rests.map { (abs($0.slope) < 1) == isStable ? ($0.drive, $0.state) : (.nan, .nan) }
    }
    let reach = max(1, 2 * (unit.folds.map { abs($0.drive) } + [abs(unit.drive)]).reduce(0, max))
    var plot = Plot(
      x: .linear([-reach, reach]), y: .linear(unit.rests.filter { abs($0.drive) <= reach }.map(\.state)),
      series: marks(points) { (unit.drive, $0.state[0]) } + [
        Series(branch(true), role: .truncated, labels: ["h at rest"]),
        Series(branch(false), .line(.dotted), role: .bound, symbol: ".", labels: ["unstable"]),
      ], xName: "u", cursor: unit.drive)
    plot.gridFrom = .max
    return plot
  }

  private func words(_ unit: OneUnitMap) -> [String] {
    let now = "w \(NumberText.short(unit.weight)), u \(NumberText.short(unit.drive))"
    guard !unit.rests.isEmpty else { return [now] }
    guard unit.folds.count == 2 else {
      let swings = unit.weight < -1 ? ", which h may leave in swings" : ""
      return ["\(now): no fold: one state of rest at any drive\(swings)", now]
    }
    let folds = unit.folds.map { NumberText.short($0.drive) }.joined(separator: " and ")
    let state = unit.isBistable ? "between them two stable states" : "one stable state"
    return ["\(now): folds at u = \(folds); here \(state)", "\(now) · folds \(folds)", now]
  }
}
