/// Which steps stand in which columns.
struct TimeScale: Equatable {
  /// The steps that are seen, counted from 0 in the sequence of n.
  let steps: Range<Int>
  let length: Int
  /// Columns a step takes; more than 1 only where every step is seen.
  let columnsPerStep: Int
  /// Steps that share a column; more than 1 in the overview of a sequence that is longer than the room is wide.
  let stepsPerColumn: Int

  private static let widestStep = 6

  /// n steps in so many columns. Where they do not fit, the page that holds `focus`, a step a column; without a focus all
  /// of them, several a column. Pages overlap by half, so that the picture does not move at every step.
  init(length: Int, width: Int, focus: Int?) {
    self.length = length
    if length <= width {
      steps = 0..<max(0, length)
      columnsPerStep = length > 0 ? min(Self.widestStep, width / length) : 1
      stepsPerColumn = 1
    } else if let focus, width > 0 {
      let half = max(1, width / 2)
      let start = max(0, min(length - width, focus / half * half - half / 2))
      steps = start..<(start + width)
      (columnsPerStep, stepsPerColumn) = (1, 1)
    } else {
      steps = 0..<length
      columnsPerStep = 1
      stepsPerColumn = width > 0 ? (length + width - 1) / width : length
    }
  }

  /// How many columns are used.
  var columns: Int { (steps.count + stepsPerColumn - 1) / stepsPerColumn * columnsPerStep }

  /// The first column of a step; nil when it is not seen.
  func column(of step: Int) -> Int? {
    steps.contains(step) ? (step - steps.lowerBound) / stepsPerColumn * columnsPerStep : nil
  }

  /// The column that stands for a step where only one can.
  func middle(of step: Int) -> Int? { column(of: step).map { $0 + (columnsPerStep - 1) / 2 } }

  /// The steps of a column.
  func steps(at column: Int) -> Range<Int> {
    let first = steps.lowerBound + column / columnsPerStep * stepsPerColumn
    return first..<min(first + stepsPerColumn, steps.upperBound)
  }

  /// The columns of some steps, as far as they are seen; nil if none is.
  func columns(of range: Range<Int>) -> Range<Int>? {
    let seen = range.clamped(to: steps)
    guard !seen.isEmpty, let first = column(of: seen.lowerBound), let last = column(of: seen.upperBound - 1) else {
      return nil
    }
    return first..<(last + columnsPerStep)
  }

  /// How the steps are shown, where not each is seen in its own column.
  var words: String? {
    if stepsPerColumn > 1 { return "all \(length) steps, \(stepsPerColumn) a column" }
    if steps.count < length { return "steps \(steps.lowerBound + 1)–\(steps.upperBound) of \(length)" }
    return nil
  }
}
