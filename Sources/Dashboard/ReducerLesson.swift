import Canvas
import Lessons
import RecurrentNetworks
import Training

extension DashboardState {
  /// Begins a lesson, or takes it up at its step.
  public mutating func begin(_ session: LessonSession) {
    lesson = session
    lesson?.prepare()
    tip = []
  }

  /// What the lesson sees of the run; nil while it moves, or has not confirmed what it was told.
  var lessonScene: LessonScene? {
    guard let frame = lane.shown, let pass = frame.pass, let newest, !isRunning, goal == nil, lane.unconfirmed.isEmpty,
      frame.summary.serial == newest.serial, let awaited = lesson?.awaited, newest.serial > awaited.serial,
      // One that exploded is looked into, and published again: that may come late, when it is to be begun again.
      awaited.orExplosion && newest.explosion != nil || (awaited.update ?? newest.update) == newest.update
    else { return nil }
    return LessonScene(pass, step: cursor.phase == .update ? newest.window.steps.upperBound : cursor.step + 1)
  }

  /// Goes on with the lesson where the run has come to rest.
  mutating func attendLesson() -> [Effect] {
    var effects: [Effect] = []
    // What moves nothing leads to no news: the lesson goes on at once.
    while effects.isEmpty, lesson?.isAway == false, let scene = lessonScene {
      // What was awaited is there: from here on the reader may go to other updates.
      lesson?.awaited.update = nil
      guard let requests = lesson?.attend(scene) else { break }
      if let lesson, !lesson.isAtWork, message?.text == LessonSession.atWork { message = nil }
      guard !requests.isEmpty else { break }
      for request in requests { effects += perform(request) }
    }
    return effects
  }

  /// Takes a key of the lesson; nil where it means what it always does.
  mutating func takeInLesson(_ key: Key) -> [Effect]? {
    guard let session = lesson else { return nil }
    // The lesson's own keys stop a run: it goes on from a pass that stands.
    var effects: [Effect] = []
    if isRunning, key == .character("L") || !session.isAway && [.enter, .backspace].contains(key) { effects = pause() }
    switch key {
    case .character("L"): lesson?.prepare()
    case _ where session.isAway: return nil
    case .enter where session.phase == .over:
      lesson = nil
      return effects
    case .escape: lesson?.isAway = true
    case _ where lesson?.type(key) == true: return []
    case .left where session.movesCursor: moveCursor(right: false)
    case .right where session.movesCursor: moveCursor(right: true)
    // A letter that was meant for the answer must not change the network that the question is about.
    case .character(let character) where session.refusal(of: character, turnsKnob: turnsKnob(key)) != nil:
      message = session.refusal(of: character, turnsKnob: turnsKnob(key)).map { Message($0) }
      return []
    case .enter where session.isAtWork: message = Message(LessonSession.atWork)
    case .enter:
      let scene = lessonScene
      if lesson?.goOn(scene) == false { message = Message(session.missing) }
    case .backspace: lesson?.goBack()
    default: return nil
    }
    return effects + attendLesson()
  }

  /// Holds the run of a question: what the reader does to it before answering is taken back and said. A run that may be changed
  /// is noted: the next step begins from its own.
  mutating func holdRun(since before: DashboardState, _ effects: [Effect]) -> [Effect] {
    guard effects.contains(where: \.changesRun), let session = before.lesson, lesson?.commands == session.commands
    else {
      return effects
    }
    guard session.holdsRun else {
      lesson?.touch()
      return effects
    }
    self = before
    mode = .panels
    message = Message(session.holding)
    return []
  }

  /// The cursor of a question to the next step at its side, as long as there is one.
  private mutating func moveCursor(right: Bool) {
    guard let scene = lessonScene, let window else { return }
    let wanted = scene.step + (right ? 1 : -1)
    go(toStep: min(max(wanted, window.steps.lowerBound + 1), window.steps.upperBound))
  }

  private func turnsKnob(_ key: Key) -> Bool { Keymap.group(of: key) == .knobs }

  /// Does what the lesson wants done.
  private mutating func perform(_ request: LessonRequest) -> [Effect] {
    defer { if lesson != nil, request.changesRun { message = nil } }
    let (serial, update, line) = (newest?.serial ?? 0, newest?.update, lesson?.step.line ?? 1)
    if request.changesRun {
      lesson?.awaited = (serial, update, false)
      lesson?.commands += 1
    }
    switch request {
    case .begin(let experiment):
      lesson?.awaited.update = 0
      let drop: [Effect] = lanes.count > 1 ? [.source(.drop(.b))] : []
      focusedLane = .a
      return drop + beginAnew(experiment)
    case .act(.set(let settings)):
      let begins = settings.contains { (try? ExperimentKey.named($0.key))?.effect(in: experiment) == .newRun }
      let effects = attempt(settings)
      if let message, message.isError {
        lesson?.fail(LessonFault(line: line, problem: message.text))
      }
      if effects.isEmpty { lesson?.awaited = (0, nil, false) } else if begins { lesson?.awaited.update = 0 }
      return effects
    case .act(.train(let count)):
      lesson?.awaited = (serial, (update ?? 0) + count, true)
      return [.source(.step(updates: count))]
    case .act(.restart):
      lesson?.awaited.update = 0
      return restart(.loaded)
    case .act(.show(let names)):
      let wanted = panels.all.map(\.id).filter { names.contains($0.name) }
      (panelsOn, askedFor, zoomed) = (Set(wanted), wanted, nil)
      if let focus, !wanted.contains(focus) { self.focus = wanted.first }
    case .act(.look(let name)):
      if let id = panels.named(name)?.id { show(id) }
    case .cursor(let step): go(toStep: step)
    case .act(.keep), .act(.cursor): break
    }
    return []
  }

  /// Trains an experiment in the focused lane from its beginning.
  mutating func beginAnew(_ wanted: Experiment) -> [Effect] {
    let settings = wanted.differences(from: experiment).map { Setting(key: $0.key.name, value: $0.value) }
    let effects = attempt(settings).map { effect in
      if case .source(.change(let lane, let settings)) = effect {
        Effect.source(.begin(lane, settings))
      } else {
        effect
      }
    }
    guard message?.isError != true else { return effects }
    return effects.isEmpty ? restart(.present) : effects
  }
}

extension Effect {
  /// Whether the run is another one after it, or goes on.
  fileprivate var changesRun: Bool {
    switch self {
    case .source(.pause), .source(.speed), .source(.quit): false
    case .source, .read, .takeUpSession: true
    default: false
    }
  }
}

extension Panel {
  /// Whether it can be drawn: it has something to draw, and tells no answer that a lesson asks for.
  func isOpen(in state: DashboardState) -> Bool {
    guard let lesson = state.lesson, !lesson.isAway else { return applies(to: state) }
    return applies(to: state) && !lesson.closed.contains(id.name)
  }
}

extension DashboardState {
  /// The state whose keys the last line names: where a lesson takes the arrows, no panel has them.
  var ofFooter: DashboardState {
    guard let lesson, lesson.isAsking, !lesson.isAway, lesson.takesArrows else { return self }
    var state = self
    state.focus = nil
    return state
  }
}

extension EffectRunner: LessonStage {
  /// The lesson as it stands.
  public var session: LessonSession? { state.lesson }
  /// What it sees of the run.
  public var scene: LessonScene? { state.lessonScene }

  /// Begins a lesson.
  public mutating func begin(_ session: LessonSession) {
    state.begin(session)
    // The pass may be there already.
    _ = perform(state.attendLesson())
    source.look(state.requests)
    attend()
  }

  /// Presses a key, and takes all that comes of it.
  public mutating func press(_ key: Key) {
    _ = handle(.key(key))
    attend()
  }

  /// What a lesson does leads to news, and these to what it does next.
  mutating func attend() {
    for _ in 0..<1000 { if takeNews() == .idle { return } }
  }
}
