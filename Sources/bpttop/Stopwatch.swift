import Foundation

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

  /// The milliseconds that the processor has spent on the calling thread: what others on the machine do does not count.
  static func processorMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
  }
}
