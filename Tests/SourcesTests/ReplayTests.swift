import Testing
import Training

@testable import Sources

/// Where a recording stands among its updates.
@Suite struct ReplayTests {
  private func replay(_ updates: [Int]) -> Replay {
    var replay = Replay()
    replay.take(updates)
    return replay
  }

  @Test func itFollowsUntilItIsToldToStand() {
    var replay = replay([0, 20, 40])
    #expect(replay.current == 40 && replay.isRunning && !replay.isPlaying)
    replay.take([0, 20, 40, 60])
    #expect(replay.current == 60)
    #expect(replay.perform(.pause) == nil && !replay.isRunning)
    replay.take([0, 20, 40, 60, 80])
    #expect(replay.current == 60)
    // The publisher has thinned its windows: the nearest before.
    replay.take([0, 40, 80])
    #expect(replay.current == 40)
  }

  @Test func stepsGoToTheNextWindowThatIsFarEnough() {
    var replay = replay([0, 20, 40, 60])
    _ = replay.perform(.rewind(updates: 1))
    #expect(replay.current == 40 && !replay.isRunning)
    _ = replay.perform(.rewind(updates: 30))
    #expect(replay.current == 0)
    _ = replay.perform(.rewind(updates: 5))
    #expect(replay.current == 0)
    _ = replay.perform(.step(updates: 1))
    #expect(replay.current == 20)
    _ = replay.perform(.step(updates: 21))
    #expect(replay.current == 60)
    _ = replay.perform(.step(updates: 1))
    #expect(replay.current == 60)
    guard case .report(.arrived(update: 20, wanted: 39)) = replay.perform(.go(to: 39)) else {
      Issue.record("the nearest window before 39 is 20")
      return
    }
  }

  @Test func whatIsOverIsPlayedFromItsBeginning() {
    var replay = replay([0, 20, 40])
    replay.isOver = true
    #expect(!replay.isRunning)
    _ = replay.perform(.run)
    #expect(replay.current == 0 && replay.isPlaying && replay.isRunning)
    replay.tick()
    #expect(replay.current == 20)
    replay.tick()
    replay.tick()
    #expect(replay.current == 40 && !replay.isRunning)
  }

  @Test func withoutUpdatesThereIsNothingToGoTo() {
    var replay = Replay()
    _ = replay.perform(.step(updates: 1))
    _ = replay.perform(.rewind(updates: 1))
    #expect(replay.current == nil)
    _ = replay.perform(.run)
    replay.take([3])
    #expect(replay.current == 3)
  }
}
