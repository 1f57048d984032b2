/// Loss and gradient norm over all updates, in a bounded number of buckets: when they are full, neighbours merge.
public struct LossHistory: Equatable, Sendable {
  /// Neighbouring updates, summed up.
  public struct Bucket: Equatable, Sendable {
    /// The first update, counted from 1, and their number.
    public var firstUpdate: Int, count: Int
    public var lossMinimum: Double, lossMaximum: Double, lossMean: Double
    public var normMinimum: Double, normMaximum: Double, normMean: Double
    /// How many of the updates were clipped.
    public var clippedCount: Int
    /// The smallest clip scale.
    public var clipScaleMinimum: Double
  }

  /// The most buckets that are kept.
  public static let bucketLimit = 512
  /// The most updates that `recent` shows.
  public static let recentLimit = 256
  /// The most updates that are remembered one by one, so that the past can be taken back exactly.
  static let recordLimit = 1024

  /// The buckets, the oldest first.
  public internal(set) var buckets: [Bucket] = []
  /// The last updates one by one, the oldest first (256 of them at most).
  public var recent: [UpdateRecord] { Array(records.suffix(Self.recentLimit)) }
  /// The newest update's record.
  public var newest: UpdateRecord? { records.last }
  /// The number of updates a full bucket holds, a power of 2.
  public private(set) var bucketWidth = 1
  /// The last updates, at least `recordLimit` of them where there were so many.
  private var records: [UpdateRecord] = []

  /// An empty history.
  public init() {}

  /// Adds an update, which must be the one after the newest.
  mutating func append(_ record: UpdateRecord) {
    if records.count == 2 * Self.recordLimit { records.removeFirst(Self.recordLimit) }
    records.append(record)
    add(record)
  }

  private mutating func add(_ record: UpdateRecord) {
    if let last = buckets.indices.last, buckets[last].count < bucketWidth {
      buckets[last].merge(Bucket(record))
      return
    }
    if buckets.count == Self.bucketLimit { mergePairs() }
    buckets.append(Bucket(record))
  }

  /// Merges each bucket of even index with the one after it: half as many, twice as wide.
  private mutating func mergePairs() {
    bucketWidth *= 2
    for pair in 0..<buckets.count / 2 {
      var merged = buckets[2 * pair]
      merged.merge(buckets[2 * pair + 1])
      buckets[pair] = merged
    }
    buckets.removeLast(buckets.count / 2)
  }

  /// Takes back every update after number `update`.
  ///
  /// A bucket that is cut is summed up anew from the updates that are remembered one by one; where it reaches behind them, its
  /// extremes stay what they were, and its mean.
  mutating func truncate(after update: Int) {
    while let last = records.last, last.update > update { records.removeLast() }
    while let last = buckets.last, last.firstUpdate > update { buckets.removeLast() }
    guard let last = buckets.last, last.firstUpdate + last.count - 1 > update else { return }
    if let first = records.first, first.update <= last.firstUpdate {
      buckets.removeLast()
      for record in records where record.update >= last.firstUpdate { add(record) }
    } else {
      buckets[buckets.count - 1].count = update - last.firstUpdate + 1
      buckets[buckets.count - 1].clippedCount = min(last.clippedCount, update - last.firstUpdate + 1)
    }
  }
}

extension LossHistory.Bucket {
  /// One update.
  fileprivate init(_ record: UpdateRecord) {
    let clipped = record.clipScale < 1
    self.init(
      firstUpdate: record.update, count: 1, lossMinimum: record.loss, lossMaximum: record.loss, lossMean: record.loss,
      normMinimum: record.gradientNorm, normMaximum: record.gradientNorm, normMean: record.gradientNorm,
      clippedCount: clipped ? 1 : 0, clipScaleMinimum: record.clipScale)
  }

  /// Adds the updates of the bucket after this one.
  fileprivate mutating func merge(_ other: Self) {
    let total = Double(count + other.count)
    lossMean += (other.lossMean - lossMean) * Double(other.count) / total
    normMean += (other.normMean - normMean) * Double(other.count) / total
    count += other.count
    lossMinimum = min(lossMinimum, other.lossMinimum)
    lossMaximum = max(lossMaximum, other.lossMaximum)
    normMinimum = min(normMinimum, other.normMinimum)
    normMaximum = max(normMaximum, other.normMaximum)
    clippedCount += other.clippedCount
    clipScaleMinimum = min(clipScaleMinimum, other.clipScaleMinimum)
  }
}
