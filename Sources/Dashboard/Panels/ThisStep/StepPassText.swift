import Canvas
import GradientFlow
import Instruments
import RecurrentNetworks

extension EquationText {
  /// a_t and h_t of a layer.
  static func forward(
    _ place: StepInstrument.Place, _ reading: StepInstrument.Reading, _ theme: Theme
  ) -> EquationText {
    let (t, layer, numbers) = (place.t, place.layer, place.forward)
    let cell = CellEquations(reading.network)
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
    if let distance = place.copyFromMean {
      facts.append(fact("W_hh\(sub(t)) from the copies' mean", distance, .window, rank: 2))
    }
    if place.isFixedPoint {
      facts.append(fact("moved ‖h\(sub(t))-h\(sub(t - 1))‖", place.distanceMoved, .window, rank: 0))
    }
    if let loss = numbers.loss {
      facts.append(fact("loss l\(sub(t))", loss, .loss, rank: 2))
      if !numbers.isInjected { facts.append(Fact([Span("not in this update", theme[.dimText])], rank: 2)) }
    } else {
      facts.append(Fact([Span("no target at this step", theme[.dimText])], rank: 2))
    }
    return EquationText(
      equations: [[Span(a + "     " + h, text)]] + (isGated ? [h, a] : [a, h]).map { [Span($0, text)] },
      block: isGated ? ([a] + cell.stateLines(t)).map { [Span($0, text)] } : [], facts: facts, theme: theme)
  }

  /// δ_t by its two parts, and what the step after did to it.
  static func backward(
    _ place: StepInstrument.Place, _ reading: StepInstrument.Reading, _ theme: Theme
  ) -> EquationText {
    let (t, numbers) = (place.t, place.backward)
    let cell = CellEquations(reading.network)
    let hasLocal = place.isTop ? place.isInjected : numbers.local > 0
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText, by sign: String = "", rank: Int) -> Fact {
      Fact(Span(name + " ", theme[role]), Span(sign + NumberText.short(number), theme[.value]), rank: rank)
    }
    var facts = [fact("‖δ\(sub(t))‖", numbers.gradient, rank: 0)]
    if let carried = numbers.carriedWhole { facts.append(fact("‖∂L/∂\(cell.carriedName)\(sub(t))‖", carried, rank: 1)) }
    if hasLocal {
      facts.append(fact(place.isTop ? "from this step's loss" : "from the layer above", numbers.local, .local, rank: 2))
    }
    if place.clipScale < 1 { facts.append(fact("clipped s", place.clipScale, .threshold, by: "×", rank: 0)) }
    if !place.isLast, !place.isFixedPoint { facts.append(fact("from later steps", numbers.future, .future, rank: 1)) }
    if let next = numbers.next { facts.append(fact("‖δ\(sub(t + 1))‖", next, rank: 3)) }
    facts += factors(place, cell, theme)
    if let log10 = place.log10CopyGradient {
      let name = Span("‖∂L/∂W_hh\(sub(t))‖ ", theme[.window])
      facts.append(Fact(name, Span(NumberText.power(log10: log10), theme[.value]), rank: 1))
    }
    facts += remarks(place, hasLocal: hasLocal, goesBack: reading.goesBack, theme)
    let equations = BackwardEquations(place, cell, hasLocal: hasLocal, theme)
    return EquationText(equations: equations.lines, block: equations.block, facts: facts, theme: theme)
  }

  /// What the step after multiplied the gradient by, each factor called after what does it.
  private static func factors(_ place: StepInstrument.Place, _ cell: CellEquations, _ theme: Theme) -> [Fact] {
    let (t, numbers) = (place.t, place.backward)
    func fact(_ name: String, _ number: Double?, _ role: Role = .dimText, rank: Int = 0) -> Fact? {
      number.map { Fact(Span(name + " ", theme[role]), Span("×" + NumberText.short($0), theme[.value]), rank: rank) }
    }
    let gradientScale = place.gradientScale.flatMap { $0 == 0 ? nil : fact("weighted 1/(1-c)", $0, rank: 1) }
    return [
      gradientScale, fact("\(cell.gain)φ′\(sub(t + 1))", numbers.derivativeFactor),
      fact("gates\(sub(t + 1))", numbers.gatesFactor, .newest, rank: 1),
      fact("W_hhᵀ", numbers.recurrentFactor, rank: numbers.gatedPathFactor == nil ? 0 : 1),
      fact("memory path \(cell.memoryPathName(t + 1))", numbers.memoryPathFactor, .window),
      fact("path through the gates", numbers.gatedPathFactor, .newest),
      fact("leak path", numbers.directPathFactor, rank: 1),
    ].compactMap { $0 }
  }

  /// What is special about the step, in words.
  private static func remarks(
    _ place: StepInstrument.Place, hasLocal: Bool, goesBack: Bool, _ theme: Theme
  ) -> [Fact] {
    let t = place.t
    func remark(_ words: String, _ role: Role = .dimText, rank: Int) -> Fact {
      Fact([Span(words, theme[role])], rank: rank)
    }
    var facts: [Fact] = []
    if place.gradientScale == 0 { facts.append(remark("cut here: nothing comes from t=\(t + 1)", .warning, rank: 0)) }
    if place.isFixedPoint {
      facts.append(
        remark(place.isLast ? "settled: δ = e + Jᵀδ" : "on the way to the fixed point: no gradient", rank: 0))
    } else if place.isLast {
      facts.append(remark("the newest step: nothing comes from after it", rank: 1))
    }
    if place.isFirst, t > 1 {
      facts.append(
        goesBack
          ? remark("the window ends here: h\(sub(t - 1)) gets nothing", .warning, rank: 2)
          : remark("nothing goes back: what came before is in M\(sub(t))", rank: 2))
    }
    if !hasLocal { facts.append(remark(place.isTop ? "no loss at this step" : "nothing comes from above", rank: 4)) }
    return facts
  }
}

/// δ_t = what the step's own loss gives + what comes from the step after it, where they are. The shorter forms name
/// the loss's gradient in place of writing it out.
private struct BackwardEquations {
  /// Forms in one line, the fullest first.
  private(set) var lines: [[Span]] = []
  /// All of it, for cells that carry something beside h.
  private(set) var block: [[Span]] = []

  init(_ place: StepInstrument.Place, _ cell: CellEquations, hasLocal: Bool, _ theme: Theme) {
    let (t, isTop) = (place.t, place.isTop)
    // The objective is a mean: each loss counts 1/N.
    let share = place.lossCount > 1 ? "/\(place.lossCount)" : ""
    // At a fixed point the last step's own J comes again and again, and on the way there nothing goes back.
    let (state, beside) = cell.futureLines(place.isFixedPoint ? t - 1 : t)
    let future = place.isLast == place.isFixedPoint ? [Span(state, theme[.future])] : []
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
    if place.clipScale < 1 {
      // δ_t = s (local + future)
      let (open, close) = (Span("s (", theme[.threshold]), Span(")", theme[.threshold]))
      lines = lines.map { [$0[0], open] + $0.dropFirst() + [close] }
    }
    if !place.isLast, !place.isFixedPoint, !beside.isEmpty, let first = lines.first {
      block = [first] + beside.map { [Span($0, theme[.future])] }
    }
  }
}
