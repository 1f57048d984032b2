import LinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Decimal logarithms, and sums and norms of numbers that are kept as such.
public enum Log10 {
  /// log10 2.
  static let of2 = 0.301029995663981195214

  /// log10 x.
  public static func of(_ x: Double) -> Double { log10(x) }

  /// 10^x.
  public static func power(_ x: Double) -> Double { pow(10, x) }

  /// log10 Σ 10^x, -infinity for none; not finite where a term is not.
  public static func sum(_ logs: some Sequence<Double>) -> Double {
    var largest = -Double.infinity
    for x in logs {
      guard !x.isNaN else { return .nan }
      largest = max(largest, x)
    }
    guard largest.isFinite else { return largest }
    return largest + log10(logs.reduce(0) { $0 + pow(10, $1 - largest) })
  }

  /// log10 √(10^2x + 10^2y), exact where the powers would leave the range.
  static func hypotenuse(_ x: Double, _ y: Double) -> Double {
    let (less, more) = (min(x, y), max(x, y))
    guard less.isFinite, more.isFinite else { return x.isNaN ? x : y.isNaN ? y : more }
    return more + 0.5 * log10(1 + pow(10, 2 * (less - more)))
  }

  /// log10 ‖v‖₂, exact where the norm itself would leave the range; not finite where an element is not.
  public static func norm(_ vector: some Sequence<Double>) -> Double {
    let (largest, squares) = VectorNorms.scaled(vector)
    return of(largest) + (largest > 0 ? 0.5 * log10(squares) : 0)
  }
}

/// ‖v‖₂, which neither underflows nor overflows on the way; not finite where an element is not.
@inlinable
public func euclideanNorm(_ vector: some Sequence<Double>) -> Double { VectorNorms.euclidean(vector) }
