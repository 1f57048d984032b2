import Canvas
import GradientFlow
import Instruments
import Training

/// The recursion with the numbers of the step under the cursor; at the end of the pass the update.
struct ThisStepPanel: Panel {
  let id: PanelID = "this-step"
  let title = "This step"
  let shortTitle = "Step"
  let size = PanelSize(42, 2, widthWeight: 6, heightWeight: 7, maximumHeight: 5)
  let help = [
    "The equation at the cursor with its own numbers: forward a_t and h_t of sequence 1, backward δ_t, then the update.",
    "Backward and update: norms over the whole batch, δ_t = ∂L/∂h_t in units of the loss; factors have no unit. Norms of the parts of a sum do not add up: the parts point in different directions.",
    "Look for: which of φ′ and W_hh takes the gradient away (the factors), and where the step's own loss dominates.",
  ]
  let reads: [any Instrument.Type] = [StepInstrument.self]

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[StepInstrument.self] else { return [] }
    let t = state.cursor.step + 1
    let lane = state.lanes.count > 1 ? "lane \(state.lane.id.letter) · " : ""
    let layer = lane + (state.layers > 1 ? "layer \(state.shownLayer + 1) · " : "")
    switch state.cursor.phase {
    case .forward:
      let forms = ["\(layer)forward · t = \(t) · sequence 1 of \(reading.batch)", "\(layer)forward · t = \(t)"]
      return forms + [layer + "t = \(t)"]
    case .backward:
      let forms = ["\(layer)backward · t = \(t) · \(Self.whose(reading))", "\(layer)backward · t = \(t)"]
      return forms + [layer + "t = \(t)"]
    case .update:
      let update = lane + "update " + NumberText.grouped(reading.update.number)
      return ["\(update), made from the steps \(reading.window.lowerBound + 1) … \(reading.window.upperBound)", update]
    }
  }

  private static func whose(_ reading: StepInstrument.Reading) -> String {
    if reading.showsUnits { return "sequence 1 of \(reading.batch)" }
    return "norms over \(reading.batch) sequence" + (reading.batch == 1 ? "" : "s")
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = state.lane[StepInstrument.self] else {
      buffer.put("waiting for the first pass", in: rect, style: theme[.dimText], ellipsis: true)
      return
    }
    let step = min(max(state.cursor.step, reading.window.lowerBound), reading.window.upperBound - 1)
    let inside = rect.inset(left: 1, right: 1)
    guard rect.height >= Self.heightOfAll else {
      text(state.cursor.phase, reading, step, layer: state.shownLayer, theme)?.draw(in: inside, &buffer)
      return
    }
    // Where there is room, the whole story of the step, the part under the cursor marked.
    var row = 0
    let t = step + 1
    for (phase, name) in [
      (Cursor.Phase.forward, "Forward at t = \(t), sequence 1"),
      (.backward, "Backward at t = \(t), \(reading.showsUnits ? "sequence 1" : "the whole batch")"),
      (.update, "Update \(NumberText.grouped(reading.update.number)), the whole window"),
    ] {
      let isHere = phase == state.cursor.phase
      buffer.put((isHere ? "▸ " : "  ") + name, in: inside, row: row, style: theme[isHere ? .accent : .dimText])
      row += 1
      let text = text(phase, reading, step, layer: state.shownLayer, theme)
      row += text?.draw(in: inside.inset(left: 2, top: row), &buffer) ?? 0
      row += 1
    }
    guard let weights = reading.unitWeights(step: step).map(StepWeights.init) else { return }
    // Rather without the blank line than not at all.
    let top = inside.height - row < weights.height ? row - 1 : row
    weights.draw(in: inside.inset(left: 2, top: top), &buffer, theme: theme)
  }

  private func text(
    _ phase: Cursor.Phase, _ reading: StepInstrument.Reading, _ step: Int, layer: Int, _ theme: Theme
  ) -> EquationText? {
    if let units = reading.units(step: step) {
      if phase == .forward { return .forward(units, reading, step: step, theme) }
      if phase == .backward { return .backward(units, reading, step: step, theme) }
    }
    if phase == .update { return .update(reading.update, reading.noGradientReason, theme) }
    return reading.place(step: step, layer: layer).map {
      phase == .forward ? .forward($0, reading, theme) : .backward($0, reading, theme)
    }
  }

  /// From this height on all three parts are shown.
  private static let heightOfAll = 13
}

extension EquationText {
  /// The gradient, its clipping, and what the optimiser does.
  static func update(
    _ numbers: StepInstrument.Update, _ noGradientReason: String?, _ theme: Theme
  ) -> EquationText {
    let value = theme[.value], dim = theme[.dimText], text = theme[.text]
    if let noGradientReason {
      let lines = ["no update is made", noGradientReason].map { Fact([Span($0, theme[.error])], rank: 0) }
      return EquationText(equations: [], facts: lines, theme: theme)
    }
    let optimizer = numbers.optimizer
    let rule = (numbers.noiseDeviation != nil ? "g ← g + N(0, σ²), " : "") + optimizer.equation
    let sum = equation(numbers.equation) + (numbers.omega != nil ? " + λ ∂Ω/∂w" : "")
    var facts = [Fact(Span("‖g‖ ", theme[.gradientNorm]), Span(NumberText.short(numbers.raw), value), rank: 0)]
    facts.append(Fact(clipping(numbers, theme), rank: 0))
    let rate = numbers.learningRate
    let isWhole = rate == optimizer.learningRate
    let share = isWhole ? "" : " of \(plain(optimizer.learningRate))"
    facts.append(
      Fact([Span("η ", dim), Span(isWhole ? plain(rate) : NumberText.short(rate), value), Span(share, dim)], rank: 1))
    if optimizer.isPlainDescent, numbers.noiseDeviation == nil {
      facts.append(Fact(Span("‖Δw‖ ", dim), Span(NumberText.short(rate * numbers.clipped), value), rank: 1))
    }
    if let farthest = numbers.farthestCopy {
      let words = "\(numbers.copies) copies of W_hh; farthest from their mean: "
      facts.append(Fact([Span(words, dim), Span(NumberText.short(farthest), value)], rank: 1))
    }
    if let deviation = numbers.noiseDeviation {
      facts.append(Fact(Span("noise σ ", dim), Span(NumberText.short(deviation), value), rank: 1))
    }
    if let omega = numbers.omega {
      facts.append(Fact(Span("Ω ", dim), Span(NumberText.short(omega), value), rank: 1))
    }
    facts.append(Fact(Span("‖w‖ ", dim), Span(NumberText.short(numbers.weights), value), rank: 2))
    let whole =
      numbers.numbersHeld < numbers.numbersHeldWhole ? " of \(NumberText.count(numbers.numbersHeldWhole))" : ""
    facts.append(
      Fact(
        [Span("memory ", dim), Span(NumberText.count(numbers.numbersHeld), value), Span(whole + " numbers", dim)],
        rank: 3))
    facts.append(
      Fact(Span(NumberText.count(numbers.multiplyAdds), value), Span(" multiply-adds", dim), rank: 4))
    return EquationText(
      equations: [[Span(sum + "     " + rule, text)], [Span(rule, text)]], facts: facts, theme: theme)
  }

  /// The gradient by the weights: a sum over all steps that share them, or each step's own; or the algorithm's own.
  private static func equation(_ equation: StepInstrument.Update.Equation) -> String {
    switch equation {
    case .sum(isUntied: false): "g = Σₜ ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    case .sum(isUntied: true): "gₜ = ∂L/∂aₜ ⊗ [xₜ, hₜ₋₁, 1]"
    case .unitSum(isUntied: false): "∂J/∂W = Σₜ δₜ ⊗ [yₜ₋₁, xₜ] = -g"
    case .unitSum(isUntied: true): "∂J/∂Wₜ = δₜ ⊗ [yₜ₋₁, xₜ] = -gₜ"
    case .other(let text):
      text.replacing("{t-1}", with: "ₜ₋₁").replacing("{t+1}", with: "ₜ₊₁").replacing("{t}", with: "ₜ")
    }
  }

  /// What clipping does to the update.
  private static func clipping(_ numbers: StepInstrument.Update, _ theme: Theme) -> [Span] {
    let (clip, dim) = (numbers.clip, theme[.dimText])
    switch clip.kind {
    case .none: return [Span("not clipped", dim)]
    case .step:
      guard numbers.clippedSteps > 0 else { return [Span("every ‖δ‖ is below \(plain(clip.threshold))", dim)] }
      return [
        Span(
          "δ clipped to \(plain(clip.threshold)) at \(numbers.clippedSteps) of \(numbers.steps) steps",
          theme[.threshold])
      ]
    case .weight: return [Span("weights clipped to ±\(plain(clip.threshold))", theme[.threshold])]
    case .norm, .value:
      guard numbers.scale < 1 else {
        let words = clip.kind == .norm ? "below the clip threshold" : "no component over"
        return [Span("\(words) \(plain(clip.threshold))", dim)]
      }
      return [
        Span("clip \(clip.kind.rawValue) \(plain(clip.threshold)) ", theme[.threshold]),
        Span("×" + NumberText.short(numbers.scale), theme[.value]), Span(" → ", dim),
        Span(NumberText.short(numbers.clipped), theme[.value]),
      ]
    }
  }
}
