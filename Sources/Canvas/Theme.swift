/// What a thing on the screen is. The same role has the same look everywhere.
public enum Role: Int, CaseIterable, Sendable {
  /// The ground that everything stands on.
  case background
  /// The ground of the first and the last line of the screen.
  case bar
  /// What is to be read first, and what is there if it is wanted.
  case text, dimText
  /// A heading, and a figure that matters.
  case title, value
  /// What must be seen at once: the symbols of a task that carry the answer.
  case accent
  /// A key to press.
  case keyName
  /// A panel's border, and that of the panel that the keys go to.
  case border, focusBorder
  /// The value that is being chosen or changed.
  case selection
  /// The step at which the pass stands.
  case cursor
  /// The gradient of the truncated pass, the one that trains.
  case truncated
  /// The gradient of full backpropagation through time, to compare with.
  case full
  /// What theory says cannot be passed.
  case bound
  /// Singular values below the largest.
  case sigma
  /// The parts of δ: from the step's own loss, and from the steps after it.
  case local, future
  /// The loss, and what is known of the least loss.
  case loss, floor
  /// The norm of the gradient of the weights, and the threshold of clipping.
  case gradientNorm, threshold
  /// The window of an update (k2 steps), and its newest steps (k1).
  case window, newest
  /// Guide lines and ticks.
  case grid
  /// Something to look at; something that went wrong. Always with a word or a mark beside the colour.
  case warning, error
}

/// The looks of all roles, for the colours and characters that a terminal has.
public struct Theme: Hashable, Sendable {
  /// How many colours there are.
  public let colors: ColorTier
  /// Which characters there are.
  public let characters: CharacterTier
  private let styles: [Style]

  /// The theme of a terminal.
  public init(colors: ColorTier = .trueColor, characters: CharacterTier = .braille) {
    self.colors = colors
    self.characters = characters
    styles = Role.allCases.map { role in
      switch colors {
      case .trueColor, .colors256: role.style
      case .colors16: role.style16
      case .mono: role.styleMono
      }
    }
  }

  /// The style of a role. Only `background`, `bar` and `selection` colour the ground; the others keep what they stand on.
  public subscript(role: Role) -> Style { styles[role.rawValue] }

  /// The cell that an empty frame is made of.
  public var blank: Cell { Cell(" ", self[.background]) }

  /// A role's colour as the foreground of marks; nil in mono.
  public func color(_ role: Role) -> Color? { self[role].foreground }
}

extension Role {
  /// Contrast with the ground is at least 4.5 for everything that is read, so that a projector does not lose it.
  fileprivate var style: Style {
    switch self {
    case .background: Style(Color(0xD3, 0xDA, 0xE3), on: Color(0x10, 0x14, 0x1B))
    case .bar: Style(Color(0xD3, 0xDA, 0xE3), on: Color(0x20, 0x29, 0x36))
    case .text: Style(Color(0xD3, 0xDA, 0xE3))
    case .dimText: Style(Color(0x8A, 0x94, 0xA2))
    case .title: Style(Color(0xF0, 0xF4, 0xF8), bold: true)
    case .value: Style(Color(0xF0, 0xF4, 0xF8), bold: true)
    case .accent: Style(Color(0xFF, 0xD7, 0x5F), bold: true)
    case .keyName: Style(Color(0xFF, 0xAF, 0x5F), bold: true)
    case .border: Style(Color(0x44, 0x4F, 0x5D))
    case .focusBorder: Style(Color(0x5F, 0xD7, 0xFF))
    case .selection: Style(Color(0x08, 0x0A, 0x0E), on: Color(0x5F, 0xD7, 0xFF), bold: true)
    case .cursor: Style(Color(0xFF, 0xFF, 0xFF), bold: true)
    case .truncated: Style(Color(0x5F, 0xE0, 0x8F))
    case .full: Style(Color(0x9A, 0xA4, 0xB0))
    case .bound: Style(Color(0xFF, 0x6B, 0x62))
    case .sigma: Style(Color(0x5C, 0x8F, 0xF5))
    case .local: Style(Color(0xFF, 0xD7, 0x5F))
    case .future: Style(Color(0x7C, 0xC4, 0xFF))
    case .loss: Style(Color(0x7C, 0xC4, 0xFF))
    case .floor: Style(Color(0xB0, 0xBA, 0xC6))
    case .gradientNorm: Style(Color(0xC5, 0x9B, 0xFF))
    case .threshold: Style(Color(0xFF, 0x8F, 0x5A))
    case .window: Style(Color(0x5F, 0xD7, 0xFF))
    case .newest: Style(Color(0xFF, 0xAF, 0x5F))
    case .grid: Style(Color(0x3A, 0x44, 0x51))
    case .warning: Style(Color(0xFF, 0xAF, 0x5F), bold: true)
    case .error: Style(Color(0xFF, 0x6B, 0x62), bold: true)
    }
  }

  /// Colours of the sixteen exactly, so that nothing is left to rounding; the ground is the terminal's own.
  fileprivate var style16: Style {
    func ansi(_ index: Int, bold: Bool = false) -> Style { Style(Color.ansi[index], bold: bold) }
    return switch self {
    case .background, .bar: Style()
    case .text: ansi(7)
    case .dimText, .border, .grid: ansi(8)
    case .title, .value, .cursor: ansi(15, bold: true)
    case .accent: ansi(11, bold: true)
    case .keyName, .warning: ansi(11, bold: true)
    case .focusBorder, .window: ansi(14)
    case .selection: Style(Color.ansi[0], on: Color.ansi[14])
    case .truncated: ansi(10)
    case .full, .floor: ansi(7)
    case .bound: ansi(9)
    case .sigma: ansi(12)
    case .local: ansi(11)
    case .future, .loss: ansi(14)
    case .gradientNorm: ansi(13)
    case .threshold: ansi(9)
    case .newest: ansi(11)
    case .error: ansi(9, bold: true)
    }
  }

  /// Without colours: bold for what matters, dim for what does not, reversed for what is chosen.
  fileprivate var styleMono: Style {
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
