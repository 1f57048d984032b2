import Dispatch
import Foundation
import Synchronization
import Training

/// Reads the instruments of the newest snapshots on a thread of its own.
///
/// Latest wins: snapshots that are not begun when the next arrive are dropped. While a network trains the analyst rests after
/// each reading in proportion to what that took, so that the trainer and the screen have the machine. When it stands still, what
/// the quick reading left out is read after it, unless newer snapshots have come.
public final class Analyst: Sendable {
  /// What is to be read: a snapshot and what is asked of it, by lane.
  public typealias Job = [LaneID: (snapshot: Snapshot, request: ReadingRequest)]

  /// The readings of one job.
  public struct Result: Sendable {
    /// The snapshot and its readings, by lane.
    public let lanes: [LaneID: (snapshot: Snapshot, readings: Readings)]
    /// How the two lanes' passes differ, where there are two.
    public let difference: LaneDifference?
  }

  private struct Mailbox {
    var job: Job?
    var result: Result?
    var isEnding = false
  }

  /// How long it rests, as a multiple of what a reading took, while the network trains.
  private static let restPerWork = 2.0

  private let mailbox = Mutex(Mailbox())
  private let work = DispatchSemaphore(value: 0)
  /// Ends a rest: what comes while the network stands still is waited for.
  private let alarm = DispatchSemaphore(value: 0)
  private let onResult: @Sendable () -> Void

  /// Begins to wait for jobs; `onResult` is called on the analyst's thread whenever there is a result to take.
  public init(onResult: @escaping @Sendable () -> Void) {
    self.onResult = onResult
    let thread = Thread { [self] in run() }
    thread.name = "analyst"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Reads these snapshots next.
  public func submit(_ job: Job) {
    mailbox.withLock { $0.job = job }
    work.signal()
    if job.values.contains(where: { !$0.snapshot.running }) { alarm.signal() }
  }

  /// The newest result, once.
  public func take() -> Result? {
    mailbox.withLock { mailbox in
      defer { mailbox.result = nil }
      return mailbox.result
    }
  }

  /// Lets the thread end; what is under way is left.
  public func end() {
    mailbox.withLock { $0.isEnding = true }
    work.signal()
    alarm.signal()
  }

  private func run() {
    // The trainer comes first where they share a core; 0 is this thread alone.
    setpriority(Int32(PRIO_PROCESS.rawValue), 0, 5)
    var last: Result?
    while true {
      work.wait()
      let (job, isEnding) = mailbox.withLock { mailbox in
        defer { mailbox.job = nil }
        return (mailbox.job, mailbox.isEnding)
      }
      if isEnding { return }
      guard let job else { continue }
      let start = ContinuousClock.now
      let isRunning = job.values.contains { $0.snapshot.running }
      last = publish(job, isRunning ? .live : .paused, after: last)
      if !isRunning {
        if !hasNewer, let quick = last, quick.lanes.values.contains(where: { $0.readings.isHasty }) {
          last = publish(job, .patient, after: nil)
        }
      } else {
        rest(start.duration(to: .now) * Self.restPerWork)
      }
    }
  }

  /// Whether something else is to be done than what is under way.
  private var hasNewer: Bool { mailbox.withLock { $0.job != nil || $0.isEnding } }

  /// Sleeps for `time`, half a second at most, or until there is something that is waited for.
  private func rest(_ time: Duration) {
    // Rings of long ago; whatever rings from here on ends the rest.
    while alarm.wait(timeout: .now()) == .success {}
    let mayRest = mailbox.withLock { mailbox in
      !mailbox.isEnding && mailbox.job?.values.contains { !$0.snapshot.running } != true
    }
    guard mayRest else { return }
    _ = alarm.wait(timeout: .now() + min(0.5, time / .seconds(1)))
  }

  /// Reads a job and lays the result out to be taken.
  private func publish(_ job: Job, _ patience: Budget.Patience, after previous: Result?) -> Result? {
    // The patient reading gives way to whatever comes; the quick one is short enough to be finished.
    let stop: @Sendable () -> Bool = { [self] in
      patience == .patient ? hasNewer : mailbox.withLock { $0.isEnding }
    }
    let result = Self.read(job, patience, stop: stop, previous: previous)
    if stop() { return previous }
    mailbox.withLock { $0.result = result }
    onResult()
    return result
  }

  /// The readings of a job: a pure function of its snapshots and requests.
  ///
  /// - Parameters:
  ///   - job: what is read.
  ///   - patience: who waits.
  ///   - stop: answers true when the readings are no longer wanted.
  ///   - previous: earlier readings, of which those of the same pass are taken over.
  public static func read(
    _ job: Job, _ patience: Budget.Patience, stop: @escaping @Sendable () -> Bool = { false }, previous: Result? = nil
  ) -> Result {
    let views = job.mapValues { PassView($0.snapshot) }
    var lanes: [LaneID: (snapshot: Snapshot, readings: Readings)] = [:]
    for (lane, view) in views {
      guard let (snapshot, request) = job[lane] else { continue }
      let readings = Readings(
        view, request, budget: Budget(patience, stop: stop), previous: previous?.lanes[lane]?.readings)
      lanes[lane] = (snapshot, readings)
    }
    let pair = LaneID.allCases.compactMap { views[$0] }
    let difference = pair.count == 2 && !stop() ? LaneDifference(pair[0], pair[1], stop: stop) : nil
    return Result(lanes: lanes, difference: difference)
  }
}
