import Canvas
import Dashboard
import GradientFlow
import Instruments

/// The recursion with the numbers of the step under the cursor; at the end of the pass the update.
struct ThisStepPanel: Panel {
  let id: PanelID = "this-step"
  let title = "This step"
  let shortTitle = "Step"
  let size = PanelSize(42, 2, widthWeight: 6, heightWeight: 7, maximumHeight: 5)
  let help = [
    "The equation at the cursor with its own numbers: forward a_t and h_t, backward δ_t = ∂L/∂h_t, then the update. ⊙ multiplies unit by unit, i′ is the slope of gate i at its a, W_out is readout.weight.",
    "Gradients are in units of the loss, each the whole derivative: ∂L/∂c_t with what goes through h_t. Factors, and norms where there is no room for vectors, are over the whole batch. Norms of the parts of a sum do not add: the angle between the parts says how they do. Williams & Zipser write ε for ∂J/∂y and δ for ∂J/∂s. Where several later places read this one, each is a term with its share.",
    "Look for: which of φ′ and W_hh takes the gradient away (the factors), and where the step's own loss dominates. z writes out every equation of the step for one sequence, vectors as columns: it can be done again on paper. Of a small network the update of every weight is there too: ΔW is what it adds, scale what clipping multiplies g by, m and v what the optimizer remembers.",
  ]
  let keys = [
    PanelKey(
      [.up, .down, .character("k"), .character("j")], name: "↑↓", short: "units",
      help: "other units, where not all are shown (k j)"),
    PanelKey(
      [.character("w"), .character("W")], name: "w W", short: "sequence",
      help: "the next sequence of the batch, the one before"),
    PanelKey(
      [.character("y"), .character("Y")], name: "y Y", short: "sender",
      help: "where states are no line: on to the place that sends most of the gradient, and back"),
  ]
  let reads: [any Instrument.Type] = [SiteInstrument.self, StepInstrument.self]

  func keys(_ state: DashboardState) -> [PanelKey] {
    state.lane[SiteInstrument.self] == nil ? keys.filter { !$0.keys.contains(.character("y")) } : keys
  }

  /// Where a gradient has many sources there is more to read.
  func size(_ state: DashboardState) -> PanelSize {
    state.lane[SiteInstrument.self] == nil ? size : PanelSize(42, 4, widthWeight: 6, heightWeight: 10, maximumHeight: 8)
  }

  /// What is to be told of the place under the cursor, whatever the network.
  private func story(_ state: DashboardState) -> (any PlaceStory)? {
    guard let reading = state.lane[StepInstrument.self] else { return state.lane[SiteInstrument.self] }
    let step = min(max(state.cursor.step, reading.window.lowerBound), reading.window.upperBound - 1)
    return StepInstrument.Story(
      reading, step: step, layer: state.shownLayer, sequence: min(state.stepSequence, reading.batch - 1))
  }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    guard let story = story(state) else { return nil }
    func turned(_ place: Int, by step: Int, _ count: Int) -> Int { (min(place, count - 1) + step + count) % count }
    switch key {
    case .up, .character("k"): state.stepUnit = max(0, state.stepUnit - 1)
    case .down, .character("j"): state.stepUnit = min(story.units - 1, state.stepUnit + 1)
    case .character("w"), .character("W"):
      state.stepSequence = turned(state.stepSequence, by: key == .character("w") ? 1 : -1, story.batch)
      state.message = Message(
        "This step writes out sequence \(state.stepSequence + 1) of \(story.batch); the other panels stay")
    case .character("y"), .character("Y"):
      guard let site = story as? SiteInstrument.Reading else {
        state.message = Message("\(key.name): here the gradient comes from the next step alone; . and , go there")
        return []
      }
      state.sitesUp = max(0, site.sitesUp + (key == .character("y") ? 1 : -1))
    default: return nil
    }
    return []
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let story = story(state) else { return [] }
    let place = story.placeName
    let lane = state.lanes.count > 1 ? "lane \(state.lane.id.letter) · " : ""
    // A place of another kind of network names its layer itself.
    let layer = lane + (story is SiteInstrument.Reading ? "" : state.layerWords.map { "\($0) · " } ?? "")
    let sequence = sequence(state, story)
    // Who does it again on paper need not wonder about the last digit.
    let rounded = state.zoomed == id ? ["\(layer)\(place) · \(sequence) · numbers rounded to three digits"] : []
    switch state.cursor.phase {
    case .forward:
      return rounded + ["\(layer)forward · \(place) · \(sequence)", "\(layer)forward · \(place)", layer + place]
    case .backward:
      let isOne = story.batch == 1 || state.zoomed == id || story is SiteInstrument.Reading
      let whose = isOne ? sequence : "norms over \(story.batch) sequences"
      return rounded + ["\(layer)backward · \(place) · \(whose)", "\(layer)backward · \(place)", layer + place]
    case .update:
      let update = lane + "next: update " + NumberText.grouped(story.update.number)
      return ["\(update), made from the steps \(story.window.lowerBound + 1) … \(story.window.upperBound)", update]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let story = story(state) else {
      buffer.put("waiting for the first pass", in: rect, style: theme[.dimText], ellipsis: true)
      return
    }
    let inside = rect.inset(left: 1, right: 1)
    func text(_ phase: PassPhase, hasNumbers: Bool) -> EquationText {
      EquationText(story.text(phase, hasNumbers: hasNumbers), theme)
    }
    guard rect.height >= Self.heightOfAll else {
      text(state.cursor.phase, hasNumbers: false).draw(in: inside, &buffer)
      return
    }
    let parts = PassPhase.allCases.map { phase in
      let forms = story.forms(phase)
      return EquationPage.Part(
        least: phase == .update ? 2 : 1, shortenings: max(1, forms.count - 1),
        titles: { titles(phase, state, story, units: $0) },
        equations: { units, shortening in
          forms[min(shortening, forms.count - 1)].map {
            EquationBlock($0, units: units, isFolded: shortening > 0, theme)
          }
        }, text: { text(phase, hasNumbers: $0) })
    }
    EquationPage(
      parts, here: PassPhase.allCases.firstIndex(of: state.cursor.phase) ?? 0, units: story.units,
      most: StepEquation.most, first: state.stepUnit, theme: theme
    ).draw(in: inside, &buffer)
  }

  /// From this height on all three parts are shown: forward, backward and the update, with their numbers.
  private static let heightOfAll = 13

  private func sequence(_ state: DashboardState, _ story: any PlaceStory) -> String {
    "sequence \(min(state.stepSequence, story.batch - 1) + 1) of \(story.batch)"
  }

  /// The title of a part, the fullest first: where it is, of which sequence, and which units are shown where not all are.
  private func titles(_ phase: PassPhase, _ state: DashboardState, _ story: any PlaceStory, units: Range<Int>?)
    -> [String]
  {
    guard phase != .update else { return ["Update \(NumberText.grouped(story.update.number)), the whole window"] }
    let name = "\(phase == .forward ? "Forward" : "Backward") at \(story.placeName)"
    let sequence = sequence(state, story)
    guard let units else {
      return [name + (phase == .forward || story.batch == 1 ? ", " + sequence : ", norms over the batch"), name]
    }
    let range = units.count == 1 ? "unit \(units.upperBound)" : "units \(units.lowerBound + 1)-\(units.upperBound)"
    let shown = units.count < story.units ? ", \(range) of \(story.units)" : ""
    return ["\(name), \(sequence)\(shown)", name + shown, name]
  }
}
