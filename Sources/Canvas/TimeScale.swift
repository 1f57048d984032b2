/// Which steps stand in which columns.
public struct TimeScale: Equatable, Sendable {
  /// The steps that are seen, counted from 0 in the sequence of n.
  public let steps: Range<Int>
  /// n.
  public let length: Int
  /// How many columns are used. Steps are spread over all there are, if a quarter of them would be left, so that with 50 steps in 110 columns some are 2 wide
  /// and some 3.
  public let columns: Int

  private static let widestStep = 12

  /// n steps in so many columns. Where they do not fit, the page that holds `focus`, a step a column; without a focus all
  /// of them, several a column. Pages overlap by half, so that the picture does not move at every step.
  public init(length: Int, width: Int, focus: Int?) {
    self.length = length
    let width = max(0, width)
    if length > width, let focus, width > 0 {
      let half = max(1, width / 2)
      let start = max(0, min(length - width, focus / half * half - half / 2))
      steps = start..<(start + width)
    } else {
      steps = 0..<max(0, length)
    }
    // A column too many here and there would only tear words apart.
    let isNearlyFull = steps.count <= width && 4 * width < 5 * steps.count
    columns = isNearlyFull ? steps.count : min(width, Self.widestStep * steps.count)
  }

  /// Whether every step has a column of its own.
  public var isWhole: Bool { columns >= steps.count }

  /// The first column of a step; nil when it is not seen. Column c holds the steps ⌊cS/C⌋ … of S steps in C columns.
  public func column(of step: Int) -> Int? {
    guard columns > 0, steps.contains(step) else { return nil }
    let index = step - steps.lowerBound
    return isWhole ? (index * columns + steps.count - 1) / steps.count : last(index)
  }

  private func last(_ index: Int) -> Int { ((index + 1) * columns - 1) / steps.count }

  /// The column that stands for a step where only one can.
  public func middle(of step: Int) -> Int? {
    column(of: step).map { ($0 + last(step - steps.lowerBound)) / 2 }
  }

  /// The steps of a column.
  public func steps(at column: Int) -> Range<Int> {
    guard columns > 0 else { return steps }
    let first = column * steps.count / columns
    let end = max(first + 1, (column + 1) * steps.count / columns)
    return min(steps.lowerBound + first, steps.upperBound)..<min(steps.lowerBound + end, steps.upperBound)
  }

  /// The columns of some steps, as far as they are seen; nil if none is.
  public func columns(of range: Range<Int>) -> Range<Int>? {
    let seen = range.clamped(to: steps)
    guard !seen.isEmpty, let first = column(of: seen.lowerBound) else { return nil }
    return first..<(last(seen.upperBound - 1 - steps.lowerBound) + 1)
  }

  /// What is drawn as one: the columns of each step, or each column with its steps, from left to right.
  public var places: [(columns: Range<Int>, steps: Range<Int>)] {
    guard isWhole else { return (0..<columns).map { ($0..<$0 + 1, steps(at: $0)) } }
    return steps.compactMap { step in columns(of: step..<step + 1).map { ($0, step..<step + 1) } }
  }

  /// How the steps are shown, where not each is seen in its own column.
  public var words: String? {
    if !isWhole && columns > 0 { return "all \(length) steps, \((steps.count + columns - 1) / columns) a column" }
    if steps.count < length { return "steps \(steps.lowerBound + 1)–\(steps.upperBound) of \(length)" }
    return nil
  }
}
