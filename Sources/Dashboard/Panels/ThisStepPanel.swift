import Canvas
import GradientFlow
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
    let layer = state.layers > 1 ? "layer \(state.shownLayer + 1) · " : ""
    switch state.cursor.phase {
    case .forward:
      let forms = ["\(layer)forward · t = \(t) · sequence 1 of \(tape.batch)", "\(layer)forward · t = \(t)"]
      return forms + [layer + "t = \(t)"]
    case .backward:
      let whose = StepText.showsUnits(tape) ? "sequence 1 of \(tape.batch)" : "norms over \(tape.batch) sequences"
      let forms = ["\(layer)backward · t = \(t) · \(whose)", "\(layer)backward · t = \(t)"]
      return forms + [layer + "t = \(t)"]
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
    let layer = min(state.shownLayer, tape.layers.count - 1)
    func text(_ phase: Cursor.Phase) -> StepText? {
      if StepText.showsUnits(tape), let units = UnitNumbers(tape, step: step) {
        if phase == .forward { return .forward(units, tape, step, theme) }
        if phase == .backward { return .backward(units, tape, step, theme) }
      }
      return switch phase {
      case .forward:
        ForwardNumbers(tape, step: step, layer: layer).map {
          .forward($0, tape, step, layer: layer, state.analysis?.drift, theme)
        }
      case .backward:
        BackwardNumbers(tape, step: step, layer: layer).map {
          .backward(
            $0, tape, step, layer: layer,
            goesBack: !state.experiment.training.algorithm.description.isForward, state.analysis?.drift, theme)
        }
      case .update:
        .update(
          UpdateNumbers(tape, state.experiment.training.clip, gradient: state.analysis?.learner?.gradient), state, tape,
          theme)
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
      (Cursor.Phase.forward, "Forward at t = \(t), sequence 1"),
      (.backward, "Backward at t = \(t), \(StepText.showsUnits(tape) ? "sequence 1" : "the whole batch")"),
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
  /// The gradient, its clipping, and what the optimiser does.
  static func update(_ numbers: UpdateNumbers, _ state: DashboardState, _ tape: Tape, _ theme: Theme) -> StepText {
    let value = theme[.value], dim = theme[.dimText], text = theme[.text]
    let training = state.experiment.training
    let optimizer = training.optimizer
    let rule = optimizer.equation
    let algorithm = training.algorithm.description
    let whole = weightGradient(tape)
    let sum = algorithm.isTape ? whole : Self.timeless(algorithm.equations.last ?? "")
    if let reason = state.noGradientReason {
      let lines = ["no update is made", reason].map { Fact([Span($0, theme[.error])], rank: 0) }
      return StepText(equations: [], facts: lines, theme: theme)
    }
    var facts = [Fact(Span("‖g‖ ", theme[.gradientNorm]), Span(NumberText.short(numbers.raw), value), rank: 0)]
    facts.append(Fact(clipping(numbers, training.clip, tape, theme), rank: 0))
    let rate = training.learningRate(after: state.shown?.update ?? 0)
    let isWhole = rate == optimizer.learningRate
    let share = isWhole ? "" : " of \(plain(optimizer.learningRate))"
    facts.append(
      Fact([Span("η ", dim), Span(isWhole ? plain(rate) : NumberText.short(rate), value), Span(share, dim)], rank: 1))
    if optimizer.isPlainDescent, training.regularizer.noise == 0 {
      let change = rate * numbers.clipped
      facts.append(Fact(Span("‖Δw‖ ", dim), Span(NumberText.short(change), value), rank: 1))
    }
    if let drift = state.analysis?.drift, let farthest = drift.fromMean.filter(\.isFinite).max() {
      let words = "\(drift.fromMean.count) untied W_hh, from their mean up to "
      facts.append(Fact([Span(words, dim), Span(NumberText.short(farthest), value)], rank: 1))
    }
    if training.regularizer.omega > 0 {
      facts.append(Fact(Span("Ω ", dim), Span(NumberText.short(tape.omega), value), rank: 1))
    }
    facts.append(Fact(Span("‖w‖ ", dim), Span(NumberText.short(numbers.weights), value), rank: 2))
    if let cost = state.analysis?.cost {
      let share = cost.floatsHeld < cost.floatsHeldFull ? " of \(NumberText.grouped(cost.floatsHeldFull))" : ""
      let spans = [Span("holds ", dim), Span(NumberText.grouped(cost.floatsHeld), value), Span(" floats" + share, dim)]
      facts.append(Fact(spans, rank: 3))
      facts.append(
        Fact(Span(NumberText.short(Double(cost.multiplyAdds)), value), Span(" multiply-adds", dim), rank: 4))
    }
    return StepText(
      equations: [[Span(sum + "     " + rule, text)], [Span(rule, text)]], facts: facts, theme: theme)
  }

  /// The gradient by the weights: a sum over all steps that share them, or each step's own.
  private static func weightGradient(_ tape: Tape) -> String {
    switch (tape.layout.hasReadout, tape.layout.copies > 1) {
    case (true, false): "g = Σₜ ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    case (false, false): "∂J/∂W = Σₜ δₜ ⊗ [yₜ₋₁, xₜ] = -g"
    case (true, true): "gₜ = ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    case (false, true): "∂J/∂Wₜ = δₜ ⊗ [yₜ₋₁, xₜ] = -gₜ"
    }
  }

  /// An equation of any step: its subscripts are t.
  private static func timeless(_ equation: String) -> String {
    equation.replacing("{t-1}", with: "ₜ₋₁").replacing("{t+1}", with: "ₜ₊₁").replacing("{t}", with: "ₜ")
  }

  /// What clipping does to the update.
  private static func clipping(
    _ numbers: UpdateNumbers, _ clip: ClipSpecification, _ tape: Tape, _ theme: Theme
  ) -> [Span] {
    let dim = theme[.dimText]
    switch clip.kind {
    case .none: return [Span("not clipped", dim)]
    case .step:
      let clipped = (0..<tape.steps).count { step in
        tape.layers.indices.contains { tape.clipScale(step: step, layer: $0) < 1 }
      }
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
