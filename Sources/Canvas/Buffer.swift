/// A rectangle of styled cells: what a frame is drawn into. Drawing outside of it is cut, never an error.
public struct Buffer: Equatable, Sendable {
  public let width: Int, height: Int
  /// Row after row.
  public private(set) var cells: [Cell]

  /// A blank buffer.
  public init(width: Int, height: Int, fill: Cell = Cell()) {
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: fill, count: self.width * self.height)
  }

  /// The cell at column x and row y; reading outside gives a blank one, writing outside does nothing.
  public subscript(x: Int, y: Int) -> Cell {
    get { x >= 0 && x < width && y >= 0 && y < height ? cells[y * width + x] : Cell() }
    set { if x >= 0 && x < width && y >= 0 && y < height { cells[y * width + x] = newValue } }
  }
}
