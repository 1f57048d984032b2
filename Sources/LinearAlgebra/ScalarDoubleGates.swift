import CKernels

extension Double {
  /// As `Scalar` says.
  @inlinable
  public static func lstmForward(
    rows: Int, columns: Int, a: UnsafePointer<Double>, aStride: Int, cBefore: UnsafePointer<Double>,
    c: UnsafeMutablePointer<Double>, h: UnsafeMutablePointer<Double>, stateStride: Int
  ) -> Bool {
    bpt_lstm_forward_f64(
      rows, columns, a, aStride, cBefore, c, h, stateStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func lstmBackward(
    rows: Int, columns: Int, a: UnsafePointer<Double>, aStride: Int, cBefore: UnsafePointer<Double>,
    c: UnsafePointer<Double>, stateStride: Int, dh: UnsafePointer<Double>, dc: UnsafePointer<Double>,
    gradientStride: Int,
    da: UnsafeMutablePointer<Double>, daStride: Int, dcBefore: UnsafeMutablePointer<Double>?, accumulate: Bool
  ) -> Double {
    bpt_lstm_backward_f64(
      rows, columns, a, aStride, cBefore, c, stateStride, dh, dc, gradientStride, da, daStride, dcBefore, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gruForward(
    rows: Int, columns: Int, a: UnsafeMutablePointer<Double>, aStride: Int, q: UnsafePointer<Double>, qStride: Int,
    hBefore: UnsafePointer<Double>, h: UnsafeMutablePointer<Double>, stateStride: Int
  ) -> Bool {
    bpt_gru_forward_f64(
      rows, columns, a, aStride, q, qStride, hBefore, h, stateStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gruBackward(
    rows: Int, columns: Int, a: UnsafePointer<Double>, aStride: Int, q: UnsafePointer<Double>, qStride: Int,
    hBefore: UnsafePointer<Double>, stateStride: Int, dh: UnsafePointer<Double>, gradientStride: Int,
    da: UnsafeMutablePointer<Double>, dq: UnsafeMutablePointer<Double>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Double>?, accumulate: Bool
  ) -> Double {
    bpt_gru_backward_f64(
      rows, columns, a, aStride, q, qStride, hBefore, stateStride, dh, gradientStride, da, dq, daStride, dhBefore,
      accumulate)
  }
}
