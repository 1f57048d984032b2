extension Buffer {
  /// The frame as text with SGR sequences, for `cat`, a pager or a test's eyes. Every row ends reset and with a line feed, so
  /// that it can be cut anywhere.
  public func ansi(_ tier: ColorTier) -> String {
    var text = ""
    text.reserveCapacity(cells.count * 2)
    var row = 0
    var style = Style()
    func finish() {
      if style != Style() { text += "\u{1B}[0m" }
      text += "\n"
      style = Style()
    }
    for run in runs() {
      while row < run.y {
        finish()
        row += 1
      }
      if run.style != style {
        text += "\u{1B}[0" + run.style.selectGraphicRendition(tier) + "m"
        style = run.style
      }
      text += self.text(of: run)
    }
    if height > 0 { finish() }
    return text
  }

  /// The characters alone, blanks at the ends of rows left away.
  public var plainText: String {
    rows.map { row in
      var row = Substring(row)
      while row.last == " " { row.removeLast() }
      return row + "\n"
    }.joined()
  }
}

extension Style {
  /// The parameters that select this style after a reset, each with its semicolon before it.
  func selectGraphicRendition(_ tier: ColorTier) -> String {
    var text = ""
    if bold { text += ";1" }
    if dim { text += ";2" }
    if underline { text += ";4" }
    if reverse { text += ";7" }
    if let foreground { text += foreground.parameters(tier, ground: false) }
    if let background { text += background.parameters(tier, ground: true) }
    return text
  }
}

extension Color {
  /// ISO 8613-6 and xterm: 38;2;r;g;b, 38;5;n, 30 to 37 and 90 to 97; ten more for the ground.
  fileprivate func parameters(_ tier: ColorTier, ground: Bool) -> String {
    switch tier {
    case .trueColor: return ";\(ground ? 48 : 38);2;\(red);\(green);\(blue)"
    case .colors256: return ";\(ground ? 48 : 38);5;\(index256)"
    case .colors16:
      let index = Int(index16)
      return ";\((ground ? 40 : 30) + (index < 8 ? index : 52 + index))"
    case .colors8: return ";\((ground ? 40 : 30) + Int(index8))"
    case .mono: return ""
    }
  }
}
