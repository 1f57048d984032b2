/// Neighboring cells of one row that are all of one style.
public struct Run: Hashable, Sendable {
  /// Its first column, its row, and how many cells it has.
  public var x: Int, y: Int, length: Int
  /// The style of all of them.
  public var style: Style

  /// A run.
  public init(x: Int, y: Int, length: Int, style: Style) {
    self.x = x
    self.y = y
    self.length = length
    self.style = style
  }
}

extension Buffer {
  /// All cells as runs, row after row.
  public func runs() -> [Run] {
    var result: [Run] = []
    cells.withUnsafeBufferPointer { cells in
      for y in 0..<height {
        var start = 0
        while start < width {
          let style = cells[y * width + start].style
          var end = start + 1
          while end < width && cells[y * width + end].style == style { end += 1 }
          result.append(Run(x: start, y: y, length: end - start, style: style))
          start = end
        }
      }
    }
    return result
  }

  /// The characters of a run.
  public func text(of run: Run) -> String {
    var text = String.UnicodeScalarView()
    for x in run.x..<(run.x + run.length) { text.append(self[x, run.y].character) }
    return String(text)
  }

  /// The characters, a string a row, blanks at the end kept.
  public var rows: [String] {
    (0..<height).map { text(of: Run(x: 0, y: $0, length: width, style: Style())) }
  }
}
