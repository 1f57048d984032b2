/// Colours for numbers. On a terminal of fewer colours the maps have fewer steps, of rising luminance all the same.
public struct ColorMap: Sendable {
  /// Steps from the lowest value to the highest.
  public let colors: [Color]

  /// Dark violet over teal to yellow (viridis, by S. van der Walt and N. Smith): luminance rises all the way, so the order is
  /// seen without colours and by the colour-blind. For magnitudes, 0 … 1.
  public static func sequential(_ tier: ColorTier) -> ColorMap {
    switch tier {
    case .colors16: sequential16
    case .colors256: sequential256
    default: viridis
    }
  }

  /// Blue for negative, near the ground's dark for zero, orange for positive: the sign by hue, the size by luminance. For
  /// states, -1 … 1 mapped to 0 … 1.
  public static func diverging(_ tier: ColorTier) -> ColorMap {
    switch tier {
    case .colors16: diverging16
    case .colors256: diverging256
    default: blueOrange
    }
  }

  /// `sequential` for what stands back: darker, greys in the palette of 256, one grey of the sixteen.
  public static func sequentialDimmed(_ tier: ColorTier) -> ColorMap {
    switch tier {
    case .colors16: ColorMap(colors: [Color.ansi[8]])
    case .colors256: greys
    default: viridisDimmed
    }
  }

  /// `diverging` for what stands back.
  public static func divergingDimmed(_ tier: ColorTier) -> ColorMap {
    switch tier {
    case .colors16: ColorMap(colors: [Color.ansi[8]])
    case .colors256: diverging256Dimmed
    default: blueOrangeDimmed
    }
  }

  /// The colour of a value; below 0 and above 1 the ends, NaN as 0.
  public subscript(value: Double) -> Color {
    let last = colors.count - 1
    let scaled = value * Double(colors.count)
    return scaled > 0 ? colors[scaled < Double(last) ? Int(scaled) : last] : colors[0]
  }

  private static let viridis = ColorMap(
    anchors: [0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725])

  private static let blueOrange = ColorMap(
    anchors: [0x6CBBF0, 0x3F86BF, 0x23476B, 0x1A212B, 0x7A3D24, 0xC9652F, 0xFF9A5C])

  /// viridis in the palette of 256: entries by hand, since the nearest ones are greys where it is dark.
  private static let sequential256 = ColorMap(
    palette: [53, 54, 55, 25, 31, 36, 42, 77, 113, 149, 184, 220, 226])

  private static let diverging256 = ColorMap(palette: [75, 32, 25, 17, 234, 52, 130, 166, 209])
  private static let diverging256Dimmed = ColorMap(palette: [24, 17, 234, 52, 94])
  private static let greys = ColorMap(palette: Array(233...243))
  private static let viridisDimmed = ColorMap(colors: viridis.colors.map(dimmed))
  private static let blueOrangeDimmed = ColorMap(colors: blueOrange.colors.map(dimmed))

  /// Three fifths of the way to the ground.
  private static func dimmed(_ color: Color) -> Color { color.mixed(with: Color(0x10, 0x14, 0x1B), 0.6) }

  private static let sequential16 = ColorMap(colors: [4, 12, 2, 6, 10, 14, 11].map { Color.ansi[$0] })
  private static let diverging16 = ColorMap(colors: [14, 12, 4, 0, 1, 9, 11].map { Color.ansi[$0] })

  init(colors: [Color]) {
    self.colors = colors
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
