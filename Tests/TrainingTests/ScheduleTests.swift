import RecurrentNetworks
import Testing

@testable import Training

/// Windows as (start, end, first injected, end of injected), steps counted from 0.
private func table(_ schedule: TruncationSchedule) -> [[Int]] {
  schedule.windows.map {
    [$0.steps.lowerBound, $0.steps.upperBound, $0.injected.lowerBound, $0.injected.upperBound]
  }
}

@Suite("Truncation schedule")
struct ScheduleTests {
  @Test("by hand: n = 7, k1 = 3, k2 = 5, with a remainder of one step")
  func overlapping() {
    #expect(
      table(TruncationSchedule(length: 7, k1: 3, k2: 5, inject: .newest))
        == [[0, 3, 0, 3], [1, 6, 3, 6], [2, 7, 6, 7]])
    #expect(
      table(TruncationSchedule(length: 7, k1: 3, k2: 5, inject: .last))
        == [[0, 3, 2, 3], [1, 6, 5, 6], [2, 7, 6, 7]])
    #expect(
      table(TruncationSchedule(length: 7, k1: 3, k2: 5, inject: .window))
        == [[0, 3, 0, 3], [1, 6, 1, 6], [2, 7, 2, 7]])
  }

  @Test("by hand: k2 < k1 leaves losses untrained, and says how many")
  func gaps() {
    let schedule = TruncationSchedule(length: 10, k1: 4, k2: 2, inject: .newest)
    // Updates at 4, 8 and, flushed, at 10: steps 1, 2 and 5, 6 (from 1) are in no window.
    #expect(table(schedule) == [[2, 4, 2, 4], [6, 8, 6, 8], [8, 10, 8, 10]])
    #expect(schedule.untrainedLosses { _ in true } == 4)
    #expect(schedule.untrainedLosses { $0 == 9 } == 0)
    #expect(schedule.untrainedLosses { $0 < 3 } == 2)
    #expect(TruncationSchedule(length: 10, k1: 4, k2: 2, inject: .last).untrainedLosses { _ in true } == 7)
    #expect(TruncationSchedule(length: 10, k1: 4, k2: 6, inject: .window).untrainedLosses { _ in true } == 0)
  }

  @Test("k above n is n; k1 = n makes one update of all losses")
  func beyondTheSequence() {
    #expect(table(TruncationSchedule(length: 5, k1: 9, k2: 100, inject: .newest)) == [[0, 5, 0, 5]])
    #expect(table(TruncationSchedule(length: 5, k1: .full, k2: .full, inject: .window)) == [[0, 5, 0, 5]])
    #expect(table(TruncationSchedule(length: 5, k1: .full, k2: .steps(2), inject: .newest)) == [[3, 5, 3, 5]])
    #expect(table(TruncationSchedule(length: 1, k1: .steps(1), k2: .steps(1), inject: .last)) == [[0, 1, 0, 1]])
  }

  @Test("a window without a target among its injected steps is no update")
  func skipped() {
    let schedule = TruncationSchedule(length: 50, k1: 10, k2: 20, inject: .newest)
    #expect(schedule.windows { $0 == 49 } == [Window(steps: 30..<50, injected: 40..<50)])
    let last = TruncationSchedule(length: 9, k1: 4, k2: 4, inject: .last)
    #expect(last.windows { $0 == 5 }.isEmpty)
    #expect(last.windows { $0 == 7 } == [Window(steps: 4..<8, injected: 7..<8)])
  }

  @Test("after a change of k1 in mid-sequence, no loss is injected twice and none is lost")
  func changedInMidSequence() {
    let schedule = TruncationSchedule(length: 20, k1: 6, k2: 6, inject: .newest)
    // The last update ended at 5 under k1 = 5.
    #expect(schedule.window(after: 5) == Window(steps: 0..<6, injected: 5..<6))
    #expect(schedule.window(after: 20) == nil)
  }

  @Test(
    "how often each lag counts under newest, n = 60: pairs (i, t) with i - t = 0, 1, 2, 3, 4",
    arguments: [
      (5, 5, [60, 48, 36, 24, 12]), (1, 5, [60, 59, 58, 57, 56]), (3, 5, [60, 59, 58, 38, 19]),
    ])
  func lagCounts(k1: Int, k2: Int, expected: [Int]) {
    var counts = [Int](repeating: 0, count: 60)
    for window in TruncationSchedule(length: 60, k1: k1, k2: k2, inject: .newest).windows {
      for i in window.injected {
        for t in window.steps where t <= i { counts[i - t] += 1 }
      }
    }
    #expect(Array(counts.prefix(5)) == expected)
    #expect(counts.dropFirst(5).allSatisfy { $0 == 0 })
  }

  @Test("every loss once under newest where k2 ≥ k1; up to ⌈k2/k1⌉ times under window")
  func countsOfLosses() {
    for n in [1, 2, 7, 12, 13] {
      for k1 in 1...14 {
        for k2 in 1...14 {
          var newest = [Int](repeating: 0, count: n), window = newest
          for update in TruncationSchedule(length: n, k1: k1, k2: k2, inject: .newest).windows {
            for i in update.injected { newest[i] += 1 }
          }
          for update in TruncationSchedule(length: n, k1: k1, k2: k2, inject: .window).windows {
            for i in update.injected { window[i] += 1 }
          }
          #expect(newest.allSatisfy { k2 >= min(k1, n) ? $0 == 1 : $0 <= 1 })
          // The flushed remainder may come within k1 of the update before it, and count a loss once more.
          #expect(window.allSatisfy { $0 <= (k2 + k1 - 1) / k1 + 1 })
          if n.isMultiple(of: min(k1, n)) { #expect(window.allSatisfy { $0 <= (k2 + k1 - 1) / k1 }) }
        }
      }
    }
  }

  @Test("the presets' counts, and back")
  func presets() {
    for preset in TruncationPreset.allCases {
      let (k1, k2) = preset.counts(h: 10)
      #expect(TruncationPreset(k1: k1, k2: k2, length: 50) == preset)
    }
    #expect(TruncationPreset(k1: .steps(10), k2: .steps(5), length: 50) == nil)
    #expect(TruncationPreset(k1: .steps(60), k2: .steps(50), length: 50) == .full)
  }
}
