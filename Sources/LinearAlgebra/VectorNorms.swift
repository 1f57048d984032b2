import CKernels

/// Norms of many vectors at once.
public enum VectorNorms {
  /// norms[j] = ‖v_j‖₂² of `count` vectors of `length` elements `stride` apart; `length` is a multiple of 8 (pad with
  /// zeros). The squares may underflow or overflow.
  public static func squared(
    count: Int, length: Int, stride: Int, vectors: UnsafePointer<Double>, into norms: UnsafeMutablePointer<Double>
  ) {
    bpttop_squared_norms(count, length, stride, vectors, norms, -1)
  }
}
