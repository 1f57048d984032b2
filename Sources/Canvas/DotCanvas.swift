/// A canvas of dots finer than cells: 2×4 a cell in braille, 2×2 in blocks, one in ASCII. A cell shows the dots of one owner only, the first
/// that draws in it: draw what matters most first, and it is never colored as something else.
public struct DotCanvas: Sendable {
  /// Cells.
  public let columns: Int, rows: Int
  /// Dots a cell, across and down.
  public let across: Int, down: Int
  private let tier: CharacterTier
  private var masks: [UInt8]
  private var owners: [UInt8]

  private static let noOwner = UInt8.max
  private static let brailleBits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
  private static let quadrants: [Unicode.Scalar] = [
    " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
  ]

  /// An empty canvas of so many cells.
  public init(columns: Int, rows: Int, tier: CharacterTier) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    self.tier = tier
    (across, down) =
      switch tier {
      case .braille: (2, 4)
      case .block: (2, 2)
      case .ascii: (1, 1)
      }
    masks = [UInt8](repeating: 0, count: self.columns * self.rows)
    owners = [UInt8](repeating: Self.noOwner, count: masks.count)
  }

  /// Dots across and down.
  public var width: Int { columns * across }
  /// Dots down.
  public var height: Int { rows * down }

  /// How wide a dot is beside its height, with cells twice as high as wide.
  public var dotAspect: Double { Double(down) / Double(2 * across) }

  /// Sets a dot, (0, 0) at the upper left, for an owner of 0 … 254; outside, or in another's cell, nothing happens.
  public mutating func set(_ x: Int, _ y: Int, owner: UInt8) {
    guard x >= 0 && x < width && y >= 0 && y < height else { return }
    let cell = y / down * columns + x / across
    if owners[cell] == Self.noOwner { owners[cell] = owner }
    guard owners[cell] == owner else { return }
    let bit = y % down * across + x % across
    masks[cell] |= tier == .braille ? Self.brailleBits[bit] : 1 << UInt8(bit)
  }

  /// A straight line of dots between two (Bresenham), those left out that the pattern leaves out.
  public mutating func line(from: (x: Int, y: Int), to: (x: Int, y: Int), owner: UInt8, pattern: LinePattern = .solid) {
    // A steep line far outside would walk for ever: it is cut to a height on both sides.
    let reach = (-height - 2)...(2 * height + 2)
    var (x, y) = (from.x, min(max(from.y, reach.lowerBound), reach.upperBound))
    let end = (x: to.x, y: min(max(to.y, reach.lowerBound), reach.upperBound))
    let dx = abs(end.x - x)
    let dy = -abs(end.y - y)
    let stepX = x < end.x ? 1 : -1
    let stepY = y < end.y ? 1 : -1
    var error = dx + dy
    while true {
      // Cells by turns are columns, however steep the line is: what lies under it is seen in the others.
      if pattern.shows(dx > -dy || pattern == .alternating ? x : y, dots: across) { set(x, y, owner: owner) }
      if x == end.x && y == end.y { return }
      let twice = 2 * error
      if twice >= dy {
        error += dy
        x += stepX
      }
      if twice <= dx {
        error += dx
        y += stepY
      }
    }
  }

  /// Whether anything is drawn in a cell.
  public func isEmpty(column: Int, row: Int) -> Bool {
    guard column >= 0 && column < columns && row >= 0 && row < rows else { return true }
    return owners[row * columns + column] == Self.noOwner
  }

  /// Draws what is set, each owner in its style; in ASCII with its symbol. Cells without dots are left as they are.
  public func draw(at x: Int, _ y: Int, into buffer: inout Buffer, styles: [Style], symbols: [Unicode.Scalar]) {
    for row in 0..<rows {
      for column in 0..<columns {
        let cell = row * columns + column
        let owner = Int(owners[cell])
        guard masks[cell] != 0, owner < styles.count else { continue }
        let scalar: Unicode.Scalar =
          switch tier {
          case .braille: Unicode.Scalar(0x2800 + UInt32(masks[cell])) ?? "?"
          case .block: Self.quadrants[Int(masks[cell] & 15)]
          case .ascii: owner < symbols.count ? symbols[owner] : "*"
          }
        buffer.put(scalar, x: x + column, y: y + row, style: styles[owner])
      }
    }
  }
}

/// How a line is drawn, so that series differ by more than their color.
public enum LinePattern: Hashable, Sendable {
  case solid, dashed, dotted
  /// Every other cell, so that a line under it is seen between.
  case alternating

  /// Whether the dot at a place along the line is drawn; `dots` a cell.
  func shows(_ place: Int, dots: Int) -> Bool {
    switch self {
    case .solid: true
    case .dashed: dots == 1 ? place % 3 != 2 : ((place % 6) + 6) % 6 < 4
    case .alternating: place / dots % 2 == 0
    case .dotted: dots == 1 ? place % 2 == 0 : ((place % 3) + 3) % 3 == 0
    }
  }

  /// Two columns that show it in a legend.
  var sample: String {
    switch self {
    case .solid: "──"
    case .dashed, .alternating: "╌╌"
    case .dotted: "··"
    }
  }
}
