/// Colors for numbers. On a terminal of fewer colors the maps have fewer steps, of rising luminance all the same; with 8 and 16
/// colors they are inks on the terminal's own ground, and on a light one luminance falls.
public struct ColorMap: Sendable {
  /// Steps from the lowest value to the highest; nil is the terminal's own ink.
  public let colors: [Color?]

  /// For magnitudes, 0 … 1: luminance rises all the way on a dark ground and falls on a light one, so the order is seen without
  /// colors.
  public static func sequential(_ theme: Theme) -> ColorMap {
    switch (theme.colors, theme.ground) {
    case (.trueColor, _): theme.name.palette.sequential.full
    case (.colors256, _): theme.name.palette.sequential.indexed
    case (.mono, _): ColorMap(colors: [nil])
    case (_, .unknown): ansi(5, nil)
    case (_, .light): ansi(5, 1, 4, nil)
    case (.colors8, .dark): ansi(5, 6, 3, nil)
    case (.colors16, .dark): ansi(13, 6, 10, 11)
    }
  }

  /// For states, -1 … 1 mapped to 0 … 1: the sign by hue, the size by the distance from the ground.
  public static func diverging(_ theme: Theme) -> ColorMap {
    switch (theme.colors, theme.ground) {
    case (.trueColor, _): theme.name.palette.diverging.full
    case (.colors256, _): theme.name.palette.diverging.indexed
    case (.mono, _): ColorMap(colors: [nil])
    case (_, .unknown): ansi(nil, 5)
    case (_, .light): ansi(4, 1)
    case (.colors8, .dark): ansi(6, 3)
    case (.colors16, .dark): ansi(14, 6, 3, 11)
    }
  }

  /// `sequential` for what stands back: nearer to the ground, grays in the palette of 256, else the terminal's own ink.
  public static func sequentialDimmed(_ theme: Theme) -> ColorMap { dimmed(theme, theme.name.palette.sequential) }

  /// `diverging` for what stands back.
  public static func divergingDimmed(_ theme: Theme) -> ColorMap { dimmed(theme, theme.name.palette.diverging) }

  private static func dimmed(_ theme: Theme, _ scale: ColorScale) -> ColorMap {
    switch theme.colors {
    case .trueColor: scale.fullDimmed
    case .colors256: scale.indexedDimmed
    default: ColorMap(colors: [nil])
    }
  }

  /// The color of a value; below 0 and above 1 the ends, NaN as 0; nil for the terminal's own ink.
  public subscript(value: Double) -> Color? {
    let last = colors.count - 1
    let scaled = value * Double(colors.count)
    return scaled > 0 ? colors[scaled < Double(last) ? Int(scaled) : last] : colors[0]
  }

  init(colors: [Color?]) {
    self.colors = colors
  }

  /// Entries of the sixteen; nil is the terminal's own ink.
  private static func ansi(_ indices: Int?...) -> ColorMap {
    ColorMap(colors: indices.map { index in index.map { Color.ansi[$0] } })
  }

  /// 256 steps by linear interpolation between evenly spaced colors.
  init(anchors points: [Color]) {
    colors = (0..<256).map { step in
      let position = Double(step) / 255 * Double(points.count - 1)
      let index = min(Int(position), points.count - 2)
      return points[index].mixed(with: points[index + 1], position - Double(index))
    }
  }
}
