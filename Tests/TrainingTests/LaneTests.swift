import Dispatch
import Synchronization
import Testing

@testable import Training

/// A trainer of lanes whose publications can be waited for.
private final class WatchedLanes: Sendable {
  let trainer: Trainer
  private let published: DispatchSemaphore
  private let reports = Mutex<[TrainerReport]>([])

  init(_ run: sending TrainingRun) {
    let published = DispatchSemaphore(value: 0)
    self.published = published
    trainer = Trainer(run: run) { published.signal() }
  }

  /// The next snapshots that fit; nil after twenty seconds.
  func snapshots(asking: Bool = true, where fits: ([LaneID: Snapshot]) -> Bool) -> [LaneID: Snapshot]? {
    let deadline = DispatchTime.now() + .seconds(20)
    while DispatchTime.now() < deadline {
      if asking { trainer.request() }
      _ = published.wait(timeout: .now() + .milliseconds(100))
      let snapshots = trainer.takeSnapshots()
      reports.withLock { $0 += trainer.takeReports() }
      if !snapshots.isEmpty, fits(snapshots) { return snapshots }
    }
    return nil
  }

  /// All reports so far.
  var allReports: [TrainerReport] {
    reports.withLock {
      $0 += trainer.takeReports()
      return $0
    }
  }

  /// The lanes as they stand.
  func checkpoints() -> [LaneID: RunCheckpoint] {
    let done = DispatchSemaphore(value: 0)
    let held = Mutex<[LaneID: RunCheckpoint]>([:])
    trainer.checkpoints(afterSteps: true) { checkpoints in
      held.withLock { $0 = checkpoints }
      done.signal()
    }
    _ = done.wait(timeout: .now() + .seconds(20))
    return held.withLock { $0 }
  }
}

private let coin = ["task.name": "coin", "task.length": "30", "training.k1": "5", "training.k2": "9"]

private func set(_ key: String, _ value: String) -> [Setting] { [Setting(key: key, value: value)] }

@Suite("Two lanes in one trainer") struct LaneTests {
  @Test("checkpoints after steps hold the steps asked for before, and none asked for later; others do not wait")
  func checkpointsWaitForSteps() throws {
    let watched = WatchedLanes(try TrainingRun(experiment: smallExperiment(coin)))
    let trainer = watched.trainer
    let updates = Mutex<[String: Int]>([:]), done = DispatchSemaphore(value: 0)
    let note: @Sendable (String) -> @Sendable ([LaneID: RunCheckpoint]) -> Void = { name in
      { lanes in
        updates.withLock { $0[name] = lanes[.a]?.update }
        done.signal()
      }
    }
    trainer.send(.fork(from: .a))
    trainer.send(.step(updates: 300))
    trainer.checkpoints(afterSteps: true, note("after 300"))
    trainer.checkpoints(afterSteps: false, note("as it stands"))
    trainer.send(.step(updates: 300))
    trainer.checkpoints(afterSteps: true, note("after 600"))
    for _ in 0..<3 { #expect(done.wait(timeout: .now() + .seconds(20)) == .success) }
    #expect(updates.withLock { $0["after 300"] } == 300 && updates.withLock { $0["after 600"] } == 600)
    #expect(try #require(updates.withLock { $0["as it stands"] }) < 300)
    // On the way to an update too, and what ends the way does not leave them waiting.
    trainer.send(.go(to: 20))
    trainer.checkpoints(afterSteps: true, note("at 20"))
    #expect(done.wait(timeout: .now() + .seconds(20)) == .success && updates.withLock { $0["at 20"] } == 20)
    trainer.send(.step(updates: 1_000_000))
    trainer.checkpoints(afterSteps: true, note("paused"))
    trainer.send(.pause)
    #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
    #expect(try #require(updates.withLock { $0["paused"] }) < 1_000_000)
    trainer.end()
  }

  @Test("a fork goes on in lock step; a change in one lane is that lane's alone", arguments: [true, false])
  func fork(isRunning: Bool) throws {
    let watched = WatchedLanes(try TrainingRun(experiment: smallExperiment(coin)))
    let trainer = watched.trainer
    if isRunning { trainer.send(.run) } else { trainer.send(.step(updates: 12)) }
    #expect(watched.snapshots { ($0[.a]?.update ?? 0) >= 12 } != nil)
    trainer.send(.fork(from: .a))
    let forked = try #require(watched.snapshots { $0.count == 2 })
    #expect(forked[.a]?.parameters == forked[.b]?.parameters && forked[.a]?.update == forked[.b]?.update)
    let first = try #require(forked[.a]?.update)
    trainer.send(.fork(from: .b))
    trainer.send(.change(.b, set("training.k2", "2")))
    if !isRunning { trainer.send(.step(updates: 40)) }
    let later = try #require(
      watched.snapshots { ($0[.a]?.update ?? 0) >= first + 40 && $0[.b]?.experiment.training.k2 == .steps(2) })
    #expect(later[.a]?.update == later[.b]?.update && later[.a]?.parameters != later[.b]?.parameters)
    #expect(later[.a]?.experiment.training.k2 == .steps(9) && later[.a]?.data == later[.b]?.data)
    #expect(trainer.takeRefusals().map(\.lane) == [.b])
    #expect(watched.allReports.contains(.forked(from: .a, to: .b)))
    // Each lane is the run that it would be alone.
    trainer.send(.pause)
    _ = watched.snapshots { $0[.a]?.running == false }
    for (id, checkpoint) in watched.checkpoints() {
      let run = try TrainingRun(resuming: checkpoint)
      #expect(RunState(try run.replay.run(to: run.update)) == RunState(run), "lane \(id)")
    }
    trainer.send(.drop(.a))
    #expect(watched.snapshots { $0[.a] == nil && $0[.b] != nil } != nil)
    trainer.send(.drop(.b))
    trainer.send(.change(.a, set("training.k1", "3")))
    var refusals: [Trainer.Refusal] = []
    _ = watched.snapshots { _ in
      refusals += trainer.takeRefusals()
      return refusals.count >= 2
    }
    #expect(refusals.map(\.lane) == [.b, .a])
    trainer.end()
  }

  @Test("another cell beside the first goes on at the same update, keeps what it can, and can be undone")
  func anotherCell() throws {
    let watched = WatchedLanes(try TrainingRun(experiment: smallExperiment(coin)))
    let trainer = watched.trainer
    trainer.send(.step(updates: 17))
    #expect(watched.snapshots { $0[.a]?.update == 17 } != nil)
    trainer.send(.fork(from: .a))
    trainer.send(.change(.b, set("network.cell", "lstm")))
    trainer.send(.step(updates: 20))
    let both = try #require(watched.snapshots { $0[.b]?.update == 37 })
    #expect(
      both[.a]?.update == 37 && both[.b]?.experiment.network.cell == .lstm && both[.a]?.window == both[.b]?.window)
    let changed = watched.allReports.compactMap { if case .changed(.b, let report) = $0 { report } else { nil } }
    #expect(changed.first?.kept == ["readout.weight", "readout.bias"])
    #expect(changed.first?.drawn.contains("weight_hh_l0") == true)
    // Undone, the lane stands where it was and catches up.
    trainer.send(.undo(.b))
    let undone = try #require(watched.snapshots { $0[.b]?.experiment.network.cell == .elman && $0[.b]?.update == 37 })
    #expect(undone[.b]?.parameters == undone[.a]?.parameters)
    // Once more, and the fork is undone.
    trainer.send(.undo(.b))
    _ = try #require(watched.snapshots { $0[.b] == nil })
    #expect(watched.allReports.contains(.unforked(.b)))
    trainer.send(.fork(from: .a))
    trainer.send(.restart(nil, from: .seed(4)))
    let restarted = try #require(watched.snapshots { $0[.a]?.update == 0 })
    #expect(restarted[.b]?.update == 0 && restarted[.a]?.parameters == restarted[.b]?.parameters)
    trainer.end()
  }

  @Test("a lane that explodes stops alone; changed, it catches up")
  func explosion() throws {
    let watched = WatchedLanes(
      try TrainingRun(
        experiment: smallExperiment([
          "network.activation": "identity", "training.clip.kind": "none", "task.length": "60",
          "task.name": "temporal-order",
        ])))
    let trainer = watched.trainer
    trainer.send(.step(updates: 3))
    #expect(watched.snapshots { $0[.a]?.update == 3 } != nil)
    trainer.send(.fork(from: .a))
    trainer.send(.change(.b, set("network.init.spectral_radius", "1e12")))
    trainer.send(.step(updates: 30))
    let exploded = try #require(watched.snapshots { ($0[.a]?.update ?? 0) == 33 })
    #expect(exploded[.b]?.update == 3 && exploded[.b]?.explosion != nil && exploded[.a]?.explosion == nil)
    trainer.send(.undo(.b))
    let together = try #require(watched.snapshots { $0[.b]?.update == 33 })
    #expect(together[.b]?.parameters == together[.a]?.parameters && together[.b]?.explosion == nil)
    trainer.end()
  }

  @Test("both lanes go back and on together; going far is interrupted by the next command, a quit at once")
  func going() throws {
    let watched = WatchedLanes(try TrainingRun(experiment: smallExperiment(coin)))
    let trainer = watched.trainer
    trainer.send(.step(updates: 100))
    #expect(watched.snapshots { $0[.a]?.update == 100 } != nil)
    trainer.send(.fork(from: .a))
    trainer.send(.change(.b, set("training.optimizer.learning_rate", "0.2")))
    trainer.send(.step(updates: 60))
    let before = try #require(watched.snapshots { $0[.a]?.update == 160 && $0[.b]?.update == 160 })
    trainer.send(.rewind(updates: 35))
    trainer.send(.rewind(updates: 35))
    let back = try #require(watched.snapshots { $0[.a]?.update == 90 && $0[.b]?.update == 90 })
    #expect(back[.a]?.parameters == back[.b]?.parameters)
    trainer.send(.go(to: 160))
    let on = try #require(watched.snapshots { $0[.a]?.update == 160 && $0[.b]?.update == 160 })
    #expect(on[.a]?.parameters == before[.a]?.parameters && on[.b]?.parameters == before[.b]?.parameters)
    #expect(watched.allReports.contains(.arrived(update: 160, wanted: 160)))
    trainer.send(.go(to: 1_000_000_000))
    #expect(watched.snapshots { ($0[.a]?.update ?? 0) > 200 } != nil)
    trainer.send(.pause)
    let paused = try #require(watched.snapshots { $0[.a]?.running == false })
    let still = try #require(watched.snapshots { _ in true })
    #expect(still[.a]?.update == paused[.a]?.update)
    trainer.send(.go(to: 1_000_000_000))
    let start = DispatchTime.now().uptimeNanoseconds
    trainer.end()
    #expect(DispatchTime.now().uptimeNanoseconds - start < 1_000_000_000)
  }
}
