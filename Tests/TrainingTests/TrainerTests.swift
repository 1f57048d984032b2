import Dispatch
import Synchronization
import Testing

@testable import Training

/// A trainer whose publications can be waited for.
private final class Watched: Sendable {
  let trainer: Trainer
  private let published: DispatchSemaphore

  init(_ run: sending TrainingRun) {
    let published = DispatchSemaphore(value: 0)
    self.published = published
    trainer = Trainer(run: run) { published.signal() }
  }

  /// The next snapshot that fits, asked for again and again; nil after ten seconds.
  func snapshot(asking: Bool = true, where fits: (Snapshot) -> Bool = { _ in true }) -> Snapshot? {
    let deadline = DispatchTime.now() + .seconds(10)
    while DispatchTime.now() < deadline {
      if asking { trainer.request() }
      _ = published.wait(timeout: .now() + .milliseconds(200))
      if let snapshot = trainer.takeSnapshots()[.a], fits(snapshot) { return snapshot }
    }
    return nil
  }
}

private func smallRun(_ changes: [String: String] = [:]) throws -> TrainingRun {
  var experiment = Experiment()
  experiment.task.length = 20
  experiment.network.hidden = 6
  experiment.training.batch = 2
  for (key, value) in changes.sorted(by: { $0.key < $1.key }) { try experiment.set(key, value) }
  return try TrainingRun(experiment: experiment)
}

@Suite("Trainer")
struct TrainerTests {
  @Test("paused at first; a command is answered with a snapshot at once, without being asked")
  func commands() throws {
    let watched = Watched(try smallRun())
    watched.trainer.send(.step(updates: 5))
    let stepped = try #require(watched.snapshot(asking: false) { $0.update == 5 })
    #expect(!stepped.running)
    #expect(stepped.rewindable == 5)
    watched.trainer.send(.rewind(updates: 2))
    #expect(watched.snapshot(asking: false) { $0.update == 3 } != nil)
    watched.trainer.send(.change(.a, [Setting(key: "training.k2", value: "4")]))
    let changed = try #require(watched.snapshot(asking: false))
    #expect(changed.experiment.training.k2 == .steps(4))
    #expect(changed.journal == [JournalEntry(update: 3, settings: [Setting(key: "training.k2", value: "4")])])
    #expect(changed.window.steps == 16..<20)
    watched.trainer.send(.restart(.a, from: .seed(5)))
    let restarted = try #require(watched.snapshot(asking: false))
    #expect(restarted.update == 0)
    #expect(restarted.experiment.seed == 5)
    watched.trainer.end()
  }

  @Test("a command to run is answered with a snapshot that says so, whatever was asked for before it")
  func runIsSeen() throws {
    for _ in 0..<50 {
      let watched = Watched(try smallRun())
      watched.trainer.request()
      watched.trainer.send(.run)
      #expect(watched.snapshot(asking: false) { $0.running } != nil)
      watched.trainer.end()
    }
  }

  @Test("steps asked for one after the other add up; those asked for while it runs begin where it stops")
  func stepsAddUp() throws {
    let watched = Watched(try smallRun())
    for _ in 0..<20 { watched.trainer.send(.step(updates: 1)) }
    #expect(watched.snapshot(asking: false) { $0.update == 20 } != nil)
    watched.trainer.send(.run)
    _ = try #require(watched.snapshot { $0.running && $0.update > 30 })
    watched.trainer.send(.step(updates: 1))
    #expect(watched.snapshot { !$0.running } != nil)
    watched.trainer.end()
  }

  @Test("a run that takes another's place goes on counting its snapshots")
  func serialsAscendOverRuns() throws {
    let first = try smallRun()
    let before = first.snapshot().serial
    #expect(try smallRun().snapshot().serial > before && first.snapshot().serial > before + 1)
  }

  @Test("running, it trains until it is paused; then nothing moves")
  func runAndPause() throws {
    let watched = Watched(try smallRun())
    watched.trainer.send(.run)
    let first = try #require(watched.snapshot { $0.running && $0.update > 10 })
    let later = try #require(watched.snapshot { $0.update > first.update && $0.updatesPerSecond > 0 })
    #expect(later.serial > first.serial)
    watched.trainer.send(.pause)
    let paused = try #require(watched.snapshot { !$0.running })
    let still = try #require(watched.snapshot())
    #expect(still.update == paused.update)
    #expect(still.parameters == paused.parameters)
    watched.trainer.end()
  }

  @Test("a change made while it trains is in the next snapshot, and its journal replays to the same weights")
  func changesInFlight() throws {
    let watched = Watched(try smallRun(["task.name": "coin"]))
    watched.trainer.send(.run)
    for (index, (key, value)) in [
      ("training.k1", "3"), ("network.activation", "sigmoid"), ("training.optimizer.learning_rate", "0.3"),
      ("training.batch", "3"), ("network.init.spectral_radius", "1.1"),
    ].enumerated() {
      #expect(watched.snapshot { $0.update > 20 * index } != nil)
      watched.trainer.send(.change(.a, [Setting(key: key, value: value)]))
      let snapshot = try #require(watched.snapshot { $0.journal.count == index + 1 })
      #expect(try snapshot.experiment.value(of: key) == value)
    }
    watched.trainer.send(.pause)
    let end = try #require(watched.snapshot { !$0.running })
    watched.trainer.end()

    let replay = try TimelineReplay(experiment: end.initialExperiment, entries: end.journal).run(to: end.update)
    #expect(replay.parameters == end.parameters)
  }

  @Test("refusals are told with their key, and change nothing")
  func refusals() throws {
    let watched = Watched(try smallRun())
    watched.trainer.send(.change(.a, [Setting(key: "training.k9", value: "1")]))
    watched.trainer.send(.change(.a, [Setting(key: "task.length", value: "2")]))
    let snapshot = try #require(watched.snapshot())
    #expect(snapshot.journal.isEmpty)
    // A snapshot may come between the two.
    var refusals = watched.trainer.takeRefusals()
    for _ in 0..<100 where refusals.count < 2 && watched.snapshot() != nil {
      refusals += watched.trainer.takeRefusals()
    }
    #expect(refusals.map(\.key) == ["training.k9", "task.length"])
    #expect(refusals.first?.reason.contains("nearest is training.k1") == true)
    #expect(watched.trainer.takeRefusals().isEmpty)
    watched.trainer.end()
  }

  @Test("an explosion stops it by itself, and a rewind lets it go on")
  func explosion() throws {
    let watched = Watched(
      try smallRun(["network.activation": "identity", "training.clip.kind": "none", "task.length": "60"]))
    watched.trainer.send(.step(updates: 3))
    #expect(watched.snapshot { $0.update == 3 } != nil)
    watched.trainer.send(.change(.a, [Setting(key: "network.init.spectral_radius", value: "1e12")]))
    watched.trainer.send(.run)
    let exploded = try #require(watched.snapshot(asking: false) { $0.explosion != nil })
    #expect(!exploded.running)
    #expect(exploded.update == 3)
    watched.trainer.send(.run)
    watched.trainer.send(.rewind(updates: 1))
    let back = try #require(watched.snapshot { $0.update == 2 })
    #expect(back.explosion == nil)
    watched.trainer.end()
  }

  @Test("a speed limit holds, and pausing does not wait for it")
  func speed() throws {
    let watched = Watched(try smallRun())
    watched.trainer.send(.speed(20))
    let start = DispatchTime.now().uptimeNanoseconds
    watched.trainer.send(.run)
    #expect(watched.snapshot { $0.update >= 6 } != nil)
    // Six updates at 20 a second: five waits of 50 ms.
    #expect(DispatchTime.now().uptimeNanoseconds - start >= 250_000_000)
    watched.trainer.send(.speed(0.01))
    watched.trainer.send(.pause)
    let asked = DispatchTime.now().uptimeNanoseconds
    #expect(watched.snapshot { !$0.running } != nil)
    #expect(DispatchTime.now().uptimeNanoseconds - asked < 2_000_000_000)
    watched.trainer.end()
  }

  @Test("a text's sample has the length asked for, and no character that a terminal would obey")
  func sample() throws {
    let watched = Watched(try smallRun(["task.name": "text"]))
    let snapshot = try #require(watched.snapshot())
    #expect(snapshot.sample.unicodeScalars.count == 80)
    #expect(!snapshot.sample.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(snapshot.description.fileSummary?.contains("at character 1 (0 %)") == true)
    watched.trainer.send(.step(updates: 200))
    let later = try #require(watched.snapshot(asking: false) { $0.update == 200 })
    #expect(later.sample != snapshot.sample)
    watched.trainer.end()
  }

  @Test("many threads may command, ask and take at the same time")
  func storm() async throws {
    let watched = Watched(try smallRun(["task.name": "coin"]))
    let trainer = watched.trainer
    trainer.send(.run)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask {
          for round in 0..<300 {
            trainer.request()
            if let snapshot = trainer.takeSnapshots()[.a] {
              #expect(snapshot.parameters.count == snapshot.layout.count)
            }
            if round % 10 == thread {
              trainer.send(.change(.a, [Setting(key: "training.k2", value: "\(1 + round % 20)")]))
            }
            if round % 50 == thread { trainer.send(round % 100 < 50 ? .pause : .run) }
            if round % 70 == thread { trainer.send(.rewind(updates: 3)) }
            await Task.yield()
          }
        }
      }
    }
    trainer.send(.pause)
    #expect(watched.snapshot { !$0.running } != nil)
    trainer.end()
  }
}
