/// A rectangle of styled cells: what a frame is drawn into. Drawing outside of it is cut, never an error.
public struct Buffer: Equatable, Sendable {
  public let width: Int, height: Int
  /// Row after row.
  public internal(set) var cells: [Cell]

  /// A blank buffer.
  public init(width: Int, height: Int, fill: Cell = Cell()) {
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: fill, count: self.width * self.height)
  }

  /// The whole of it, from (0, 0).
  public var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

  /// The cell at column x and row y; reading outside gives a blank one, writing outside does nothing.
  /// A character that is not one column wide, a control character among them, is replaced
  /// (see `Unicode.Scalar.inOneCell`).
  public subscript(x: Int, y: Int) -> Cell {
    get { x >= 0 && x < width && y >= 0 && y < height ? cells[y * width + x] : Cell() }
    set {
      guard x >= 0 && x < width && y >= 0 && y < height else { return }
      cells[y * width + x] = Cell(newValue.character.inOneCell, newValue.style)
    }
  }

  /// Draws one character. Where the style names no color for the background, the cell keeps its own; a reversed cell, which
  /// is a ground without colors, stays reversed.
  public mutating func put(_ character: Unicode.Scalar, x: Int, y: Int, style: Style) {
    guard x >= 0 && x < width && y >= 0 && y < height else { return }
    let index = y * width + x
    var style = style
    if style.background == nil {
      style.background = cells[index].style.background
      // On a reversed ground dim ink would dim the ground instead: patches in a bar.
      if cells[index].style.reverse { (style.reverse, style.dim) = (true, false) }
    }
    cells[index] = Cell(character.inOneCell, style)
  }

  /// Sets every cell of a rectangle.
  public mutating func fill(_ rect: Rect, _ cell: Cell) {
    let rect = rect.intersection(bounds)
    let cell = Cell(cell.character.inOneCell, cell.style)
    for y in rect.y..<rect.maxY {
      for index in (y * width + rect.x)..<(y * width + rect.maxX) { cells[index] = cell }
    }
  }
}
