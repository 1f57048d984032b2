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
  /// Something to look at; something that went wrong. Always with a word or a mark beside the color.
  case warning, error
}

/// The looks of all roles, for the colors and characters that a terminal has.
public struct Theme: Hashable, Sendable {
  /// The theme that was asked for; nil where the terminal's background decides.
  public let choice: ThemeName?
  /// The theme that is shown.
  public let name: ThemeName
  /// How many colors there are.
  public let colors: ColorTier
  /// Which characters there are.
  public let characters: CharacterTier
  /// What the background is like with 8 and 16 colors, where it is the terminal's own.
  public let ground: Ground
  private let styles: [Style]

  /// The theme of a terminal. Without a name it is the light one on a light background, else the dark one.
  public init(
    _ choice: ThemeName? = nil, colors: ColorTier = .trueColor, characters: CharacterTier = .braille,
    ground: Ground = .dark
  ) {
    self.choice = choice
    self.colors = colors
    self.characters = characters
    let name = choice ?? (ground == .light ? .light : .dark), ownGround = choice?.ground ?? ground
    (self.name, self.ground) = (name, ownGround)
    styles = Role.allCases.map { $0.style(colors, on: ownGround, name.palette) }
  }

  /// Another theme, or another background, on the same terminal.
  public func with(_ choice: ThemeName?, ground: Ground? = nil) -> Theme {
    Theme(choice, colors: colors, characters: characters, ground: ground ?? self.ground)
  }

  /// The same with lines of blocks instead of braille.
  public var withHeavyLines: Theme {
    Theme(choice, colors: colors, characters: characters == .braille ? .block : characters, ground: ground)
  }

  /// Whether numbers are drawn by density of ink, a value a cell. With fewer than 256 colors a color alone has too few steps.
  public var drawsByInk: Bool { colors != .trueColor && colors != .colors256 }

  /// The style of a role. Only `background`, `bar`, `selection` and, with 8 and 16 colors, some `error` color the ground; the
  /// others keep what they stand on.
  public subscript(role: Role) -> Style { styles[role.rawValue] }

  /// The cell that an empty frame is made of.
  public var blank: Cell { Cell(" ", self[.background]) }

  /// A role's color as the foreground of marks; nil in mono.
  public func color(_ role: Role) -> Color? { self[role].foreground }
}
