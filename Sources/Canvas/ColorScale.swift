/// A theme's colors for numbers, for true color and for the palette of 256, and both once more for what stands back.
///
/// In the palette of 256 the entries are those of strictly rising (on a light ground falling) luminance whose summed squared
/// distance in Oklab from evenly spaced places of the scale is least; entries beside the middle of a signed scale give way to
/// such as show the sign.
struct ColorScale: Sendable {
  /// From the lowest value to the highest.
  let full: ColorMap, indexed: ColorMap
  /// The same, nearer to the ground.
  let fullDimmed: ColorMap, indexedDimmed: ColorMap

  /// A scale through evenly spaced colors on a ground; `palette` and `dimmed` are entries of the palette of 256.
  private init(_ anchors: [Color], on ground: Color, palette: [UInt8], dimmed: [UInt8]) {
    let full = ColorMap(anchors: anchors)
    self.full = full
    // Three fifths of the way to the ground.
    fullDimmed = ColorMap(colors: full.colors.map { $0?.mixed(with: ground, 0.6) })
    indexed = ColorMap(colors: palette.map { Color(index256: $0) })
    indexedDimmed = ColorMap(colors: dimmed.map { Color(index256: $0) })
  }

  private static let darkGround: Color = 0x10141B
  private static let grays = [UInt8](233...243)
  private static let viridisAnchors: [Color] = [
    0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725,
  ]

  /// Dark violet over teal to yellow, by S. van der Walt and N. Smith: the order is seen without colors, and by the
  /// color-blind.
  static let viridis = ColorScale(
    viridisAnchors, on: darkGround, palette: [53, 54, 24, 25, 30, 36, 71, 77, 148, 184], dimmed: grays)

  /// viridis from its light end: on a light ground more is darker.
  static let viridisOnLight = ColorScale(
    viridisAnchors.reversed(), on: 0xFFFFFF, palette: [220, 148, 77, 71, 36, 30, 60, 24, 54, 53],
    dimmed: (244...254).reversed())

  /// Nearly black over red to light yellow, by the same authors: the longest way from dark to light.
  static let inferno = ColorScale(
    [0x210C4A, 0x57106E, 0x8A226A, 0xBC3754, 0xE45A31, 0xF98E09, 0xF9CB35, 0xFCFFA4], on: 0x000000,
    palette: [17, 53, 89, 125, 161, 166, 208, 214, 221, 229], dimmed: grays)

  /// Blue over gray to yellow, by J. Nuñez, C. Anderton and R. Renslow: looks nearly the same with protanopia and deuteranopia.
  static let cividis = ColorScale(
    [0x00224E, 0x1A386F, 0x434E6C, 0x61656F, 0x7D7C78, 0x9B9476, 0xBCAE6C, 0xDEC958, 0xFEE838], on: darkGround,
    palette: [17, 237, 239, 59, 243, 102, 144, 179, 185, 220], dimmed: grays)

  /// Dark blue over magenta to light pink, by the authors of viridis: from its second ninth on the red in it grows, which
  /// tritanopia leaves to be seen.
  static let magma = ColorScale(
    [0x1D1147, 0x51127C, 0x832681, 0xB73779, 0xE75263, 0xFC8961, 0xFEC488, 0xFCFDBF], on: darkGround,
    palette: [17, 53, 54, 126, 161, 167, 209, 216, 222, 229], dimmed: grays)

  /// Blue for negative, orange for positive, the ground's dark for zero.
  static let blueOrange = ColorScale(
    [0x6CBBF0, 0x3F86BF, 0x23476B, 0x1A212B, 0x7A3D24, 0xC9652F, 0xFF9A5C], on: darkGround,
    palette: [74, 67, 24, 17, 233, 52, 94, 166, 209], dimmed: [24, 17, 233, 52, 94])

  /// The same signs on a light ground, nearly white for zero.
  static let blueOrangeOnLight = ColorScale(
    [0x0B4F8A, 0x4F92C9, 0xA9CBE6, 0xF4F4F4, 0xF0BC92, 0xD9752F, 0x9A3A06], on: 0xFFFFFF,
    palette: [24, 31, 110, 153, 255, 223, 173, 166, 124], dimmed: [110, 153, 255, 223, 173])

  /// Cyan for negative, yellow for positive, as light at their ends as a scale can be.
  static let cyanYellow = ColorScale(
    [0x8FE3FF, 0x2F8FCF, 0x10384F, 0x181818, 0x4F3208, 0xCF8A1A, 0xFFE070], on: 0x000000,
    palette: [117, 38, 24, 17, 16, 52, 94, 179, 221], dimmed: [24, 17, 16, 52, 94])

  /// Teal for negative, red for positive.
  static let tealRed = ColorScale(
    [0x7FE8D8, 0x2F9A8C, 0x1C5048, 0x1A212B, 0x6E2430, 0xD04A55, 0xFF9A98], on: darkGround,
    palette: [116, 37, 30, 23, 234, 52, 124, 167, 210], dimmed: [30, 23, 234, 52, 124])
}
