/// Numbers of readings over the updates at which they were read, bounded: when there are too many, every second one goes.
public struct Trends: Sendable {
  /// A number at an update.
  public struct Point: Hashable, Sendable {
    public let update: Int, value: Double
  }

  /// No numbers yet.
  public init() {}

  private var series: [TrendKey: Followed<Double>] = [:]
  private var trails: [TrendKey: Followed<[Double]>] = [:]

  /// The numbers that an instrument calls `name`, the oldest first.
  public subscript<I: Instrument>(_: I.Type, name: String) -> [Point] { self[TrendKey(I.id, name)] }

  /// The numbers under a key, the oldest first.
  public subscript(key: TrendKey) -> [Point] {
    (series[key]?.values ?? []).map { Point(update: $0.update, value: $0.value) }
  }

  /// The numbers that an instrument follows together as `name`, the oldest first.
  public func trail<I: Instrument>(_: I.Type, _ name: String) -> [[Double]] {
    (trails[TrendKey(I.id, name)]?.values ?? []).map(\.value)
  }

  /// Adds what was read at an update; what lies after it was taken back.
  public mutating func add(_ readings: Readings, update: Int) {
    for key in series.keys { series[key]?.takeBack(from: update) }
    for key in trails.keys { trails[key]?.takeBack(from: update) }
    for (key, value) in readings.trends { series[key, default: Followed(limit: 1024)].append(value, update) }
    for (key, values) in readings.trails { trails[key, default: Followed(limit: 64)].append(values, update) }
  }
}

/// Values at updates, at most so many.
private struct Followed<Value: Sendable>: Sendable {
  let limit: Int
  private(set) var values: [(update: Int, value: Value)] = []

  init(limit: Int) { self.limit = limit }

  mutating func takeBack(from update: Int) {
    if (values.last?.update ?? 0) >= update { values.removeAll { $0.update >= update } }
  }

  mutating func append(_ value: Value, _ update: Int) {
    if values.count >= limit { values = values.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element) }
    values.append((update, value))
  }
}
