#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Sums and fits of numbers that are kept as logarithms.
enum Logarithm {
  /// log10 2.
  static let log10Of2 = 0.301029995663981195214

  static func base10(_ x: Double) -> Double { log10(x) }

  static func powerOf10(_ x: Double) -> Double { pow(10, x) }

  /// log10 Σ 10^x, -infinity for none.
  static func sum(_ logs: some Sequence<Double>) -> Double {
    var largest = -Double.infinity
    for x in logs { largest = max(largest, x) }
    guard largest.isFinite else { return largest }
    return largest + log10(logs.reduce(0) { $0 + pow(10, $1 - largest) })
  }

  /// log10 √Σ v², from a sum that may leave the range: the elements are scaled by the largest.
  static func norm(_ vector: some Collection<Double>) -> Double {
    let largest = vector.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return -.infinity }
    guard largest.isFinite else { return .infinity }
    return log10(largest) + 0.5 * log10(vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) })
  }

  /// The least-squares line through the finite points (x, y); nil with fewer than two of them.
  static func line(_ points: some Sequence<(x: Double, y: Double)>) -> (slope: Double, intercept: Double)? {
    var (n, sx, sy) = (0.0, 0.0, 0.0)
    for point in points where point.y.isFinite {
      n += 1
      sx += point.x
      sy += point.y
    }
    guard n >= 2 else { return nil }
    let (mx, my) = (sx / n, sy / n)
    var (xx, xy) = (0.0, 0.0)
    for point in points where point.y.isFinite {
      xx += (point.x - mx) * (point.x - mx)
      xy += (point.x - mx) * (point.y - my)
    }
    guard xx > 0 else { return nil }
    return (xy / xx, my - xy / xx * mx)
  }
}

/// Decimal logarithms, for rooms that keep the C library out.
public enum Decade {
  /// log10 x.
  public static func log10(_ x: Double) -> Double { Logarithm.base10(x) }
}
