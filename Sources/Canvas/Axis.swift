/// A value on an axis that has a label.
public struct Tick: Hashable, Sendable {
  /// Where it is: for logarithmic axes the decimal logarithm.
  public var value: Double
  /// What is written beside it.
  public var label: String

  /// A tick.
  public init(_ value: Double, _ label: String) {
    self.value = value
    self.label = label
  }
}

/// The range that a plot shows in one direction. Bounds are rounded outwards to whole quanta, so that an axis stands still from
/// frame to frame while the data move a little.
public struct Axis: Hashable, Sendable {
  /// How values are spread and labeled.
  public enum Scale: Hashable, Sendable {
    case linear
    /// Values are decimal logarithms.
    case logarithmic
    /// Whole numbers, the first and the last labeled; drawn at the middle of their column.
    case steps
  }

  /// How values are spread and labeled.
  public let scale: Scale
  /// The ends; `upper` is above `lower`.
  public let lower: Double, upper: Double

  /// An axis with exact ends. Ends that are no numbers or not in order give 0 … 1.
  public init(_ scale: Scale, lower: Double, upper: Double) {
    self.scale = scale
    // Beyond these there is no room left to count in: they are taken for no numbers.
    let reach = scale == .linear ? 1e300 : 1e15
    let valid = abs(lower) <= reach && abs(upper) <= reach && lower < upper
    self.lower = valid ? lower : 0
    self.upper = valid ? upper : 1
  }

  /// A linear axis around all finite values, its ends on a quantum of about an eighth of their range.
  /// - Parameters:
  ///   - values: what is to be seen.
  ///   - including: values that must be seen too, such as 0.
  public static func linear(_ values: some Sequence<Double>, including: [Double] = []) -> Axis {
    guard let (least, most) = extent(of: values, including, within: 1e300) else {
      return Axis(.linear, lower: 0, upper: 1)
    }
    // Values that differ in no digit that is written stand in the middle.
    let size = max(abs(least), abs(most), 1e-300)
    if most - least < 1e-4 * size { return linear([least - 0.05 * size, most + 0.05 * size]) }
    let quantum = pleasant((most - least) / 8)
    let lower = (least / quantum).rounded(.down) * quantum
    let upper = (most / quantum).rounded(.up) * quantum
    return Axis(.linear, lower: lower, upper: upper > lower ? upper : lower + quantum)
  }

  /// A logarithmic axis around all finite decimal logarithms, its ends on whole decades, on 2, 5, 10, … of them
  /// where the range is wide, and within a decade on 1, 2 or 5 times a power of ten.
  /// - Parameters:
  ///   - logarithms: what is to be seen.
  ///   - including: logarithms that must be seen too.
  ///   - floor: the most decades that are shown below the largest value; less is cut off at the bottom.
  public static func logarithmic(
    _ logarithms: some Sequence<Double>, including: [Double] = [], floor: Double = .infinity
  ) -> Axis {
    guard let (smallest, most) = extent(of: logarithms, including, within: 1e15) else {
      return Axis(.logarithmic, lower: -1, upper: 1)
    }
    let least = max(smallest, most - floor)
    // Less than a decade ends on 1, 2 or 5 times a power of ten.
    if most - least < 0.9 {
      let (lower, upper) = (grid125(least, .down), grid125(most, .up))
      return Axis(.logarithmic, lower: lower, upper: upper > lower ? upper : grid125(lower + 0.01, .up))
    }
    let quantum = max(1, pleasant((most - least) / 12))
    let lower = (least / quantum).rounded(.down) * quantum
    let upper = (most / quantum).rounded(.up) * quantum
    return Axis(.logarithmic, lower: lower, upper: upper > lower ? upper : lower + quantum)
  }

  /// Whole numbers from first to last.
  public static func steps(_ first: Int, _ last: Int) -> Axis {
    Axis(.steps, lower: Double(first) - 0.5, upper: Double(max(first, last)) + 0.5)
  }

  /// Where a value lies, 0 at the lower end and 1 at the upper; outside of that for values outside.
  public func fraction(_ value: Double) -> Double { (value - lower) / (upper - lower) }

  /// How a value on this axis is written.
  public func label(_ value: Double) -> String {
    switch scale {
    case .linear: NumberText.trimmed(value)
    case .steps: NumberText.grouped(Int(max(-1e15, min(1e15, value.isNaN ? 0 : value)).rounded()))
    case .logarithmic:
      upper - lower >= 1.5 && abs(value - value.rounded()) < 1e-6 && abs(value) < 1e15
        ? NumberText.decade(Int(value.rounded())) : NumberText.power(log10: value, digits: 1)
    }
  }

  /// At most so many labeled values, lowest first; pleasant ones, or the two ends where there are not two of those.
  public func ticks(atMost count: Int) -> [Tick] {
    guard count > 0 else { return [] }
    if scale == .steps { return stepTicks(count) }
    let ticks = scale == .linear ? linearTicks(count) : decadeTicks(count)
    return ticks.count < 2 && count > 1 ? ends.map { Tick($0, label($0)) } : ticks
  }

  /// Two values that say how far it goes: its ends; or the farther one and 1, against which a factor is seen to grow or shrink.
  private var ends: [Double] {
    guard scale == .logarithmic, lower < 0, upper > 0 else { return [lower, upper] }
    return upper < -lower ? [lower, 0] : [0, upper]
  }

  private func linearTicks(_ count: Int) -> [Tick] {
    var step = Self.pleasant((upper - lower) / Double(max(1, count)))
    while ((upper / step) + 1e-9).rounded(.down) - ((lower / step) - 1e-9).rounded(.up) + 1 > Double(count) {
      step = Self.pleasant(step * 1.5)
    }
    let decimals = max(0, Int((-log10(step) + 1e-9).rounded(.up)))
    return multiples(of: step).map { value in
      let plain = abs(value) < 1e5 && decimals <= 4
      return Tick(value, plain ? NumberText.fixed(value, decimals) : NumberText.scientific(value, digits: 2))
    }
  }

  private func decadeTicks(_ count: Int) -> [Tick] {
    var step = 1.0
    while (upper / step + 1e-9).rounded(.down) - (lower / step - 1e-9).rounded(.up) + 1 > Double(count) {
      step = Self.pleasant(step * 1.5)
      if step > upper - lower { break }
    }
    if upper - lower < 1.5 { return grid125Ticks(count) }
    let values = multiples(of: step)
    return values.map { Tick($0, NumberText.decade(Int($0))) }
  }

  /// 1, 2 and 5 times the powers of ten in the range, or where they are too many its ends.
  private func grid125Ticks(_ count: Int) -> [Tick] {
    var values: [Double] = []
    var value = Self.grid125(lower - 1e-9, .up)
    while value <= upper + 1e-9 && values.count < 9 {
      values.append(value)
      value = Self.grid125(value + 0.01, .up)
    }
    if values.count > count { values = count == 1 ? [upper] : ends }
    return values.map { Tick($0, NumberText.power(log10: $0, digits: 1)) }
  }

  /// The nearest logarithm of 1, 2 or 5 times a power of ten below or above.
  private static func grid125(_ logarithm: Double, _ rule: FloatingPointRoundingRule) -> Double {
    let decade = (logarithm + 1e-9).rounded(.down)
    let marks = [0, log10(2), log10(5), 1].map { decade + $0 }
    return rule == .up
      ? marks.first { $0 >= logarithm - 1e-9 } ?? decade + 1 : marks.last { $0 <= logarithm + 1e-9 } ?? decade
  }

  private func stepTicks(_ count: Int) -> [Tick] {
    let first = (lower + 0.5).rounded()
    let last = (upper - 0.5).rounded()
    guard last > first, count > 1 else { return [Tick(first, NumberText.grouped(Int(first)))] }
    var step = max(1, Self.pleasant((last - first) / Double(count - 1)))
    while (last / step).rounded(.down) - (first / step).rounded(.up) + 1 > Double(count) {
      step = Self.pleasant(step * 1.5)
    }
    var values = [first] + multiples(of: step).filter { $0 - first >= step * 0.6 && last - $0 >= step * 0.6 } + [last]
    if values.count > count { values = [first, last] }
    return values.map { Tick($0, NumberText.grouped(Int($0))) }
  }

  private func multiples(of step: Double) -> [Double] {
    var values: [Double] = []
    var index = (lower / step - 1e-9).rounded(.up)
    while index * step <= upper + step * 1e-9, values.count < 1_000 {
      values.append(index == 0 ? 0 : index * step)
      index += 1
    }
    return values
  }

  /// The least of 1, 2, 5, 10, 20, … times a power of ten that is not below the value.
  static func pleasant(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    let decade = raise10(log10(value).rounded(.down))
    for factor in [1.0, 2, 5] where factor * decade >= value * (1 - 1e-9) { return factor * decade }
    return 10 * decade
  }

  private static func extent(of values: some Sequence<Double>, _ including: [Double], within reach: Double) -> (
    Double, Double
  )? {
    var least = Double.infinity
    var most = -Double.infinity
    for value in values where abs(value) <= reach {
      least = min(least, value)
      most = max(most, value)
    }
    for value in including where abs(value) <= reach {
      least = min(least, value)
      most = max(most, value)
    }
    return least <= most ? (least, most) : nil
  }
}
