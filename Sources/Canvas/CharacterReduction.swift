extension Buffer {
  /// Replaces what the terminal cannot show: braille becomes dots on the block tier; on the ASCII tier every other
  /// character becomes the nearest ASCII one (λ an l, ─ a -), one for one, so that nothing moves.
  public mutating func reduce(to tier: CharacterTier) {
    guard tier != .braille else { return }
    for index in cells.indices {
      let scalar = cells[index].character
      if scalar.value < 0x7F { continue }
      if tier == .ascii || (0x2800..<0x2900).contains(scalar.value) { cells[index].character = scalar.ascii }
    }
  }
}

extension Unicode.Scalar {
  /// The ASCII character that stands for this one; ? where there is none.
  public var ascii: Unicode.Scalar {
    if value < 0x7F { return self }
    switch value {
    case 0x2800: return " "
    case 0x2801...0x28FF: return (value - 0x2800).nonzeroBitCount > 3 ? ":" : "."
    case 0x2080...0x2089: return Unicode.Scalar(0x30 + (value - 0x2080)) ?? "?"
    case 0x2070, 0x2074...0x2079: return Unicode.Scalar(0x30 + (value - 0x2070)) ?? "?"
    default: return Self.asciiForms[self] ?? decomposedASCII ?? "?"
    }
  }

  /// The base letter of a Latin letter with marks.
  private var decomposedASCII: Unicode.Scalar? {
    guard (0xC0..<0x250).contains(value), let name = properties.name else { return nil }
    let words = name.split(separator: " ")
    guard words.count >= 4, words[0] == "LATIN", words[2] == "LETTER", let letter = words[3].unicodeScalars.first,
      words[3].count == 1
    else { return nil }
    return words[1] == "SMALL" ? Unicode.Scalar(letter.value + 32) : letter
  }

  private static let asciiForms: [Unicode.Scalar: Unicode.Scalar] = {
    var forms: [Unicode.Scalar: Unicode.Scalar] = [:]
    let groups: [(String, Unicode.Scalar)] = [
      ("─━╌┄═╴╶—–−‐╾╼‾¯", "-"), ("│┃║╎┆┊┇┋‖∣▏▕╽╿", "|"), ("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╞╡", "+"), ("█▓▉▊▋", "#"),
      ("▒▌▐▀▄▅▆▇▙▛▜▟", "*"), ("░▁▂▃▖▗▘▝▚▞▍▎", ":"), ("·•∙⋅∘◦․", "."), ("…", "~"), ("◂◀←⟵", "<"), ("▸▶→⟶⇥", ">"),
      ("▮▯❚", "|"), ("✖✘", "x"), ("▲△▴↑", "^"), ("▼▽▾↓", "v"), ("●○◉◎⊙⊗", "o"), ("■□▪▫", "#"), ("×✕✗", "x"),
      ("✓√", "v"), ("÷∕⁄", "/"),
      ("≤", "<"), ("≥", ">"), ("≈≃∼", "~"), ("≠", "!"), ("±", "+"), ("∞", "8"), ("∂", "d"), ("∑Σ", "S"), ("∏Π", "P"),
      ("∇", "V"), ("′’‘`", "'"), ("″”“", "\""), ("°º", "o"), ("²", "2"), ("³", "3"), ("¹", "1"), ("⁻", "-"),
      ("⁺₊", "+"),
      ("₋", "-"), ("ₕ", "h"), ("ᵀ", "T"), ("ᵢ", "i"), ("ₜ", "t"), ("ₖ", "k"), ("ⁿₙ", "n"), ("ŷ", "y"), ("ₒ", "o"),
      ("α", "a"), ("β", "b"), ("γ", "g"), ("Γ", "G"), ("δ", "d"), ("Δ", "D"), ("ε", "e"), ("η", "n"), ("θ", "0"),
      ("λ", "l"), ("Λ", "L"), ("μµ", "u"), ("π", "p"), ("ρ", "p"), ("σ", "s"), ("τ", "t"), ("φϕ", "f"), ("Φ", "F"),
      ("ω", "w"), ("Ω", "O"), ("ℓ", "l"), ("¬", "!"), ("␊⏎↵", "$"), ("␣", "_"), ("␉", ">"), ("⟨", "<"), ("⟩", ">"),
      ("\u{A0}", " "), ("∈", "e"), ("¼½¾", "."), ("◆◇", "*"), ("╱", "/"), ("╲", "\\"), ("╳", "x"),
    ]
    for (characters, ascii) in groups {
      for scalar in characters.unicodeScalars { forms[scalar] = ascii }
    }
    return forms
  }()
}
