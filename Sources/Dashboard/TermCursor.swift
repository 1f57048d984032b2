import Canvas
import Instruments

/// A term of the flow matrix that the reader has gone to, with the arrows or the mouse.
package struct PickedTerm: Hashable, Sendable {
  var place: TermPlace
  /// Where the pass's cursor stood. When that moves on, the term is forgotten.
  var cursor: Cursor
}

extension DashboardState {
  /// The keys of the panels that read a term.
  package static let termKeys = [
    PanelKey([.up, .down], name: "↑↓", short: "loss", help: "the loss before, the next loss"),
    PanelKey(
      [.left, .right], name: "←→", short: "step", help: "the step before, the next step; the pass's cursor comes along"),
  ]

  /// The term that was gone to, while the pass's cursor stays where it was.
  package var term: TermPlace? { pickedTerm.flatMap { $0.cursor == cursor ? $0.place : nil } }

  /// Goes to a term; the pass's cursor comes along as far as the window has the step.
  mutating func pick(_ place: TermPlace) {
    if !isRunning, let window, window.steps.contains(place.step) { go(toStep: place.step + 1) }
    pickedTerm = PickedTerm(place: place, cursor: cursor)
  }

  /// Goes from the present term to one beside it; nil for other keys.
  package mutating func moveTerm(_ key: Key) -> [Effect]? {
    guard DashboardState.termKeys.contains(where: { $0.keys.contains(key) }) else { return nil }
    guard let shown, let last = shown.targetSteps.last else { return [] }
    let read = lane[TermInstrument.self]?.term
    var place =
      term
      ?? TermPlace(
        loss: read?.loss ?? lane[AttributionInstrument.self]?.attribution.loss ?? last, step: read?.step ?? cursor.step)
    switch key {
    case .up: place.loss = shown.targetSteps.last { $0 < place.loss } ?? place.loss
    case .down: place.loss = shown.targetSteps.first { $0 > place.loss } ?? place.loss
    case .left: place.step = max(0, place.step - 1)
    default: place.step = min(shown.length - 1, place.step + 1)
    }
    pick(place)
    return []
  }
}
