import CKernels

// The steps of cells whose units go from step to step each by itself. Complex numbers lie as `pairs` real parts and then as many
// imaginary ones. In every backward step the gradient by h_before (nil: not wanted) is added to what is there where it
// accumulates; it may take the place of the gradient by h.

extension Scalar {
  /// A step of minGRU on gates z, c: h = (1-z) ⊙ h_before + z ⊙ c, z = σ(a_z), c = a_c; false when an a is not finite.
  @inlinable
  public static func minGRUForward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>,
    h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool {
    isDouble
      ? bpt_min_gru_forward_f64(rows, columns, a.f64, aStride, hBefore.f64, h.f64, stateStride)
      : bpt_min_gru_forward_f32(rows, columns, a.f32, aStride, hBefore.f32, h.f32, stateStride)
  }

  /// From the gradient by h to those by a and by h_before; returns Σ dh².
  @inlinable
  public static func minGRUBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>, stateStride: Int,
    dh: UnsafePointer<Self>, gradientStride: Int, da: UnsafeMutablePointer<Self>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_min_gru_backward_f64(
          rows, columns, a.f64, aStride, hBefore.f64, stateStride, dh.f64, gradientStride, da.f64, daStride,
          dhBefore?.f64, accumulate))
      : Self(
        bits: bpt_min_gru_backward_f32(
          rows, columns, a.f32, aStride, hBefore.f32, stateStride, dh.f32, gradientStride, da.f32, daStride,
          dhBefore?.f32, accumulate))
  }

  /// A step of minLSTM on gates f, i, c: h = s ⊙ h_before + (1-s) ⊙ c, s = f/(f+i), c = a_c; false when an a is not finite.
  @inlinable
  public static func minLSTMForward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>,
    h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool {
    isDouble
      ? bpt_min_lstm_forward_f64(rows, columns, a.f64, aStride, hBefore.f64, h.f64, stateStride)
      : bpt_min_lstm_forward_f32(rows, columns, a.f32, aStride, hBefore.f32, h.f32, stateStride)
  }

  /// From the gradient by h to those by a and by h_before; returns Σ dh².
  @inlinable
  public static func minLSTMBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>, stateStride: Int,
    dh: UnsafePointer<Self>, gradientStride: Int, da: UnsafeMutablePointer<Self>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_min_lstm_backward_f64(
          rows, columns, a.f64, aStride, hBefore.f64, stateStride, dh.f64, gradientStride, da.f64, daStride,
          dhBefore?.f64, accumulate))
      : Self(
        bits: bpt_min_lstm_backward_f32(
          rows, columns, a.f32, aStride, hBefore.f32, stateStride, dh.f32, gradientStride, da.f32, daStride,
          dhBefore?.f32, accumulate))
  }

  /// A step of complex numbers, h = λ h_before + γ a element by element; false when an a is not finite.
  @inlinable
  public static func lruForward(
    rows: Int, pairs: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>,
    h: UnsafeMutablePointer<Self>, stateStride: Int, lambda: UnsafePointer<Self>, gamma: UnsafePointer<Self>
  ) -> Bool {
    isDouble
      ? bpt_lru_forward_f64(rows, pairs, a.f64, aStride, hBefore.f64, h.f64, stateStride, lambda.f64, gamma.f64)
      : bpt_lru_forward_f32(rows, pairs, a.f32, aStride, hBefore.f32, h.f32, stateStride, lambda.f32, gamma.f32)
  }

  /// From the gradient by h to those by a, γ̄ dh, and by h_before, λ̄ dh; returns Σ |dh|².
  @inlinable
  public static func lruBackward(
    rows: Int, pairs: Int, dh: UnsafePointer<Self>, gradientStride: Int, da: UnsafeMutablePointer<Self>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Self>?, accumulate: Bool, lambda: UnsafePointer<Self>, gamma: UnsafePointer<Self>
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_lru_backward_f64(
          rows, pairs, dh.f64, gradientStride, da.f64, daStride, dhBefore?.f64, accumulate, lambda.f64, gamma.f64))
      : Self(
        bits: bpt_lru_backward_f32(
          rows, pairs, dh.f32, gradientStride, da.f32, daStride, dhBefore?.f32, accumulate, lambda.f32, gamma.f32))
  }

  /// The gradients by λ and γ of many rows, Σ h̄_before dh and Σ ā dh, into `lambda` and `gamma`.
  @inlinable
  public static func lruSums(
    rows: Int, pairs: Int, a: UnsafePointer<Self>, aStride: Int, hBefore: UnsafePointer<Self>, stateStride: Int,
    dh: UnsafePointer<Self>, gradientStride: Int, lambda: UnsafeMutablePointer<Self>, gamma: UnsafeMutablePointer<Self>
  ) {
    isDouble
      ? bpt_lru_sums_f64(
        rows, pairs, a.f64, aStride, hBefore.f64, stateStride, dh.f64, gradientStride, lambda.f64, gamma.f64)
      : bpt_lru_sums_f32(
        rows, pairs, a.f32, aStride, hBefore.f32, stateStride, dh.f32, gradientStride, lambda.f32, gamma.f32)
  }
}
