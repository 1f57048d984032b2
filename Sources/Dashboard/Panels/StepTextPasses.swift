import Canvas
import GradientFlow
import RecurrentNetworks

extension StepText {
  /// a_t and h_t of layer `layer`, counted from 0; `drift`: how far the steps' own weights have gone, where they have some.
  static func forward(
    _ numbers: ForwardNumbers, _ tape: Tape, _ step: Int, layer: Int = 0, _ drift: CopyDrift?, _ theme: Theme
  ) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let a = cell.preactivation(t, layer: layer), h = cell.state(t)
    let read = layer > 0 ? "h[l\(layer)]" : "x"
    let text = theme[.text]
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText, rank: Int) -> Fact {
      Fact(Span(name + " ", theme[role]), Span(NumberText.short(number), theme[.value]), columns: 5, rank: rank)
    }
    let isGated = !numbers.gates.isEmpty
    var facts = [
      fact("‖a\(sub(t))‖", numbers.preactivation, rank: isGated ? 2 : 0),
      fact("‖W_ih \(read)‖", numbers.input, .local, rank: isGated ? 2 : 1),
      fact("‖W_hh h‖", numbers.recurrent, .future, rank: isGated ? 2 : 1), fact("‖b‖", numbers.bias, rank: 3),
      fact("‖h\(sub(t))‖", numbers.state, rank: 0),
    ]
    if let carried = numbers.carried {
      facts.append(fact("‖\(cell.carriedName)\(sub(t))‖", carried, rank: 0))
    }
    if isGated {
      facts += numbers.gates.enumerated().map { index, gate in
        fact((index == 0 ? "mean " : "") + cell.gate(gate.name, t), gate.mean, rank: 0)
      }
    } else {
      facts += [
        fact("φ′\(sub(t)) mean", numbers.derivativeMean, rank: 0), fact("least", numbers.derivativeLeast, rank: 3),
      ]
    }
    if let drift {
      facts.append(fact("W_hh\(sub(t)) from the copies' mean", drift.fromMean[step], .window, rank: 2))
    }
    if tape.isFixedPoint {
      facts.append(fact("moved ‖h\(sub(t))-h\(sub(t - 1))‖", tape.distanceMoved(step: step), .window, rank: 0))
    }
    if let loss = numbers.loss {
      facts.append(fact("loss l\(sub(t))", loss, .loss, rank: 2))
      if !numbers.isInjected { facts.append(Fact([Span("not in this update", theme[.dimText])], rank: 2)) }
    } else {
      facts.append(Fact([Span("no target at this step", theme[.dimText])], rank: 2))
    }
    return StepText(
      equations: [[Span(a + "     " + h, text)]] + (isGated ? [h, a] : [a, h]).map { [Span($0, text)] },
      block: isGated ? ([a] + cell.stateLines(t)).map { [Span($0, text)] } : [], facts: facts, theme: theme)
  }

  /// δ_t by its two parts, and what the step after did to it.
  /// - Parameter goesBack: whether the gradient goes back to the window's first step and no further; not where it is carried
  ///   forward.
  static func backward(
    _ numbers: BackwardNumbers, _ tape: Tape, _ step: Int, layer: Int, goesBack: Bool = true, _ drift: CopyDrift?,
    _ theme: Theme
  ) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let dim = theme[.dimText]
    let isLast = step + 1 == tape.steps
    let isTop = layer == tape.layers.count - 1
    let hasLocal = isTop ? tape.isInjected(step) : numbers.local > 0
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText, by sign: String = "", rank: Int) -> Fact {
      Fact(Span(name + " ", theme[role]), Span(sign + NumberText.short(number), theme[.value]), rank: rank)
    }
    var facts = [fact("‖δ\(sub(t))‖", numbers.gradient, rank: 0)]
    if let carried = numbers.carried { facts.append(fact("‖∂L/∂\(cell.carriedName)\(sub(t))‖", carried, rank: 1)) }
    if hasLocal { facts.append(fact(isTop ? "‖local‖" : "‖from above‖", numbers.local, .local, rank: 2)) }
    let scale = tape.clipScale(step: step, layer: layer)
    if scale < 1 { facts.append(fact("clipped s", scale, .threshold, by: "×", rank: 0)) }
    if !isLast, !tape.isFixedPoint { facts.append(fact("‖future‖", numbers.future, .future, rank: 1)) }
    if !isLast, !tape.passage.isEmpty {
      let factor = tape.passage[step + 1]
      facts.append(
        factor == 0
          ? Fact([Span("cut here: nothing comes from t=\(t + 1)", theme[.warning])], rank: 0)
          : fact("weighted 1/(1-c)", factor, by: "×", rank: 1))
    }
    if tape.isFixedPoint {
      facts.append(
        Fact([Span(isLast ? "settled: δ = e + Jᵀδ" : "on the way to the fixed point: no gradient", dim)], rank: 0))
    }
    if let next = numbers.next { facts.append(fact("‖δ\(sub(t + 1))‖", next, rank: 3)) }
    if let factor = numbers.derivativeFactor {
      facts.append(fact("\(cell.gain)φ′\(sub(t + 1))", factor, by: "×", rank: 0))
    }
    if let factor = numbers.recurrentFactor { facts.append(fact("W_hhᵀ", factor, by: "×", rank: 0)) }
    if let factor = numbers.carouselFactor {
      facts.append(fact("carousel \(cell.carouselName(t + 1))", factor, .window, by: "×", rank: 0))
    }
    if let factor = numbers.gatedFactor { facts.append(fact("gated W_hhᵀ", factor, .newest, by: "×", rank: 0)) }
    if let drift {
      let name = Span("‖∂L/∂W_hh\(sub(t))‖ ", theme[.window])
      facts.append(Fact(name, Span(NumberText.power(log10: drift.log10Gradient[step]), theme[.value]), rank: 1))
    }
    if cell.keep != 0, numbers.next != nil { facts.append(fact("past φ", abs(cell.keep), by: "×", rank: 1)) }
    if isLast, !tape.isFixedPoint {
      facts.append(Fact([Span("the newest step: nothing comes from after it", dim)], rank: 1))
    }
    if step == 0, t > 1 {
      facts.append(
        goesBack
          ? Fact([Span("the window ends here: h\(sub(t - 1)) gets nothing", theme[.warning])], rank: 2)
          : Fact([Span("nothing goes back: what came before is in M\(sub(t))", dim)], rank: 2))
    }
    if !hasLocal {
      facts.append(Fact([Span(isTop ? "no loss enters here" : "nothing comes from above", dim)], rank: 4))
    }
    let equations = BackwardEquations(tape, step, hasLocal: hasLocal, isTop: isTop, isClipped: scale < 1, theme)
    return StepText(equations: equations.lines, block: equations.block, facts: facts, theme: theme)
  }
}

/// δ_t = what the step's own loss gives + what comes from the step after it, where they are. The shorter forms name
/// the loss's gradient in place of writing it out.
private struct BackwardEquations {
  /// Forms in one line, the fullest first.
  private(set) var lines: [[Span]] = []
  /// All of it, for cells that carry something beside h.
  private(set) var block: [[Span]] = []

  init(_ tape: Tape, _ step: Int, hasLocal: Bool, isTop: Bool, isClipped: Bool, _ theme: Theme) {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    // The objective is a mean: each loss counts 1/N.
    let count = tape.injectionWeight > 0 ? (1 / tape.injectionWeight).rounded() : 1
    let share = count > 1 ? "/\(Int(count))" : ""
    let isLast = step + 1 == tape.steps
    // At a fixed point the last step's own J comes again and again, and on the way there nothing goes back.
    let (state, beside) = cell.futureLines(tape.isFixedPoint ? t - 1 : t)
    let future = isLast == tape.isFixedPoint ? [Span(state, theme[.future])] : []
    let start = Span("δ\(sub(t)) = ", theme[.text])
    if hasLocal {
      let forms =
        isTop
        ? [cell.local(t) + share, "∂l\(sub(t))/∂h\(sub(t))\(share)", "local"]
        : ["W_ihᵀ ∂L/∂a\(sub(t)) of the layer above", "from above"]
      lines = forms.map { local in
        [start, Span(local, theme[.local])] + (future.isEmpty ? [] : [Span(" + ", theme[.text])] + future)
      }
    } else {
      lines = [[start] + (future.isEmpty ? [Span("0", theme[.text])] : future)]
    }
    if isClipped {
      // δ_t = s (local + future)
      let (open, close) = (Span("s (", theme[.threshold]), Span(")", theme[.threshold]))
      lines = lines.map { [$0[0], open] + $0.dropFirst() + [close] }
    }
    if !isLast, !tape.isFixedPoint, !beside.isEmpty, let first = lines.first {
      block = [first] + beside.map { [Span($0, theme[.future])] }
    }
  }
}

extension Tape {
  /// Whether a loss of any sequence is injected at `step`, counted from the window's first.
  fileprivate func isInjected(_ step: Int) -> Bool {
    mask.dropFirst(step * batch).prefix(batch).contains { $0 != 0 }
  }
}
