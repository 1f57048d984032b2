/// The field's signs as ASCII words, for terminals that have no others: a ρ must not become a p, nor an η an n.
extension String {
  /// This text as `theme` can show it: with words for Greek letters and signs where there is only ASCII.
  public func words(_ theme: Theme) -> String { theme.characters == .ascii ? inASCIIWords : self }

  /// Words for Greek letters and signs; subscripts after a low line. What has a likeness in ASCII stays, and finds it
  /// when the buffer is reduced.
  public var inASCIIWords: String {
    if utf8.allSatisfy({ $0 < 0x80 }) { return self }
    var text = ""
    var isSubscript = false, isLetter = false
    for scalar in unicodeScalars {
      let isNow = Self.subscripts.contains(scalar)
      if isNow && !isSubscript && !text.isEmpty && text.last != " " { text += "_" }
      isSubscript = isNow
      // Letters that are multiplied: γσ is gamma*sigma.
      let isGreek = (0x391...0x3C9).contains(scalar.value)
      if isGreek && isLetter { text += "*" }
      isLetter = isGreek
      if let word = Self.asciiWords[scalar] { text += word } else { text.unicodeScalars.append(scalar) }
    }
    return text
  }

  private static let subscripts = Set("₀₁₂₃₄₅₆₇₈₉₋₊ₜₕₖₙᵢₒ".unicodeScalars)

  private static let asciiWords: [Unicode.Scalar: String] = [
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "delta ", "ε": "eps", "η": "eta", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ρ": "rho", "σ": "sigma", "Σ": "sum", "φ": "phi", "ŷ": "yhat", "∂": "d", "‖": "||",
    "√": "sqrt ", "½": "1/2", "Π": "prod", "∏": "prod", "±": "+-", "≤": "<=", "≥": ">=", "⊙": "*", "⊗": "(x)",
    "ᵀ": "^T", "←": "<-",
    "→": "->", "∞": "inf",
    "°": " deg", "≈": "~", "…": "..", "⇥": "Tab", "⏎": "Enter", "₋": "-", "₊": "+",
  ]
}

extension String {
  /// The name of keys as `theme` can show it: arrows by name, since < and > are keys themselves.
  public func keyWords(_ theme: Theme) -> String {
    guard theme.characters == .ascii else { return self }
    return switch self {
    case "↑↓": "Up/Down"
    case "←→": "Left/Right"
    default: inASCIIWords
    }
  }
}

extension Span {
  /// The same in words that `theme` can show.
  public func words(_ theme: Theme) -> Span { Span(text.words(theme), style) }
}
