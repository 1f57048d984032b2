/// Loss and gradient norm over all updates, in a bounded number of buckets: when they are full, neighbours merge.
public struct LossHistory: Equatable, Sendable {
  /// Neighbouring updates, summed up.
  public struct Bucket: Equatable, Sendable {
    /// The first update, counted from 1, and their number.
    public var firstUpdate: Int, count: Int
    public var lossMinimum: Double, lossMaximum: Double, lossMean: Double
    public var normMinimum: Double, normMaximum: Double, normMean: Double
    /// The largest clipped norm, and how many of the updates were clipped.
    public var clippedNormMaximum: Double, clippedCount: Int
    /// The smallest clip scale.
    public var clipScaleMinimum: Double
  }

  /// The buckets, the oldest first.
  public internal(set) var buckets: [Bucket] = []
  /// The last updates one by one, the oldest first (256 of them at most).
  public internal(set) var recent: [UpdateRecord] = []

  /// An empty history.
  public init() {}
}
