import Canvas
import GradientFlow
import Instruments

/// A small fully recurrent network unit by unit, as it is stepped by hand.
extension EquationText {
  /// s_k, y_k and, where there is one, d_k of every unit.
  static func forward(
    _ numbers: UnitNumbers, _ reading: StepInstrument.Reading, step: Int, _ theme: Theme
  ) -> EquationText {
    let t = step + 1
    let cell = CellEquations(reading.network)
    let equation = cell.preactivation(t) + "     " + cell.state(t)
    let facts = numbers.units.enumerated().map { index, unit in
      Fact(
        spans(
          index + 1,
          [
            ("s", unit.input, .value), ("y", unit.output, .value),
            ("d", unit.target, unit.target == nil ? .dimText : .loss),
          ], theme), rank: 0)
    }
    let none = Fact([Span("no unit has a target here", theme[.dimText])], rank: 3)
    return EquationText(
      equations: [[Span(equation, theme[.text])], [Span(cell.preactivation(t), theme[.text])]],
      facts: facts + (numbers.units.contains { $0.target != nil } ? [] : [none]), theme: theme)
  }

  /// e_k, ε_k and δ_k of every unit.
  static func backward(
    _ numbers: UnitNumbers, _ reading: StepInstrument.Reading, step: Int, _ theme: Theme
  ) -> EquationText {
    let t = step + 1
    let isLast = t == reading.window.upperBound
    // ε_k(t) = e_k(t) + Σ_l w_lk δ_l(t+1),  δ_k(t) = f′(s_k(t)) ε_k(t)
    let epsilon: [Span] =
      [Span("ε\(sub(t)) = ", theme[.text]), Span("e\(sub(t))", theme[.local])]
      + (isLast ? [] : [Span(" + ", theme[.text]), Span("Wᵀδ\(sub(t + 1))", theme[.future])])
    let delta = Span("   δ\(sub(t)) = f′(s\(sub(t))) ⊙ ε\(sub(t))", theme[.text])
    let meaning = Span("   e = d - y on T(t), J = -½Σe²", theme[.dimText])
    var facts = numbers.units.enumerated().map { index, unit in
      Fact(
        spans(
          index + 1,
          [
            ("e", unit.error, .local), ("ε", unit.epsilon, .value), ("δ", unit.delta, .value),
          ], theme), rank: 0)
    }
    if let kind = kind(of: reading) { facts.append(Fact([Span(kind, theme[.dimText])], rank: 2)) }
    if step == reading.window.lowerBound { facts.append(Fact([Span("the sweep ends here", theme[.warning])], rank: 3)) }
    return EquationText(
      equations: [epsilon + [delta, meaning], epsilon + [delta], epsilon], facts: facts, theme: theme)
  }

  /// Which of the two exact algorithms the window is a sweep of.
  private static func kind(of reading: StepInstrument.Reading) -> String? {
    let (window, injected) = (reading.window, reading.injected)
    guard window.lowerBound == 0 else { return nil }
    if injected == window { return "epochwise: the errors of all steps are injected" }
    if injected.count == 1, injected.upperBound == window.upperBound {
      return "real-time: only e\(sub(window.upperBound)) is injected"
    }
    return nil
  }

  /// `k  name number …` with room for four digits and a sign each, so that stepping moves nothing; a dot where there is no number.
  private static func spans(_ unit: Int, _ values: [(String, Double?, Role)], _ theme: Theme) -> [Span] {
    [Span("\(unit) ", theme[.accent])]
      + values.flatMap { name, value, role in
        let text = value.map { NumberText.short($0) } ?? "·"
        let padding = String(repeating: " ", count: max(0, 7 - text.count))
        return [Span(" \(name) ", theme[.dimText]), Span(text, theme[role]), Span(padding, theme[.text])]
      }
  }
}
