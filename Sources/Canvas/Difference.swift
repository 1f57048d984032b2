/// Neighbouring cells of one row that are all of one style.
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
  /// The runs whose cells differ from those of the buffer drawn before, row after row, left to right: what the screen
  /// must be told. Up to three equal cells between two changes of the same style are drawn again, which is
  /// shorter than moving the cursor. A buffer of another size differs everywhere.
  public func changes(from previous: Buffer?) -> [Run] {
    guard let previous, previous.width == width, previous.height == height else { return runs() }
    var result: [Run] = []
    cells.withUnsafeBufferPointer { new in
      previous.cells.withUnsafeBufferPointer { old in
        for y in 0..<height {
          var x = 0
          while x < width {
            let index = y * width + x
            guard new[index] != old[index] else {
              x += 1
              continue
            }
            let style = new[index].style
            if let last = result.last, last.y == y, last.style == style, x - (last.x + last.length) <= 3,
              ((last.x + last.length)..<x).allSatisfy({ new[y * width + $0].style == style })
            {
              result[result.count - 1].length = x + 1 - last.x
            } else {
              result.append(Run(x: x, y: y, length: 1, style: style))
            }
            x += 1
          }
        }
      }
    }
    return result
  }

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
