/// What the trainer's thread does: commands, requested snapshots, updates; else it sleeps.
final class TrainerThread {
  private let run: TrainingRun
  private let mailbox: TrainerMailbox
  private let sampleLength: Int
  private let now: @Sendable () -> Duration
  private let onPublish: @Sendable () -> Void

  private var isRunning = false
  private var hasQuit = false
  /// Updates still to be made by `step`.
  private var stepsLeft = 0
  private var pace = Pace()
  private var speed = SpeedMeter()
  private var sample = ""
  private var sampledAt: Duration?

  init(
    run: TrainingRun, mailbox: TrainerMailbox, sampleLength: Int, now: @escaping @Sendable () -> Duration,
    onPublish: @escaping @Sendable () -> Void
  ) {
    self.run = run
    self.mailbox = mailbox
    self.sampleLength = sampleLength
    self.now = now
    self.onPublish = onPublish
  }

  /// Works until told to quit.
  func work() {
    while !hasQuit {
      let commands = mailbox.takeCommands()
      for command in commands { obey(command) }
      if hasQuit { return }
      let isTraining = isRunning || stepsLeft > 0
      // What a command did is to be seen at once. A request may have been answered just before the command was taken, so
      // that it is no sign of one.
      if mailbox.takeRequest() || !commands.isEmpty { publish() }
      guard isTraining else {
        mailbox.sleep(for: nil)
        continue
      }
      if isRunning, stepsLeft == 0, pace.limit != nil, let wait = pace.wait(now()) {
        mailbox.sleep(for: wait)
        continue
      }
      train()
    }
  }

  private func train() {
    let outcome = run.trainOnce()
    if stepsLeft > 0 { stepsLeft -= 1 }
    if outcome == .exploded {
      isRunning = false
      stepsLeft = 0
    }
    if !isRunning, stepsLeft == 0 { publish() }
  }

  private func obey(_ command: Trainer.Command) {
    sampledAt = nil
    switch command {
    case .run:
      if !isRunning { speed = SpeedMeter() }
      // What has exploded goes on when something was changed.
      isRunning = run.explosion == nil
      stepsLeft = 0
      pace.restart()
    case .pause:
      isRunning = false
      stepsLeft = 0
    case .step(let updates):
      // Steps that were asked for one after the other add up.
      stepsLeft = run.explosion == nil ? (isRunning ? 0 : stepsLeft) + max(updates, 0) : 0
      isRunning = false
    case .rewind(let updates):
      isRunning = false
      stepsLeft = 0
      run.rewind(by: updates)
    case .apply(let key, let value):
      attempt(key) { () throws(TrainingError) in _ = try run.apply(key: key, value: value) }
    case .begin(let settings):
      do {
        try run.begin(with: settings)
      } catch {
        // Each of the keys is as it was.
        for setting in settings { mailbox.refuse(Trainer.Refusal(key: setting.key, reason: "\(error)")) }
        onPublish()
      }
    case .restart(let seed):
      attempt("restart") { () throws(TrainingError) in try run.restart(seed: seed) }
    case .speed(let limit):
      pace.limit = limit.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
      pace.restart()
    case .quit: hasQuit = true
    }
  }

  private func attempt(_ key: String, _ body: () throws(TrainingError) -> Void) {
    do {
      try body()
    } catch {
      mailbox.refuse(Trainer.Refusal(key: key, reason: "\(error)"))
      onPublish()
    }
  }

  private func publish() {
    let time = now()
    let rate = isRunning ? speed.rate(updates: run.update, at: time) : 0
    // A sample costs as much as an update or many: while it runs, two a second are enough for reading.
    let isDue = !isRunning || sampledAt.map { time - $0 >= .milliseconds(500) } ?? true
    var snapshot = run.snapshot(
      running: isRunning, updatesPerSecond: rate, sampleLength: isDue ? sampleLength : 0)
    if isDue {
      sample = snapshot.sample
      sampledAt = time
    }
    snapshot.sample = sample
    mailbox.publish(snapshot)
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
