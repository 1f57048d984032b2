import CKernels

/// Norms of vectors.
public enum VectorNorms {
  /// m and ‖v/m‖₂², so that ‖v‖₂ = m·√ neither underflows nor overflows on the way: m is 1 where the plain sum does neither, else
  /// max |v_i|; 0 and 0 for a vector of zeros; NaN or infinity, and 1, where an element is that.
  @inlinable
  public static func scaled(_ values: some Sequence<Double>) -> (largest: Double, squares: Double) {
    if let sum = plainSum(values) { return (1, sum) }
    var largest = 0.0
    for value in values {
      guard !value.isNaN else { return (.nan, 1) }
      largest = max(largest, value.magnitude)
    }
    guard largest > 0 else { return (0, 0) }
    guard largest.isFinite else { return (largest, 1) }
    return (largest, values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) })
  }

  /// Σ v_i² of numbers that lie side by side, where every square that counts is far from the ends of the range; else nil.
  @inlinable
  static func plainSum(_ values: some Sequence<Double>) -> Double? {
    let sum = values.withContiguousStorageIfAvailable { values in
      values.baseAddress.map { Double.sumOfSquares(count: values.count, x: $0) } ?? 0
    }
    guard let sum, sum > 1e-250, sum < 1e300 else { return nil }
    return sum
  }

  /// ‖v‖₂; not finite where an element is not.
  @inlinable
  public static func euclidean(_ values: some Sequence<Double>) -> Double {
    let (largest, squares) = scaled(values)
    return largest * squares.squareRoot()
  }

  /// √(a² + b²) of what is not negative; not finite where one of them is not.
  @inlinable
  public static func hypotenuse(_ a: Double, _ b: Double) -> Double {
    let (less, more) = (min(a, b), max(a, b))
    guard less > 0, more.isFinite else { return a.isNaN ? a : b.isNaN ? b : more }
    let ratio = less / more
    return more * (1 + ratio * ratio).squareRoot()
  }

  /// norms[j] = ‖v_j‖₂² of `count` vectors of `length` elements `stride` apart; `length` is a multiple of 8 (pad with
  /// zeros). The squares may underflow or overflow.
  public static func squared(
    count: Int, length: Int, stride: Int, vectors: UnsafePointer<Double>, into norms: UnsafeMutablePointer<Double>
  ) {
    bpttop_squared_norms(count, length, stride, vectors, norms)
  }
}
