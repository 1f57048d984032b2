/// What the trainer's thread does: commands, requested snapshots, updates; else it sleeps.
final class TrainerThread {
  /// A lane's run, and what it last wrote.
  private struct Lane {
    let run: TrainingRun
    var sample = ""

    /// Whether it stands still until something is changed.
    var isStopped: Bool { run.isStopped }
  }

  /// Where training goes, and then stays paused.
  private struct Goal {
    var update: Int
    /// Whether the lanes are on the way back: another command stops them.
    var isJourney = false
  }

  /// What was last done to the lanes themselves.
  private enum LaneChange {
    case forked(LaneID)
    case dropped(LaneID, Lane)
  }

  private var lanes: [LaneID: Lane] = [:]
  /// What can be undone of the lanes, the last one last, and how many changes of settings were made after each in a lane.
  private var laneChanges: [(change: LaneChange, changesSince: [LaneID: Int])] = []
  /// The most of them: each may hold a run.
  private static let laneChangeLimit = 4
  private let mailbox: TrainerMailbox
  private let sampleLength: Int
  private let now: @Sendable () -> Duration
  private let onPublish: @Sendable () -> Void

  private var isRunning = false
  private var hasQuit = false
  private var goal: Goal?
  /// Who waits for checkpoints until so many updates are made.
  private var waiting: [(update: Int, body: ([LaneID: RunCheckpoint]) -> Void)] = []
  private var pace = Pace()
  private var speed = SpeedMeter()
  private var sampledAt: Duration?

  init(
    run: TrainingRun, second: TrainingRun?, mailbox: TrainerMailbox, sampleLength: Int,
    now: @escaping @Sendable () -> Duration, onPublish: @escaping @Sendable () -> Void
  ) {
    lanes[.a] = Lane(run: run)
    if let second { lanes[.b] = Lane(run: second) }
    self.mailbox = mailbox
    self.sampleLength = sampleLength
    self.now = now
    self.onPublish = onPublish
  }

  /// Works until told to quit.
  func work() {
    while !hasQuit {
      let messages = mailbox.takeMessages()
      for message in messages where !hasQuit { perform(message) }
      giveCheckpoints(isOver: goal == nil || hasQuit)
      if hasQuit { return }
      // What a command did is to be seen at once. A request may have been answered just before the command was taken, so
      // that it is no sign of one.
      if mailbox.takeRequest() || !messages.isEmpty { publish() }
      guard isRunning || goal != nil else {
        // Told first, then looked into, as far as no command waits.
        if keepBlackBoxes(isCancelled: { [mailbox] in mailbox.isWaitedFor }) {
          publish()
        } else {
          mailbox.sleep(for: nil)
        }
        continue
      }
      if isRunning, pace.limit != nil, let wait = pace.wait(now()) {
        mailbox.sleep(for: wait)
        continue
      }
      goal == nil ? train() : approachGoal()
    }
  }

  /// Does what waits, and goes on until no update is asked for.
  func workThrough() {
    repeat {
      let messages = mailbox.takeMessages()
      for message in messages { perform(message) }
      if goal != nil { approachGoal() }
      giveCheckpoints(isOver: goal == nil)
      if goal == nil { keepBlackBoxes() }
      if goal == nil, mailbox.takeRequest() || !messages.isEmpty { publish() }
    } while goal != nil
  }

  // MARK: Training

  /// The updates that the lanes have made: those of the one that is ahead.
  private var update: Int { lanes.values.reduce(0) { max($0, $1.run.update) } }

  /// The updates of the lane that is behind, of those that go on; nil where none does.
  private var least: Int? { lanes.values.lazy.filter { !$0.isStopped }.map(\.run.update).min() }

  /// Makes an update in every lane that is behind, or in all where none is.
  private func train() {
    guard let least else { return stop() }
    for id in LaneID.allCases {
      guard let lane = lanes[id], !lane.isStopped, lane.run.update == least else { continue }
      if lane.run.trainOnce() == .failed { report(.failed(id, reason: reason(lane.run))) }
    }
    if goal == nil, self.least == nil { stop() }
  }

  /// Keeps what lanes that have exploded did before; whether there is anything new.
  @discardableResult
  private func keepBlackBoxes(isCancelled: () -> Bool = { false }) -> Bool {
    var isNew = false
    for lane in lanes.values where lane.run.keepBlackBox(isCancelled: isCancelled) { isNew = true }
    return isNew
  }

  private func stop() {
    isRunning = false
    if let goal, goal.isJourney { mailbox.report(.arrived(update: update, wanted: goal.update)) }
    goal = nil
    publish()
  }

  /// Goes a step towards the goal: back, or over updates that need not be made again, as far as no command waits; or one update on.
  private func approachGoal() {
    guard let goal else { return }
    for id in LaneID.allCases {
      guard let lane = lanes[id], goal.isJourney, lane.run.isFar(from: goal.update) else { continue }
      do throws(TrainingError) {
        try lane.run.go(to: goal.update) { [mailbox] in mailbox.isWaitedFor }
      } catch {
        report(.failed(id, reason: "\(error)"))
        return stop()
      }
      if mailbox.isWaitedFor { return }
    }
    if let least, least < goal.update { train() }
    if let least = self.least, least < goal.update { return }
    stop()
  }

  private func reason(_ run: TrainingRun) -> String { run.failure.map { "\($0)" } ?? "" }

  // MARK: Commands

  private func perform(_ message: TrainerMailbox.Message) {
    if !message.letsGoOn, let goal, goal.isJourney {
      // A rewind that follows another goes on from where that was to end.
      if case .command(.rewind) = message {
      } else {
        mailbox.report(.arrived(update: update, wanted: goal.update))
        self.goal = nil
        giveCheckpoints(isOver: true)
      }
    }
    switch message {
    case .checkpoints(afterSteps: true, let body) where goal != nil: waiting.append((goal?.update ?? update, body))
    case .checkpoints(_, let body): body(lanes.mapValues { $0.run.checkpoint() })
    case .command(let command): perform(command)
    }
  }

  /// Gives checkpoints to those who waited for updates that are made by now, or that will not be made.
  private func giveCheckpoints(isOver: Bool) {
    guard !waiting.isEmpty else { return }
    let due = waiting.prefix { isOver || goal?.isJourney == false && least ?? .max >= $0.update }
    guard !due.isEmpty else { return }
    waiting.removeFirst(due.count)
    let checkpoints = lanes.mapValues { $0.run.checkpoint() }
    for waiter in due { waiter.body(checkpoints) }
  }

  private func perform(_ command: Trainer.Command) {
    sampledAt = nil
    switch command {
    case .run, .pause, .step, .rewind, .go: move(command)
    case .change(let id, let settings): change(id, settings)
    case .begin(let id, let settings): change(id, settings, beginsAnew: true)
    case .undo(let id): undo(id)
    case .keepLanes: laneChanges = []
    case .restart(let id, let point): restart(id, point)
    case .fork(let id): fork(id)
    case .drop(let id): drop(id)
    case .speed(let limit):
      pace.limit = limit.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
      pace.restart()
    case .quit: hasQuit = true
    }
  }

  private func move(_ command: Trainer.Command) {
    if case .step = command {
    } else {
      giveCheckpoints(isOver: true)
    }
    switch command {
    case .run:
      if !isRunning { speed = SpeedMeter() }
      // What has exploded goes on when something was changed.
      isRunning = least != nil
      goal = nil
      pace.restart()
    case .pause:
      isRunning = false
      goal = nil
    case .step(let updates):
      // Steps that were asked for one after the other add up.
      let from = isRunning ? update : goal?.update ?? update
      goal = least == nil ? nil : Goal(update: from + max(updates, 0))
      isRunning = false
    case .rewind(let updates):
      isRunning = false
      let from = goal.flatMap { $0.isJourney ? $0.update : nil } ?? update
      goal = Goal(update: max(from - max(updates, 0), beginning), isJourney: true)
    case .go(let update):
      isRunning = false
      goal = Goal(update: max(update, beginning), isJourney: true)
    default: break
    }
  }

  /// The first place to which all lanes can go.
  private var beginning: Int { lanes.values.map(\.run.course.beginning.update).max() ?? 0 }

  /// Runs `body` on a lane; refuses the command where it cannot be done.
  private func attempt(
    _ id: LaneID, _ name: String, _ settings: [Setting] = [],
    _ body: (TrainingRun) throws(TrainingError) -> Void
  ) {
    guard let lane = lanes[id] else {
      return refuse(id, name, settings, "\(name): found no lane \(id.rawValue), expected one that is there")
    }
    do throws(TrainingError) { try body(lane.run) } catch { refuse(id, name, settings, "\(error)") }
  }

  private func refuse(_ id: LaneID, _ name: String, _ settings: [Setting], _ reason: String) {
    mailbox.refuse(
      Trainer.Refusal(lane: id, settings: settings, key: settings.first?.key ?? name, reason: reason))
    onPublish()
  }

  private func report(_ report: TrainerReport) {
    mailbox.report(report)
    onPublish()
  }

  private func change(_ id: LaneID, _ settings: [Setting], beginsAnew: Bool = false) {
    attempt(id, "change", settings) { run throws(TrainingError) in
      report(.changed(id, try run.change(settings, keepsPlace: lanes.count > 1, beginsAnew: beginsAnew)))
      noteChange(id, 1)
    }
  }

  /// Counts a change of a lane's settings, or one that was taken back.
  private func noteChange(_ id: LaneID, _ count: Int) {
    guard let last = laneChanges.indices.last else { return }
    laneChanges[last].changesSince[id, default: 0] += count
  }

  private func undo(_ id: LaneID) {
    if let last = laneChanges.last, last.changesSince[id, default: 0] == 0 {
      // What lies before the fork is both lanes': first the other one's changes since go, then the fork itself.
      guard last.changesSince.values.allSatisfy({ $0 == 0 }) else { return report(.nothingToUndo(id)) }
      laneChanges.removeLast()
      return takeBack(last.change)
    }
    attempt(id, "undo") { run throws(TrainingError) in
      guard let undone = try run.undo() else { return report(.nothingToUndo(id)) }
      noteChange(id, -1)
      report(.undone(id, undone))
      catchUp()
    }
  }

  /// Takes a fork back, or the end of a lane.
  private func takeBack(_ change: LaneChange) {
    switch change {
    case .forked(let id):
      lanes[id] = nil
      if least == nil { isRunning = false }
      report(.unforked(id))
    case .dropped(let id, let lane):
      lanes[id] = lane
      report(.reopened(id))
      catchUp()
    }
  }

  /// Lanes that stand at different updates meet at the later one.
  private func catchUp() {
    guard !isRunning, goal == nil, let least, least < update else { return }
    goal = Goal(update: update)
  }

  private func restart(_ id: LaneID?, _ point: RestartPoint) {
    for lane in LaneID.allCases where id == lane || id == nil && lanes[lane] != nil {
      attempt(lane, "restart") { run throws(TrainingError) in
        try run.restart(point, keepsPlace: id != nil && lanes.count > 1)
        report(.restarted(lane, from: point))
        noteChange(lane, 1)
      }
    }
  }

  private func fork(_ id: LaneID) {
    attempt(id, "fork") { run throws(TrainingError) in
      guard lanes[id.other] == nil else { throw .misfit("fork: found two lanes, expected one") }
      try requireMemory(
        run.experiment, inputs: run.layout.inputs, outputs: run.layout.outputs, limit: run.memory / 2)
      lanes[id.other] = Lane(run: try run.fork(), sample: lanes[id]?.sample ?? "")
      note(.forked(id.other))
      report(.forked(from: id, to: id.other))
    }
  }

  private func drop(_ id: LaneID) {
    attempt(id, "drop") { _ throws(TrainingError) in
      guard lanes.count > 1 else { throw .misfit("drop: found one lane, expected two") }
      if let lane = lanes.removeValue(forKey: id) { note(.dropped(id, lane)) }
      report(.dropped(id))
      if least == nil { isRunning = false }
    }
  }

  private func note(_ change: LaneChange) {
    laneChanges.append((change, [:]))
    if laneChanges.count > Self.laneChangeLimit { laneChanges.removeFirst() }
  }

  // MARK: To be seen

  private func publish() {
    let time = now()
    let rate = isRunning ? speed.rate(updates: update, at: time) : 0
    // A sample costs as much as an update or many: while it runs, two a second are enough for reading.
    let isDue = !isRunning || sampledAt.map { time - $0 >= .milliseconds(500) } ?? true
    var snapshots: [LaneID: Snapshot] = [:]
    for id in LaneID.allCases {
      guard let run = lanes[id]?.run else { continue }
      var snapshot = run.snapshot(
        running: isRunning, updatesPerSecond: rate, sampleLength: isDue ? sampleLength : 0)
      if isDue { lanes[id]?.sample = snapshot.sample }
      snapshot.sample = lanes[id]?.sample ?? ""
      snapshots[id] = snapshot
    }
    if isDue { sampledAt = time }
    mailbox.publish(snapshots)
    onPublish()
  }
}

/// Holds updates to a speed.
private struct Pace {
  /// Updates a second, or nil for no limit.
  var limit: Double?
  private var due: Duration?

  /// Begins to count anew.
  mutating func restart() { due = nil }

  /// How long to wait before the next update, or nil if it is due; then it counts as made.
  mutating func wait(_ now: Duration) -> Duration? {
    guard let limit else { return nil }
    let next = due ?? now
    guard next <= now else { return next - now }
    // After a long update the missed ones are not made up for.
    due = max(next, now - .milliseconds(100)) + .seconds(1 / limit)
    return nil
  }
}

/// Measures updates a second, over the last quarter of a second or more.
private struct SpeedMeter {
  private var mark: (updates: Int, time: Duration)?
  private var last = 0.0

  /// The speed, given the updates done by now.
  mutating func rate(updates: Int, at time: Duration) -> Double {
    guard let mark, updates >= mark.updates else {
      self.mark = (updates, time)
      return last
    }
    let (seconds, attoseconds) = (time - mark.time).components
    let elapsed = Double(seconds) + Double(attoseconds) * 1e-18
    guard elapsed >= 0.25 || last == 0 && elapsed >= 0.02 else { return last }
    last = Double(updates - mark.updates) / elapsed
    if elapsed >= 0.25 { self.mark = (updates, time) }
    return last
  }
}
