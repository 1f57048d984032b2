/// Colours for numbers. On a terminal of fewer colours the maps have fewer steps, of rising luminance all the same; with 8 and 16
/// colours they are inks on the terminal's own ground, and on a light one luminance falls.
public struct ColorMap: Sendable {
  /// Steps from the lowest value to the highest; nil is the terminal's own ink.
  public let colors: [Color?]

  /// Dark violet over teal to yellow (viridis, by S. van der Walt and N. Smith): luminance rises all the way, so the order is
  /// seen without colours and by the colour-blind. For magnitudes, 0 … 1.
  public static func sequential(_ theme: Theme) -> ColorMap {
    switch (theme.colors, theme.ground) {
    case (.trueColor, _): viridis
    case (.colors256, _): viridis256
    case (.mono, _): ColorMap(colors: [nil])
    case (_, .unknown): ansi(5, nil)
    case (_, .light): ansi(5, 1, 4, nil)
    case (.colors8, .dark): ansi(5, 6, 3, nil)
    case (.colors16, .dark): ansi(13, 6, 10, 11)
    }
  }

  /// Blue for negative, near the ground's dark for zero, orange for positive: the sign by hue, the size by luminance. For
  /// states, -1 … 1 mapped to 0 … 1.
  public static func diverging(_ theme: Theme) -> ColorMap {
    switch (theme.colors, theme.ground) {
    case (.trueColor, _): blueOrange
    case (.colors256, _): blueOrange256
    case (.mono, _): ColorMap(colors: [nil])
    case (_, .unknown): ansi(nil, 5)
    case (_, .light): ansi(4, 1)
    case (.colors8, .dark): ansi(6, 3)
    case (.colors16, .dark): ansi(14, 6, 3, 11)
    }
  }

  /// `sequential` for what stands back: darker, greys in the palette of 256, else the terminal's own ink.
  public static func sequentialDimmed(_ theme: Theme) -> ColorMap {
    switch theme.colors {
    case .trueColor: viridisDimmed
    case .colors256: greys
    default: ColorMap(colors: [nil])
    }
  }

  /// `diverging` for what stands back.
  public static func divergingDimmed(_ theme: Theme) -> ColorMap {
    switch theme.colors {
    case .trueColor: blueOrangeDimmed
    case .colors256: blueOrange256Dimmed
    default: ColorMap(colors: [nil])
    }
  }

  /// The colour of a value; below 0 and above 1 the ends, NaN as 0; nil for the terminal's own ink.
  public subscript(value: Double) -> Color? {
    let last = colors.count - 1
    let scaled = value * Double(colors.count)
    return scaled > 0 ? colors[scaled < Double(last) ? Int(scaled) : last] : colors[0]
  }

  private static let viridis = ColorMap(
    anchors: [0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725])

  private static let blueOrange = ColorMap(
    anchors: [0x6CBBF0, 0x3F86BF, 0x23476B, 0x1A212B, 0x7A3D24, 0xC9652F, 0xFF9A5C])

  /// viridis in the palette of 256: at evenly spaced places, the entries of rising lightness, and no greyer, whose summed squared
  /// distance in Oklab is least.
  private static let viridis256 = ColorMap(palette: [53, 54, 24, 25, 30, 36, 71, 77, 148, 184])

  /// Found likewise, but that the greys beside the middle give way to entries that show the sign.
  private static let blueOrange256 = ColorMap(palette: [74, 67, 24, 17, 233, 52, 94, 166, 209])
  private static let blueOrange256Dimmed = ColorMap(palette: [24, 17, 233, 52, 94])
  private static let greys = ColorMap(palette: Array(233...243))
  private static let viridisDimmed = ColorMap(colors: viridis.colors.map { $0.map(dimmed) })
  private static let blueOrangeDimmed = ColorMap(colors: blueOrange.colors.map { $0.map(dimmed) })

  /// Three fifths of the way to the ground.
  private static func dimmed(_ color: Color) -> Color { color.mixed(with: Color(0x10, 0x14, 0x1B), 0.6) }

  init(colors: [Color?]) {
    self.colors = colors
  }

  /// Entries of the sixteen; nil is the terminal's own ink.
  private static func ansi(_ indices: Int?...) -> ColorMap {
    ColorMap(colors: indices.map { index in index.map { Color.ansi[$0] } })
  }

  /// Entries of the palette of 256.
  private init(palette: [UInt8]) {
    colors = palette.map { Color(index256: $0) }
  }

  /// 256 steps by linear interpolation between evenly spaced anchors, 0xRRGGBB.
  private init(anchors: [UInt32]) {
    let points = anchors.map { Color(UInt8($0 >> 16), UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)) }
    colors = (0..<256).map { step in
      let position = Double(step) / 255 * Double(points.count - 1)
      let index = min(Int(position), points.count - 2)
      return points[index].mixed(with: points[index + 1], position - Double(index))
    }
  }
}
