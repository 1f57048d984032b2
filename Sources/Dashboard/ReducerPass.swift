import Canvas
import Instruments
import RecurrentNetworks
import Sources
import Training

extension DashboardState {
  /// Run or pause.
  mutating func runOrPause() -> [Effect] {
    if isRunning { return pause() }
    if lanes.allSatisfy({ $0.newest?.explosion != nil }) {
      message = Self.explodedMessage
      return []
    }
    requestedRunning = true
    pendingCursor = nil
    rest()
    return [.source(.run)]
  }

  mutating func pause() -> [Effect] {
    requestedRunning = false
    rest()
    return [.source(.pause)]
  }

  /// The cursor rests at the update of the pass that is shown: the whole pass is seen.
  mutating func rest() {
    if let window { cursor = .end(of: window) }
    hasSteppedToUpdate = false
  }

  /// A step through the pass.
  mutating func walk(_ command: Command) -> [Effect] {
    if isRunning { return pause() }
    switch command {
    case .stepForward: return stepForward()
    case .stepBack: return stepBack()
    case .cursorLeft: return slide(right: false)
    case .cursorRight: return slide(right: true)
    case .passStart: move(toPlace: { _, _ in 0 })
    case .passEnd: move(toPlace: { _, last in last })
    case .passForward: move(toPlace: { place, last in min(place + 10, last) })
    case .passBack: move(toPlace: { place, _ in max(place - 10, 0) })
    case .nextLoss: toNextLoss()
    default: break
    }
    return []
  }

  /// Moves the cursor to a place of the pass that is shown, from 0 to `last`.
  private mutating func move(toPlace place: (_ place: Int, _ last: Int) -> Int) {
    guard let shown else { return }
    _ = move(to: place(self.place(in: shown.window), walk(shown.window).last), in: shown.window)
    hasSteppedToUpdate = cursor.phase == .update
  }

  /// Moves the cursor on to the next step whose loss is injected; behind the last one, to the first.
  private mutating func toNextLoss() {
    guard let shown else { return }
    let window = shown.window
    let losses = shown.targetSteps.filter { window.steps.contains($0) && window.injected.contains($0) }
    let walk = walk(window), last = walk.last
    let here = cursor.phase == .update ? -1 : place(in: window)
    for place in Array((here + 1)..<last) + Array(0..<max(0, min(here, last))) {
      guard let site = walk[place]?.site, site.takesLoss, losses.contains(site.step) else { continue }
      _ = move(to: place, in: window)
      hasSteppedToUpdate = false
      return
    }
    message = Message("no loss is injected in this window")
  }

  /// Puts the cursor at step `t` of the sequence, counted from 1, in the phase where it is; backward from rest.
  mutating func go(toStep t: Int) {
    guard let shown else { return }
    let steps = shown.window.steps
    guard steps.contains(t - 1) else {
      message = Message("the window has the steps \(steps.lowerBound + 1) to \(steps.upperBound)", isError: true)
      return
    }
    cursor = Cursor(cursor.phase == .forward ? .forward : .backward, step: t - 1)
    turnCursor()
    hasSteppedToUpdate = false
  }

  /// One place on in the pass: from rest into its first step; behind its last, the update and the next window's first
  /// step.
  private mutating func stepForward() -> [Effect] {
    if pendingCursor != nil {
      pendingCursor?.move(forward: true)
      return []
    }
    guard let shown, let newest else { return [] }
    if cursor.phase == .update && !hasSteppedToUpdate {
      if shown.pass.isSamePlace(as: newest.pass) {
        _ = move(to: 0, in: shown.window)
      } else {
        // The pass to walk through is still being computed.
        pendingCursor = PendingCursor(fromStart: true, places: 0, byStep: true, leaving: shown.pass)
      }
      return []
    }
    if move(to: place(in: shown.window) + 1, in: shown.window) {
      hasSteppedToUpdate = cursor.phase == .update
      return []
    }
    guard newest.explosion == nil else {
      message = Self.explodedMessage
      return []
    }
    pendingCursor = PendingCursor(fromStart: true, places: 0, byStep: true, leaving: newest.pass)
    return [.source(.step(updates: 1))]
  }

  /// One place back in the pass; before its first, back over the update before it.
  private mutating func stepBack() -> [Effect] {
    if pendingCursor != nil {
      pendingCursor?.move(forward: false)
      return []
    }
    guard let shown else { return [] }
    if move(to: place(in: shown.window) - 1, in: shown.window) { return [] }
    return rewind(1, byStep: true)
  }

  /// The cursor to the step at its left or right: on in the pass, or back, as time runs on the screen. Where the pass turns
  /// going on is the way over; going back stops there.
  private mutating func slide(right: Bool) -> [Effect] {
    guard cursor.phase != .update || hasSteppedToUpdate else { return right ? stepForward() : stepBack() }
    let runsRight = (cursor.phase == .forward) != cursor.isReversed
    if cursor.phase != .update, runsRight == right { return stepForward() }
    guard let window = shown?.window, pendingCursor == nil else { return [] }
    if cursor.phase == .update {
      if right { return stepBack() }
      message = Message("the pass ends here: . goes on with the next update")
    } else if let before = self.cursor(at: place(in: window) - 1, in: window), before.phase == cursor.phase {
      return stepBack()
    } else {
      message = Message(
        cursor.phase == .forward
          ? "the pass begins here: , goes back over the update before"
          : "the gradient begins here: , goes back to the states")
    }
    return []
  }

  /// Some updates on, and the whole pass of the next.
  package mutating func updateForward(_ count: Int) -> [Effect] {
    guard lanes.contains(where: { $0.newest?.explosion == nil }) else {
      message = Self.explodedMessage
      return []
    }
    let effects = isRunning ? pause() : []
    pendingCursor = newest.map { PendingCursor(fromStart: false, places: 0, byStep: false, leaving: $0.pass) }
    return effects + [.source(.step(updates: count))]
  }

  /// Some updates back.
  package mutating func updateBack(_ count: Int) -> [Effect] {
    let effects = isRunning ? pause() : []
    return effects + rewind(count, byStep: false)
  }

  /// To the state after so many updates.
  package mutating func go(toUpdate update: Int) -> [Effect] {
    guard let newest else { return [] }
    let effects = isRunning ? pause() : []
    pendingCursor = PendingCursor(fromStart: false, places: 0, byStep: false, leaving: newest.pass)
    let held = newest.update - newest.rewindable
    if update < held {
      message = Message("update \(NumberText.grouped(max(0, update))) is no longer held: to the first that is")
    }
    goal = max(update, held) == newest.update ? nil : update
    return effects + [.source(.go(to: update))]
  }

  private mutating func rewind(_ count: Int, byStep: Bool) -> [Effect] {
    guard let newest else { return [] }
    guard newest.rewindable > 0 || newest.explosion != nil else {
      message = Message(
        newest.update == 0
          ? "this is the first update; u undoes what began this run"
          : "history ends at update \(newest.update)")
      return []
    }
    pendingCursor = PendingCursor(fromStart: false, places: 0, byStep: byStep, leaving: newest.pass)
    return [.source(.rewind(updates: count))]
  }

  private static let explodedMessage = Message(
    "training has exploded: press N to go back, u to undo the last change, or r to restart", isError: true)

  /// Puts the cursor where it belongs in the pass that is shown now.
  mutating func placeCursor(before: PassIdentity?) {
    guard let summary = shown else { return }
    let window = summary.window
    if let cursor = pendingView, lane.shown != nil {
      self.cursor = cursor.clamped(to: window)
      (pendingView, hasSteppedToUpdate) = (nil, false)
    } else if let pending = pendingCursor, !pending.leaving.isSamePlace(as: summary.pass) {
      let last = walk(window).last
      let place = pending.fromStart ? pending.places : last - pending.places
      if !move(to: min(max(place, 0), last), in: window) { cursor = .end(of: window) }
      hasSteppedToUpdate = pending.byStep
      pendingCursor = nil
    } else if isRunning || before.map({ !$0.isSamePlace(as: summary.pass) }) ?? true {
      cursor = .end(of: window)
      hasSteppedToUpdate = false
    } else {
      cursor = cursor.clamped(to: window)
    }
  }
}

extension PendingCursor {
  /// A step that was asked for before the pass has arrived.
  fileprivate mutating func move(forward: Bool) {
    if forward && !byStep {
      // From rest the first step goes to the pass's start.
      (fromStart, places, byStep) = (true, 0, true)
      return
    }
    byStep = true
    places = max(0, places + (forward == fromStart ? 1 : -1))
  }
}
