/// A character that a picture shows as a shape. Paths are in a cell of 9×18 whose upper left corner is (x, y).
enum SVGGlyph {
  case dots(UInt8)
  case fill((_ x: Int, _ y: Int) -> String)
  case stroke((_ x: Int, _ y: Int) -> String)
  case heavy((_ x: Int, _ y: Int) -> String)
  case shade(Double)

  /// nil for a character that stays text.
  init?(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x2800...0x28FF: self = .dots(UInt8(scalar.value - 0x2800))
    // ▁ to █: n eighths from below.
    case 0x2581...0x2588:
      let eighths = Int(scalar.value - 0x2580)
      self = .fill { Self.box($0, $1, 0, Double(18 * (8 - eighths)) / 8, 9, Double(18 * eighths) / 8) }
    // ▉ to ▏: 7 to 1 eighths from the left.
    case 0x2589...0x258F:
      let eighths = Int(0x2590 - scalar.value)
      self = .fill { Self.box($0, $1, 0, 0, Double(9 * eighths) / 8, 18) }
    case 0x2580: self = .fill { Self.box($0, $1, 0, 0, 9, 9) }
    case 0x2590: self = .fill { Self.box($0, $1, 4.5, 0, 4.5, 18) }
    case 0x2591...0x2593: self = .shade(Double(scalar.value - 0x2590) / 4)
    case 0x2596...0x259F: self.init(quadrants: Self.quadrants[Int(scalar.value - 0x2596)])
    case 0x2571: self = .stroke { "M\($0) \($1 + 18)l9 -18" }
    case 0x2500...0x257F: self.init(lines: scalar)
    default: return nil
    }
  }

  /// Upper left 1, upper right 2, lower left 4, lower right 8, for U+2596 … U+259F.
  private static let quadrants: [UInt8] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14]

  private init(quadrants: UInt8) {
    self = .fill { x, y in
      var path = ""
      for quarter in 0..<4 where quadrants & (1 << UInt8(quarter)) != 0 {
        path += Self.box(x, y, Double(quarter % 2) * 4.5, Double(quarter / 2) * 9, 4.5, 9)
      }
      return path
    }
  }

  private init?(lines scalar: Unicode.Scalar) {
    // From the cell's middle (4.5, 9) to its edges.
    let west = "M0 9H4.5"
    let east = "M4.5 9H9"
    let north = "M4.5 0V9"
    let south = "M4.5 9V18"
    switch scalar {
    case "─": self.init(path: west + east)
    case "│": self.init(path: north + south)
    case "┌": self.init(path: east + south)
    case "┐": self.init(path: west + south)
    case "└": self.init(path: east + north)
    case "┘": self.init(path: west + north)
    case "├": self.init(path: north + south + east)
    case "┤": self.init(path: north + south + west)
    case "┬": self.init(path: west + east + south)
    case "┴": self.init(path: west + east + north)
    case "┼": self.init(path: west + east + north + south)
    case "╌": self.init(path: "M0.5 9H3.5M5 9H8")
    case "┄": self.init(path: "M0.5 9H2.5M3.5 9H5.5M6.5 9H8.5")
    case "┊", "┆", "╎": self.init(path: "M4.5 1V5M4.5 7.5V11.5M4.5 14V17")
    case "╭": self.init(path: "M9 9Q4.5 9 4.5 18")
    case "╮": self.init(path: "M0 9Q4.5 9 4.5 18")
    case "╯": self.init(path: "M0 9Q4.5 9 4.5 0")
    case "╰": self.init(path: "M9 9Q4.5 9 4.5 0")
    case "━": self.init(path: west + east, isHeavy: true)
    case "┃": self.init(path: north + south, isHeavy: true)
    case "┏": self.init(path: "M9 9H4.5V18", isHeavy: true)
    case "┓": self.init(path: "M0 9H4.5V18", isHeavy: true)
    case "┗": self.init(path: "M9 9H4.5V0", isHeavy: true)
    case "┛": self.init(path: "M0 9H4.5V0", isHeavy: true)
    default: return nil
    }
  }

  /// Path data of a cell at (0, 0) with absolute commands M, H, V, Q and two-digit numbers, moved where it is drawn.
  private init(path: String, isHeavy: Bool = false) {
    let draw: (Int, Int) -> String = { x, y in Self.moved(path, Double(x), Double(y)) }
    self = isHeavy ? .heavy(draw) : .stroke(draw)
  }

  private static func moved(_ path: String, _ x: Double, _ y: Double) -> String {
    var result = ""
    var number = ""
    var command: Character = "M"
    var index = 0
    func finish() {
      guard let value = Double(number) else { return }
      let isX = command == "H" || (command != "V" && index % 2 == 0)
      if index > 0 { result += " " }
      result += text(value + (isX ? x : y))
      index += 1
      number = ""
    }
    for character in path {
      if character.isLetter {
        finish()
        command = character
        index = 0
        result.append(character)
      } else if character == " " {
        finish()
      } else {
        number.append(character)
      }
    }
    finish()
    return result
  }

  /// A rectangle within a cell.
  static func box(_ x: Int, _ y: Int, _ left: Double, _ top: Double, _ width: Double, _ height: Double) -> String {
    "M\(text(Double(x) + left)) \(text(Double(y) + top))h\(text(width))v\(text(height))h-\(text(width))z"
  }

  /// Braille's dots, as lines of no length with round ends.
  static func dots(_ mask: UInt8, x: Int, y: Int) -> String {
    let places: [(Int, Int)] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    var path = ""
    for (bit, place) in places.enumerated() where mask & (1 << UInt8(bit)) != 0 {
      path += "M\(text(Double(x) + 2.25 + 4.5 * Double(place.0))) \(text(Double(y) + 2.25 + 4.5 * Double(place.1)))h.01"
    }
    return path
  }

  /// A coordinate, with a fraction only where there is one.
  private static func text(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : "\(value)"
  }
}
