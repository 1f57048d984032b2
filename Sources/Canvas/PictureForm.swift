/// The forms in which a frame is written to a file.
public enum PictureForm: String, CaseIterable, Hashable, Sendable {
  case svg, png
  /// The characters alone.
  case text = "txt"
  /// Text with the sequences that color it on a terminal.
  case ansi

  /// The form that the ending of a file's name says; nil for any other ending.
  public init?(path: String) {
    guard let dot = path.lastIndex(of: "."), let form = Self(rawValue: path[path.index(after: dot)...].lowercased())
    else { return nil }
    self = form
  }
}

/// A picture that is asked for in a line of words: of what, in which forms, in which theme. The words of forms and of themes may
/// stand anywhere; the others are the name of what is drawn.
public struct PictureRequest: Hashable, Sendable {
  /// What is drawn; empty for the whole screen.
  public var subject = ""
  /// The forms; SVG, and PNG where it can be made, if none is named.
  public var forms: [PictureForm] = []
  /// The theme; nil for that of the screen.
  public var theme: ThemeName?

  /// The screen, as it is.
  public init() {}

  /// The picture that `words` ask for: `flow`, `fixed-points png light`.
  public init(words: String) {
    var rest: [Substring] = []
    for word in words.split(separator: " ") {
      if let form = PictureForm(rawValue: String(word)) {
        if !forms.contains(form) { forms.append(form) }
      } else if let name = ThemeName(rawValue: String(word)) {
        theme = name
      } else {
        rest.append(word)
      }
    }
    subject = rest.joined(separator: " ")
    if subject == "screen" { subject = "" }
  }
}
