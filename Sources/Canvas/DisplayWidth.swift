extension Unicode.Scalar {
  /// What stands for a character that does not fit a cell.
  public static let replacement: Unicode.Scalar = "\u{25A1}"

  /// How many columns a terminal gives to the character: 0 for controls, combining marks and formats, 2 for wide East
  /// Asian characters and emoji (Unicode Annex 11, W and F), 1 for the others.
  public var displayWidth: Int {
    if value >= 0x20 && value < 0x7F { return 1 }
    if value < 0xA0 { return 0 }
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    // Box drawing, blocks, geometric shapes and braille: the bulk of what a frame holds. Some shapes are emoji.
    if value >= 0x2190 && value < 0x25FD && !(0x231A...0x23FF).contains(value) { return 1 }
    if value >= 0x2800 && value < 0x2900 { return 1 }
    switch properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .surrogate, .unassigned, .privateUse, .lineSeparator,
      .paragraphSeparator:
      return 0
    default: break
    }
    if properties.isEmojiPresentation { return 2 }
    return Self.wide.contains { $0.contains(value) } ? 2 : 1
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
  ]

  /// The character if it is one column wide; a blank for white space; the picture of an ASCII control (␊ for a
  /// line feed); `replacement` for everything else, so that no cell ever moves what stands beside it.
  public var inOneCell: Unicode.Scalar {
    if value >= 0x20 && value < 0x7F { return self }
    if displayWidth == 1 { return value == 0xA0 ? " " : self }
    if value < 0x20 { return Unicode.Scalar(0x2400 + value) ?? Self.replacement }
    if value == 0x7F { return "\u{2421}" }
    if value == 0x3000 || value == 0x2028 || value == 0x2029 { return " " }
    return Self.replacement
  }
}

extension Character {
  /// The scalar that a cell shows for it: its base, with marks that Unicode knows no composed form of left away.
  /// nil for a character without any extent, such as a combining mark alone.
  var cellScalar: Unicode.Scalar? {
    let scalars = unicodeScalars
    guard let first = scalars.first else { return nil }
    if first.value == 0x0D && scalars.count == 2 { return "\u{240A}" }
    if first.displayWidth == 0 && first.value >= 0xA0 {
      return scalars.first { $0.displayWidth > 0 }?.inOneCell
    }
    // A variation selector makes an emoji, two columns wide, of a plain symbol.
    if scalars.contains("\u{FE0F}") { return Unicode.Scalar.replacement }
    return first.inOneCell
  }
}

extension StringProtocol {
  /// How many columns `Buffer.put` takes for it.
  public var columns: Int {
    // Most of what is drawn is plain ASCII, a byte a column.
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return utf8.count }
    var count = 0
    for character in self where character.cellScalar != nil { count += 1 }
    return count
  }
}
