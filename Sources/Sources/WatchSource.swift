import Experiments
import Foundation
import GradientFlow
import Instruments
import RecurrentNetworks
import Training

/// A run that is trained elsewhere: a folder of windows that its loop publishes, or JSON lines of a file that grows, of a recording or
/// of a pipe.
///
/// Of a window the pass is made here and read by every instrument. A line is an update:
/// `{"update": 12, "loss": 0.31, "grad_norm": 1.7, "log10_grad_steps": [-4.1, -3.2, -2.0]}`. Only `update` must be there; what a line
/// does not have is not drawn. It can be gone back and forth among the windows, or among the lines that have norms by step.
public final class WatchSource: Source {
  private let feed: RunFeed
  private let analyst: Analyst
  private let title: String, place: RunFeed.Place
  private var replay = Replay()
  private var requests: [LaneID: ReadingRequest] = [:]
  /// What the analyst was last asked for, and the last frame.
  private var asked: [LaneID: ReadingRequest] = [:], lastFrame: LaneFrame?
  private var windows: [Int: String] = [:], steps = StepsByUpdate()
  private var record = RunRecord()
  /// The window that is shown, or why the one that was gone to is not.
  private var window: WatchedWindow?, fault: InputError?
  /// The update whose window was asked for, or whose lines are shown.
  private var wanted: Int?
  /// How many lines were none, and what else is to be said of them.
  private var unreadable = 0, remarks: [RunRemark] = [], silence: String?, isLate = false
  private var news: [SourceNews] = []
  /// Whether what was there at first has come, and whether the pass that is shown is yet to be read.
  private var hasCaughtUp = false, isReading = false

  /// Whether all that was there when it was opened is drawn, as far as it was asked for.
  public var isSettled: Bool {
    guard hasCaughtUp else { return false }
    guard let current = replay.current, windows[current] != nil else { return true }
    return wanted == current && (fault != nil || window?.update == current && !isReading)
  }

  /// Losses always; every instrument from the first window on, and norms and products from the first line on that has them.
  public var capabilities: Capabilities {
    Capabilities(
      offers: windows.isEmpty ? steps.offers : .all, commands: replay.updates.isEmpty ? [] : .control)
  }

  private init(
    _ place: RunFeed.Place, title: String, now: @escaping @Sendable () -> Double, wake: @escaping @Sendable () -> Void
  ) {
    self.title = title
    self.place = place
    feed = RunFeed(place, now: now, wake: wake)
    analyst = Analyst(onResult: wake)
  }

  /// Watches a folder.
  ///
  /// - Parameters:
  ///   - folder: where windows are published.
  ///   - title: what the run is called.
  ///   - now: the time, in seconds since 1970.
  ///   - wake: called from another thread when there is news to take.
  public convenience init(
    folder: String, title: String, now: @escaping @Sendable () -> Double, wake: @escaping @Sendable () -> Void
  ) {
    self.init(.folder(folder), title: title, now: now, wake: wake)
  }

  /// Reads lines.
  ///
  /// - Parameters:
  ///   - descriptor: where they come from; it is closed at its end.
  ///   - title: what the run is called.
  ///   - follows: whether more may come after the end, as to a file that grows.
  ///   - now: the time, in seconds since 1970, by which it is told that a file stopped growing.
  ///   - wake: called from another thread when there is news to take.
  public convenience init(
    descriptor: Int32, title: String, follows: Bool, now: @escaping @Sendable () -> Double = { 0 },
    wake: @escaping @Sendable () -> Void
  ) {
    self.init(.lines(descriptor, follows: follows), title: title, now: now, wake: wake)
  }

  /// Reads the lines of a file that is not there yet, from when it is.
  ///
  /// - Parameters:
  ///   - awaited: the file.
  ///   - title: what the run is called.
  ///   - now: the time, in seconds since 1970.
  ///   - wake: called from another thread when there is news to take.
  public convenience init(
    awaited: String, title: String, now: @escaping @Sendable () -> Double, wake: @escaping @Sendable () -> Void
  ) {
    self.init(.awaited(awaited), title: title, now: now, wake: wake)
  }

  deinit { end() }

  /// Goes on, stands, or goes to another window; what would change the run is not for here.
  public func send(_ command: Trainer.Command) {
    if let answer = replay.perform(command) { news.append(answer) }
    arrive(force: true)
  }

  /// What the reader looks at.
  public func look(_ requests: [LaneID: ReadingRequest]) {
    self.requests = requests
    if window != nil, !requests.isCovered(by: asked, in: [.a]) { read() }
  }

  /// Asks for a frame.
  public func requestFrame() {}
  /// The checkpoints to take the run up from: there are none.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {}

  /// Ends the source and lets its threads go.
  public func end() {
    feed.end()
    analyst.end()
  }

  /// What has happened since the last call.
  public func takeNews() -> [SourceNews] {
    if let come = feed.take() { take(come) }
    // Windows may come faster than they are read: then each reading is shown, though a newer window is there.
    if let result = analyst.take(), let lane = result.lanes[.a], fault == nil {
      if lane.snapshot.serial == window?.snapshot.serial, !lane.readings.isHasty,
        requests.isCovered(by: asked, in: [.a])
      {
        isReading = false
      }
      let frame = LaneFrame(summary: summary(of: lane.snapshot), readings: lane.readings, pass: lane.snapshot)
      lastFrame = frame
      news.append(.frame(Frame(lanes: [.a: frame])))
    }
    defer { news = [] }
    return news
  }

  private func take(_ come: RunFeed.News) {
    news += come.remarks.map { .ignored($0.words) }
    remarks += come.remarks.filter { $0.key != RunRemark.noLine }
    for line in come.lines {
      guard let update = line.update else { continue }
      if record.isBefore(line) {
        steps = StepsByUpdate()
        news.append(.ignored("update \(update) came after \(record.update): the run begins anew"))
      }
      record.add(line, update)
      steps.add(line, update)
    }
    (unreadable, silence, isLate) = (come.unreadable, come.hasEnded ? nil : come.silence, come.isLate)
    replay.isOver = come.hasEnded
    hasCaughtUp = hasCaughtUp || come.hasCaughtUp
    if let windows = come.windows { self.windows = windows }
    replay.take(windows.isEmpty ? steps.updates : windows.keys.sorted())
    for _ in 0..<come.ticks { replay.tick() }
    var isNew = false
    if let loaded = come.loaded, loaded.update == wanted {
      show(loaded.window)
      isNew = true
    }
    arrive(force: !isNew)
  }

  /// Takes a window that was read. What it says that another did not is told once.
  private func show(_ loaded: Result<WatchedWindow, InputError>) {
    switch loaded {
    case .failure(let error):
      fault = error
      lastFrame = nil
      news += [.ignored(error.description), .frame(Frame(lanes: [.a: LaneFrame(summary: summary)]))]
    case .success(let next):
      if let before = window, before.shape != next.shape {
        news.append(.ignored("from update \(next.update) on it is \(next.shape), before \(before.shape)"))
      }
      (window, fault) = (next, nil)
      news.append(.frame(Frame(lanes: [.a: LaneFrame(summary: summary)])))
      read()
    }
  }

  private func read() {
    guard var snapshot = window?.snapshot else { return }
    snapshot.history = record.history(at: replay.isRunning ? nil : snapshot.update)
    asked = requests
    isReading = true
    analyst.submit(requests.job([.a: snapshot]))
  }

  /// Asks for the window where the run stands now, or shows its line; else what has come of lines.
  private func arrive(force: Bool) {
    feed.countTicks(replay.isPlaying)
    if let current = replay.current, current != wanted {
      wanted = current
      if let path = windows[current] { return feed.load(path, update: current) }
    }
    guard force, window == nil || lastFrame != nil || fault != nil else { return }
    guard window != nil, fault == nil else {
      news.append(.frame(Frame(lanes: [.a: LaneFrame(summary: summary, readings: lineReadings)])))
      return
    }
    // The pass is the same: only what the lines told is new.
    guard var frame = lastFrame, frame.summary.serial == window?.snapshot.serial else {
      return news.append(.frame(Frame(lanes: [.a: LaneFrame(summary: summary)])))
    }
    frame.summary = summary
    if let old = frame.readings?[LossInstrument.self] {
      frame.readings?.set(
        LossInstrument.self,
        .init(update: frame.summary.update, history: frame.summary.history, kind: old.kind, clip: old.clip))
    }
    lastFrame = frame
    news.append(.frame(Frame(lanes: [.a: frame])))
  }

  // MARK: What is told

  /// What the lines alone give.
  private var lineReadings: Readings {
    var readings = Readings(summary.pass)
    readings.set(LossInstrument.self, .init(update: summary.update, history: summary.history))
    if let norms = lineSteps?.norms { readings.set(GradientNormInstrument.self, .init(norms: norms)) }
    if let states = lineSteps?.states { readings.set(TimeInstrument.self, .init(states: states)) }
    if let product = lineSteps?.product { readings.set(JacobianProductInstrument.self, .init(product)) }
    return readings
  }

  private var lineSteps: StepsByUpdate.Entry? { replay.current.flatMap { steps[$0] } ?? steps.newest }

  private var summary: RunSummary {
    if let window, fault == nil { return summary(of: window.snapshot) }
    return summary(of: nil)
  }

  private func summary(of snapshot: Snapshot?) -> RunSummary {
    let history = record.history(at: replay.isRunning ? nil : replay.current)
    var summary: RunSummary
    if let snapshot {
      summary = RunSummary(snapshot)
      // A gradient that is not finite ends the pass, and not what can be looked at.
      (summary.explosion, summary.history) = (nil, history)
    } else {
      let update = windows.isEmpty && replay.isRunning ? record.update : replay.current ?? record.update
      summary = RunSummary(
        pass: PassIdentity(update: update, serial: Snapshot.nextSerial), history: history,
        length: fault == nil ? lineSteps?.length ?? 0 : 0, isRunning: true)
    }
    summary.title = words
    summary.isRunning = replay.isRunning
    summary.updatesPerSecond = replay.isPlaying || replay.isOver || isLate ? 0 : record.updatesPerSecond
    summary.rewindable = summary.update - (replay.updates.first ?? summary.update)
    return summary
  }

  /// The run's name and what is to be known of it, the gravest first; parts that are left out from the right.
  private var words: [String] {
    var leftOut =
      unreadable == 0 ? [] : ["\(unreadable) \(unreadable == 1 ? "line is" : "lines are") no update, left out"]
    if let first = remarks.first {
      leftOut.append(first.words + (remarks.count > 1 ? " (and \(remarks.count - 1) more)" : ""))
    }
    let state = silence.map { [$0] } ?? (replay.isOver && (record.update > 0 || !windows.isEmpty) ? ["ended"] : [])
    if fault != nil { return [title, "window \(wanted ?? 0) cannot be read"] + state + leftOut }
    guard let window else {
      return [title] + [waiting].compactMap { $0 } + state + leftOut
    }
    return [title] + window.remarks + [window.agreement] + state + [window.shape] + leftOut
  }

  /// What has not come yet; nil where something has.
  private var waiting: String? {
    if case .folder(let path) = place {
      guard windows.isEmpty, !replay.isOver else { return nil }
      return FileManager.default.fileExists(atPath: path)
        ? "waits for the first window" : "waits for the folder, which is not there yet"
    }
    guard record.update == 0, unreadable == 0 else { return nil }
    if case .awaited(let path) = place, !FileManager.default.fileExists(atPath: path) {
      return "waits for the file, which is not there yet"
    }
    return replay.isOver ? "ended before the first line" : "waits for the first line"
  }
}

/// What lines told of the steps of their passes, bounded: where there are too many, every second one goes.
private struct StepsByUpdate {
  /// Of one line: log10 ‖∂L/∂h_t‖ and h_t by step, and the products of Jacobians by lag.
  struct Entry {
    var norms: [Double]?, states: [[Double]]?, product: ProductByLag?
    /// How many numbers it holds, without those of the products, which are few.
    var numbers: Int { (norms?.count ?? 0) + (states.map { $0.count * ($0.first?.count ?? 0) } ?? 0) }
    var length: Int { max(norms?.count ?? 0, states?.count ?? 0, product?.steps ?? 0) }
  }

  /// 64 MB of numbers.
  private static let limit = 1024, numberLimit = 1 << 23
  private var numbers = 0
  private(set) var updates: [Int] = []
  private var entries: [Int: Entry] = [:]
  /// What some line has had.
  private(set) var offers: InstrumentNeeds = .history

  var newest: Entry? { updates.last.flatMap { entries[$0] } }
  subscript(update: Int) -> Entry? { entries[update] }

  /// Takes a line, if it tells of steps.
  mutating func add(_ line: RunLine, _ update: Int) {
    let entry = Entry(
      norms: line.log10NormByStep.map { $0.map { $0 ?? -.infinity } }, states: line.states, product: line.product)
    guard entry.length > 0 else { return }
    if entry.norms != nil { offers.insert(.norms) }
    if entry.states != nil { offers.insert(.states) }
    if entry.product != nil { offers.insert(.jacobians) }
    if entries.updateValue(entry, forKey: update) == nil { updates.append(update) }
    numbers += entry.numbers
    guard updates.count > Self.limit || numbers > Self.numberLimit, updates.count > 2 else { return }
    for (place, update) in updates.enumerated() where !place.isMultiple(of: 2) { entries[update] = nil }
    updates = updates.filter { entries[$0] != nil }
    numbers = entries.values.reduce(0) { $0 + $1.numbers }
  }
}

/// What the lines told of the updates: losses and norms as they stand, and as they stood at each window.
private struct RunRecord {
  private(set) var update = 0
  private var newest = LossHistory()
  private var atWindows: [Int: LossHistory] = [:]
  /// The last updates with the times at which they were written.
  private var times: [(update: Int, time: Double)] = []

  /// Whether a line begins the run anew. A second line of an update may tell what the first did not.
  func isBefore(_ line: RunLine) -> Bool {
    line.update.map { $0 < update || ($0 == update && update > 0 && line.hasScalars) } ?? false
  }

  mutating func add(_ line: RunLine, _ update: Int) {
    if isBefore(line) { self = RunRecord() }
    if let window = line.window { atWindows[window] = newest }
    if update > self.update || line.hasScalars || newest.newest == nil { newest.append(line.record(update)) }
    self.update = update
    guard let time = line.time else { return }
    times.append((update, time))
    if times.count > 64 { times.removeFirst(32) }
  }

  /// The losses up to an update, where a window was published there; else, and without one, all of them.
  func history(at update: Int?) -> LossHistory { update.flatMap { atWindows[$0] } ?? newest }

  /// As the last lines say; 0 where they do not.
  var updatesPerSecond: Double {
    guard let first = times.first, let last = times.last, last.time > first.time else { return 0 }
    return Double(last.update - first.update) / (last.time - first.time)
  }
}
