import CKernels

extension Float {
  /// As `Scalar` says.
  @inlinable
  public static func lstmForward(
    rows: Int, columns: Int, a: UnsafePointer<Float>, aStride: Int, cBefore: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>, h: UnsafeMutablePointer<Float>, stateStride: Int
  ) -> Bool {
    bpt_lstm_forward_f32(
      rows, columns, a, aStride, cBefore, c, h, stateStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func lstmBackward(
    rows: Int, columns: Int, a: UnsafePointer<Float>, aStride: Int, cBefore: UnsafePointer<Float>,
    c: UnsafePointer<Float>, stateStride: Int, dh: UnsafePointer<Float>, dc: UnsafePointer<Float>, gradientStride: Int,
    da: UnsafeMutablePointer<Float>, daStride: Int, dcBefore: UnsafeMutablePointer<Float>?, accumulate: Bool
  ) -> Float {
    bpt_lstm_backward_f32(
      rows, columns, a, aStride, cBefore, c, stateStride, dh, dc, gradientStride, da, daStride, dcBefore, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gruForward(
    rows: Int, columns: Int, a: UnsafeMutablePointer<Float>, aStride: Int, q: UnsafePointer<Float>, qStride: Int,
    hBefore: UnsafePointer<Float>, h: UnsafeMutablePointer<Float>, stateStride: Int
  ) -> Bool {
    bpt_gru_forward_f32(
      rows, columns, a, aStride, q, qStride, hBefore, h, stateStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gruBackward(
    rows: Int, columns: Int, a: UnsafePointer<Float>, aStride: Int, q: UnsafePointer<Float>, qStride: Int,
    hBefore: UnsafePointer<Float>, stateStride: Int, dh: UnsafePointer<Float>, gradientStride: Int,
    da: UnsafeMutablePointer<Float>, dq: UnsafeMutablePointer<Float>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Float>?, accumulate: Bool
  ) -> Float {
    bpt_gru_backward_f32(
      rows, columns, a, aStride, q, qStride, hBefore, stateStride, dh, gradientStride, da, dq, daStride, dhBefore,
      accumulate)
  }
}
