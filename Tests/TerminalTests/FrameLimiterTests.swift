import Terminal
import Testing

struct FrameLimiterTests {
  private let start = ContinuousClock.now

  private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start.advanced(by: .milliseconds(milliseconds)) }

  @Test func nothingWantedIsNeverDue() {
    var limiter = FrameLimiter(framesPerSecond: 20)
    #expect(limiter.due(now: start) == nil)
    limiter.request(.news)
    limiter.drew(at: start)
    #expect(limiter.due(now: at(1000)) == nil)
  }

  @Test func theFirstFrameIsDueAtOnce() {
    var limiter = FrameLimiter(framesPerSecond: 20)
    limiter.request(.news)
    #expect(limiter.due(now: start) == start)
  }

  @Test func newsWaitsForItsTurn() {
    var limiter = FrameLimiter(framesPerSecond: 20)
    limiter.drew(at: start)
    limiter.request(.news)
    #expect(limiter.due(now: at(3)) == at(50))
    limiter.request(.news)
    #expect(limiter.due(now: at(49)) == at(50))
  }

  @Test func aKeyDoesNotWaitForTheNews() {
    var limiter = FrameLimiter(framesPerSecond: 20, keyInterval: .milliseconds(8))
    limiter.drew(at: start)
    limiter.request(.news)
    limiter.request(.key)
    #expect(limiter.due(now: at(5)) == at(8))
    limiter.request(.news)
    #expect(limiter.due(now: at(5)) == at(8))
    limiter.drew(at: at(8))
    limiter.request(.news)
    #expect(limiter.due(now: at(9)) == at(58))
  }

  @Test func aKeyAfterARestIsDueAtOnce() throws {
    var limiter = FrameLimiter(framesPerSecond: 30)
    limiter.drew(at: start)
    limiter.request(.key)
    #expect(try #require(limiter.due(now: at(200))) <= at(200))
  }

  @Test func theKeysLimitIsNeverTheSlowerOne() {
    let limiter = FrameLimiter(framesPerSecond: 1000, keyInterval: .milliseconds(8))
    #expect(limiter.keyInterval == .milliseconds(1))
  }

  /// With news all the time and keys at random moments, no key waits for longer than the keys' interval, and news makes
  /// no more frames than its limit.
  @Test func manyKeysUnderSteadyNews() {
    var limiter = FrameLimiter(framesPerSecond: 30)
    var state: UInt64 = 7
    var frames = 0, keys = 0, longest = 0, pressed: Int?
    for now in 0..<10_000 {
      limiter.request(.news)
      state = state &* 6_364_136_223_846_793_005 &+ 1
      if state >> 33 % 97 == 0 {
        limiter.request(.key)
        keys += 1
        if pressed == nil { pressed = now }
      }
      if let due = limiter.due(now: at(now)), due <= at(now) {
        limiter.drew(at: at(now))
        frames += 1
        if let since = pressed { longest = max(longest, now - since) }
        pressed = nil
      }
    }
    #expect(keys > 50)
    #expect(longest <= 8)
    #expect(frames <= 300 + keys)
  }
}
