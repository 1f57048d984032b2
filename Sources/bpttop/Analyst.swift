import Dashboard
import Foundation
import Synchronization
import Training

/// Computes the instruments of the newest snapshot on a thread of its own.
///
/// Latest wins: a snapshot that is not begun when the next arrives is dropped. While snapshots stream in, it rests after
/// each analysis in proportion to what that took, so that the trainer and the screen have the machine. Paused, what the
/// quick analysis left out is computed after it, unless a newer snapshot has come.
final class Analyst: Sendable {
  /// What the analyst has to do, and what it has done.
  private struct Mailbox {
    var snapshot: Snapshot?
    var request = AnalysisRequest([])
    var result: Result<Analysis, AnalysisError>?
    var isEnding = false
  }

  /// How long it rests, as a multiple of what the analysis took, while the network trains.
  private static let restPerWork = 2.0

  private let mailbox = Mutex(Mailbox())
  private let work = DispatchSemaphore(value: 0)
  /// Ends a rest: what comes while the network stands still is waited for.
  private let alarm = DispatchSemaphore(value: 0)
  private let onResult: @Sendable () -> Void

  /// Begins to wait for snapshots; `onResult` is called on the analyst's thread whenever there is a result to take.
  init(onResult: @escaping @Sendable () -> Void) {
    self.onResult = onResult
    let thread = Thread { [self] in run() }
    thread.name = "analyst"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Analyse this snapshot next, as `request` says.
  func submit(_ snapshot: Snapshot, _ request: AnalysisRequest) {
    mailbox.withLock {
      $0.snapshot = snapshot
      $0.request = request
    }
    work.signal()
    if !snapshot.running { alarm.signal() }
  }

  /// The newest result, once.
  func take() -> Result<Analysis, AnalysisError>? {
    mailbox.withLock { mailbox in
      defer { mailbox.result = nil }
      return mailbox.result
    }
  }

  /// Lets the thread end.
  func end() {
    mailbox.withLock { $0.isEnding = true }
    work.signal()
    alarm.signal()
  }

  private func run() {
    // The trainer comes first where they share a core; 0 is this thread alone.
    setpriority(Int32(PRIO_PROCESS.rawValue), 0, 5)
    var last: Analysis?
    while true {
      work.wait()
      let (job, isEnding) = mailbox.withLock { mailbox in
        defer { mailbox.snapshot = nil }
        return (mailbox.snapshot.map { ($0, mailbox.request) }, mailbox.isEnding)
      }
      if isEnding { return }
      guard let (snapshot, request) = job else { continue }
      let start = ContinuousClock.now
      let quick = publish(snapshot, request, .live(snapshot), after: last)
      last = quick
      if !snapshot.running {
        let isNewest = mailbox.withLock { $0.snapshot == nil && !$0.isEnding }
        if isNewest, let quick, quick.isHasty { last = publish(snapshot, request, .patient(snapshot)) }
      } else {
        rest(start.duration(to: .now) * Self.restPerWork)
      }
    }
  }

  /// Sleeps for `time`, half a second at most, or until there is something that is waited for.
  private func rest(_ time: Duration) {
    // Rings of long ago; whatever rings from here on ends the rest.
    while alarm.wait(timeout: .now()) == .success {}
    guard mailbox.withLock({ $0.snapshot?.running != false && !$0.isEnding }) else { return }
    _ = alarm.wait(timeout: .now() + min(0.5, time / .seconds(1)))
  }

  /// Computes an analysis within `limits` and lays it out to be taken; of the pass that `previous` is of, it takes what it has.
  private func publish(
    _ snapshot: Snapshot, _ request: AnalysisRequest, _ limits: AnalysisLimits, after previous: Analysis? = nil
  ) -> Analysis? {
    let result = Result { () throws(AnalysisError) in
      try Analysis.compute(
        snapshot: snapshot, wanted: request.instruments, layer: request.layer, step: request.step, limits: limits,
        previous: previous)
    }
    mailbox.withLock { $0.result = result }
    onResult()
    return try? result.get()
  }
}
