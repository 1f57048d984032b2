import Canvas

/// Turns frames into the bytes that change the terminal from the frame it shows into the next one. Cells that would
/// look the same cost nothing; equal frames give no byte.
struct FrameEncoder {
  let capabilities: TerminalCapabilities
  let colorTier: ColorTier
  let characterTier: CharacterTier

  /// The cells as they were handed in, and as they were drawn; empty when the screen's contents are not known.
  private var shown: [Cell] = []
  private var drawn: [Drawn] = []
  private(set) var width = 0, height = 0
  /// Where the next character would go; nil when unknown, as after the last column.
  private var cursor: (x: Int, y: Int)?
  private var style: PackedStyle?
  private var nearest = NearestColors()

  /// A cell in the terms of the terminal: what is left of it after colors and characters were fitted to the tiers.
  private struct Drawn: Equatable {
    var character: UInt32, style: PackedStyle
  }

  /// For a terminal of these capabilities.
  init(capabilities: TerminalCapabilities, colorTier: ColorTier, characterTier: CharacterTier) {
    self.capabilities = capabilities
    self.colorTier = colorTier
    self.characterTier = characterTier
  }

  /// Forgets what the terminal shows: the next frame is drawn whole.
  mutating func invalidate() {
    shown = []
    drawn = []
    cursor = nil
    style = nil
  }

  /// Appends what is to be written so that a terminal of `width` × `height` shows the frame. A frame of another size
  /// is cut, or blank where it has no cells.
  mutating func encode(_ frame: Buffer, width: Int, height: Int, into bytes: inout [UInt8]) {
    let whole = shown.count != width * height || width != self.width || height != self.height
    if whole {
      invalidate()
      (self.width, self.height) = (width, height)
      shown = Array(repeating: Cell(), count: width * height)
      drawn = Array(repeating: Drawn(character: 0, style: PackedStyle()), count: width * height)
    }
    let start = bytes.count
    bytes += capabilities.beginFrame
    let empty = bytes.count
    frame.cells.withUnsafeBufferPointer { cells in
      for y in 0..<height {
        for x in 0..<width {
          let cell = x < frame.width && y < frame.height ? cells[y * frame.width + x] : Cell()
          let index = y * width + x
          if !whole && shown[index] == cell { continue }
          shown[index] = cell
          let fitted = fit(cell)
          if !whole && drawn[index] == fitted { continue }
          drawn[index] = fitted
          if capabilities.scrollsAtEnd && index == width * height - 1 { continue }
          move(toX: x, y: y, into: &bytes)
          put(fitted, into: &bytes)
          cursor = x + 1 < width ? (x + 1, y) : nil
        }
      }
    }
    if bytes.count == empty {
      bytes.removeLast(empty - start)
    } else {
      bytes += capabilities.endFrame
    }
  }

  // MARK: Fitting

  private mutating func fit(_ cell: Cell) -> Drawn {
    let character = fit(cell.character).value
    let foreground = fit(cell.style.foreground), background = fit(cell.style.background)
    var style = PackedStyle(cell.style, foreground: foreground, background: background)
    if character == 0x20 { style.forgetInk() }
    return Drawn(character: character, style: style)
  }

  private func fit(_ character: Unicode.Scalar) -> Unicode.Scalar {
    if character.value >= 0x20 && character.value < 0x7F { return character }
    // A control character or a wide one would shift what stands beside it.
    return characterTier == .ascii ? character.inOneCell.ascii : character.inOneCell
  }

  /// A color as it is drawn in this tier: its components, or its index; nil for the terminal's own.
  private mutating func fit(_ color: Color?) -> UInt32? {
    guard let color else { return nil }
    switch colorTier {
    case .trueColor: return color.packed
    case .colors256: return nearest.index(of: color) { UInt32($0.index256) }
    case .colors16: return nearest.index(of: color) { UInt32($0.index16) }
    case .colors8: return nearest.index(of: color) { UInt32($0.index8) }
    case .mono: return nil
    }
  }

  // MARK: Writing

  private mutating func move(toX x: Int, y: Int, into bytes: inout [UInt8]) {
    if let cursor, cursor.y == y, cursor.x <= x {
      if cursor.x == x { return }
      // Writing a few characters that stand there already is shorter than moving over them.
      let passed = y * width + cursor.x..<y * width + x
      if passed.count <= 4 && passed.allSatisfy({ shows(drawn[$0], with: style) }) {
        for index in passed { appendUTF8(drawn[index].character, to: &bytes) }
        return
      }
      if capabilities.movesByECMA48 {
        bytes += [0x1B, 0x5B]
        appendDecimal(x - cursor.x, to: &bytes)
        bytes.append(UInt8(ascii: "C"))
        return
      }
    }
    if let moves = capabilities.moves {
      bytes += moves(y, x)
      return
    }
    bytes += [0x1B, 0x5B]
    appendDecimal(y + 1, to: &bytes)
    bytes.append(UInt8(ascii: ";"))
    appendDecimal(x + 1, to: &bytes)
    bytes.append(UInt8(ascii: "H"))
  }

  private mutating func put(_ cell: Drawn, into bytes: inout [UInt8]) {
    if !shows(cell, with: style) {
      change(to: cell.style, into: &bytes)
      style = cell.style
    }
    appendUTF8(cell.character, to: &bytes)
  }

  /// Whether the cell, written in this style, looks as it should: a blank takes any ink.
  private func shows(_ cell: Drawn, with style: PackedStyle?) -> Bool {
    guard let style else { return false }
    if style == cell.style { return true }
    guard cell.character == 0x20 else { return false }
    var inkless = style
    inkless.forgetInk()
    return inkless == cell.style
  }

  private func change(to next: PackedStyle, into bytes: inout [UInt8]) {
    var from = style ?? PackedStyle()
    let dropsForeground = from.foreground != nil && next.foreground == nil
    let dropsBackground = from.background != nil && next.background == nil
    if style == nil || from.attributes & ~next.attributes != 0
      || dropsForeground && capabilities.defaultForeground.isEmpty
      || dropsBackground && capabilities.defaultBackground.isEmpty
    {
      bytes += capabilities.reset
      from = PackedStyle()
    }
    let added = next.attributes & ~from.attributes
    if added & PackedStyle.bold != 0 { bytes += capabilities.bold }
    if added & PackedStyle.dim != 0 { bytes += capabilities.dim }
    if added & PackedStyle.underline != 0 { bytes += capabilities.underline }
    if added & PackedStyle.reverse != 0 { bytes += capabilities.reverse }
    if from.foreground != next.foreground {
      color(next.foreground, "38;2;", capabilities.foreground, capabilities.defaultForeground, into: &bytes)
    }
    if from.background != next.background {
      color(next.background, "48;2;", capabilities.background, capabilities.defaultBackground, into: &bytes)
    }
  }

  private func color(
    _ value: UInt32?, _ selector: StaticString, _ indexed: [[UInt8]], _ none: [UInt8], into bytes: inout [UInt8]
  ) {
    guard let value else {
      bytes += none
      return
    }
    guard colorTier == .trueColor else {
      if Int(value) < indexed.count { bytes += indexed[Int(value)] }
      return
    }
    bytes += [0x1B, 0x5B]
    selector.withUTF8Buffer { bytes += $0 }
    appendDecimal(Int(value >> 16), to: &bytes)
    bytes.append(UInt8(ascii: ";"))
    appendDecimal(Int(value >> 8 & 0xFF), to: &bytes)
    bytes.append(UInt8(ascii: ";"))
    appendDecimal(Int(value & 0xFF), to: &bytes)
    bytes.append(UInt8(ascii: "m"))
  }
}

/// Colors and attributes in one word, for quick comparison. A color takes 25 bits, the highest says that there is
/// one.
struct PackedStyle: Equatable {
  static let bold: UInt64 = 1 << 50, dim: UInt64 = 1 << 51, underline: UInt64 = 1 << 52, reverse: UInt64 = 1 << 53
  private var bits: UInt64 = 0

  init() {}

  init(_ style: Style, foreground: UInt32?, background: UInt32?) {
    if let foreground { bits |= 1 << 24 | UInt64(foreground) }
    if let background { bits |= (1 << 24 | UInt64(background)) << 25 }
    if style.bold { bits |= Self.bold }
    if style.dim { bits |= Self.dim }
    if style.underline { bits |= Self.underline }
    if style.reverse { bits |= Self.reverse }
  }

  var attributes: UInt64 { bits & ~((1 << 50) - 1) }
  var foreground: UInt32? { bits & 1 << 24 == 0 ? nil : UInt32(bits & 0xFF_FFFF) }
  var background: UInt32? { bits & 1 << 49 == 0 ? nil : UInt32(bits >> 25 & 0xFF_FFFF) }

  /// For a blank: what colors only ink cannot be seen on it, unless it is underlined or reversed.
  mutating func forgetInk() {
    if bits & (Self.underline | Self.reverse) == 0 { bits &= ((1 << 25) - 1) << 25 }
  }
}

/// The nearest colors of a palette that were worked out last, at the place that the color's bits give it: a frame has
/// thousands of cells, and few colors.
private struct NearestColors {
  private var colors = [UInt32](repeating: .max, count: 1024)
  private var indices = [UInt32](repeating: 0, count: 1024)

  mutating func index(of color: Color, _ search: (Color) -> UInt32) -> UInt32 {
    let packed = color.packed
    let place = Int(truncatingIfNeeded: (packed &* 0x9E37_79B1) >> 22)
    if colors[place] != packed {
      colors[place] = packed
      indices[place] = search(color)
    }
    return indices[place]
  }
}

extension Color {
  /// Red, green and blue in 24 bits.
  fileprivate var packed: UInt32 { UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue) }
}

/// Appends a number of 0 and more in decimal digits.
private func appendDecimal(_ number: Int, to bytes: inout [UInt8]) {
  if number >= 1000 {
    bytes += String(number).utf8
    return
  }
  if number >= 100 { bytes.append(0x30 + UInt8(number / 100)) }
  if number >= 10 { bytes.append(0x30 + UInt8(number / 10 % 10)) }
  bytes.append(0x30 + UInt8(number % 10))
}

/// Appends a character in UTF-8.
private func appendUTF8(_ value: UInt32, to bytes: inout [UInt8]) {
  switch value {
  case ..<0x80:
    bytes.append(UInt8(value))
  case ..<0x800:
    bytes.append(0xC0 | UInt8(value >> 6))
    bytes.append(0x80 | UInt8(value & 0x3F))
  case ..<0x10000:
    bytes.append(0xE0 | UInt8(value >> 12))
    bytes.append(0x80 | UInt8(value >> 6 & 0x3F))
    bytes.append(0x80 | UInt8(value & 0x3F))
  default:
    bytes.append(0xF0 | UInt8(value >> 18))
    bytes.append(0x80 | UInt8(value >> 12 & 0x3F))
    bytes.append(0x80 | UInt8(value >> 6 & 0x3F))
    bytes.append(0x80 | UInt8(value & 0x3F))
  }
}
