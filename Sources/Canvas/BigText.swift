/// Large characters made of full cells, for what is read from the last row: numbers, and the signs that stand in them.
public enum BigText {
  /// Rows of a large character; its columns are three times its scale.
  public static let height = 5

  /// Five rows of three dots each, from the upper left, a digit of base 8 a row.
  private static let glyphs: [Character: [UInt8]] = [
    "0": [7, 5, 5, 5, 7], "1": [2, 6, 2, 2, 7], "2": [7, 1, 7, 4, 7], "3": [7, 1, 7, 1, 7], "4": [5, 5, 7, 1, 1],
    "5": [7, 4, 7, 1, 7], "6": [7, 4, 7, 5, 7], "7": [7, 1, 1, 2, 2], "8": [7, 5, 7, 5, 7], "9": [7, 5, 7, 1, 7],
    ".": [0, 0, 0, 0, 2], ",": [0, 0, 0, 2, 2], "-": [0, 0, 7, 0, 0], "+": [0, 2, 7, 2, 0], "e": [0, 7, 7, 4, 7],
    "×": [0, 5, 2, 5, 0], "%": [5, 1, 2, 4, 5], " ": [0, 0, 0, 0, 0], "…": [0, 0, 0, 0, 5], "∞": [0, 7, 5, 7, 0],
  ]

  /// The columns of a text, each dot `scale` columns wide.
  public static func columns(_ text: String, scale: Int) -> Int {
    text.reduce(-1) { $0 + dots($1) * scale + 1 }
  }

  /// Points and commas take one dot, blanks two.
  private static func dots(_ character: Character) -> Int {
    ".,".contains(character) ? 1 : character == " " ? 2 : 3
  }

  /// Draws a text in the largest scale of 3, 2 and 1 that has room.
  /// - Returns: the columns that it takes; nil where it has no room, or holds a character that there is not.
  @discardableResult
  public static func draw(_ text: String, in rect: Rect, _ style: Style, into buffer: inout Buffer) -> Int? {
    guard rect.height >= height, text.allSatisfy({ glyphs[$0] != nil }),
      let scale = [3, 2, 1].first(where: { columns(text, scale: $0) <= rect.width })
    else { return nil }
    var x = rect.x
    for character in text {
      let width = dots(character), first = width == 1 ? 1 : 0
      for (row, bits) in (glyphs[character] ?? []).enumerated() {
        for dot in 0..<width where bits & 4 >> UInt8(first + dot) != 0 {
          for column in 0..<scale { buffer.put("█", x: x + dot * scale + column, y: rect.y + row, style: style) }
        }
      }
      x += width * scale + 1
    }
    return x - 1 - rect.x
  }
}
