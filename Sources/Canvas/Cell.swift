/// A color in 8-bit sRGB. What a terminal of fewer colors shows is decided where it is drawn.
public struct Color: Hashable, Sendable {
  public var red: UInt8, green: UInt8, blue: UInt8

  /// A color from its components.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}

/// How a cell looks.
public struct Style: Hashable, Sendable {
  /// nil is the terminal's own.
  public var foreground: Color?, background: Color?
  public var bold = false, dim = false, underline = false, reverse = false

  /// A style; by default the terminal's own.
  public init(
    _ foreground: Color? = nil, on background: Color? = nil, bold: Bool = false, dim: Bool = false,
    underline: Bool = false, reverse: Bool = false
  ) {
    self.foreground = foreground
    self.background = background
    self.bold = bold
    self.dim = dim
    self.underline = underline
    self.reverse = reverse
  }
}

/// One cell of a terminal: a character one column wide, and its style.
public struct Cell: Hashable, Sendable {
  /// What it shows.
  public var character: Unicode.Scalar
  /// How it looks.
  public var style: Style

  /// A cell; by default a blank one.
  public init(_ character: Unicode.Scalar = " ", _ style: Style = Style()) {
    self.character = character
    self.style = style
  }
}

/// A rectangle of cells; x to the right, y down, from 0.
public struct Rect: Hashable, Sendable {
  public var x: Int, y: Int, width: Int, height: Int

  /// A rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// How many colors the terminal has.
public enum ColorTier: String, CaseIterable, Sendable {
  case trueColor = "true", colors256 = "256", colors16 = "16", colors8 = "8", mono
}

/// Which characters the terminal can show.
public enum CharacterTier: String, CaseIterable, Sendable { case braille, block, ascii }
