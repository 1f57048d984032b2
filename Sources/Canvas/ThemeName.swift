/// The themes that can be chosen by name.
public enum ThemeName: String, CaseIterable, Hashable, Sendable {
  case dark
  /// For a projector in a bright room, and for print.
  case light
  /// Black, white and light inks, each with a contrast of at least 7.
  case highContrast = "high-contrast"
  /// For protanopia and deuteranopia: red and green are never set against each other.
  case redGreenBlind = "red-green-blind"
  /// For tritanopia: blue and green are never set against each other, nor yellow and white.
  case blueYellowBlind = "blue-yellow-blind"

  /// The theme that comes after this one, around.
  public var next: ThemeName {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }

  /// The colors with 256 colors and more.
  var palette: Palette {
    switch self {
    case .dark: .dark
    case .light: .light
    case .highContrast: .highContrast
    case .redGreenBlind: .redGreenBlind
    case .blueYellowBlind: .blueYellowBlind
    }
  }

  /// What the theme says of the terminal's own background; nil where it takes any.
  var ground: Ground? {
    switch self {
    case .dark: .dark
    case .light: .light
    // With 8 and 16 colors these keep to the terminal's own ink, bold and dim: no hue has to be told apart.
    case .highContrast, .redGreenBlind, .blueYellowBlind: .unknown
    }
  }
}
