import CKernels

extension Float: Scalar {
  /// As `Scalar` says.
  @inlinable
  public static func packedCount(k: Int, n: Int) -> Int { bpt_packed_count_f32(k, n) }

  /// As `Scalar` says.
  @inlinable
  public static func pack(
    k: Int, n: Int, b: UnsafePointer<Float>, rowStride: Int, columnStride: Int, into packed: UnsafeMutablePointer<Float>
  ) {
    bpt_pack_f32(k, n, b, rowStride, columnStride, packed)
  }

  /// As `Scalar` says.
  @inlinable
  public static func transpose(
    rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, into y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    bpt_transpose_f32(rows, columns, x, xStride, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aRowStride: Int, aColumnStride: Int,
    packedB: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_multiply_packed_f32(m, n, k, a, aRowStride, aColumnStride, packedB, c, cRowStride, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Float>,
    start: UnsafePointer<Float>, startStride: Int, c: UnsafeMutablePointer<Float>, cRowStride: Int
  ) {
    bpt_multiply_packed_from_f32(
      m, n, k, a, aRowStride, aColumnStride, packedB, start, startStride, c, cRowStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aRowStride: Int, aColumnStride: Int, b: UnsafePointer<Float>,
    bRowStride: Int, c: UnsafeMutablePointer<Float>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_multiply_f32(m, n, k, a, aRowStride, aColumnStride, b, bRowStride, c, cRowStride, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func activate(
    _ function: ElementwiseFunction, rows: Int, columns: Int, a: UnsafePointer<Float>, aStride: Int,
    value: UnsafeMutablePointer<Float>, valueStride: Int, derivative: UnsafeMutablePointer<Float>,
    derivativeStride: Int
  ) -> Bool {
    bpt_activate_f32(
      function.rawValue, rows, columns, a, aStride, value, valueStride, derivative, derivativeStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func scaleAdd(
    rows: Int, columns: Int, alpha: Float, x: UnsafePointer<Float>, xStride: Int, beta: Float,
    y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    bpt_scale_add_f32(rows, columns, alpha, x, xStride, beta, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  @discardableResult
  public static func multiplyElements(
    rows: Int, columns: Int, scale: Float, x: UnsafePointer<Float>, xStride: Int, y: UnsafePointer<Float>,
    yStride: Int, into z: UnsafeMutablePointer<Float>, zStride: Int
  ) -> Float {
    bpt_multiply_elements_f32(rows, columns, scale, x, xStride, y, yStride, z, zStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func addColumnSums(
    rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    bpt_add_column_sums_f32(rows, columns, x, xStride, sums)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gatherRows(
    rows: Int, columns: Int, table: UnsafePointer<Float>, tableStride: Int, index: UnsafePointer<Int32>,
    into y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    bpt_gather_rows_f32(rows, columns, table, tableStride, index, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func scatterAddRows(
    rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, index: UnsafePointer<Int32>,
    to table: UnsafeMutablePointer<Float>, tableStride: Int
  ) {
    bpt_scatter_add_rows_f32(rows, columns, x, xStride, index, table, tableStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func crossEntropy(
    rows: Int, classes: Int, weight: Float, mask: UnsafePointer<UInt8>, target: UnsafePointer<Int32>,
    y: UnsafeMutablePointer<Float>, yStride: Int, loss: UnsafeMutablePointer<Float>
  ) {
    bpt_cross_entropy_f32(rows, classes, weight, mask, target, y, yStride, loss)
  }

  /// As `Scalar` says.
  @inlinable
  public static func squaredError(
    rows: Int, columns: Int, weight: Float, mask: UnsafePointer<UInt8>, target: UnsafePointer<Float>,
    targetStride: Int, y: UnsafeMutablePointer<Float>, yStride: Int, loss: UnsafeMutablePointer<Float>
  ) {
    bpt_squared_error_f32(rows, columns, weight, mask, target, targetStride, y, yStride, loss)
  }

  /// As `Scalar` says.
  @inlinable
  public static func sumOfSquares(count: Int, x: UnsafePointer<Float>) -> Double {
    bpt_sum_of_squares_f32(count, x)
  }

  /// As `Scalar` says.
  public static func momentStep(
    _ step: MomentStep, count: Int, gradient g: UnsafePointer<Float>, parameters w: UnsafeMutablePointer<Float>,
    first m: UnsafeMutablePointer<Float>?, second v: UnsafeMutablePointer<Float>?
  ) {
    var numbers = step.numbers(of: Float.self)
    bpt_moment_step_f32(count, &numbers, g, w, m, v)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyAdds(repeats: Int) -> Int { bpt_multiply_adds_f32(repeats) }
}
