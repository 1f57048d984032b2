import CKernels

/// Norms of vectors.
public enum VectorNorms {
  /// m = max |v_i| and ‖v/m‖₂², so that ‖v‖₂ = m·√ neither underflows nor overflows on the way: 0 and 0 for a vector of zeros;
  /// NaN or infinity, and 1, where an element is that.
  @inlinable
  public static func scaled(_ values: some Sequence<Double>) -> (largest: Double, squares: Double) {
    var largest = 0.0
    for value in values {
      guard !value.isNaN else { return (.nan, 1) }
      largest = max(largest, value.magnitude)
    }
    guard largest > 0 else { return (0, 0) }
    guard largest.isFinite else { return (largest, 1) }
    return (largest, values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) })
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
