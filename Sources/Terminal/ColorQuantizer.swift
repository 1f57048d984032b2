import Canvas

/// The nearest colour of a fixed palette.
enum ColorQuantizer {
  /// The colours 0 to 15 as xterm has them; a terminal's theme may differ.
  static let named: [Color] = [
    Color(0, 0, 0), Color(205, 0, 0), Color(0, 205, 0), Color(205, 205, 0),
    Color(0, 0, 238), Color(205, 0, 205), Color(0, 205, 205), Color(229, 229, 229),
    Color(127, 127, 127), Color(255, 0, 0), Color(0, 255, 0), Color(255, 255, 0),
    Color(92, 92, 255), Color(255, 0, 255), Color(0, 255, 255), Color(255, 255, 255),
  ]

  /// The levels of the 6×6×6 cube, colours 16 to 231 of 256.
  private static let levels: [Int] = [0, 95, 135, 175, 215, 255]

  /// The nearest of the colours 16 to 255: the cube, and the greys 8, 18, … 238. The first sixteen are left out, since
  /// themes change them.
  static func index256(_ color: Color) -> Int {
    let red = Int(color.red), green = Int(color.green), blue = Int(color.blue)
    let (r, g, b) = (nearestLevel(red), nearestLevel(green), nearestLevel(blue))
    let cube = distance(red, green, blue, levels[r], levels[g], levels[b])
    let step = min(23, max(0, ((red + green + blue) / 3 - 3) / 10))
    let grey = 8 + 10 * step
    return distance(red, green, blue, grey, grey, grey) < cube ? 232 + step : 16 + 36 * r + 6 * g + b
  }

  /// The nearest of the first `count` (8 or 16) named colours.
  static func indexNamed(_ color: Color, count: Int) -> Int {
    var best = 0, least = Int.max
    for index in 0..<min(count, named.count) {
      let other = named[index]
      let far = distance(
        Int(color.red), Int(color.green), Int(color.blue), Int(other.red), Int(other.green), Int(other.blue))
      if far < least { (best, least) = (index, far) }
    }
    return best
  }

  private static func nearestLevel(_ value: Int) -> Int {
    // Halfway between 0 and 95, and between 95 and 135; from there on the levels are 40 apart.
    value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40
  }

  /// Squared distance weighted by how the eye sees red, green and blue ("redmean", compuphase.com/cmetric.htm), ×256.
  private static func distance(_ r: Int, _ g: Int, _ b: Int, _ r2: Int, _ g2: Int, _ b2: Int) -> Int {
    let mean = (r + r2) / 2
    let (dr, dg, db) = (r - r2, g - g2, b - b2)
    return (512 + mean) * dr * dr + 1024 * dg * dg + (767 - mean) * db * db
  }
}
