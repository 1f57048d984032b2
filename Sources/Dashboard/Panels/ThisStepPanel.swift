import Canvas
import RecurrentNetworks
import Training

/// The recursion with the numbers of the step under the cursor; at the end of the pass the update.
struct ThisStepPanel: Panel {
  let id: PanelID = "this-step"
  let digit = 8
  let title = "This step"
  let shortTitle = "Step"
  let minimumSize = Size(width: 42, height: 2)
  let widthWeight = 6
  let heightWeight = 7
  let maximumHeight: Int? = 5
  let help = [
    "The equation at the cursor with its own numbers: forward a_t and h_t of sequence 1, backward δ_t, then the update.",
    "Backward and update: norms over the whole batch, δ_t = ∂L/∂h_t in units of the loss; factors have none.",
    "Look for: which of φ′ and W_hh takes the gradient away (the factors), and when its own loss outweighs the future.",
  ]

  func notes(_ state: DashboardState) -> [String] {
    guard let tape = state.analysis?.window else { return [] }
    let t = state.cursor.step + 1
    let steps = tape.window.steps
    switch state.cursor.phase {
    case .forward: return ["forward · t = \(t) · sequence 1 of \(tape.batch)", "forward · t = \(t)", "t = \(t)"]
    case .backward:
      return ["backward · t = \(t) · norms over \(tape.batch) sequences", "backward · t = \(t)", "t = \(t)"]
    case .update:
      let update = NumberText.grouped((state.shown?.update ?? 0) + 1)
      return ["update \(update) from steps \(steps.lowerBound + 1) … \(steps.upperBound)", "update \(update)"]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let tape = state.analysis?.window else {
      buffer.put("waiting for the first pass", in: rect, style: theme[.dimText], ellipsis: true)
      return
    }
    let step = state.cursor.step - tape.window.steps.lowerBound
    let inside = rect.inset(left: 1, right: 1)
    func text(_ phase: Cursor.Phase) -> StepText? {
      switch phase {
      case .forward: ForwardNumbers(tape, step: step).map { .forward($0, tape, step, theme) }
      case .backward: BackwardNumbers(tape, step: step).map { .backward($0, tape, step, theme) }
      case .update: .update(UpdateNumbers(tape, state.experiment.training.clip), state, tape, theme)
      }
    }
    guard rect.height >= Self.heightOfAll else {
      text(state.cursor.phase)?.draw(in: inside, &buffer)
      return
    }
    // Where there is room, the whole story of the step, the part under the cursor marked.
    var row = 0
    let t = state.cursor.step + 1
    for (phase, name) in [
      (Cursor.Phase.forward, "Forward at t = \(t), sequence 1"), (.backward, "Backward at t = \(t), the whole batch"),
      (.update, "Update \(NumberText.grouped((state.shown?.update ?? 0) + 1)), the whole window"),
    ] {
      let isHere = phase == state.cursor.phase
      buffer.put((isHere ? "▸ " : "  ") + name, in: inside, row: row, style: theme[isHere ? .accent : .dimText])
      row += 1
      row += text(phase)?.draw(in: inside.inset(left: 2, top: row), &buffer) ?? 0
      row += 1
    }
  }

  /// From this height on all three parts are shown.
  private static let heightOfAll = 13
}

extension StepText {
  /// a_t and h_t.
  static func forward(_ numbers: ForwardNumbers, _ tape: Tape, _ step: Int, _ theme: Theme) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let a = cell.preactivation(t), h = cell.state(t)
    let text = theme[.text]
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText, rank: Int) -> Fact {
      Fact(Span(name + " ", theme[role]), Span(NumberText.short(number), theme[.value]), columns: 5, rank: rank)
    }
    var facts = [
      fact("‖a\(sub(t))‖", numbers.preactivation, rank: 0), fact("‖W_ih x‖", numbers.input, .local, rank: 1),
      fact("‖W_hh h‖", numbers.recurrent, .future, rank: 1), fact("‖b‖", numbers.bias, rank: 3),
      fact("‖h\(sub(t))‖", numbers.state, rank: 0), fact("φ′\(sub(t)) mean", numbers.derivativeMean, rank: 0),
      fact("least", numbers.derivativeLeast, rank: 3),
    ]
    if let loss = numbers.loss {
      facts.append(fact("loss l\(sub(t))", loss, .loss, rank: 2))
      if !numbers.isInjected { facts.append(Fact([Span("not in this update", theme[.dimText])], rank: 2)) }
    } else {
      facts.append(Fact([Span("no target at this step", theme[.dimText])], rank: 2))
    }
    return StepText(
      equations: [[Span(a + "     " + h, text)], [Span(a, text)], [Span(h, text)]], facts: facts, theme: theme)
  }

  /// δ_t by its two parts, and what the step after did to it.
  static func backward(_ numbers: BackwardNumbers, _ tape: Tape, _ step: Int, _ theme: Theme) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let dim = theme[.dimText]
    let isLast = step + 1 == tape.steps
    let hasLoss = tape.isInjected(step)
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText, by sign: String = "", rank: Int) -> Fact {
      Fact(Span(name + " ", theme[role]), Span(sign + NumberText.short(number), theme[.value]), rank: rank)
    }
    var facts = [fact("‖δ\(sub(t))‖", numbers.gradient, rank: 0)]
    if hasLoss { facts.append(fact("‖local‖", numbers.local, .local, rank: 2)) }
    if numbers.clipScale < 1 {
      facts.append(fact("clipped s", numbers.clipScale, .threshold, by: "×", rank: 0))
    }
    if !isLast { facts.append(fact("‖future‖", numbers.future, .future, rank: 1)) }
    if let next = numbers.next { facts.append(fact("‖δ\(sub(t + 1))‖", next, rank: 3)) }
    if let factor = numbers.derivativeFactor {
      facts.append(fact("\(cell.gain)φ′\(sub(t + 1))", factor, by: "×", rank: 0))
    }
    if let factor = numbers.recurrentFactor { facts.append(fact("W_hhᵀ", factor, by: "×", rank: 0)) }
    if cell.keep != 0, numbers.next != nil { facts.append(fact("past φ", abs(cell.keep), by: "×", rank: 1)) }
    if isLast { facts.append(Fact([Span("the newest step: nothing comes from after it", dim)], rank: 1)) }
    if step == 0, t > 1 {
      facts.append(Fact([Span("the window ends here: h\(sub(t - 1)) gets nothing", theme[.warning])], rank: 2))
    }
    if !hasLoss { facts.append(Fact([Span("no loss enters here", dim)], rank: 4)) }
    var equations = backwardEquations(tape, step, hasLoss, theme)
    if numbers.clipScale < 1 {
      // δ_t = s (local + future)
      let (open, close) = (Span("s (", theme[.threshold]), Span(")", theme[.threshold]))
      equations = equations.map { [$0[0], open] + $0.dropFirst() + [close] }
    }
    return StepText(equations: equations, facts: facts, theme: theme)
  }

  /// δ_t = what the step's own loss gives + what comes from the step after it, where they are. The shorter forms name
  /// the loss's gradient in place of writing it out.
  private static func backwardEquations(_ tape: Tape, _ step: Int, _ hasLoss: Bool, _ theme: Theme) -> [[Span]] {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    // The objective is a mean: each loss counts 1/N.
    let count = tape.injectionWeight > 0 ? (1 / tape.injectionWeight).rounded() : 1
    let share = count > 1 ? "/\(Int(count))" : ""
    let future = step + 1 == tape.steps ? [] : [Span(cell.future(t), theme[.future])]
    let start = Span("δ\(sub(t)) = ", theme[.text])
    guard hasLoss else { return [[start] + (future.isEmpty ? [Span("0", theme[.text])] : future)] }
    return [cell.local(t) + share, "∂l\(sub(t))/∂h\(sub(t))\(share)", "local"].map { local in
      [start, Span(local, theme[.local])] + (future.isEmpty ? [] : [Span(" + ", theme[.text])] + future)
    }
  }

  /// The gradient, its clipping, and what the optimiser does.
  static func update(_ numbers: UpdateNumbers, _ state: DashboardState, _ tape: Tape, _ theme: Theme) -> StepText {
    let value = theme[.value], dim = theme[.dimText], text = theme[.text]
    let training = state.experiment.training
    let optimizer = training.optimizer
    let rule = optimizer.equation
    let sum = "g = Σₜ ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    if let reason = state.noGradientReason {
      let lines = ["no update is made", reason].map { Fact([Span($0, theme[.error])], rank: 0) }
      return StepText(equations: [], facts: lines, theme: theme)
    }
    var facts = [Fact(Span("‖g‖ ", theme[.gradientNorm]), Span(NumberText.short(numbers.raw), value), rank: 0)]
    facts.append(Fact(clipping(numbers, training.clip, tape, theme), rank: 0))
    let rate = training.learningRate(after: state.shown?.update ?? 0)
    let share = rate == optimizer.learningRate ? "" : " of \(plain(optimizer.learningRate))"
    facts.append(Fact([Span("η ", dim), Span(NumberText.short(rate), value), Span(share, dim)], rank: 1))
    if optimizer.isPlainDescent, training.regularizer.noise == 0 {
      let change = rate * numbers.clipped
      facts.append(Fact(Span("‖Δw‖ ", dim), Span(NumberText.short(change), value), rank: 1))
    }
    if training.regularizer.omega > 0 {
      facts.append(Fact(Span("Ω ", dim), Span(NumberText.short(tape.omega), value), rank: 1))
    }
    facts.append(Fact(Span("‖w‖ ", dim), Span(NumberText.short(numbers.weights), value), rank: 2))
    if let cost = state.analysis?.cost {
      let share = cost.floatsHeld < cost.floatsHeldFull ? " of \(NumberText.grouped(cost.floatsHeldFull))" : ""
      let spans = [Span("holds ", dim), Span(NumberText.grouped(cost.floatsHeld), value), Span(" floats" + share, dim)]
      facts.append(Fact(spans, rank: 3))
    }
    return StepText(
      equations: [[Span(sum + "     " + rule, text)], [Span(rule, text)]], facts: facts, theme: theme)
  }

  /// What clipping does to the update.
  private static func clipping(
    _ numbers: UpdateNumbers, _ clip: ClipSpecification, _ tape: Tape, _ theme: Theme
  ) -> [Span] {
    let dim = theme[.dimText]
    switch clip.kind {
    case .none: return [Span("not clipped", dim)]
    case .step:
      let clipped = tape.clipScales.suffix(tape.steps).count { $0 < 1 }
      guard clipped > 0 else { return [Span("every δ under the clip \(plain(clip.threshold))", dim)] }
      return [Span("δ clipped to \(plain(clip.threshold)) at \(clipped) of \(tape.steps) steps", theme[.threshold])]
    case .weight: return [Span("weights clipped to ±\(plain(clip.threshold))", theme[.threshold])]
    case .norm, .value:
      guard numbers.scale < 1 else { return [Span("under the clip \(plain(clip.threshold))", dim)] }
      return [
        Span("clip \(clip.kind.rawValue) \(plain(clip.threshold)) ", theme[.threshold]),
        Span("×" + NumberText.short(numbers.scale), theme[.value]), Span(" → ", dim),
        Span(NumberText.short(numbers.clipped), theme[.value]),
      ]
    }
  }
}

extension Tape {
  /// Whether a loss of any sequence is injected at `step`, counted from the window's first.
  fileprivate func isInjected(_ step: Int) -> Bool {
    mask.dropFirst(step * batch).prefix(batch).contains { $0 != 0 }
  }
}
