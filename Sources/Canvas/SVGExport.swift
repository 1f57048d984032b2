extension Buffer {
  /// The frame as a picture: SVG 1.1 of cells 9×18, colors exact. Braille, blocks and lines are drawn as shapes, so that they look the
  /// same with any font; letters are text in the reader's monospace font, each run held to its cells.
  /// - Parameters:
  ///   - title: what a reader that cannot see the picture is told.
  ///   - theme: the one that the frame was drawn with: its ground is the picture's, its colors are those that a terminal has.
  public func svg(title: String = "", theme: Theme = Theme()) -> String {
    var picture = SVGPicture(theme)
    for run in runs() { picture.add(run, of: self) }
    return picture.document(columns: width, rows: height, title: title)
  }
}

/// Gathers shapes by color: one path a color keeps the file small.
struct SVGPicture {
  static let cell = (width: 9, height: 18)

  private let tier: ColorTier
  /// The colors of what has none of its own.
  private let ink: Color, paper: Color
  /// Path data by color, in the order in which colors came.
  private var grounds = ColoredPaths(), fills = ColoredPaths(), strokes = ColoredPaths(), heavy = ColoredPaths()
  private var dots = ColoredPaths()
  private var texts: [(style: TextStyle, body: String)] = []
  private var textIndex: [TextStyle: Int] = [:]

  private struct TextStyle: Hashable {
    var color: Color
    var bold: Bool, underline: Bool
  }

  init(_ theme: Theme) {
    tier = theme.colors
    // Where the ground is the terminal's own, that of the theme for it.
    let own = (theme.ground == .light ? Palette.light : .dark).style(.background)
    let ground = theme[.background].background == nil ? own : theme[.background]
    ink = ground.foreground ?? 0xFFFFFF
    paper = ground.background ?? 0x000000
  }

  mutating func add(_ run: Run, of buffer: Buffer) {
    var style = run.style
    var ink = shown(style.foreground) ?? self.ink
    var paper = shown(style.background) ?? self.paper
    if style.reverse { swap(&ink, &paper) }
    if style.dim { ink = ink.mixed(with: paper, 0.45) }
    if style.reverse { style.reverse = false }
    let (width, height) = Self.cell
    if paper != self.paper {
      grounds.add(paper, "M\(run.x * width) \(run.y * height)h\(run.length * width)v\(height)h-\(run.length * width)z")
    }
    let textStyle = TextStyle(color: ink, bold: style.bold, underline: style.underline)
    var word: (x: Int, text: String.UnicodeScalarView) = (0, .init())
    for x in run.x..<(run.x + run.length) {
      let scalar = buffer[x, run.y].character
      if scalar == " " && !style.underline {
        // One blank between words stays in the text; more end it.
        if !word.text.isEmpty, x + 1 < run.x + run.length, word.text.last != " ",
          isLetter(buffer[x + 1, run.y].character)
        {
          word.text.append(scalar)
          continue
        }
      } else if !addGlyph(scalar, column: x, row: run.y, ink) {
        if word.text.isEmpty { word.x = x }
        word.text.append(scalar)
        continue
      }
      flush(&word, row: run.y, textStyle)
    }
    flush(&word, row: run.y, textStyle)
  }

  private func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar != " " && SVGGlyph(scalar) == nil }

  private func shown(_ color: Color?) -> Color? {
    guard let color else { return nil }
    switch tier {
    case .trueColor: return color
    case .colors256: return Color(index256: color.index256)
    case .colors16: return Color.ansi[Int(color.index16)]
    case .colors8: return Color.ansi[Int(color.index8)]
    case .mono: return nil
    }
  }

  private mutating func addGlyph(_ scalar: Unicode.Scalar, column: Int, row: Int, _ ink: Color) -> Bool {
    guard let glyph = SVGGlyph(scalar) else { return false }
    let (x, y) = (column * Self.cell.width, row * Self.cell.height)
    switch glyph {
    case .dots(let mask): dots.add(ink, SVGGlyph.dots(mask, x: x, y: y))
    case .fill(let path): fills.add(ink, path(x, y))
    case .stroke(let path): strokes.add(ink, path(x, y))
    case .heavy(let path): heavy.add(ink, path(x, y))
    case .shade(let amount): grounds.add(ink.mixed(with: self.paper, 1 - amount), SVGGlyph.box(x, y, 0, 0, 9, 18))
    }
    return true
  }

  /// Writes a word. ASCII is held to its cells by its length; other letters may come from other fonts, so each gets its place.
  private mutating func flush(_ word: inout (x: Int, text: String.UnicodeScalarView), row: Int, _ style: TextStyle) {
    while word.text.last == " " && !style.underline { word.text.removeLast() }
    guard !word.text.isEmpty else { return }
    let (width, height) = Self.cell
    let count = word.text.count
    var places = "\(word.x * width)"
    var length = ""
    if word.text.allSatisfy(\.isASCII) {
      length = count > 1 ? " textLength=\"\(count * width)\"" : ""
    } else {
      for index in 1..<max(1, count) { places += " \((word.x + index) * width)" }
    }
    let body = "<text x=\"\(places)\" y=\"\(row * height + 13)\"\(length)>\(String(word.text).xmlEscaped)</text>\n"
    if let index = textIndex[style] {
      texts[index].body += body
    } else {
      textIndex[style] = texts.count
      texts.append((style, body))
    }
    word.text = .init()
  }

  func document(columns: Int, rows: Int, title: String) -> String {
    let (width, height) = (columns * Self.cell.width, rows * Self.cell.height)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)">
      <title>\(title.xmlEscaped)</title>
      <rect width="100%" height="100%" fill="\(self.paper.hex)"/>

      """
    text += grounds.elements { "<path fill=\"\($0)\" shape-rendering=\"crispEdges\" d=\"\($1)\"/>" }
    text += fills.elements { "<path fill=\"\($0)\" shape-rendering=\"crispEdges\" d=\"\($1)\"/>" }
    text += strokes.elements { "<path fill=\"none\" stroke=\"\($0)\" d=\"\($1)\"/>" }
    text += heavy.elements { "<path fill=\"none\" stroke=\"\($0)\" stroke-width=\"2\" d=\"\($1)\"/>" }
    text += dots.elements { "<path stroke=\"\($0)\" stroke-width=\"3\" stroke-linecap=\"round\" d=\"\($1)\"/>" }
    let family = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace"
    text += "<g font-family=\"\(family)\" font-size=\"15\" style=\"white-space:pre\">\n"
    for (style, body) in texts {
      let bold = style.bold ? " font-weight=\"bold\"" : ""
      let underline = style.underline ? " text-decoration=\"underline\"" : ""
      text += "<g fill=\"\(style.color.hex)\"\(bold)\(underline)>\n\(body)</g>\n"
    }
    return text + "</g>\n</svg>\n"
  }
}

/// Path data by color.
private struct ColoredPaths {
  private var order: [Color] = []
  private var paths: [Color: String] = [:]

  mutating func add(_ color: Color, _ path: String) {
    if paths[color]?.append(path) == nil {
      order.append(color)
      paths[color] = path
    }
  }

  func elements(_ element: (_ color: String, _ path: String) -> String) -> String {
    order.map { element($0.hex, paths[$0] ?? "") + "\n" }.joined()
  }
}

extension Color {
  /// #rrggbb.
  public var hex: String {
    "#"
      + [red, green, blue].map { component in
        let digits = String(component, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
      }.joined()
  }
}

extension String {
  /// With &, <, > and quotation marks as XML wants them.
  public var xmlEscaped: String {
    var text = ""
    for character in self {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.append(character)
      }
    }
    return text
  }
}
