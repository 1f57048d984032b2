/// The colors of one theme: its grounds, the inks of the roles, and the scales for numbers.
///
/// Every ink has a contrast of at least 4.5 with the ground, and with the bar where it stands there, also after it was fitted to
/// the palette of 256.
struct Palette: Sendable {
  /// The ground of everything, and that of the first and the last line.
  var ground: Color, bar: Color
  /// Words: plain, less important, more important.
  var text: Color, dim: Color, strong: Color
  var accent: Color, key: Color, border: Color, grid: Color, focus: Color, selectionInk: Color, cursor: Color = 0xFFFFFF
  var truncated: Color, full: Color, bound: Color, sigma: Color, loss: Color, floor: Color
  var gradientNorm: Color, threshold: Color, window: Color, error: Color
  /// The scales of magnitudes and of signed values.
  var sequential: ColorScale, diverging: ColorScale

  /// A role's look.
  func style(_ role: Role) -> Style {
    switch role {
    case .background: Style(text, on: ground)
    case .bar: Style(text, on: bar)
    case .text: Style(text)
    case .dimText: Style(dim)
    case .title, .value: Style(strong, bold: true)
    case .cursor: Style(cursor, bold: true)
    case .accent: Style(accent, bold: true)
    case .keyName, .warning: Style(key, bold: true)
    case .border: Style(border)
    case .focusBorder: Style(focus)
    case .selection: Style(selectionInk, on: focus, bold: true)
    case .truncated: Style(truncated)
    case .full: Style(full)
    case .bound: Style(bound)
    case .sigma: Style(sigma)
    case .local: Style(accent)
    case .future, .loss: Style(loss)
    case .floor: Style(floor)
    case .gradientNorm: Style(gradientNorm)
    case .threshold: Style(threshold)
    case .window: Style(window)
    case .newest: Style(key)
    case .grid: Style(grid)
    case .error: Style(error, bold: true)
    }
  }
}

extension Palette {
  static let dark = Palette(
    ground: 0x10141B, bar: 0x202936, text: 0xD3DAE3, dim: 0x9AA4B2, strong: 0xF0F4F8, accent: 0xFFD75F, key: 0xFFAF5F,
    border: 0x76828F, grid: 0x74808D, focus: 0x5FD7DF, selectionInk: 0x080A0E, truncated: 0x5FE08F, full: 0x9AA4B0,
    bound: 0xFF6B62, sigma: 0x5C8FF5, loss: 0x7CC4FF, floor: 0xB0BAC6, gradientNorm: 0xC59BFF, threshold: 0xFF8F5A,
    window: 0x5FD7DF, error: 0xFF6B62, sequential: .viridis, diverging: .blueOrange)

  static let light = Palette(
    ground: 0xFFFFFF, bar: 0xE4E4E4, text: 0x1A1E24, dim: 0x4E5660, strong: 0x000000, accent: 0x7A4300, key: 0x8F3A00,
    border: 0x6B747E, grid: 0x6B747E, focus: 0x005F78, selectionInk: 0xFFFFFF, cursor: 0x000000, truncated: 0x0A642C,
    full: 0x545C66,
    bound: 0xAF1F1F, sigma: 0x1F4FBF, loss: 0x0B5588, floor: 0x4A525C, gradientNorm: 0x6A2FB5, threshold: 0x9C3806,
    window: 0x005F78, error: 0xAF1F1F, sequential: .viridisOnLight, diverging: .blueOrangeOnLight)

  static let highContrast = Palette(
    ground: 0x000000, bar: 0x262626, text: 0xFFFFFF, dim: 0xD0D0D0, strong: 0xFFFFFF, accent: 0xFFFF5F, key: 0xFFD75F,
    border: 0xBCBCBC, grid: 0xA8A8A8, focus: 0x5FFFFF, selectionInk: 0x000000, truncated: 0x87FF87, full: 0xBCBCBC,
    bound: 0xFF9C9C, sigma: 0x87AFFF, loss: 0x87D7FF, floor: 0xD0D0D0, gradientNorm: 0xD7AFFF, threshold: 0xFFAF5F,
    window: 0x5FFFFF, error: 0xFF9C9C, sequential: .inferno, diverging: .cyanYellow)

  /// Yellow, orange and blue instead of green and red (after M. Okabe and K. Ito).
  static let redGreenBlind = Palette(
    ground: 0x10141B, bar: 0x202936, text: 0xD3DAE3, dim: 0x9AA4B2, strong: 0xF0F4F8, accent: 0xF0E442, key: 0xE69F00,
    border: 0x76828F, grid: 0x74808D, focus: 0x56B4E9, selectionInk: 0x080A0E, truncated: 0xF0E442, full: 0xB4B0A8,
    bound: 0xE69F00, sigma: 0x6C93F5, loss: 0x74B8FF, floor: 0xDCDFE4, gradientNorm: 0xF0E442, threshold: 0xE69F00,
    window: 0x45A6F0, error: 0xFF8A50, sequential: .cividis, diverging: .blueOrange)

  /// Teal, red and pink instead of blue and yellow.
  static let blueYellowBlind = Palette(
    ground: 0x10141B, bar: 0x202936, text: 0xD3DAE3, dim: 0x9AA4B2, strong: 0xF0F4F8, accent: 0xFFC0B8, key: 0xFFC0B8,
    border: 0x76828F, grid: 0x74808D, focus: 0x4FD5C5, selectionInk: 0x080A0E, truncated: 0x4FD5C5, full: 0x9AA4B0,
    bound: 0xFF6B6B, sigma: 0x35A79A, loss: 0x7FE4DA, floor: 0xC4C4C4, gradientNorm: 0xFF9C9C, threshold: 0xFFC8C8,
    window: 0xF07890, error: 0xFF7B7B, sequential: .magma, diverging: .tealRed)
}

extension Color: ExpressibleByIntegerLiteral {
  /// The color 0xRRGGBB.
  public init(integerLiteral value: UInt32) {
    self.init(UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF))
  }
}
