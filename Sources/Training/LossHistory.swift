/// Loss and gradient norm over all updates, in a bounded number of buckets: when they are full, neighbors merge.
///
/// Adding the same records in the same order gives an equal history, bit for bit.
public struct LossHistory: Equatable, Sendable {
  /// Neighboring updates, summed up.
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

  /// An update and a number that it had.
  public struct Mark: Equatable, Sendable {
    /// The update, counted from 1.
    public let update: Int
    /// Its number.
    public let value: Double
  }

  /// The most buckets that are kept.
  public static let bucketLimit = 512
  /// The most updates that `recent` shows.
  public static let recentLimit = 256
  /// The most spikes that are kept; the oldest go.
  public static let spikeLimit = 64
  /// About what a long history takes in memory, in bytes.
  static let bytes =
    bucketLimit * MemoryLayout<Bucket>.stride + 2 * recentLimit * MemoryLayout<UpdateRecord>.stride

  /// The buckets, the oldest first.
  public internal(set) var buckets: [Bucket] = []
  /// The last updates one by one, the oldest first (256 of them at most).
  public var recent: [UpdateRecord] { Array(records.suffix(Self.recentLimit)) }
  /// The newest update's record.
  public var newest: UpdateRecord? { records.last }
  /// The number of updates a full bucket holds, a power of 2.
  public internal(set) var bucketWidth = 1
  /// The first update that was clipped.
  public internal(set) var firstClipped: Int?
  /// The largest gradient norm before clipping, and the first update that had it.
  public internal(set) var largestNorm: Mark?
  /// The updates at which the loss leapt, with their loss, the oldest first (the last 64).
  ///
  /// A loss is a spike where it lies above q₃ + 6 (q₃ - q₁), the quartiles being those of the 32 losses before it: twice as far
  /// out as what Tukey called far out. Of neighboring spikes the first is kept.
  public internal(set) var spikes: [Mark] = []
  /// The losses on held-out data, the oldest first (the last 4,096).
  public internal(set) var validations: [Mark] = []
  /// The least of all losses on held-out data.
  public internal(set) var bestValidation: Mark?
  /// The most losses on held-out data that are kept.
  static let validationLimit = 4096
  /// How many of them came after the least.
  public var validationsSinceBest: Int {
    guard let bestValidation else { return validations.count }
    return validations.count { $0.update > bestValidation.update }
  }
  /// The last updates, at least 256 of them where there were so many.
  package internal(set) var records: [UpdateRecord] = []
  /// The losses before the next update, the last 32, as they came and by size.
  var losses = RecentLosses()
  /// Whether the newest loss is a spike.
  var isInSpike = false

  /// An empty history.
  public init() {}

  /// Adds an update, which must be the one after the newest.
  package mutating func append(_ record: UpdateRecord) {
    if records.count == 2 * Self.recentLimit { records.removeFirst(Self.recentLimit) }
    records.append(record)
    addToBuckets(record)
    if record.clipScale < 1, firstClipped == nil { firstClipped = record.update }
    if record.gradientNorm > largestNorm?.value ?? -.infinity {
      largestNorm = Mark(update: record.update, value: record.gradientNorm)
    }
    noteSpike(record)
  }

  /// Adds a loss on held-out data, measured after the newest update.
  mutating func append(validation mark: Mark) {
    if validations.count == Self.validationLimit { validations.removeFirst(Self.validationLimit / 2) }
    validations.append(mark)
    if !mark.value.isNaN, mark.value < bestValidation?.value ?? .infinity { bestValidation = mark }
  }

  private mutating func noteSpike(_ record: UpdateRecord) {
    let isSpike = losses.isFarAbove(record.loss)
    if isSpike, !isInSpike {
      if spikes.count == Self.spikeLimit { spikes.removeFirst() }
      spikes.append(Mark(update: record.update, value: record.loss))
    }
    isInSpike = isSpike
    losses.append(record.loss)
  }

  private mutating func addToBuckets(_ record: UpdateRecord) {
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

  /// The records of the updates after `first` up to `last`, if all of them are still there one by one.
  func records(after first: Int, upTo last: Int) -> ArraySlice<UpdateRecord>? {
    guard first < last else { return [] }
    guard let oldest = records.first?.update, first + 1 >= oldest, last < oldest + records.count else { return nil }
    return records[first + 1 - oldest...last - oldest]
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

/// The last losses in order of time and of size, for quartiles.
struct RecentLosses: Equatable, Sendable {
  static let count = 32

  /// A ring: where it is full, the oldest lies at `next`.
  private(set) var inTime: [Double] = []
  private(set) var next = 0
  private var bySize: [Double] = []

  init() {}

  /// The losses of a ring whose oldest lies at `next`.
  init?(inTime: [Double], next: Int) {
    guard inTime.count <= Self.count, (0..<Self.count).contains(next), !inTime.contains(where: \.isNaN) else {
      return nil
    }
    self.inTime = inTime
    self.next = next
    bySize = inTime.sorted()
  }

  /// Whether `loss` lies far above the losses before it, where there are enough to tell.
  func isFarAbove(_ loss: Double) -> Bool {
    guard bySize.count == Self.count else { return false }
    let lower = bySize[Self.count / 4], upper = bySize[3 * Self.count / 4]
    // Losses that are all but the same have no spread to speak of.
    return loss > upper + max(6 * (upper - lower), 1e-3 * abs(upper))
  }

  mutating func append(_ loss: Double) {
    if inTime.count < Self.count {
      inTime.append(loss)
    } else {
      bySize.remove(at: position(of: inTime[next]))
      inTime[next] = loss
      next = (next + 1) % Self.count
    }
    bySize.insert(loss, at: position(of: loss))
  }

  /// The first place whose loss is not below `loss`.
  private func position(of loss: Double) -> Int {
    var low = 0, high = bySize.count
    while low < high {
      let middle = (low + high) / 2
      if bySize[middle] < loss { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
