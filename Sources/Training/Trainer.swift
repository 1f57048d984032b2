import Dispatch
import Foundation
import Synchronization

/// Trains one run, or two in lock step, on a thread of its own; takes commands at any time, publishes the newest snapshots
/// when asked to, and waits for nothing but the next command.
///
/// Two lanes make the same number of updates: in a turn every lane that is behind makes one. One that explodes stops alone;
/// when it goes on, it catches up before the other goes on.
///
/// Only values cross threads: commands in, snapshots, refusals and reports out, each under a lock that is held for the time of
/// a move. Paused, the thread sleeps.
public final class Trainer: Sendable {
  /// What a trainer can be told to do; commands are done in order, between two updates.
  public enum Command: Hashable, Sendable {
    /// Train by itself.
    case run
    /// Stop after the present update.
    case pause
    /// Make so many updates, then stay paused.
    case step(updates: Int)
    /// Go back so many updates in every lane, bit for bit, and stay paused. The next command but `speed` interrupts it; another
    /// `rewind` goes on from where this one was to end.
    case rewind(updates: Int)
    /// Go to the place after so many updates in every lane, back or on, and stay paused. Interrupted as `rewind` is.
    case go(to: Int)
    /// Set keys of a lane in one change. Beside another lane, a change that begins a new run goes on at the same update.
    case change(LaneID, [Setting])
    /// The same, and begin a new run with it, whatever the keys.
    case begin(LaneID, [Setting])
    /// Take back a lane's last change, or restart; or the fork or the drop of a lane, where no change was made since.
    case undo(LaneID)
    /// The lanes stay as they are: their fork, or the end of one, can no longer be undone, as a session has no place for it.
    case keepLanes
    /// Begin a lane again: beside another at the same update; `nil` is all lanes, from their first update.
    case restart(LaneID?, from: RestartPoint)
    /// Make a second lane that goes on as `from` does.
    case fork(from: LaneID)
    /// End a lane; the other goes on.
    case drop(LaneID)
    /// At most so many updates a second by itself; nil is as many as the machine makes.
    case speed(Double?)
    /// End the thread after the present update.
    case quit
  }

  /// A command that could not be done; nothing has changed because of it.
  public struct Refusal: Equatable, Sendable {
    /// The lane that was addressed.
    public var lane: LaneID
    /// The settings that were to be set; empty where it was no change.
    public var settings: [Setting]
    /// The dotted key, or the command's name where there is none.
    public var key: String
    /// What is wrong, in one line.
    public var reason: String
  }

  private let mailbox: TrainerMailbox
  /// Signalled when the thread has ended.
  private let ended = DispatchSemaphore(value: 0)

  /// A trainer of `run`, paused.
  ///
  /// - Parameters:
  ///   - run: what is trained, as lane a; it is the trainer's from here on.
  ///   - second: lane b, if there is one from the start.
  ///   - sampleLength: how many characters the network writes into a snapshot, where the task is a text.
  ///   - now: the time since some fixed moment; for speeds only, no number of the training depends on it.
  ///   - onPublish: called on the trainer's thread after each snapshot, refusal or report; it must not block.
  public convenience init(
    run: sending TrainingRun, second: sending TrainingRun? = nil, sampleLength: Int = 80,
    now: @escaping @Sendable () -> Duration = monotonicTime, onPublish: @escaping @Sendable () -> Void
  ) {
    let runs = RunHandover(run, second)
    self.init(sampleLength: sampleLength, now: now, onPublish: onPublish) { () throws(TrainingError) in try runs.take()
    }
  }

  /// A trainer whose runs are made on its own thread, as those of large networks are: drawing their weights takes seconds, and
  /// no thread waits for it. What it is told in the meantime is done when they are there.
  ///
  /// - Parameters:
  ///   - sampleLength: how many characters the network writes into a snapshot, where the task is a text.
  ///   - now: the time since some fixed moment; for speeds only, no number of the training depends on it.
  ///   - onPublish: called on the trainer's thread after each snapshot, refusal or report; it must not block.
  ///   - make: makes lane a and, where there is one from the start, lane b. What it throws is reported as a failure of lane a.
  public init(
    sampleLength: Int = 80, now: @escaping @Sendable () -> Duration = monotonicTime,
    onPublish: @escaping @Sendable () -> Void,
    make: @escaping @Sendable () throws(TrainingError) -> (run: TrainingRun, second: TrainingRun?)
  ) {
    let mailbox = TrainerMailbox()
    self.mailbox = mailbox
    let ended = ended
    let thread = Thread {
      do {
        let (run, second) = try make()
        TrainerThread(
          run: run, second: second, mailbox: mailbox, sampleLength: sampleLength, now: now, onPublish: onPublish
        ).work()
      } catch {
        mailbox.report(.failed(.a, reason: "\(error)"))
        onPublish()
      }
      ended.signal()
    }
    thread.name = "trainer"
    thread.stackSize = 4 << 20
    thread.start()
  }

  deinit { send(.quit) }

  /// Tells the trainer to do `command`; returns at once.
  public func send(_ command: Command) { mailbox.send(.command(command)) }

  /// Asks for a checkpoint of every lane.
  ///
  /// - Parameters:
  ///   - afterSteps: whether the updates that were asked for before are made first; else the lanes are taken as they stand.
  ///   - body: gets the checkpoints on the trainer's thread, and must not block.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {
    mailbox.send(.checkpoints(afterSteps: afterSteps, body))
  }

  /// Asks for snapshots as soon as the present update is done; returns at once.
  public func request() { mailbox.request() }

  /// The newest snapshots, of the same update in every lane that goes on; empty where none was published since the last call.
  public func takeSnapshots() -> [LaneID: Snapshot] { mailbox.takeSnapshots() }

  /// The refusals since the last call.
  public func takeRefusals() -> [Refusal] { mailbox.takeRefusals() }

  /// What was done since the last call.
  public func takeReports() -> [TrainerReport] { mailbox.takeReports() }

  /// Ends the thread and waits until it has ended.
  public func end() {
    send(.quit)
    ended.wait()
    ended.signal()
  }
}

/// The time since the machine started, that does not jump.
public let monotonicTime: @Sendable () -> Duration = {
  .nanoseconds(Int64(clamping: DispatchTime.now().uptimeNanoseconds))
}

/// Moves runs to the thread that will use them.
public final class RunHandover: Sendable {
  private let run: Mutex<TrainingRun?>, second: Mutex<TrainingRun?>

  /// Holds runs until they are taken.
  public init(_ run: sending TrainingRun, _ second: sending TrainingRun? = nil) {
    self.run = Mutex(run)
    self.second = Mutex(second)
  }

  /// The runs, once.
  ///
  /// - Throws: where they were taken before.
  public func take() throws(TrainingError) -> (run: TrainingRun, second: TrainingRun?) {
    guard let run = Self.take(run) else {
      throw .misfit("run: found one that is trained elsewhere, expected a new one")
    }
    return (run, Self.take(second))
  }

  private static func take(_ held: borrowing Mutex<TrainingRun?>) -> sending TrainingRun? {
    held.withLock { held in
      let run = held
      held = nil
      return run
    }
  }
}

/// What lies between the trainer's thread and the others.
final class TrainerMailbox: Sendable {
  /// What is sent to the trainer's thread.
  enum Message: Sendable {
    case command(Trainer.Command)
    case checkpoints(afterSteps: Bool, @Sendable ([LaneID: RunCheckpoint]) -> Void)

    /// Whether going to another update goes on after it.
    var letsGoOn: Bool {
      switch self {
      case .command(.speed), .checkpoints: true
      case .command: false
      }
    }
  }

  private struct Contents {
    var messages: [Message] = []
    var snapshots: [LaneID: Snapshot] = [:]
    var refusals: [Trainer.Refusal] = []
    var reports: [TrainerReport] = []
  }

  private let contents = Mutex(Contents())
  private let hasMessages = Atomic(false)
  private let isRequested = Atomic(false)
  private let sleeps = Atomic(false)
  private let alarm = DispatchSemaphore(value: 0)

  // MARK: For the others

  func send(_ message: Message) {
    contents.withLock { $0.messages.append(message) }
    hasMessages.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  func request() {
    isRequested.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  /// The alarm is rung only for a thread that sleeps, so that rings do not add up while it trains.
  private func wake() {
    if sleeps.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
  }

  func takeSnapshots() -> [LaneID: Snapshot] {
    contents.withLock { contents in
      defer { contents.snapshots = [:] }
      return contents.snapshots
    }
  }

  func takeRefusals() -> [Trainer.Refusal] {
    contents.withLock { contents in
      defer { contents.refusals = [] }
      return contents.refusals
    }
  }

  func takeReports() -> [TrainerReport] {
    contents.withLock { contents in
      defer { contents.reports = [] }
      return contents.reports
    }
  }

  // MARK: For the trainer's thread

  /// Whether there is a message, or a request, that has not been taken.
  var isWaitedFor: Bool { hasMessages.load(ordering: .relaxed) || isRequested.load(ordering: .relaxed) }

  func takeMessages() -> [Message] {
    guard hasMessages.load(ordering: .relaxed), hasMessages.exchange(false, ordering: .sequentiallyConsistent)
    else { return [] }
    return contents.withLock { contents in
      defer { contents.messages = [] }
      return contents.messages
    }
  }

  func takeRequest() -> Bool {
    isRequested.load(ordering: .relaxed) && isRequested.exchange(false, ordering: .sequentiallyConsistent)
  }

  func publish(_ snapshots: [LaneID: Snapshot]) {
    // Snapshots that were not taken are freed outside of the lock.
    let old = contents.withLock { contents in
      let old = contents.snapshots
      contents.snapshots = snapshots
      return old
    }
    withExtendedLifetime(old) {}
  }

  func refuse(_ refusal: Trainer.Refusal) { contents.withLock { $0.refusals.append(refusal) } }

  func report(_ report: TrainerReport) { contents.withLock { $0.reports.append(report) } }

  /// Sleeps until there is something to do, or for `limit`.
  func sleep(for limit: Duration?) {
    sleeps.store(true, ordering: .sequentiallyConsistent)
    if hasMessages.load(ordering: .sequentiallyConsistent) || isRequested.load(ordering: .sequentiallyConsistent) {
      // Whoever brought it may have rung already.
      if !sleeps.exchange(false, ordering: .sequentiallyConsistent) { alarm.wait() }
      return
    }
    guard let limit else { return alarm.wait() }
    let (seconds, attoseconds) = limit.components
    let nanoseconds = Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    if alarm.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .timedOut,
      !sleeps.exchange(false, ordering: .sequentiallyConsistent)
    {
      alarm.wait()
    }
  }
}
