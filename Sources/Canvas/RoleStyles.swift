extension Role {
  /// The role's look on a terminal; `palette` is for 256 colors and more.
  func style(_ colors: ColorTier, on ground: Ground, _ palette: Palette) -> Style {
    switch (colors, ground) {
    case (.trueColor, _), (.colors256, _): palette.style(self)
    case (.mono, _): styleMono
    case (_, .unknown): styleOnAnyGround
    case (_, .light): styleOnLight
    case (.colors8, .dark): styleOnDark8
    case (.colors16, .dark): styleOnDark16
    }
  }

  /// The first eight colors on black. Red, blue and magenta are too dark to be read there, and dim stands for the bright black
  /// that eight colors do not have.
  private var styleOnDark8: Style {
    switch self {
    case .accent, .keyName, .warning: ansi(3, bold: true)
    case .bound, .threshold, .local, .newest: ansi(3)
    case .focusBorder, .sigma, .future, .loss, .window: ansi(6)
    case .truncated, .gradientNorm: ansi(2)
    default: styleOfOwnInk
    }
  }

  /// The bright half of the sixteen on black. Its black and its blue are left out: many palettes have them too dark.
  private var styleOnDark16: Style {
    switch self {
    case .accent, .keyName, .warning: ansi(11, bold: true)
    case .bound, .threshold: ansi(9)
    case .local, .newest: ansi(11)
    case .focusBorder, .window, .future, .loss: ansi(14)
    case .sigma: ansi(6)
    case .truncated: ansi(10)
    case .gradientNorm: ansi(13)
    case .error: ansi(9, bold: true)
    default: styleOfOwnInk
    }
  }

  /// The dark colors of the first eight on white. Terminals draw bold red and magenta in the bright ones, which are too light
  /// there; bright blue is not.
  private var styleOnLight: Style {
    switch self {
    case .keyName, .focusBorder: ansi(4, bold: true)
    case .truncated, .future, .loss, .window: ansi(4)
    case .accent, .sigma, .local, .newest, .gradientNorm: ansi(5)
    case .bound, .threshold, .warning: ansi(1)
    case .error: Style(Color.ansi[1], underline: true)
    default: styleOfOwnInk
    }
  }

  /// Every color of the sixteen is too faint either on black or on white, so the look is that of a terminal without colors,
  /// but for what brings its ground along.
  private var styleOnAnyGround: Style {
    switch self {
    case .bar, .error: styleOfOwnInk
    default: styleMono
    }
  }

  /// The terminal's own ink, which it has made readable on its own ground: most of what is read.
  private var styleOfOwnInk: Style {
    switch self {
    case .dimText, .border, .grid, .full, .floor: Style(dim: true)
    case .title, .value, .cursor, .accent, .keyName, .warning: Style(bold: true)
    case .selection: Style(bold: true, reverse: true)
    // Red where red ink cannot be read.
    case .error: Style(Color.ansi[7], on: Color.ansi[1], bold: true)
    default: Style()
    }
  }

  private func ansi(_ index: Int, bold: Bool = false) -> Style { Style(Color.ansi[index], bold: bold) }

  /// Without colors: bold for what matters, dim for what does not, reversed for what is chosen.
  private var styleMono: Style {
    switch self {
    case .background, .text, .value, .sigma, .future, .gradientNorm, .floor, .bound: Style()
    case .bar: Style(reverse: true)
    case .dimText, .border, .grid, .full: Style(dim: true)
    case .title, .accent, .keyName, .focusBorder, .cursor, .truncated, .local, .loss, .window, .newest, .threshold:
      Style(bold: true)
    case .selection: Style(reverse: true)
    case .warning: Style(bold: true)
    case .error: Style(bold: true, underline: true)
    }
  }
}
