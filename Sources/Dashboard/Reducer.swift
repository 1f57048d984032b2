import Canvas
import RecurrentNetworks
import Sources
import Training

/// Takes what happened into the state.
/// - Returns: what the program has to do for it, in order.
public func reduce(into state: inout DashboardState, _ action: Action) -> [Effect] {
  guard state.lesson != nil, action.isOfReader else { return respond(to: action, &state) }
  let before = state
  let effects = respond(to: action, &state)
  return state.holdRun(since: before, effects)
}

extension Action {
  /// Whether it is something that the reader did, not what came of it.
  fileprivate var isOfReader: Bool {
    switch self {
    case .key, .pointer, .paste, .command, .open: true
    default: false
    }
  }
}

private func respond(to action: Action, _ state: inout DashboardState) -> [Effect] {
  switch action {
  case .key(let key, let time):
    return state.take(key, at: time)
  case .pointer(let event):
    return state.point(event)
  case .paste(let text):
    state.paste(text)
  case .command(let command):
    return state.perform(command)
  case .resize(let size):
    state.size = size
  case .news(.frame(let frame)):
    state.receive(frame)
    return state.attendLesson()
  case .news(.refused(let lane, let keys, let reason)):
    state.refuse(lane, keys, reason)
  case .news(.report(let report)):
    state.take(report)
  case .news(.ignored(let reason)):
    state.requestedRunning = nil
    state.message = Message(reason)
  case .open(let demo, let experiment):
    return state.open(demo, experiment)
  case .message(let text):
    state.message = Message(text)
  case .failure(let text):
    state.message = Message(text, isError: true)
  case .progress(let progress):
    state.progress = progress
  }
  return []
}

extension DashboardState {
  /// Takes a key as the present mode understands it.
  mutating func take(_ key: Key, at time: Duration) -> [Effect] {
    message = nil
    let typed = typedPanel
    typedPanel = nil
    let presses = held.press(key, at: time)
    growOld(at: time)
    // These mean the same wherever one is.
    switch key {
    case .control("c"): return perform(.quit)
    case .control("z"): return perform(.suspend)
    case .control("l"): return perform(.repaint)
    case .escape where progress != nil: return [.cancelWriting]
    case .escape where goal != nil:
      goal = nil
      return [.source(.pause)]
    default: break
    }
    let layout = ScreenLayout(self)
    // On a screen too small to show a mode there is none.
    if layout.isTooSmall { return key == .character("q") ? perform(.quit) : [] }
    switch mode {
    case .prompt(let editor): return prompt(editor, key)
    case .find(let editor): return find(editor, key, Mode.find)
    case .demos(let editor): return find(editor, key, Mode.demos)
    case .help(let line): return help(line, key)
    case .panels: break
    }
    let key = remappedKeys[key] ?? key
    if let effects = takeInLesson(key) { return effects }
    if let focus, layout.frame(of: focus) != nil, let effects = panels.named(focus)?.handle(key, &self) {
      return effects
    }
    guard let command = Keymap.command(for: key) else {
      let place = layout.places.first { $0.panel.keys.contains { $0.keys.contains(key) } }
      message = Message(
        place.map { place in
          let panel = place.panel
          return
            "\(key.name): a key of the panel \(panel.title): \(panels.digit(of: panel).map(String.init) ?? "Tab") goes there"
        } ?? "\(key.name): nothing; ? lists the keys")
      return []
    }
    // 3z zooms panel 3, wherever the focus was.
    if command == .zoom, zoomed == nil, let typed { show(typed) }
    return perform(command, count: presses)
  }

  /// A paste is text for a line that is being written; where keys are commands it would press them by the dozen, and is left
  /// out.
  mutating func paste(_ text: String) {
    switch mode {
    case .prompt(var editor):
      editor.insert(text)
      mode = .prompt(editor)
    case .find(var editor):
      editor.insert(text)
      mode = .find(editor)
    case .demos(var editor):
      editor.insert(text)
      mode = .demos(editor)
    case .panels, .help: break
    }
  }

  /// Does what a command asks for; `count` times where it goes from update to update.
  mutating func perform(_ command: Command, count: Int = 1) -> [Effect] {
    guard capabilities.commands.isSuperset(of: command.needs) else {
      message = Message("this run is trained elsewhere: it cannot be told to do that here")
      return []
    }
    switch command {
    case .quit: return [.quit]
    case .suspend: return [.suspend]
    case .repaint: return [.repaint]
    case .saveScreen:
      var request = PictureRequest()
      request.subject = zoomed?.name ?? ""
      return [.savePicture(request)]
    case .exportTrace: return [.exportTrace]
    case .saveExperiment: return [.saveExperiment]
    case .saveSession: return [.saveSession]
    case .takeUpSession: return [.takeUpSession]
    case .help: mode = .help(line: Help.firstLine(self))
    case .escape: escape()
    case .zoom: zoom()
    case .nextTheme: show(theme.name.next)
    case .toggleBig: isBig.toggle()
    case .focusNext: moveFocus(by: 1)
    case .focusPrevious: moveFocus(by: -1)
    case .panel(let digit): go(toDigit: digit)
    case .nextPreset: nextPreset()
    case .prompt: mode = .prompt(LineEditor())
    case .find: mode = .find(LineEditor())
    case .demos: mode = .demos(LineEditor())
    case .layerUp, .layerDown: moveLayer(up: command == .layerUp)
    case .nextProductView: nextProductView()
    case .turn(let key, let up): return turn(key, up: up, coarse: true)
    case .nextTruncation: return nextTruncation()
    case .toggleLSTM:
      let cell = experiment.network.cell == .lstm ? "elman" : "lstm"
      return attempt([Setting(key: "network.cell", value: cell)])
    case .newSeed: return turn("seed", up: true, coarse: false)
    case .runOrPause: return runOrPause()
    case .faster, .slower: return changeSpeed(faster: command == .faster)
    case .updateForward: return updateForward(count)
    case .updateBack: return updateBack(count)
    case .undo: return undo()
    case .restart: return restart(.loaded)
    case .restartPresent: return restart(.present)
    case .fork: return fork()
    case .closeLane: return closeLane()
    default: return walk(command)
    }
    return []
  }

  /// Back: from the zoom, from the steps of the pass, or from the tip line.
  private mutating func escape() {
    if zoomed != nil {
      zoomed = nil
    } else if isBig {
      isBig = false
    } else if isInPass {
      rest()
    } else {
      tip = []
    }
  }

  private mutating func changeSpeed(faster: Bool) -> [Effect] {
    let effects = take(speed: speed.next(faster: faster))
    if !effects.isEmpty { tip.removeAll { $0 == .faster } }
    return effects
  }

  /// Trains at another speed from now on.
  mutating func take(speed next: Speed) -> [Effect] {
    let words =
      next.updatesPerSecond.map { "at most \(plain($0)) \($0 == 1 ? "update" : "updates") a second" }
      ?? "as fast as it can"
    message = Message("speed: \(words)")
    guard next != speed else { return [] }
    speed = next
    return [.source(.speed(next.updatesPerSecond))]
  }

  /// A change was refused: the settings are what the run has.
  fileprivate mutating func refuse(_ id: LaneID, _ keys: [String], _ reason: String) {
    guard let index = lanes.firstIndex(where: { $0.id == id }) else { return }
    for key in keys { lanes[index].unconfirmed.removeValue(forKey: key) }
    lanes[index].layChangesOnTop()
    message = Message(reason, isError: true)
  }

  /// Undoes the last change of a setting, a fork, or the end of a lane.
  private mutating func undo() -> [Effect] {
    hasSteppedToUpdate = false
    return [.source(.undo(lane.id))]
  }

  mutating func restart(_ point: RestartPoint) -> [Effect] {
    requestedRunning = nil
    rest()
    // Beside another lane, it goes on at the same update.
    let place = NumberText.grouped(lanes.count > 1 ? newest?.update ?? 0 : 0)
    message = Message(
      point == .loaded
        ? "restarted at update \(place), with the settings and weights as loaded; u undoes it"
        : "restarted at update \(place), with the present settings; u undoes it")
    return [.source(.restart(lane.id, from: point))]
  }

  /// What was done, where it needs a word.
  fileprivate mutating func take(_ report: TrainerReport) {
    func say(_ lane: LaneID, _ words: String, isError: Bool = false) {
      message = Message(lanes.count > 1 ? "\(lane.letter): \(words)" : words, isError: isError)
    }
    func words(_ settings: [Setting]) -> String {
      settings.map { ExperimentKey.label(of: $0.key) + ($0.value == "null" ? " as drawn" : " = \($0.value)") }.joined(
        separator: ", ")
    }
    noteBeginning(report)
    switch report {
    case .changed(let lane, let change):
      // What begins anew beside another lane says what it could take along.
      guard lanes.count > 1, change.effect == .newRun else { return }
      let kept = change.kept.isEmpty ? "" : "; kept: \(change.kept.joined(separator: ", "))"
      let hint = forgetGateHint(after: change.settings.map(\.key))
      say(lane, "\(words(change.settings)) · new weights: \(change.drawn.joined(separator: ", "))\(kept)\(hint)")
    case .undone(let lane, let undo):
      let closed = undo.isFormerRun ? closeDemo(begunWith: undo.undone) : nil
      let what = closed.map { "the opening of \($0)" } ?? (undo.restart == nil ? words(undo.undone) : "the restart")
      let now =
        undo.isFormerRun
        ? "the run before is back, at update \(NumberText.grouped(undo.update))" : words(undo.restored)
      say(lane, "undid \(what)" + (now.isEmpty ? "" : ": \(now)"))
    case .nothingToUndo(let lane): say(lane, "nothing to undo: no setting was changed")
    case .arrived(let update, let wanted):
      goal = nil
      if update != wanted { message = Message("stopped at update \(NumberText.grouped(update))") }
    case .failed(let lane, let reason): say(lane, reason, isError: true)
    case .unforked(let lane): message = Message("undid the fork: lane \(lane.letter) is closed")
    case .reopened(let lane): message = Message("lane \(lane.letter) is open again")
    case .restarted, .forked, .dropped: break
    }
  }

  /// Where another run takes the place of a lane's, what it has been at is forgotten; not where it was only gone back.
  private mutating func noteBeginning(_ report: TrainerReport) {
    // A change in the past is the beginning of another future.
    if case .changed(let id, let change) = report, let index = lanes.firstIndex(where: { $0.id == id }) {
      lanes[index].furthestUpdate = min(lanes[index].furthestUpdate, change.update)
    }
    guard lanes.count == 1 else { return }
    switch report {
    case .changed(_, let change) where change.effect == .newRun: lanes[0].beginning = 0
    case .restarted: lanes[0].beginning = 0
    case .undone(_, let undo) where undo.isFormerRun: lanes[0].beginning = undo.update
    default: break
    }
  }

  // MARK: Lanes

  /// A second lane goes on from where this one stands; where there are two, the other one gets the focus.
  private mutating func fork() -> [Effect] {
    guard lanes.count == 1 else {
      focusedLane = lane.id.other
      if let window { cursor = cursor.onStep.clamped(to: window) }
      turnCursor()
      message = Message("lane \(focusedLane.letter)\(isOurs ? ": its knobs turn now" : "")")
      return []
    }
    message = Message(
      !isOurs
        ? "both runs: f changes the lane, x closes it"
        : "forked: B goes on beside A from here; knobs turn in B, f changes the lane, x closes it, u undoes this")
    return [.source(.fork(from: lane.id))]
  }

  /// Closes the lane that has the focus; the other one stays.
  private mutating func closeLane() -> [Effect] {
    guard lanes.count > 1 else {
      message = Message("one lane: f forks a second one")
      return []
    }
    message = Message("lane \(lane.id.letter) closed, the other goes on; \(isOurs ? "u" : "f") opens it again")
    return [.source(.drop(lane.id))]
  }

  /// Takes what the source gave of its lanes.
  fileprivate mutating func receive(_ frame: Frame) {
    let before = lane
    // A frame that was read before a fork, or before a lane was closed, has other lanes than the run has now.
    let present = frame.lanes.keys.sorted()
    let isNews = frame.lanes.values.contains { $0.readings == nil }
    if isNews, present != lanes.map(\.id) { keepLanes(present) }
    for index in lanes.indices {
      if let frame = frame.lanes[lanes[index].id] { lanes[index].receive(frame) }
    }
    if frame.lanes.values.contains(where: { $0.readings != nil }) {
      difference = lanes.count > 1 ? frame.difference : nil
    }
    noteRun(before)
    placeCursor(before: before.shown.map(\.summary.pass))
  }

  /// The lanes that there are now.
  private mutating func keepLanes(_ present: [LaneID]) {
    let model = lane
    lanes = present.map { id in
      if let lane = lanes.first(where: { $0.id == id }) { return lane }
      var lane = model
      lane.id = id
      lane.unconfirmed = [:]
      lane.newest = nil
      return lane
    }
    difference = nil
    if lanes.count > 1 {
      focusedLane = .b
    } else if let only = present.first {
      focusedLane = only
    }
  }

  /// What the newest state of the focused lane says that the reader should know.
  private mutating func noteRun(_ before: Lane) {
    guard let now = newest else { return }
    if requestedRunning == now.isRunning || now.explosion != nil { requestedRunning = nil }
    guard before.id == lane.id, let was = before.newest else { return }
    // A rewind brings back the weights, and with them every setting: bit for bit is no less.
    if now.update < was.update, now.journal.count < was.journal.count, now.update > 0 {
      message = Message("back before update \(now.update + 1); the settings of that time are back too")
    }
    if now.explosion != nil, was.explosion != now.explosion {
      message = nil
      pendingCursor = nil
    }
  }
}

extension Key {
  /// As it is called in a message.
  package var name: String {
    switch self {
    case .character(let character): character == " " ? "space" : String(character)
    case .control(let letter): "Ctrl-\(letter.uppercased())"
    case .function(let number): "F\(number)"
    default: "\(self)"
    }
  }
}
