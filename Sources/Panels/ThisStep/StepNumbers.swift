import Canvas
import Dashboard
import GradientFlow
import Instruments

extension EquationText {
  /// What is said of a step, in the screen's numbers and colors.
  init(_ text: StepText, _ theme: Theme) {
    func spans(_ pieces: [StepText.Piece]) -> [Span] { pieces.map { Span($0, theme) } }
    func facts(_ facts: [StepText.Fact]) -> [Fact] {
      facts.map { fact in
        let spans = spans(fact.pieces)
        // The room that a number usually takes, so that stepping on moves nothing.
        guard spans.count == 2, let columns = fact.pieces[1].usualColumns else { return Fact(spans, rank: fact.rank) }
        return Fact(spans[0], spans[1], columns: columns, rank: fact.rank)
      }
    }
    self.init(
      equations: text.lines.map(spans), block: text.block.map(spans), facts: facts(text.facts),
      shorter: facts(text.shorter), theme: theme)
  }
}

extension StepText.Piece {
  fileprivate var usualColumns: Int? {
    switch self {
    case .number: 5
    case .gradient, .factor: 6
    default: nil
    }
  }
}

extension Span {
  fileprivate init(_ piece: StepText.Piece, _ theme: Theme) {
    let value = theme[.value]
    switch piece {
    case .words(let words, let tone): self.init(words, theme[tone.role])
    case .number(let number), .gradient(let number): self.init(NumberText.short(number), value)
    case .factor(let number): self.init("×" + NumberText.short(number), value)
    case .power(let log10): self.init(NumberText.power(log10: log10), value)
    case .degrees(let angle): self.init(NumberText.fixed(angle, 0) + "°", value)
    case .setting(let number): self.init(plain(number), value)
    case .count(let number): self.init(NumberText.count(number), value)
    case .vector(let numbers):
      let texts = numbers.map(NumberText.orDot)
      self.init(texts.count == 1 ? texts[0] : "(\(texts.joined(separator: ", ")))", value)
    }
  }
}

extension StepText.Tone {
  fileprivate var role: Role {
    switch self {
    case .equation: .text
    case .remark: .dimText
    case .local: .local
    case .future: .future
    case .path: .window
    case .gates: .newest
    case .threshold: .threshold
    case .loss: .loss
    case .norm: .gradientNorm
    case .warning: .warning
    case .error: .error
    }
  }
}

extension EquationBlock {
  /// An equation with the numbers of some units; `isFolded` with each product of a matrix as what comes of it.
  init(_ equation: StepEquation, units: Range<Int>, isFolded: Bool, _ theme: Theme) {
    func piece(_ operand: StepEquation.Operand, _ symbol: Role, _ number: Role) -> Piece {
      let rows = operand.isByUnit ? Array(operand.rows[units.clamped(to: operand.rows.indices)]) : operand.rows
      let symbol = Span(operand.name, theme[symbol])
      return operand.isNothing
        ? Piece(sign: symbol) : Piece(symbol, rows.map { $0.map(NumberText.orDot) }, theme[number])
    }
    let terms = equation.terms.map { term in
      (isFolded ? term.folded : term.parts).map { part -> Piece in
        switch part {
        case .sign(let sign): Piece(sign: Span(sign, theme[.dimText]))
        case .operand(let operand): piece(operand, term.origin.role, .text)
        }
      }
    }
    let result = [piece(equation.result, .accent, .value), Piece(sign: Span("=", theme[.dimText]))]
    self.init([result + (terms.first ?? [])] + terms.dropFirst(), theme)
  }
}

extension StepEquation.Origin {
  /// The color of its symbols.
  fileprivate var role: Role {
    switch self {
    case .own: .dimText
    case .local: .local
    case .future: .future
    }
  }
}

extension NumberText {
  /// A number, or a dot where there is none; a whole number of three digits at most stays as it is.
  fileprivate static func orDot(_ value: Double?) -> String {
    guard let value else { return "·" }
    return abs(value) < 1000 && value == value.rounded() ? String(Int(value)) : short(value)
  }
}
