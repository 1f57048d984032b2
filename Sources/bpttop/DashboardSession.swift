import Canvas
import Dashboard
import Experiments
import Foundation
import Lessons
import Panels
import Sources
import Terminal
import Training

/// The dashboard on a terminal: its events go to the runner of effects, its frames come from the state.
struct DashboardSession: TerminalHandler {
  /// What is opened.
  struct Opening {
    /// The settings, as far as they are known before the first frame.
    var experiment: Experiment
    /// The name of the experiment's file, and what it says of itself.
    var opened = (name: "", head: "")
    /// What was handed in beside it, read as what.
    var readings: [String] = []
    /// What the screen kept of itself.
    var view: DashboardView?
    /// What is said first.
    var message: String?
    /// The lesson that is given in it.
    var lesson: LessonOpening?
    /// Whether the tip line is shown, and whether it begins paused.
    var showsTip = false, startsPaused = false
    /// The source of the runs; `wake` is called from other threads when there is news to take.
    var source: (_ wake: @escaping @Sendable () -> Void) -> any Source
  }

  /// A lesson: where it stands, where its progress is kept, and the seconds of a step where it goes on by itself; 0 for never.
  struct LessonOpening {
    var session: LessonSession, progress: LessonProgress, secondsAStep: Int
  }

  private var source: any Source
  private var lesson: LessonOpening?
  private var nextStep: ContinuousClock.Instant?
  private var runner: EffectRunner
  private let waker: Waker
  private let configuration: UserConfiguration
  private let autosave: Autosave?
  /// The session of an earlier process that was not closed.
  private var left: String?
  private var nextFrame: ContinuousClock.Instant?
  private var nextSave: ContinuousClock.Instant?
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now
  private static let frame = Duration.seconds(1) / 30

  init(
    _ opening: Opening, theme: ThemeName?, _ configuration: UserConfiguration, screen: TerminalScreen, waker: Waker,
    autosave: Autosave?, left: String?
  ) {
    let size = Size(width: screen.size.width, height: screen.size.height)
    let theme = Theme(theme, colors: screen.colorTier, characters: screen.characterTier, ground: screen.ground)
    (self.waker, self.autosave, self.left, self.configuration) = (waker, autosave, left, configuration)
    (source, runner) = Self.open(opening, size, theme, configuration, waker)
    lesson = opening.lesson
    if let seconds = lesson?.secondsAStep, seconds > 0 { nextStep = clock.now + .seconds(seconds) }
    if !opening.readings.isEmpty {
      _ = runner.handle(.message("read " + opening.readings.map(oneLine).joined(separator: " · ")))
    }
    // One line holds one message: what this run is comes before what another start can tell too.
    if let message = opening.message {
      _ = runner.handle(.message(message))
    } else if left != nil {
      _ = runner.handle(
        .message("an earlier session was not closed: Ctrl-R goes on with it, q leaves it for the next start"))
    }
    if let fault = configuration.faults.first {
      let more = configuration.faults.count - 1
      _ = runner.handle(.failure(fault.description + (more > 0 ? " · \(more) more, printed at the end" : "")))
    }
  }

  private static func open(
    _ opening: Opening, _ size: Size, _ theme: Theme, _ configuration: UserConfiguration, _ waker: Waker
  ) -> (any Source, EffectRunner) {
    var state = DashboardState(experiment: opening.experiment, size: size, theme: theme, showsTip: opening.showsTip)
    let source = opening.source { waker.wake() }
    state.opened = opening.opened
    state.take(configuration)
    state.isBig = opening.lesson?.session.isTalk ?? false
    if let view = opening.view { state.restore(view) }
    if let limit = state.speed.updatesPerSecond { source.send(.speed(limit)) }
    var runner = EffectRunner(state, source: source, files: FileWriter { waker.wake() }, readDemo: readDemo)
    source.requestFrame()
    if let lesson = opening.lesson { runner.begin(lesson.session) }
    // As if space had been pressed, so that the first frame says so too.
    if !opening.startsPaused { _ = runner.handle(.command(.runOrPause)) }
    return (source, runner)
  }

  /// Ends the threads; what was saved by itself is not needed any more.
  func end() {
    source.end()
    autosave?.end()
  }

  mutating func draw(_ size: TerminalSize) -> Buffer {
    runner.resize(Size(width: size.width, height: size.height))
    return render(runner.state)
  }

  /// When the next frame is wanted, or the session is to be saved; nil while nothing changes by itself.
  var deadline: ContinuousClock.Instant? { [nextFrame, nextSave, nextStep].compactMap { $0 }.min() }

  mutating func handle(_ event: TerminalEvent) -> TerminalResponse {
    let outcome: EffectRunner.Outcome
    switch event {
    case .key(let key): outcome = runner.handle(.key(key, at: start.duration(to: clock.now)))
    case .paste(let text): outcome = runner.handle(.paste(text))
    case .pointer(let event): outcome = runner.handle(.pointer(event))
    case .resize(let size): outcome = runner.handle(.resize(Size(width: size.width, height: size.height)))
    case .wake:
      outcome = runner.takeNews()
      // Running, each frame asks for the next; the first comes with the command to run.
      let isRunning = runner.state.goal != nil || runner.state.lanes.contains { $0.newest?.isRunning ?? false }
      if isRunning, nextFrame == nil { nextFrame = clock.now + Self.frame }
      // What changes is saved a while later, once for all changes of that time.
      if autosave != nil, nextSave == nil, runner.state.canBeSaved { nextSave = clock.now + Autosave.interval }
    case .deadline: return takeDeadline() ? .redraw : .idle
    case .resumed: return .repaint
    case .ground(let ground):
      let theme = runner.state.theme
      runner.restyle(theme.with(theme.choice, ground: ground))
      return .redraw
    }
    keepProgress()
    return answer(outcome)
  }

  /// Does what is due; whether the screen is another one after it.
  private mutating func takeDeadline() -> Bool {
    let now = clock.now
    if let due = nextFrame, due <= now {
      nextFrame = nil
      source.requestFrame()
    }
    if let due = nextSave, due <= now {
      nextSave = nil
      if let autosave { runner.saveSession(to: autosave, afterSteps: false) }
    }
    guard let due = nextStep, due <= now, let lesson else { return false }
    nextStep = runner.session?.phase == .over ? nil : now + .seconds(lesson.secondsAStep)
    if runner.session?.phase != .over { runner.press(.enter) }
    return true
  }

  /// Keeps how far the lesson has come.
  private func keepProgress() {
    guard let lesson, let session = runner.session else { return }
    let count = session.lesson.steps.count
    let step = session.phase == .over ? count : session.index
    lesson.progress.keep(session.lesson.name, step: step, of: count, verdicts: session.verdicts)
  }

  private mutating func answer(_ outcome: EffectRunner.Outcome) -> TerminalResponse {
    switch outcome {
    case .idle: return .idle
    case .redraw: return .redraw
    case .repaint: return .repaint
    case .suspend:
      kill(getpid(), SIGTSTP)
      return .redraw
    case .takeUpSession:
      takeUp()
      return .repaint
    case .quit: return .quit
    }
  }

  /// Goes on with the session that was left.
  private mutating func takeUp() {
    guard let path = left else {
      _ = runner.handle(.message("no earlier session is left to go on with"))
      return
    }
    do {
      let session = try SessionFile.read(path: path)
      let opening = try Self.Opening(session: session)
      source.end()
      let state = runner.state
      (source, runner) = Self.open(opening, state.size, state.theme, configuration, waker)
      autosave?.adopt(path)
      left = nil
      let update = NumberText.grouped(session.lanes.values.map(\.update).max() ?? 0)
      _ = runner.handle(.message("this is the session that was not closed, at update \(update)"))
    } catch {
      _ = runner.handle(.failure("\(error)"))
    }
  }
}

extension DashboardSession.Opening {
  /// A session as it was saved, paused.
  init(session: Session) throws {
    let lanes = session.lanes.sorted { $0.key < $1.key }.map(\.value)
    guard let first = lanes.first else { throw Failure.input("the session has no run to go on with") }
    // Whatever does not fit together is told before the screen is taken.
    let memory = Memory.limit / lanes.count
    let run = try TrainingRun(resuming: first, memory: memory)
    let second = try lanes.dropFirst().first.map { checkpoint in try TrainingRun(resuming: checkpoint, memory: memory) }
    let experiment = first.experiment
    self.init(
      experiment: experiment, startsPaused: true, runs: RunHandover(run, second),
      view: DashboardView(text: session.view))
  }

  /// Runs that are there.
  init(
    experiment: Experiment, showsTip: Bool = false, startsPaused: Bool, runs: RunHandover, view: DashboardView? = nil
  ) {
    self.init(experiment: experiment, showsTip: showsTip, startsPaused: startsPaused) { () throws(TrainingError) in
      try runs.take()
    }
    self.view = view
  }

  /// Runs that are made while the screen is there.
  init(
    experiment: Experiment, showsTip: Bool = false, startsPaused: Bool,
    make: @escaping @Sendable () throws(TrainingError) -> (run: TrainingRun, second: TrainingRun?)
  ) {
    self.init(
      experiment: experiment, showsTip: showsTip, startsPaused: startsPaused,
      source: { TrainerSource(sampleLength: textSampleLength, wake: $0, make: make) })
  }
}
