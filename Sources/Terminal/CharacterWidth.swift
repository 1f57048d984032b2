extension Unicode.Scalar {
  /// Whether a terminal shows the character in exactly one column: it is no control, joins no other character, and is not wide
  /// (East Asian Width W or F of Unicode's UAX #11, by blocks; emoji).
  var isOneColumnWide: Bool {
    if value >= 0x20 && value < 0x7F { return true }
    // Lines, blocks and braille, most of what is drawn.
    if (0x2500...0x25FC).contains(value) || (0x2800...0x28FF).contains(value) { return true }
    switch properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .surrogate, .unassigned, .lineSeparator,
      .paragraphSeparator:
      return false
    default:
      return !isWide
    }
  }

  private var isWide: Bool {
    if properties.isEmojiPresentation { return true }
    return switch value {
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF,
      0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x1F300...0x1F320, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
