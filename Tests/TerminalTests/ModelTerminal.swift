import Canvas

/// A model of an ECMA-48 terminal: enough to tell what bytes show.
struct ModelTerminal {
  /// A cell as it is seen: a blank's ink is not.
  struct Shown: Equatable {
    var character: Unicode.Scalar = " "
    var attributes: Set<Int> = []
    var foreground: String = "", background: String = ""

    init() {}

    /// As a cell should look with this many colors.
    init(_ cell: Cell, _ tier: ColorTier) {
      character = cell.character
      let style = cell.style
      for (number, isSet) in [(1, style.bold), (2, style.dim), (4, style.underline), (7, style.reverse)] where isSet {
        attributes.insert(number)
      }
      foreground = style.foreground.map { Self.name($0, tier) } ?? ""
      background = style.background.map { Self.name($0, tier) } ?? ""
      normalize()
    }

    private static func name(_ color: Color, _ tier: ColorTier) -> String {
      switch tier {
      case .trueColor: "2;\(color.red);\(color.green);\(color.blue)"
      case .colors256: "5;\(color.index256)"
      case .colors16: "\(color.index16)"
      case .colors8: "\(color.index8)"
      case .mono: ""
      }
    }

    mutating func normalize() {
      if character == " ", attributes.isDisjoint(with: [4, 7]) {
        attributes = []
        foreground = ""
      }
    }
  }

  let width: Int, height: Int
  private(set) var cells: [Shown]
  /// Sequences that are not understood.
  private(set) var unknown: [String] = []
  private var x = 0, y = 0
  private var pen = Shown()

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    // What was there before is not blank: the encoder must not believe so.
    var rubbish = Shown()
    rubbish.character = "?"
    cells = Array(repeating: rubbish, count: width * height)
  }

  mutating func write(_ bytes: [UInt8]) {
    var text = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
    while let scalar = text.popFirst() {
      guard scalar == "\u{1B}" else {
        show(scalar)
        continue
      }
      guard text.popFirst() == "[" else {
        unknown.append("escape")
        continue
      }
      let parameters = text.prefix { $0.value < 0x40 }
      text = text.dropFirst(parameters.count)
      run(text.popFirst() ?? "?", String(parameters))
    }
  }

  private mutating func show(_ scalar: Unicode.Scalar) {
    guard x < width, y < height else {
      unknown.append("written outside: \(x), \(y)")
      return
    }
    var shown = pen
    shown.character = scalar
    shown.normalize()
    cells[y * width + x] = shown
    x += 1
  }

  private mutating func run(_ final: Unicode.Scalar, _ text: String) {
    let numbers = text.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    switch final {
    case "H" where numbers.count == 2: (y, x) = (numbers[0] - 1, numbers[1] - 1)
    case "C" where numbers.count == 1: x += numbers[0]
    case "m": style(numbers)
    default: unknown.append("\(text)\(final)")
    }
  }

  private mutating func style(_ numbers: [Int]) {
    let extended = numbers.dropFirst().map(String.init).joined(separator: ";")
    switch numbers[0] {
    case 0: pen = Shown()
    case 1, 2, 4, 7: pen.attributes.insert(numbers[0])
    case 30...37: pen.foreground = "\(numbers[0] - 30)"
    case 40...47: pen.background = "\(numbers[0] - 40)"
    case 90...97: pen.foreground = "\(numbers[0] - 82)"
    case 100...107: pen.background = "\(numbers[0] - 92)"
    case 38: pen.foreground = extended
    case 48: pen.background = extended
    case 39: pen.foreground = ""
    case 49: pen.background = ""
    default: unknown.append("\(numbers)m")
    }
  }
}
