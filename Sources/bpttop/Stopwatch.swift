import Foundation
import LinearAlgebra

/// Times a piece of work again and again.
enum Stopwatch {
  /// The median milliseconds of `runs` runs of `body`, after `warmup` runs that are not counted.
  static func medianMilliseconds(warmup: Int, runs: Int, _ body: () throws -> Void) rethrows -> Double {
    for _ in 0..<warmup { try body() }
    let times = try (0..<runs).map { _ in
      let clock = ContinuousClock()
      let start = clock.now
      try body()
      return start.duration(to: clock.now) / .milliseconds(1)
    }
    return times.sorted()[runs / 2]
  }

  /// The median processor time in milliseconds of `runs` runs of `body`, which works on the calling thread alone, after `warmup` runs
  /// that are not counted: what others on the machine do does not count.
  static func medianProcessorMilliseconds(warmup: Int, runs: Int, _ body: () throws -> Void) rethrows -> Double {
    for _ in 0..<warmup { try body() }
    let times = try (0..<runs).map { _ in
      let start = processorMilliseconds()
      try body()
      return processorMilliseconds() - start
    }
    return times.sorted()[runs / 2]
  }

  /// Waits until `time`, where it lies ahead.
  static func sleep(until time: ContinuousClock.Instant) {
    let left = ContinuousClock.now.duration(to: time) / .seconds(1)
    if left > 0 { Thread.sleep(forTimeInterval: left) }
  }

  /// A time beside the highest speed, in multiplications and additions a millisecond, that the processor can go at.
  struct Paced {
    /// The medians of the time and of the peak.
    var milliseconds: Double, peak: Double
    /// The median of time times peak, run by run: how many operations the peak would have done in it.
    var operations: Double
  }

  /// The same, and the peak right before and after each run: what else goes on in the machine slows all alike.
  static func paced<S: Scalar>(_: S.Type, warmup: Int, runs: Int, _ body: () throws -> Void) rethrows -> Paced {
    let clock = ContinuousClock()
    func peak() -> Double {
      var operations = 0
      let time = clock.measure { operations = S.multiplyAdds(repeats: 20_000) }
      return Double(operations) / (time / .milliseconds(1))
    }
    for _ in 0..<warmup { try body() }
    var (times, peaks, operations): ([Double], [Double], [Double]) = ([], [peak()], [])
    for run in 0..<runs {
      times.append(try clock.measure(body) / .milliseconds(1))
      peaks.append(peak())
      operations.append(times[run] * (peaks[run] + peaks[run + 1]) / 2)
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return Paced(milliseconds: median(times), peak: median(peaks), operations: median(operations))
  }

  /// The milliseconds that the processor has spent on the calling thread: what others on the machine do does not count.
  static func processorMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
  }
}
