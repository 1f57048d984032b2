import Canvas
import Lessons
import RecurrentNetworks
import Training

/// Random keys, clicks, pastes and sizes, thrown at a lesson. Whatever comes, the lesson stands at one of its steps, the run of a
/// question that waits is the same, every frame is drawn, and Esc and L bring the step back.
public struct LessonEvents {
  /// What went wrong, each with the number of its event.
  public private(set) var faults: [String] = []
  /// The steps that were shown, counted from 0, and how many answers were revealed.
  public private(set) var steps: Set<Int> = [], answers = 0

  private var random: CounterRandom

  /// Throws so many events at a lesson that `stage` has just begun; the same seed makes the same events.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - seed: which ones.
  ///   - turn: after how many events the step is brought back, and the lesson begun at another one.
  ///   - stage: where the lesson is given.
  public init(_ count: Int, seed: UInt64 = 1, turn: Int = 100, on stage: inout EffectRunner) {
    random = CounterRandom(seed: seed, stream: 0)
    guard let lesson = stage.session?.lesson else { return }
    for number in 0..<count {
      let before = stage.state
      let event = event(at: .milliseconds(number * 90), size: before.size)
      _ = stage.handle(event)
      stage.attend()
      look(at: stage.state, before, number, event)
      guard (number + 1).isMultiple(of: turn) || stage.session == nil else { continue }
      bringBack(&stage, number)
      stage.begin(LessonSession(lesson, at: (number / turn + 1) % lesson.steps.count))
      look(at: stage.state, nil, number, .key(.character("L")))
    }
    bringBack(&stage, count)
  }

  /// Brings the step back, as a reader does: out of whatever is open, then L.
  private mutating func bringBack(_ stage: inout EffectRunner, _ number: Int) {
    guard let index = stage.session?.index else { return }
    _ = stage.handle(.resize(Size(width: 80, height: 24)))
    for _ in 0..<3 { stage.press(.escape) }
    stage.press(.character("L"))
    guard let session = stage.session, session.index == index, session.phase == .shown, !session.isAway else {
      return faults.append(
        "event \(number): Esc and L do not bring step \(index + 1) back: \(stage.state.message?.text ?? "no message")")
    }
    look(at: stage.state, nil, number, .key(.character("L")))
  }

  private mutating func look(at state: DashboardState, _ before: DashboardState?, _ number: Int, _ event: Action) {
    func fail(_ words: String) { faults.append("event \(number), \(event): \(words)") }
    let frame = render(state)
    if frame.width != state.size.width || frame.height != state.size.height {
      fail("found a frame of \(frame.width)x\(frame.height), expected \(state.size.width)x\(state.size.height)")
    }
    guard let session = state.lesson else { return }
    guard session.lesson.steps.indices.contains(session.index) else { return fail("found step \(session.index)") }
    if session.phase == .shown { steps.insert(session.index) }
    if session.phase == .revealed, before?.lesson?.phase != .revealed { answers += 1 }
    if let fault = session.fault, before?.lesson?.fault != fault {
      fail("at step \(session.index + 1): \(session.lesson.file):\(fault.line): \(fault.problem)")
    }
    guard let before, let last = before.lesson, last.holdsRun, session.holdsRun, session.commands == last.commands
    else { return }
    if state.experiment != before.experiment || state.newest?.update != before.newest?.update {
      fail("the run of the question of step \(session.index + 1) was changed")
    }
  }

  private mutating func event(at time: Duration, size: Size) -> Action {
    switch random.integer(below: 20) {
    case 0: return .resize(Self.sizes[random.integer(below: Self.sizes.count)])
    case 1: return .paste(["12", "x\ny", "k2 5", ""][random.integer(below: 4)])
    case 2, 3:
      let kinds: [PointerEvent.Kind] = [.press, .drag, .release, .wheelUp, .wheelDown]
      let kind = kinds[random.integer(below: kinds.count)]
      return .pointer(
        PointerEvent(kind, x: random.integer(below: size.width + 2), y: random.integer(below: size.height + 2)))
    case 4...11: return .key(Self.keysOfALesson[random.integer(below: Self.keysOfALesson.count)], at: time)
    default: return .key(Self.keys[random.integer(below: Self.keys.count)], at: time)
    }
  }

  /// Without these in plenty it would hardly ever answer and go on.
  private static let keysOfALesson: [Key] =
    "L1234".map(Key.character) + [.enter, .enter, .enter, .enter, .up, .down, .escape]

  private static let keys: [Key] =
    "L12345.,nN{}[]ac+-<>fxzpdBTS?/:tvqermMogiuhjkl06789 ;".map(Key.character) + [
      .enter, .enter, .enter, .enter, .enter, .backspace, .escape, .up, .down, .left, .right, .tab, .backTab, .home,
      .end, .pageUp, .pageDown, .delete, .control("l"), .function(3),
    ]

  private static let sizes = [
    Size(width: 80, height: 24), Size(width: 60, height: 20), Size(width: 200, height: 60), Size(width: 30, height: 5),
    Size(width: 1, height: 1), Size(width: 120, height: 36), Size(width: 80, height: 24), Size(width: 100, height: 30),
  ]
}
