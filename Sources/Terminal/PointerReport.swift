import Canvas

extension PointerEvent {
  /// What a terminal reports between `ESC[<` and its final letter: button, column and row from 1, as in "0;12;5" (xterm's mode
  /// 1006). Nil for what means nothing here: other buttons, and motion without a button.
  init?(report: String, isRelease: Bool) {
    let numbers = report.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let code = numbers[0], let column = numbers[1], let row = numbers[2],
      (1...10_000).contains(column), (1...10_000).contains(row)
    else { return nil }
    // Shift, Alt and Ctrl are the bits 4, 8 and 16.
    let kind: Kind
    switch (code & ~28, isRelease) {
    case (0, false): kind = .press
    case (0, true): kind = .release
    case (32, false): kind = .drag
    case (64, false): kind = .wheelUp
    case (65, false): kind = .wheelDown
    default: return nil
    }
    self.init(kind, x: column - 1, y: row - 1)
  }
}
