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

/// An equation and its numbers, as pieces that are never cut: what finds no room is left away, the last first.
struct StepText {
  /// Forms of the equation, the fullest first.
  var equations: [[Span]]
  /// Each stays in one line.
  var facts: [[Span]]

  /// Draws as much as fits.
  /// - Returns: how many rows it took.
  @discardableResult
  func draw(in rect: Rect, _ buffer: inout Buffer) -> Int {
    guard rect.height > 0 else { return 0 }
    func columns(_ spans: [Span]) -> Int { spans.reduce(0) { $0 + $1.columns } }
    var row = 0
    if let equation = equations.first(where: { columns($0) <= rect.width }) {
      buffer.put(equation, in: rect, row: row)
      row += 1
    }
    var used = 0
    for fact in facts {
      let width = columns(fact)
      guard width <= rect.width else { continue }
      if used > 0 && used + 3 + width > rect.width {
        row += 1
        used = 0
      }
      guard row < rect.height else { return row }
      used += used > 0 ? 3 : 0
      buffer.put(fact, in: rect.inset(left: used), row: row)
      used += width
    }
    return row + (used > 0 ? 1 : 0)
  }
}

extension StepText {
  /// a_t and h_t.
  static func forward(_ numbers: ForwardNumbers, _ tape: Tape, _ step: Int, _ theme: Theme) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let phi = "φ′\(sub(t))"
    let a = cell.preactivation(t), h = cell.state(t)
    let text = theme[.text], value = theme[.value]
    func fact(_ name: String, _ number: Double, _ role: Role = .dimText) -> [Span] {
      [Span(name + " ", theme[role]), Span(NumberText.short(number), value)]
    }
    var facts = [
      fact("‖a\(sub(t))‖", numbers.preactivation) + [Span(" of ", theme[.dimText])]
        + fact("W_ih x", numbers.input, .local) + [Span(" + ", theme[.dimText])]
        + fact("W_hh h", numbers.recurrent, .future) + [Span(" + ", theme[.dimText])] + fact("b", numbers.bias),
      fact("‖h\(sub(t))‖", numbers.state),
      fact("\(phi) mean", numbers.derivativeMean) + fact(", least", numbers.derivativeLeast),
    ]
    if let loss = numbers.loss {
      facts.append(
        fact("loss l\(sub(t))", loss, .loss)
          + [Span(numbers.isInjected ? "" : " (not in this update)", theme[.dimText])])
    } else {
      facts.append([Span("no target at this step", theme[.dimText])])
    }
    return StepText(equations: [[Span(a + "     " + h, text)], [Span(a, text)], [Span(h, text)]], facts: facts)
  }

  /// δ_t by its two parts, and what the step after did to it.
  static func backward(_ numbers: BackwardNumbers, _ tape: Tape, _ step: Int, _ theme: Theme) -> StepText {
    let t = tape.window.steps.lowerBound + step + 1
    let cell = CellEquations(tape.network)
    let value = theme[.value], dim = theme[.dimText]
    let isLast = step + 1 == tape.steps
    let hasLoss = numbers.local > 0
    // The objective is a mean: each loss counts 1/N.
    let count = tape.injectionWeight > 0 ? (1 / tape.injectionWeight).rounded() : 1
    let share = count > 1 ? "/\(Int(count))" : ""
    // The shorter form names the loss's gradient in place of writing it out.
    let equations = [cell.local(t) + share, "∂l\(sub(t))/∂h\(sub(t))\(share)", "local"].map { local in
      [
        Span("δ\(sub(t)) = ", theme[.text]), Span(local, hasLoss ? theme[.local] : dim),
        Span(" + ", theme[.text]), Span(cell.future(t), isLast ? dim : theme[.future]),
      ]
    }
    func number(_ number: Double) -> String { NumberText.short(number) }
    var facts: [[Span]] = [
      [
        Span("‖δ\(sub(t))‖ ", dim), Span(number(numbers.gradient), value), Span(" = |", dim),
        Span("local ", theme[.local]), Span(number(numbers.local), value), Span(" + ", dim),
        Span("future ", theme[.future]), Span(number(numbers.future), value), Span("|", dim),
      ]
    ]
    if let factor = numbers.derivativeFactor {
      facts.append([Span("\(cell.gain)φ′\(sub(t + 1)) ", dim), Span("×" + number(factor), value)])
    }
    if let factor = numbers.recurrentFactor {
      facts.append([Span("W_hhᵀ ", dim), Span("×" + number(factor), value)])
    }
    if cell.keep != 0, numbers.next != nil {
      facts.append([Span("past φ ", dim), Span("×" + number(abs(cell.keep)), value)])
    }
    if !hasLoss { facts.append([Span("no loss enters here", dim)]) }
    if isLast { facts.append([Span("the newest step: nothing comes from after it", dim)]) }
    if step == 0, t > 1 {
      facts.append([Span("the window ends here: nothing goes on to h\(sub(t - 1))", theme[.warning])])
    }
    if let next = numbers.next { facts.append([Span("‖δ\(sub(t + 1))‖ ", dim), Span(number(next), value)]) }
    return StepText(equations: equations, facts: facts)
  }

  /// The gradient, its clipping, and what the optimiser does.
  static func update(_ numbers: UpdateNumbers, _ state: DashboardState, _ tape: Tape, _ theme: Theme) -> StepText {
    let value = theme[.value], dim = theme[.dimText], text = theme[.text]
    let training = state.experiment.training
    let rule =
      switch training.optimizer.name {
      case .sgd: "w ← w - η g"
      case .momentum: "v ← μ v + g, w ← w - η v"
      case .adam: "w ← w - η m/(√v + ε)"
      }
    let sum = "g = Σₜ ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    if let reason = state.noGradientReason {
      return StepText(
        equations: [], facts: [[Span("no update is made", theme[.error])], [Span(reason, theme[.error])]])
    }
    var facts: [[Span]] = [
      [Span("‖g‖ ", theme[.gradientNorm]), Span(NumberText.short(numbers.raw), value)]
    ]
    if training.clip.kind == .none {
      facts.append([Span("not clipped", dim)])
    } else if numbers.scale < 1 {
      facts.append([
        Span("clip \(training.clip.kind.rawValue) \(plain(training.clip.threshold)) ", theme[.threshold]),
        Span("×" + NumberText.short(numbers.scale), value), Span(" → ", dim),
        Span(NumberText.short(numbers.clipped), value),
      ])
    } else {
      facts.append([Span("under the clip \(plain(training.clip.threshold))", dim)])
    }
    facts.append([Span("η ", dim), Span(plain(training.optimizer.learningRate), value)])
    if training.optimizer.name == .sgd {
      let change = training.optimizer.learningRate * numbers.clipped
      facts.append([Span("‖Δw‖ ", dim), Span(NumberText.short(change), value)])
    }
    facts.append([Span("‖w‖ ", dim), Span(NumberText.short(numbers.weights), value)])
    if let cost = state.analysis?.cost {
      facts.append([
        Span("holds ", dim), Span(NumberText.grouped(cost.floatsHeld), value), Span(" floats", dim),
        Span(cost.floatsHeld < cost.floatsHeldFull ? " of \(NumberText.grouped(cost.floatsHeldFull))" : "", dim),
      ])
    }
    return StepText(equations: [[Span(sum + "     " + rule, text)], [Span(rule, text)]], facts: facts)
  }
}
