/// The two precisions that a pass runs in, with the kernels of each: raw memory in, raw memory out, no allocation.
///
/// Matrices are row-major; a stride is the distance in elements from a row (or column) to the next. Buffers must not
/// overlap unless it is said that they may.
public protocol Scalar: BinaryFloatingPoint, Sendable {
  /// The number of elements that `pack` writes for a k×n matrix.
  static func packedCount(k: Int, n: Int) -> Int
  /// Lays B [k, n] out in panels for `multiplyPacked`; element (i, j) is read at `b[i * rowStride + j * columnStride]`.
  static func pack(
    k: Int, n: Int, b: UnsafePointer<Self>, rowStride: Int, columnStride: Int, into packed: UnsafeMutablePointer<Self>)
  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B packed [k, n], C [m, n].
  static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Self>,
    c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool)
  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B [k, n] with rows contiguous, C [m, n].
  static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, b: UnsafePointer<Self>,
    bRowStride: Int, c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool)
}
