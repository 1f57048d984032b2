import LinearAlgebra

/// What a curve of log10 norms does, seen back in time: a factor a step where a line fits it, else its parts in order.
///
/// The steps are those of the array, ascending in time: "falls" means that the norm gets smaller towards earlier steps.
public enum CurveShape: Equatable, Sendable {
  /// No step has a number.
  case empty
  /// Every step is exactly 0 (its logarithm -infinity).
  case zero
  /// The norm stays within `CurveShape.tolerance` decades of a middle that it keeps.
  case steady(log10: Double)
  /// It changes by one factor a step: the line of log10 ‖δ_t‖ over t - its slope is the rise in decades a step forward in time, so that
  /// a step back multiplies by 10^-slope - with the steps that it was fitted to.
  case line(LineFit, steps: ClosedRange<Int>)
  /// What it does one after the other, the newest part first.
  case parts([Part])

  /// One part of a curve.
  public struct Part: Equatable, Sendable {
    /// What the norm does on the way back in time.
    public enum Direction: Equatable, Sendable { case falls, rises, steady, zero }
    /// What it does here.
    public let direction: Direction
    /// Its steps; two parts that follow each other share the step at which the curve turns.
    public let steps: ClosedRange<Int>
    /// log10 of the norm at its oldest step over that at its newest; 0 where it is zero.
    public let change: Double

    /// A part over `steps`.
    public init(direction: Direction, steps: ClosedRange<Int>, change: Double) {
      (self.direction, self.steps, self.change) = (direction, steps, change)
    }
  }

  /// A factor of 2: what lies within so many decades of a line, or of a middle, is on it.
  public static let tolerance = 0.3
  /// The least R² of a line that some points lie further from. A line through half a parabola has 0.9375: that is none.
  public static let leastRSquared = 0.95

  /// The shape of log10 norms by step; -infinity is an exact 0, NaN a step without a number.
  public init(_ log10: [Double]) {
    let known = log10.indices.filter { !log10[$0].isNaN && log10[$0] != .infinity }
    guard let oldest = known.first else {
      self = .empty
      return
    }
    let finite = known.filter { log10[$0].isFinite }
    guard let last = finite.last, let first = finite.first else {
      self = .zero
      return
    }
    // Steps after the last loss have no gradient: that is no part of the curve's shape. Zeros before its first step are.
    let isUnbroken = !known.contains { $0 > first && $0 < last && log10[$0] == -.infinity } && oldest == first
    let curve = Curve(log10: log10, steps: finite)
    if isUnbroken, let shape = curve.simpleShape {
      self = shape
      return
    }
    let parts = curve.parts(newest: last, oldest: oldest)
    // One level but for some single steps.
    self = parts.map(\.direction) == [.steady] ? .steady(log10: curve.median) : .parts(parts)
  }
}

/// The finite points of a curve.
private struct Curve {
  let log10: [Double]
  let steps: [Int]

  /// The middle value.
  var median: Double {
    let values = steps.map { log10[$0] }.sorted()
    return values.isEmpty ? .nan : values[values.count / 2]
  }

  /// Steady or a line, where it is one of these.
  var simpleShape: CurveShape? {
    let values = steps.map { log10[$0] }
    guard let first = steps.first, let last = steps.last, let least = values.min(), let most = values.max() else {
      return nil
    }
    if most - least <= 2 * CurveShape.tolerance, !isSteadySlope(values) { return .steady(log10: (least + most) / 2) }
    guard let fit = LineFit(steps.map { (x: Double($0), y: log10[$0]) }), fit.count >= 3 else { return nil }
    let isLine = fit.largestResidual <= CurveShape.tolerance || fit.rSquared > CurveShape.leastRSquared
    return isLine ? .line(fit, steps: first...last) : nil
  }

  /// Whether a small change is one factor a step all the same: a line far better than the level.
  private func isSteadySlope(_ values: [Double]) -> Bool {
    guard let fit = LineFit(values), fit.count >= 3 else { return false }
    return fit.rSquared > CurveShape.leastRSquared && (fit.slope * Double(fit.count - 1)).magnitude > 0.02
  }

  /// The parts from the newest step back to the oldest, exact zeros among them.
  func parts(newest: Int, oldest: Int) -> [CurveShape.Part] {
    var parts: [CurveShape.Part] = []
    var run: [Int] = []
    var zeroEnd: Int?
    for step in (oldest...newest).reversed() {
      if log10[step].isFinite {
        if let end = zeroEnd { parts.append(.init(direction: .zero, steps: step + 1...end, change: 0)) }
        zeroEnd = nil
        run.append(step)
      } else if log10[step] == -.infinity {
        parts += Self.parts(of: run.reversed(), log10)
        run = []
        zeroEnd = zeroEnd ?? step
      }
    }
    if let end = zeroEnd { parts.append(.init(direction: .zero, steps: oldest...end, change: 0)) }
    return parts + Self.parts(of: run.reversed(), log10)
  }

  /// An unbroken run: split where it leaves the straight line between its ends by most (Ramer 1972, Douglas & Peucker 1973), until it
  /// nowhere does so by more than the tolerance.
  private static func parts(of steps: [Int], _ log10: [Double]) -> [CurveShape.Part] {
    guard let first = steps.first, let last = steps.last else { return [] }
    let values = withoutOutliers(steps.map { log10[$0] })
    guard steps.count > 1, let least = values.min(), let most = values.max() else {
      return [.init(direction: .steady, steps: first...last, change: 0)]
    }
    let tolerance = max(CurveShape.tolerance, 0.1 * (most - least))
    let corners = corners(steps, values, 0, steps.count - 1, tolerance)
    var stretches = zip(corners, corners.dropFirst()).reversed().map {
      Stretch(start: $0, end: $1, values, tolerance)
    }
    join(&stretches, values)
    return stretches.map {
      .init(
        direction: $0.direction, steps: steps[$0.start]...steps[$0.end], change: values[$0.start] - values[$0.end])
    }
  }

  /// Indices of a run, from its newer end back to its start, with one direction.
  private struct Stretch {
    var start: Int, end: Int
    var direction: CurveShape.Part.Direction
    var length: Int { end - start }

    init(start: Int, end: Int, _ values: [Double], _ tolerance: Double) {
      (self.start, self.end) = (start, end)
      let change = values[start] - values[end]
      direction = change.magnitude <= tolerance ? .steady : change < 0 ? .falls : .rises
    }
  }

  /// Neighbors of one direction are one, and a level that is short beside what it interrupts is none: where a curve turns, the
  /// straight line may cut off the corner over a fifth of either side.
  private static func join(_ stretches: inout [Stretch], _ values: [Double]) {
    func joinAlike() {
      stretches = stretches.reduce(into: []) { joined, next in
        if joined.last?.direction == next.direction {
          joined[joined.count - 1].start = next.start
        } else {
          joined.append(next)
        }
      }
    }
    joinAlike()
    while let k = stretches.indices.first(where: { isShortLevel($0, stretches) }) {
      let level = stretches.remove(at: k)
      let newer = k > 0 ? k - 1 : nil, older = k < stretches.count ? k : nil
      // The curve turns at its lowest point, or its highest.
      let inside = level.start...level.end
      let isLow = newer.map { stretches[$0].direction == .falls } ?? true
      let turn =
        newer == nil
        ? level.end
        : older == nil ? level.start : inside.min { isLow ? values[$0] < values[$1] : values[$0] > values[$1] }
      if let newer { stretches[newer].start = turn ?? level.start }
      if let older { stretches[older].end = turn ?? level.start }
      joinAlike()
    }
  }

  private static func isShortLevel(_ k: Int, _ stretches: [Stretch]) -> Bool {
    guard stretches[k].direction == .steady, stretches.count > 1 else { return false }
    let beside = [k - 1, k + 1].filter(stretches.indices.contains).map { stretches[$0].length }
    return Double(stretches[k].length) < 0.3 * Double(beside.max() ?? 0)
  }

  /// The indices at which the run turns, its ends among them.
  private static func corners(
    _ steps: [Int], _ values: [Double], _ start: Int, _ end: Int, _ tolerance: Double
  ) -> [Int] {
    let slope = (values[end] - values[start]) / Double(steps[end] - steps[start])
    var (worst, place) = (0.0, start)
    for k in start..<end {
      let distance = (values[k] - values[start] - slope * Double(steps[k] - steps[start])).magnitude
      if distance > worst { (worst, place) = (distance, k) }
    }
    guard worst > tolerance else { return [start, end] }
    return corners(steps, values, start, place, tolerance) + corners(steps, values, place, end, tolerance).dropFirst()
  }

  /// A value far from the median of itself and two on either side, by more than the tolerance and than three times their median
  /// distance from it, is replaced by the median (Hampel's identifier): one step alone makes no part.
  private static func withoutOutliers(_ values: [Double]) -> [Double] {
    values.indices.map { k in
      let reach = min(2, k, values.count - 1 - k)
      let near = values[k - reach...k + reach]
      let median = near.sorted()[reach]
      let spread = near.map { ($0 - median).magnitude }.sorted()[reach]
      return (values[k] - median).magnitude > max(CurveShape.tolerance, 3 * spread) ? median : values[k]
    }
  }
}
