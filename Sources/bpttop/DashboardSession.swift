import Canvas
import Dashboard
import Experiments
import Foundation
import Terminal
import Training

/// The dashboard with its threads: the trainer trains, the analyst computes what the panels draw, the screen's thread
/// answers keys and draws. Nobody waits for anybody.
struct DashboardSession: TerminalHandler {
  private let trainer: Trainer
  private let analyst: Analyst
  private var state: DashboardState
  /// The newest snapshot, and the instruments that the analyst was last asked for.
  private var newest: Snapshot?
  private var asked = AnalysisRequest([])
  /// When the next snapshot is wanted; nil while nothing changes by itself.
  private(set) var deadline: ContinuousClock.Instant?
  private let clock = ContinuousClock()
  private static let frame = Duration.seconds(1) / 30

  init(run: sending TrainingRun, screen: TerminalScreen, waker: Waker, showsTip: Bool, startsPaused: Bool) {
    let size = Size(width: screen.size.width, height: screen.size.height)
    let theme = Theme(colors: screen.colorTier, characters: screen.characterTier)
    state = DashboardState(experiment: run.experiment, size: size, theme: theme, showsTip: showsTip)
    trainer = Trainer(run: run, sampleLength: textSampleLength) { waker.wake() }
    analyst = Analyst { waker.wake() }
    // At thousands of updates a second a newcomer sees the end of everything: the first look is at a pace that eyes follow.
    if showsTip {
      state.speed = .limited(100)
      trainer.send(.speed(state.speed.updatesPerSecond))
    }
    trainer.request()
    // As if space had been pressed, so that the first frame says so too.
    if !startsPaused { _ = perform(reduce(into: &state, .command(.runOrPause))) }
  }

  /// Ends the threads.
  func end() {
    trainer.send(.quit)
    analyst.end()
  }

  mutating func draw(_ size: TerminalSize) -> Buffer {
    state.size = Size(width: size.width, height: size.height)
    return render(state)
  }

  mutating func handle(_ event: TerminalEvent) -> TerminalResponse {
    switch event {
    case .key(let key): return press(key)
    case .paste(let text): return paste(text)
    case .resize(let size): return resize(size)
    case .wake: return takeNews()
    case .deadline:
      deadline = nil
      trainer.request()
      return .idle
    case .resumed: return .repaint
    }
  }

  // MARK: From the terminal

  private mutating func press(_ key: Key) -> TerminalResponse {
    let response = perform(reduce(into: &state, .key(key)))
    analyseAgainIfNeeded()
    return response
  }

  /// A paste is text for the prompt; where keys are commands it would press them by the dozen, and is left out.
  private mutating func paste(_ text: String) -> TerminalResponse {
    switch state.mode {
    case .prompt, .find: break
    case .panels, .help: return .idle
    }
    for character in text where !character.isNewline { _ = reduce(into: &state, .key(.character(character))) }
    return .redraw
  }

  private mutating func resize(_ size: TerminalSize) -> TerminalResponse {
    let response = perform(
      reduce(into: &state, .resize(Size(width: size.width, height: size.height))))
    analyseAgainIfNeeded()
    return response
  }

  // MARK: From the other threads

  private mutating func takeNews() -> TerminalResponse {
    var response = TerminalResponse.idle
    if let snapshot = trainer.takeSnapshot() {
      newest = snapshot
      response = perform(reduce(into: &state, .snapshot(snapshot)))
      analyse(snapshot)
      // Running, each snapshot asks for the next, a frame later; the first comes with the command to run.
      if snapshot.running { deadline = clock.now + Self.frame }
    }
    for refusal in trainer.takeRefusals() {
      response = perform(reduce(into: &state, .refused(key: refusal.key, reason: refusal.reason)))
    }
    // A pass that is not finite has no analysis; the snapshot says so itself.
    if case .success(let analysis)? = analyst.take() {
      response = perform(reduce(into: &state, .analysis(analysis)))
      // The cursor may have come to another step with it.
      analyseAgainIfNeeded()
    }
    return response
  }

  private mutating func analyse(_ snapshot: Snapshot) {
    asked = state.request
    analyst.submit(snapshot, asked)
  }

  /// A key, a resize or a pass that arrived may ask for numbers that are not there.
  private mutating func analyseAgainIfNeeded() {
    guard let newest, !state.request.isCovered(by: asked) else { return }
    analyse(newest)
  }

  // MARK: Effects

  private mutating func perform(_ effects: [Effect]) -> TerminalResponse {
    var response = TerminalResponse.redraw
    for effect in effects {
      switch effect {
      case .run: trainer.send(.run)
      case .pause: trainer.send(.pause)
      case .update(let count): trainer.send(.step(updates: count))
      case .rewind(let updates): trainer.send(.rewind(updates: updates))
      case .apply(let key, let value): trainer.send(.apply(key: key, value: value))
      case .begin(let settings): trainer.send(.begin(settings))
      case .restart: trainer.send(.restart(seed: nil))
      case .speed(let limit): trainer.send(.speed(limit))
      case .saveScreen: saveScreen()
      case .exportTrace: exportTrace()
      case .repaint: response = .repaint
      case .suspend: kill(getpid(), SIGTSTP)
      case .quit: return .quit
      }
    }
    return response
  }

  /// Writes the screen as it is, for a slide.
  private mutating func saveScreen() {
    let name = freeName("bpttop-update-\(newest?.update ?? 0)", "svg")
    let picture = render(state).svg(title: "bpttop")
    report(name) { try OutputFile.write(picture, to: name) }
  }

  /// Writes the pass that is shown.
  private mutating func exportTrace() {
    guard let snapshot = state.shown else { return }
    let name = freeName("bpttop-update-\(snapshot.update)", "safetensors")
    report(name) { try writeTrace(of: snapshot, to: name) }
  }

  private mutating func report(_ name: String, _ write: () throws -> Void) {
    do {
      try write()
      _ = reduce(into: &state, .message("wrote \(name)"))
    } catch let Failure.input(line) {
      _ = reduce(into: &state, .failure(line))
    } catch let Failure.run(line) {
      _ = reduce(into: &state, .failure(line))
    } catch {
      _ = reduce(into: &state, .failure("\(error)"))
    }
  }

  /// A name in the working folder that no file has: an earlier picture is not lost.
  private func freeName(_ base: String, _ ending: String) -> String {
    let names = ["\(base).\(ending)"] + (2...999).map { "\(base)-\($0).\(ending)" }
    return names.first { !FileManager.default.fileExists(atPath: $0) } ?? names[0]
  }
}
