import Canvas
import Instruments
import Training

/// What lies under the mouse in a panel.
public enum PointerTarget: Hashable, Sendable {
  /// A step of the pass, counted from 0.
  case step(Int)
  /// The bracket of a knob, at so many steps before the window's end: dragged, it is set to them.
  case bracket(knob: String, steps: Int)
  /// Something that is read: a number, and what it is of.
  case words(String)
  /// A term of the flow matrix, and what it is.
  case term(TermPlace, String)
}

/// A button that is held.
struct PointerDrag: Hashable, Sendable {
  /// The panel and the row where it was pressed.
  var panel: PanelID, y: Int
  /// The knob whose bracket was taken; nil where the cursor follows.
  var knob: String?
}

extension DashboardState {
  /// Takes what was done with the mouse.
  mutating func point(_ event: PointerEvent) -> [Effect] {
    switch (mode, event.kind) {
    case (.help(let line), .wheelUp): return help(line, .up)
    case (.help(let line), .wheelDown): return help(line, .down)
    case (.panels, .release):
      drag = nil
      return []
    case (.panels, .drag): return dragTo(event)
    case (.panels, _): break
    default: return []
    }
    guard let place = ScreenLayout(self).places.first(where: { $0.frame.contains(x: event.x, y: event.y) }) else {
      return []
    }
    message = nil
    focus = place.panel.id
    if event.kind != .press { return turnWheel(over: place.panel, up: event.kind == .wheelUp) }
    let target = place.panel.target(x: event.x, y: event.y, in: place.inside, self)
    drag = PointerDrag(panel: place.panel.id, y: event.y)
    switch target {
    case .step(let step): go(toStep: step + 1)
    case .bracket(let knob, _):
      drag?.knob = knob
      self.knob = knob
    case .words(let words): message = Message(words)
    case .term(let place, let words):
      pick(place)
      message = Message(words)
    case nil: drag = nil
    }
    return []
  }

  /// Moves the cursor, or the bracket, that is held to the mouse.
  private mutating func dragTo(_ event: PointerEvent) -> [Effect] {
    guard let drag, let place = ScreenLayout(self).places.first(where: { $0.panel.id == drag.panel }) else { return [] }
    let x = min(max(event.x, place.inside.x), place.inside.maxX - 1)
    switch place.panel.target(x: x, y: drag.y, in: place.inside, self) {
    case .step(let step) where drag.knob == nil:
      // Beyond the window it stays at the window's end.
      let steps = window?.steps ?? step..<step + 1
      go(toStep: min(max(step, steps.lowerBound), steps.upperBound - 1) + 1)
    case .bracket(_, let steps):
      guard let name = drag.knob, steps > 0, let key = try? ExperimentKey.named(name),
        key.get(experiment) != "\(steps)"
      else { return [] }
      return attempt([Setting(key: name, value: "\(steps)")])
    case .words(let words): message = Message(words)
    case .term(let place, let words):
      pick(place)
      message = Message(words)
    default: break
    }
    return []
  }

  /// Moves the cursor that a panel has of its own, else that of the pass.
  private mutating func turnWheel(over panel: any Panel, up: Bool) -> [Effect] {
    let keys = panel.keys.flatMap(\.keys)
    for key in [up ? Key.up : .down, up ? .left : .right] where keys.contains(key) {
      return panel.handle(key, &self) ?? []
    }
    return perform(up ? .stepBack : .stepForward)
  }
}
