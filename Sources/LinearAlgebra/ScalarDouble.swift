import CKernels

extension Double: Scalar {
  /// As `Scalar` says.
  @inlinable
  public static func packedCount(k: Int, n: Int) -> Int { bpt_packed_count_f64(k, n) }

  /// As `Scalar` says.
  @inlinable
  public static func pack(
    k: Int, n: Int, b: UnsafePointer<Double>, rowStride: Int, columnStride: Int,
    into packed: UnsafeMutablePointer<Double>
  ) {
    bpt_pack_f64(k, n, b, rowStride, columnStride, packed)
  }

  /// As `Scalar` says.
  @inlinable
  public static func transpose(
    rows: Int, columns: Int, x: UnsafePointer<Double>, xStride: Int, into y: UnsafeMutablePointer<Double>, yStride: Int
  ) {
    bpt_transpose_f64(rows, columns, x, xStride, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Double>, aRowStride: Int, aColumnStride: Int,
    packedB: UnsafePointer<Double>, c: UnsafeMutablePointer<Double>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_multiply_packed_f64(m, n, k, a, aRowStride, aColumnStride, packedB, c, cRowStride, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Double>, aRowStride: Int, aColumnStride: Int,
    packedB: UnsafePointer<Double>,
    start: UnsafePointer<Double>, startStride: Int, c: UnsafeMutablePointer<Double>, cRowStride: Int
  ) {
    bpt_multiply_packed_from_f64(
      m, n, k, a, aRowStride, aColumnStride, packedB, start, startStride, c, cRowStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Double>, aRowStride: Int, aColumnStride: Int, b: UnsafePointer<Double>,
    bRowStride: Int, c: UnsafeMutablePointer<Double>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_multiply_f64(m, n, k, a, aRowStride, aColumnStride, b, bRowStride, c, cRowStride, accumulate)
  }

  /// As `Scalar` says.
  @inlinable
  public static func activate(
    _ function: ElementwiseFunction, rows: Int, columns: Int, a: UnsafePointer<Double>, aStride: Int,
    value: UnsafeMutablePointer<Double>, valueStride: Int, derivative: UnsafeMutablePointer<Double>,
    derivativeStride: Int
  ) -> Bool {
    bpt_activate_f64(
      function.rawValue, rows, columns, a, aStride, value, valueStride, derivative, derivativeStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func scaleAdd(
    rows: Int, columns: Int, alpha: Double, x: UnsafePointer<Double>, xStride: Int, beta: Double,
    y: UnsafeMutablePointer<Double>, yStride: Int
  ) {
    bpt_scale_add_f64(rows, columns, alpha, x, xStride, beta, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  @discardableResult
  public static func multiplyElements(
    rows: Int, columns: Int, scale: Double, x: UnsafePointer<Double>, xStride: Int, y: UnsafePointer<Double>,
    yStride: Int, into z: UnsafeMutablePointer<Double>, zStride: Int
  ) -> Double {
    bpt_multiply_elements_f64(rows, columns, scale, x, xStride, y, yStride, z, zStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func addColumnSums(
    rows: Int, columns: Int, x: UnsafePointer<Double>, xStride: Int, to sums: UnsafeMutablePointer<Double>
  ) {
    bpt_add_column_sums_f64(rows, columns, x, xStride, sums)
  }

  /// As `Scalar` says.
  @inlinable
  public static func gatherRows(
    rows: Int, columns: Int, table: UnsafePointer<Double>, tableStride: Int, index: UnsafePointer<Int32>,
    into y: UnsafeMutablePointer<Double>, yStride: Int
  ) {
    bpt_gather_rows_f64(rows, columns, table, tableStride, index, y, yStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func scatterAddRows(
    rows: Int, columns: Int, x: UnsafePointer<Double>, xStride: Int, index: UnsafePointer<Int32>,
    to table: UnsafeMutablePointer<Double>, tableStride: Int
  ) {
    bpt_scatter_add_rows_f64(rows, columns, x, xStride, index, table, tableStride)
  }

  /// As `Scalar` says.
  @inlinable
  public static func crossEntropy(
    rows: Int, classes: Int, weight: Double, mask: UnsafePointer<UInt8>, target: UnsafePointer<Int32>,
    y: UnsafeMutablePointer<Double>, yStride: Int, loss: UnsafeMutablePointer<Double>
  ) {
    bpt_cross_entropy_f64(rows, classes, weight, mask, target, y, yStride, loss)
  }

  /// As `Scalar` says.
  @inlinable
  public static func squaredError(
    rows: Int, columns: Int, weight: Double, mask: UnsafePointer<UInt8>, target: UnsafePointer<Double>,
    targetStride: Int, y: UnsafeMutablePointer<Double>, yStride: Int, loss: UnsafeMutablePointer<Double>
  ) {
    bpt_squared_error_f64(rows, columns, weight, mask, target, targetStride, y, yStride, loss)
  }

  /// As `Scalar` says.
  @inlinable
  public static func sumOfSquares(count: Int, x: UnsafePointer<Double>) -> Double {
    bpt_sum_of_squares_f64(count, x)
  }

  /// As `Scalar` says.
  public static func momentStep(
    _ step: MomentStep, count: Int, gradient g: UnsafePointer<Double>, parameters w: UnsafeMutablePointer<Double>,
    first m: UnsafeMutablePointer<Double>?, second v: UnsafeMutablePointer<Double>?
  ) {
    var numbers = step.numbers(of: Double.self)
    bpt_moment_step_f64(count, &numbers, g, w, m, v)
  }

  /// As `Scalar` says.
  @inlinable
  public static func multiplyAdds(repeats: Int) -> Int { bpt_multiply_adds_f64(repeats) }
}
