/// Numbers of readings over the updates at which they were read, bounded: when there are too many, every second one goes.
public struct Trends: Sendable {
  /// A number at an update.
  public struct Point: Hashable, Sendable {
    public let update: Int, value: Double
  }

  /// No numbers yet.
  public init() {}

  private static let limit = 1024
  private var series: [TrendKey: [Point]] = [:]

  /// The numbers that an instrument calls `name`, the oldest first.
  public subscript<I: Instrument>(_: I.Type, name: String) -> [Point] { series[TrendKey(I.id, name)] ?? [] }

  /// Adds what was read at an update; what lies after it was taken back.
  public mutating func add(_ readings: Readings, update: Int) {
    for key in series.keys where (series[key]?.last?.update ?? 0) >= update {
      series[key]?.removeAll { $0.update >= update }
    }
    for (key, value) in readings.trends {
      var points = series[key] ?? []
      if points.count >= Self.limit {
        points = points.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      }
      points.append(Point(update: update, value: value))
      series[key] = points
    }
  }
}
