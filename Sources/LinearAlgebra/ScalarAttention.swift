import CKernels

// The kernels of attention and of layer normalization.

extension Scalar {
  /// Row i of y becomes softmax(scale · row) over its first `visible + i` elements, at most `columns`; those after them become 0.
  @inlinable
  public static func softmaxRows(
    rows: Int, columns: Int, visible: Int, scale: Self, y: UnsafeMutablePointer<Self>, yStride: Int
  ) {
    isDouble
      ? bpt_softmax_rows_f64(rows, columns, visible, scale.f64, y.f64, yStride)
      : bpt_softmax_rows_f32(rows, columns, visible, scale.f32, y.f32, yStride)
  }

  /// g, ∂L/∂α of such rows α, becomes the gradient of what the softmax was taken of: scale · α ⊙ (g - Σ α g).
  @inlinable
  public static func softmaxRowsBackward(
    rows: Int, columns: Int, visible: Int, scale: Self, alpha: UnsafePointer<Self>, alphaStride: Int,
    g: UnsafeMutablePointer<Self>, gStride: Int
  ) {
    isDouble
      ? bpt_softmax_rows_backward_f64(rows, columns, visible, scale.f64, alpha.f64, alphaStride, g.f64, gStride)
      : bpt_softmax_rows_backward_f32(rows, columns, visible, scale.f32, alpha.f32, alphaStride, g.f32, gStride)
  }

  /// n = (x - mean)/√(variance + 10⁻⁵) and y = gain ⊙ n + shift, row by row; `inverse` gets 1/√(…) of each row. y may be x.
  @inlinable
  public static func normalizeRows(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, gain: UnsafePointer<Self>,
    shift: UnsafePointer<Self>, normal: UnsafeMutablePointer<Self>, normalStride: Int,
    inverse: UnsafeMutablePointer<Self>, y: UnsafeMutablePointer<Self>, yStride: Int
  ) {
    isDouble
      ? bpt_norm_rows_f64(
        rows, columns, x.f64, xStride, gain.f64, shift.f64, normal.f64, normalStride, inverse.f64, y.f64, yStride)
      : bpt_norm_rows_f32(
        rows, columns, x.f32, xStride, gain.f32, shift.f32, normal.f32, normalStride, inverse.f32, y.f32, yStride)
  }

  /// The way back: with g = gain ⊙ ∂L/∂y, ∂L/∂x = inverse (g - mean g - n mean(g ⊙ n)), added to dx where `accumulate`. The
  /// gradients of gain and shift grow, where they are given; strides of 0 take one row's n and inverse for all rows.
  @inlinable
  public static func normalizeRowsBackward(
    rows: Int, columns: Int, normal: UnsafePointer<Self>, normalStride: Int, inverse: UnsafePointer<Self>,
    inverseStride: Int, gain: UnsafePointer<Self>, dy: UnsafePointer<Self>, dyStride: Int,
    into dx: UnsafeMutablePointer<Self>, dxStride: Int, accumulate: Bool, gainGradient: UnsafeMutablePointer<Self>?,
    shiftGradient: UnsafeMutablePointer<Self>?
  ) {
    isDouble
      ? bpt_norm_rows_backward_f64(
        rows, columns, normal.f64, normalStride, inverse.f64, inverseStride, gain.f64, dy.f64, dyStride, dx.f64,
        dxStride, accumulate, gainGradient?.f64, shiftGradient?.f64)
      : bpt_norm_rows_backward_f32(
        rows, columns, normal.f32, normalStride, inverse.f32, inverseStride, gain.f32, dy.f32, dyStride, dx.f32,
        dxStride, accumulate, gainGradient?.f32, shiftGradient?.f32)
  }
}
