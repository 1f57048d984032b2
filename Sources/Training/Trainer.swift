import Dispatch
import Foundation
import Synchronization

/// Trains on a thread of its own; takes commands at any time, publishes the newest snapshot when asked to, waits for nobody.
///
/// Only values cross threads: commands in, snapshots and refusals out, each under a lock that is held for the time of a move.
/// Paused, the thread sleeps.
public final class Trainer: Sendable {
  /// What a trainer can be told to do; commands are done in order, between two updates.
  public enum Command: Equatable, Sendable {
    /// Train by itself.
    case run
    /// Stop after the present update.
    case pause
    /// Make so many updates, then stay paused.
    case step(updates: Int)
    /// Go back so many updates, bit for bit, and stay paused.
    case rewind(updates: Int)
    /// Set a dotted key of the experiment, the value as the experiment file would write it.
    case apply(key: String, value: String)
    /// Set several keys in one change that begins a new run.
    case begin([Setting])
    /// Begin again at update 0: with the same weights, or with those of another seed.
    case restart(seed: UInt64?)
    /// At most so many updates a second by itself; nil is as many as the machine makes.
    case speed(Double?)
    /// End the thread.
    case quit
  }

  /// A command that could not be done.
  public struct Refusal: Equatable, Sendable {
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
  ///   - run: what is trained; it is the trainer's from here on.
  ///   - sampleLength: how many characters the network writes into a snapshot, where the task is a text.
  ///   - now: the time since some fixed moment; for speeds only, no number of the training depends on it.
  ///   - onPublish: called on the trainer's thread after each snapshot or refusal; it must not block.
  public init(
    run: sending TrainingRun, sampleLength: Int = 80, now: @escaping @Sendable () -> Duration = monotonicTime,
    onPublish: @escaping @Sendable () -> Void
  ) {
    let mailbox = TrainerMailbox()
    self.mailbox = mailbox
    let handover = Handover(run)
    let ended = ended
    let thread = Thread {
      if let run = handover.take() {
        TrainerThread(run: run, mailbox: mailbox, sampleLength: sampleLength, now: now, onPublish: onPublish).work()
      }
      ended.signal()
    }
    thread.name = "trainer"
    thread.stackSize = 4 << 20
    thread.start()
  }

  deinit { send(.quit) }

  /// Tells the trainer to do `command`; returns at once.
  public func send(_ command: Command) { mailbox.send(command) }

  /// Asks for a snapshot as soon as the present update is done; returns at once.
  public func request() { mailbox.request() }

  /// The newest snapshot, if one was published since the last call.
  public func takeSnapshot() -> Snapshot? { mailbox.takeSnapshot() }

  /// The refusals since the last call.
  public func takeRefusals() -> [Refusal] { mailbox.takeRefusals() }

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

/// Moves a run to the thread that will use it.
private final class Handover: Sendable {
  private let run: Mutex<TrainingRun?>

  init(_ run: sending TrainingRun) { self.run = Mutex(run) }

  func take() -> sending TrainingRun? {
    run.withLock { held in
      let run = held
      held = nil
      return run
    }
  }
}

/// What lies between the trainer's thread and the others.
final class TrainerMailbox: Sendable {
  private struct Contents {
    var commands: [Trainer.Command] = []
    var snapshot: Snapshot?
    var refusals: [Trainer.Refusal] = []
  }

  private let contents = Mutex(Contents())
  private let hasCommands = Atomic(false)
  private let isRequested = Atomic(false)
  private let sleeps = Atomic(false)
  private let alarm = DispatchSemaphore(value: 0)

  // MARK: For the others

  func send(_ command: Trainer.Command) {
    contents.withLock { $0.commands.append(command) }
    hasCommands.store(true, ordering: .sequentiallyConsistent)
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

  func takeSnapshot() -> Snapshot? {
    contents.withLock { contents in
      defer { contents.snapshot = nil }
      return contents.snapshot
    }
  }

  func takeRefusals() -> [Trainer.Refusal] {
    contents.withLock { contents in
      defer { contents.refusals = [] }
      return contents.refusals
    }
  }

  // MARK: For the trainer's thread

  func takeCommands() -> [Trainer.Command] {
    guard hasCommands.load(ordering: .relaxed), hasCommands.exchange(false, ordering: .sequentiallyConsistent)
    else { return [] }
    return contents.withLock { contents in
      defer { contents.commands = [] }
      return contents.commands
    }
  }

  func takeRequest() -> Bool {
    isRequested.load(ordering: .relaxed) && isRequested.exchange(false, ordering: .sequentiallyConsistent)
  }

  func publish(_ snapshot: Snapshot) {
    // The snapshot that nobody took is freed outside of the lock.
    let old = contents.withLock { contents in
      let old = contents.snapshot
      contents.snapshot = snapshot
      return old
    }
    withExtendedLifetime(old) {}
  }

  func refuse(_ refusal: Trainer.Refusal) { contents.withLock { $0.refusals.append(refusal) } }

  /// Sleeps until there is something to do, or for `limit`.
  func sleep(for limit: Duration?) {
    sleeps.store(true, ordering: .sequentiallyConsistent)
    if hasCommands.load(ordering: .sequentiallyConsistent) || isRequested.load(ordering: .sequentiallyConsistent) {
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
