import RecurrentNetworks
import Training

extension DashboardState {
  /// Run or pause.
  mutating func runOrPause() -> [Effect] {
    if isRunning { return pause() }
    if explosion != nil {
      message = Self.explodedMessage
      return []
    }
    runningWish = true
    arrival = nil
    rest()
    return [.run]
  }

  private mutating func pause() -> [Effect] {
    runningWish = false
    rest()
    return [.pause]
  }

  /// The cursor rests at the update of the pass that is shown.
  private mutating func rest() {
    if let window { cursor = .end(of: window) }
    hasSteppedToUpdate = false
  }

  /// One place on in the pass: from rest into its first step; behind its last, the update and the next window's first
  /// step.
  mutating func stepForward() -> [Effect] {
    if isRunning { return pause() }
    if arrival != nil {
      arrival?.move(forward: true)
      return []
    }
    guard let shown, let snapshot else { return [] }
    if cursor.phase == .update && !hasSteppedToUpdate {
      if PassIdentity(shown) == PassIdentity(snapshot) {
        cursor = .start(of: shown.window)
      } else {
        // The pass to walk through is still being computed.
        arrival = Arrival(fromStart: true, places: 0, byStep: true, leaving: PassIdentity(shown))
      }
      return []
    }
    if let next = Cursor(place: cursor.place(in: shown.window) + 1, in: shown.window) {
      cursor = next
      hasSteppedToUpdate = next.phase == .update
      return []
    }
    guard snapshot.explosion == nil else {
      message = Self.explodedMessage
      return []
    }
    arrival = Arrival(fromStart: true, places: 0, byStep: true, leaving: PassIdentity(snapshot))
    return [.update(count: 1)]
  }

  /// One place back in the pass; before its first, back over the update before it.
  mutating func stepBack() -> [Effect] {
    if isRunning { return pause() }
    if arrival != nil {
      arrival?.move(forward: false)
      return []
    }
    guard let shown else { return [] }
    if let next = Cursor(place: cursor.place(in: shown.window) - 1, in: shown.window) {
      cursor = next
      return []
    }
    return rewind(byStep: true)
  }

  /// One update on, and the whole pass of the next.
  mutating func updateForward() -> [Effect] {
    guard explosion == nil else {
      message = Self.explodedMessage
      return []
    }
    let effects = isRunning ? pause() : []
    arrival = snapshot.map { Arrival(fromStart: false, places: 0, byStep: false, leaving: PassIdentity($0)) }
    return effects + [.update(count: 1)]
  }

  /// One update back.
  mutating func updateBack() -> [Effect] {
    let effects = isRunning ? pause() : []
    return effects + rewind(byStep: false)
  }

  private mutating func rewind(byStep: Bool) -> [Effect] {
    guard let snapshot else { return [] }
    guard snapshot.rewindable > 0 else {
      message = Message(
        snapshot.update == 0 ? "this is the first update" : "the updates before \(snapshot.update + 1) are not kept")
      return []
    }
    arrival = Arrival(fromStart: false, places: 0, byStep: byStep, leaving: PassIdentity(snapshot))
    return [.rewind(updates: 1)]
  }

  private static let explodedMessage = Message(
    "training has exploded: N goes back before it, r restarts, then c clips", isError: true)

  /// Takes what the trainer published.
  mutating func receive(_ snapshot: Snapshot) {
    let before = received.snapshot
    received.snapshot = snapshot
    if runningWish == snapshot.running || snapshot.explosion != nil { runningWish = nil }
    unconfirmed = unconfirmed.filter { change in
      (try? snapshot.experiment.value(of: change.key)) != change.value
    }
    layChangesOnTop()
    if analysis == nil { placeCursor(in: snapshot) }
    // A rewind brings back the weights, and with them every setting: bit for bit is no less.
    if let before, snapshot.update < before.update, snapshot.journal.count < before.journal.count, snapshot.update > 0 {
      message = Message("back before update \(snapshot.update + 1), with the settings of then")
    }
    if let explosion = snapshot.explosion, before?.explosion != explosion {
      message = nil
      arrival = nil
    }
  }

  /// The experiment as the trainer has it, and on it the changes that it has not confirmed yet.
  mutating func layChangesOnTop() {
    guard let snapshot else { return }
    experiment = snapshot.experiment
    for (key, value) in unconfirmed { try? experiment.set(key, value) }
  }

  /// Takes the numbers that the panels draw.
  mutating func receive(_ analysis: Analysis) {
    let before = shown.map(PassIdentity.init)
    received.analysis = analysis
    placeCursor(in: analysis.snapshot, before: before)
  }

  private mutating func placeCursor(in snapshot: Snapshot, before: PassIdentity? = nil) {
    let window = snapshot.window
    let here = PassIdentity(snapshot)
    if let arrival, arrival.leaving != here {
      let last = 2 * window.steps.count
      let place = arrival.fromStart ? arrival.places : last - arrival.places
      cursor = Cursor(place: min(max(place, 0), last), in: window) ?? .end(of: window)
      hasSteppedToUpdate = arrival.byStep
      self.arrival = nil
    } else if isRunning || before != here {
      cursor = .end(of: window)
      hasSteppedToUpdate = false
    } else {
      cursor = cursor.clamped(to: window)
    }
  }
}

extension Arrival {
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
