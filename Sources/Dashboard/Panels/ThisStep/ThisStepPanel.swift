import Canvas
import Instruments

/// The recursion with the numbers of the step under the cursor; at the end of the pass the update.
struct ThisStepPanel: Panel {
  let id: PanelID = "this-step"
  let title = "This step"
  let shortTitle = "Step"
  let size = PanelSize(42, 2, widthWeight: 6, heightWeight: 7, maximumHeight: 5)
  let help = [
    "The equation at the cursor with its own numbers: forward a_t and h_t, backward δ_t = ∂L/∂h_t, then the update. ⊙ multiplies unit by unit, i′ is the slope of gate i at its a, W_out is readout.weight.",
    "Gradients are in units of the loss, each the whole derivative: ∂L/∂c_t with what goes through h_t. Factors, and norms where there is no room for vectors, are over the whole batch. Norms of the parts of a sum do not add: the angle between the parts says how they do. Williams & Zipser write ε for ∂J/∂y and δ for ∂J/∂s.",
    "Look for: which of φ′ and W_hh takes the gradient away (the factors), and where the step's own loss dominates. z writes out every equation of the step for one sequence, vectors as columns: it can be done again on paper. Of a small network the update of every weight is there too: ΔW is what it adds, scale what clipping multiplies g by, m and v what the optimizer remembers.",
  ]
  let keys = [
    PanelKey(
      [.up, .down, .character("k"), .character("j")], name: "↑↓", short: "units",
      help: "other units, where not all are shown (k j)"),
    PanelKey(
      [.character("w"), .character("W")], name: "w W", short: "sequence",
      help: "the next sequence of the batch, the one before"),
  ]
  let reads: [any Instrument.Type] = [StepInstrument.self]

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    guard let reading = state.lane[StepInstrument.self] else { return nil }
    func turned(_ place: Int, by step: Int, _ count: Int) -> Int { (min(place, count - 1) + step + count) % count }
    switch key {
    case .up, .character("k"): state.stepUnit = max(0, state.stepUnit - 1)
    case .down, .character("j"): state.stepUnit = min(reading.hidden - 1, state.stepUnit + 1)
    case .character("w"), .character("W"):
      state.stepSequence = turned(state.stepSequence, by: key == .character("w") ? 1 : -1, reading.batch)
      state.message = Message(
        "This step writes out sequence \(state.stepSequence + 1) of \(reading.batch); the other panels stay")
    default: return nil
    }
    return []
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[StepInstrument.self] else { return [] }
    let t = state.cursor.step + 1
    let lane = state.lanes.count > 1 ? "lane \(state.lane.id.letter) · " : ""
    let layer = lane + (state.layerWords.map { "\($0) · " } ?? "")
    let sequence = "sequence \(state.sequence(reading) + 1) of \(reading.batch)"
    switch state.cursor.phase {
    case .forward:
      return ["\(layer)forward · t = \(t) · \(sequence)", "\(layer)forward · t = \(t)", layer + "t = \(t)"]
    case .backward:
      let whose = reading.batch == 1 || state.zoomed == id ? sequence : "norms over \(reading.batch) sequences"
      return ["\(layer)backward · t = \(t) · \(whose)", "\(layer)backward · t = \(t)", layer + "t = \(t)"]
    case .update:
      let update = lane + "update " + NumberText.grouped(reading.update.number)
      return ["\(update), made from the steps \(reading.window.lowerBound + 1) … \(reading.window.upperBound)", update]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = state.lane[StepInstrument.self] else {
      buffer.put("waiting for the first pass", in: rect, style: theme[.dimText], ellipsis: true)
      return
    }
    let inside = rect.inset(left: 1, right: 1)
    let step = min(max(state.cursor.step, reading.window.lowerBound), reading.window.upperBound - 1)
    let story = StepInstrument.Story(
      reading, step: step, layer: state.shownLayer, sequence: state.sequence(reading))
    func text(_ phase: Cursor.Phase, hasNumbers: Bool) -> EquationText {
      let text =
        switch phase {
        case .forward: story?.forward(hasNumbers: hasNumbers)
        case .backward: story?.backward(hasNumbers: hasNumbers)
        case .update: reading.update.text(reading.noGradientReason)
        }
      return text.map { EquationText($0, theme) } ?? EquationText(equations: [], facts: [], theme: theme)
    }
    guard rect.height >= Self.heightOfAll else {
      text(state.cursor.phase, hasNumbers: false).draw(in: inside, &buffer)
      return
    }
    let phases: [Cursor.Phase] = [.forward, .backward, .update]
    let parts = phases.map { phase in
      // Of the update all weights with ‖g‖ and the moments, or all weights, or one.
      let equations: [[StepEquation]] =
        switch phase {
        case .forward: [story?.equations?.forward ?? []]
        case .backward: [story?.equations?.backward ?? []]
        case .update where reading.noGradientReason == nil: reading.update.equations
        case .update: [[]]
        }
      return EquationPage.Part(
        least: phase == .update ? 2 : 1, shortenings: max(1, equations.count - 1),
        titles: { Self.titles(phase, state, reading, step: step, units: $0) },
        equations: { units, shortening in
          equations[min(shortening, equations.count - 1)].map {
            EquationBlock($0, units: units, isFolded: shortening > 0, theme)
          }
        }, text: { text(phase, hasNumbers: $0) })
    }
    EquationPage(
      parts, here: phases.firstIndex(of: state.cursor.phase) ?? 0, units: reading.hidden, most: StepEquation.most,
      first: state.stepUnit, theme: theme
    ).draw(in: inside, &buffer)
  }

  /// From this height on all three parts are shown: forward, backward and the update, with their numbers.
  private static let heightOfAll = 13

  /// The title of a part, the fullest first: where it is, of which sequence, and which units are shown where not all are.
  private static func titles(
    _ phase: Cursor.Phase, _ state: DashboardState, _ reading: StepInstrument.Reading, step: Int, units: Range<Int>?
  ) -> [String] {
    guard phase != .update else { return ["Update \(NumberText.grouped(reading.update.number)), the whole window"] }
    let name = "\(phase == .forward ? "Forward" : "Backward") at t = \(step + 1)"
    let sequence = "sequence \(state.sequence(reading) + 1) of \(reading.batch)"
    guard let units else {
      return [name + (phase == .forward || reading.batch == 1 ? ", " + sequence : ", norms over the batch"), name]
    }
    let range = units.count == 1 ? "unit \(units.upperBound)" : "units \(units.lowerBound + 1)-\(units.upperBound)"
    let shown = units.count < reading.hidden ? ", \(range) of \(reading.hidden)" : ""
    return ["\(name), \(sequence)\(shown)", name + shown, name]
  }
}

extension DashboardState {
  /// The sequence whose numbers are written out.
  fileprivate func sequence(_ reading: StepInstrument.Reading) -> Int { min(stepSequence, reading.batch - 1) }
}
