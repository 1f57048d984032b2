import Canvas
import Instruments

/// The screen for the last row of a hall: large numbers, and under them one panel or two with heavy lines.
enum BigNumbers {
  /// Rows of the numbers: their names, the characters, a blank.
  static let height = BigText.height + 2

  /// The panels in order: the one with the focus, if it is a picture, then what tells most.
  static func panels(_ state: DashboardState) -> [any Panel] {
    let words: [PanelID] = [.knobs, .thisStep, "file", "timeline"],
      pictures: [PanelID] = [.gradientNorm, .jacobianProduct, .loss]
    let focused = state.focus.flatMap { words.contains($0) ? nil : state.panels.named($0) }
    let others = pictures.filter { $0 != focused?.id }.map(state.panels.named)
    return ([focused] + others).compactMap { $0 }.filter { $0.applies(to: state) }
  }

  static func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer) {
    let numbers = numbers(state)
    let places = rect.inset(left: 2, right: 2).columns(
      numbers.map { .flexible(minimum: BigText.columns($0.value, scale: 1)) }, gap: 3)
    for (number, place) in zip(numbers, places) {
      let names = number.names.map { $0.words(state.theme) }
      buffer.put(String.fitting(place.width, names) ?? "", in: place, style: state.theme[.title])
      let style = state.theme[number.role]
      if BigText.draw(number.value, in: place.inset(top: 1), style, into: &buffer) == nil {
        buffer.put(number.value, in: place, row: 3, style: style)
      }
    }
  }

  /// The update, the loss, and how much of the gradient arrives where the pass stands.
  private static func numbers(_ state: DashboardState) -> [(names: [String], value: String, role: Role)] {
    guard let run = state.lane.told else { return [] }
    var numbers = [(names: ["update"], value: NumberText.grouped(run.update), role: Role.value)]
    if let loss = run.history.newest?.loss { numbers.append((["loss"], NumberText.short(loss, digits: 3), .loss)) }
    if let norms = state.lane[GradientNormInstrument.self], state.cursor.phase != .forward {
      let step = state.cursor.phase == .update ? norms.window.lowerBound : state.cursor.step
      if norms.norms.indices.contains(step) {
        let value = NumberText.power(log10: norms.norms[step], digits: 2)
        numbers.append((["‖∂L/∂h‖ at t = \(step + 1)", "‖∂L/∂h‖"], value, .truncated))
      }
    }
    return numbers
  }
}
