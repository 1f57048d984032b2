/// Decides when the next frame is drawn. News from the training is shown at most `framesPerSecond` times a second;
/// the answer to a key waits for at most `keyInterval` after the last frame, so that it is seen at once even if that
/// frame was for news. Any number of requests make one frame.
public struct FrameLimiter: Sendable {
  /// What a frame is wanted for.
  public enum Reason: Sendable {
    case news, key
  }

  /// The least time between two frames for news, and before a frame for a key.
  public let interval: Duration, keyInterval: Duration
  private var lastFrame: ContinuousClock.Instant?
  private var wanted: Reason?

  /// A limit for news, in frames a second (at least 1).
  public init(framesPerSecond: Int = 30, keyInterval: Duration = .milliseconds(8)) {
    interval = .seconds(1) / max(1, framesPerSecond)
    self.keyInterval = min(keyInterval, interval)
  }

  /// A frame is wanted. A key's frame is not put off by wanting one for news, too.
  public mutating func request(_ reason: Reason) {
    if wanted != .key { wanted = reason }
  }

  /// When the frame that is wanted is due, which may be in the past; nil when none is wanted.
  public func due(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    guard let wanted else { return nil }
    guard let lastFrame else { return now }
    return lastFrame.advanced(by: wanted == .key ? keyInterval : interval)
  }

  /// The frame that was wanted is being drawn.
  public mutating func drew(at instant: ContinuousClock.Instant) {
    lastFrame = instant
    wanted = nil
  }
}
