import CKernels

extension Scalar {
  /// The number of elements that `pack` writes for a k×n matrix.
  @inlinable
  public static func packedCount(k: Int, n: Int) -> Int {
    isDouble
      ? bpt_packed_count_f64(k, n)
      : bpt_packed_count_f32(k, n)
  }

  /// Lays B [k, n] out in panels for `multiplyPacked`; element (i, j) is read at `b[i * rowStride + j * columnStride]`.
  @inlinable
  public static func pack(
    k: Int, n: Int, b: UnsafePointer<Self>, rowStride: Int, columnStride: Int, into packed: UnsafeMutablePointer<Self>
  ) {
    isDouble
      ? bpt_pack_f64(k, n, b.f64, rowStride, columnStride, packed.f64)
      : bpt_pack_f32(k, n, b.f32, rowStride, columnStride, packed.f32)
  }

  /// y [columns, rows] = the transpose of x [rows, columns].
  @inlinable
  public static func transpose(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, into y: UnsafeMutablePointer<Self>, yStride: Int
  ) {
    isDouble
      ? bpt_transpose_f64(rows, columns, x.f64, xStride, y.f64, yStride)
      : bpt_transpose_f32(rows, columns, x.f32, xStride, y.f32, yStride)
  }

  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B packed [k, n], C [m, n].
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Self>,
    c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_count(Int64(m &* n &* k))
    isDouble
      ? bpt_multiply_packed_f64(m, n, k, a.f64, aRowStride, aColumnStride, packedB.f64, c.f64, cRowStride, accumulate)
      : bpt_multiply_packed_f32(m, n, k, a.f32, aRowStride, aColumnStride, packedB.f32, c.f32, cRowStride, accumulate)
  }

  /// C = start + A·B: A [m, k] by any strides, B packed [k, n], C [m, n]; the rows of `start` are `startStride` apart, 0
  /// to start every row alike.
  @inlinable
  public static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Self>,
    start: UnsafePointer<Self>, startStride: Int, c: UnsafeMutablePointer<Self>, cRowStride: Int
  ) {
    bpt_count(Int64(m &* n &* k))
    isDouble
      ? bpt_multiply_packed_from_f64(
        m, n, k, a.f64, aRowStride, aColumnStride, packedB.f64, start.f64, startStride, c.f64, cRowStride)
      : bpt_multiply_packed_from_f32(
        m, n, k, a.f32, aRowStride, aColumnStride, packedB.f32, start.f32, startStride, c.f32, cRowStride)
  }

  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B [k, n] with rows contiguous, C [m, n].
  @inlinable
  public static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, b: UnsafePointer<Self>,
    bRowStride: Int, c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool
  ) {
    bpt_count(Int64(m &* n &* k))
    isDouble
      ? bpt_multiply_f64(m, n, k, a.f64, aRowStride, aColumnStride, b.f64, bRowStride, c.f64, cRowStride, accumulate)
      : bpt_multiply_f32(m, n, k, a.f32, aRowStride, aColumnStride, b.f32, bRowStride, c.f32, cRowStride, accumulate)
  }

  /// Where the values and derivatives of `function` at a [rows, columns] go; false when an a is not finite. The derivatives may
  /// take the place of a.
  @inlinable
  public static func activate(
    _ function: ElementwiseFunction, rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int,
    value: UnsafeMutablePointer<Self>, valueStride: Int, derivative: UnsafeMutablePointer<Self>,
    derivativeStride: Int
  ) -> Bool {
    isDouble
      ? bpt_activate_f64(
        function.rawValue, rows, columns, a.f64, aStride, value.f64, valueStride, derivative.f64, derivativeStride)
      : bpt_activate_f32(
        function.rawValue, rows, columns, a.f32, aStride, value.f32, valueStride, derivative.f32, derivativeStride)
  }

  /// y = α x + β y, [rows, columns].
  @inlinable
  public static func scaleAdd(
    rows: Int, columns: Int, alpha: Self, x: UnsafePointer<Self>, xStride: Int, beta: Self,
    y: UnsafeMutablePointer<Self>, yStride: Int
  ) {
    bpt_count(Int64(rows &* columns))
    isDouble
      ? bpt_scale_add_f64(rows, columns, alpha.f64, x.f64, xStride, beta.f64, y.f64, yStride)
      : bpt_scale_add_f32(rows, columns, alpha.f32, x.f32, xStride, beta.f32, y.f32, yStride)
  }

  /// z = scale · x ⊙ y, [rows, columns]; returns Σ x², which may underflow or overflow. z may be x.
  @inlinable
  @discardableResult
  public static func multiplyElements(
    rows: Int, columns: Int, scale: Self, x: UnsafePointer<Self>, xStride: Int, y: UnsafePointer<Self>, yStride: Int,
    into z: UnsafeMutablePointer<Self>, zStride: Int
  ) -> Self {
    bpt_count(Int64(rows &* columns))
    return isDouble
      ? Self(bits: bpt_multiply_elements_f64(rows, columns, scale.f64, x.f64, xStride, y.f64, yStride, z.f64, zStride))
      : Self(bits: bpt_multiply_elements_f32(rows, columns, scale.f32, x.f32, xStride, y.f32, yStride, z.f32, zStride))
  }

  /// sums_j += Σ_i x_ij.
  @inlinable
  public static func addColumnSums(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, to sums: UnsafeMutablePointer<Self>
  ) {
    isDouble
      ? bpt_add_column_sums_f64(rows, columns, x.f64, xStride, sums.f64)
      : bpt_add_column_sums_f32(rows, columns, x.f32, xStride, sums.f32)
  }

  /// Row i of y becomes row index_i of the table.
  @inlinable
  public static func gatherRows(
    rows: Int, columns: Int, table: UnsafePointer<Self>, tableStride: Int, index: UnsafePointer<Int32>,
    into y: UnsafeMutablePointer<Self>, yStride: Int
  ) {
    isDouble
      ? bpt_gather_rows_f64(rows, columns, table.f64, tableStride, index, y.f64, yStride)
      : bpt_gather_rows_f32(rows, columns, table.f32, tableStride, index, y.f32, yStride)
  }

  /// Row index_i of the table grows by row i of x.
  @inlinable
  public static func scatterAddRows(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, index: UnsafePointer<Int32>,
    to table: UnsafeMutablePointer<Self>, tableStride: Int
  ) {
    isDouble
      ? bpt_scatter_add_rows_f64(rows, columns, x.f64, xStride, index, table.f64, tableStride)
      : bpt_scatter_add_rows_f32(rows, columns, x.f32, xStride, index, table.f32, tableStride)
  }

  /// Softmax cross-entropy of each row of y: loss_i = -log softmax(y_i)_target, and y_i becomes weight · ∂loss_i/∂y_i;
  /// both 0 where the mask is 0.
  @inlinable
  public static func crossEntropy(
    rows: Int, classes: Int, weight: Self, mask: UnsafePointer<UInt8>, target: UnsafePointer<Int32>,
    y: UnsafeMutablePointer<Self>, yStride: Int, loss: UnsafeMutablePointer<Self>
  ) {
    isDouble
      ? bpt_cross_entropy_f64(rows, classes, weight.f64, mask, target, y.f64, yStride, loss.f64)
      : bpt_cross_entropy_f32(rows, classes, weight.f32, mask, target, y.f32, yStride, loss.f32)
  }

  /// loss_i = ½‖y_i - target_i‖², and y_i becomes weight · ∂loss_i/∂y_i; both 0 where the mask is 0.
  @inlinable
  public static func squaredError(
    rows: Int, columns: Int, weight: Self, mask: UnsafePointer<UInt8>, target: UnsafePointer<Self>, targetStride: Int,
    y: UnsafeMutablePointer<Self>, yStride: Int, loss: UnsafeMutablePointer<Self>
  ) {
    isDouble
      ? bpt_squared_error_f64(rows, columns, weight.f64, mask, target.f64, targetStride, y.f64, yStride, loss.f64)
      : bpt_squared_error_f32(rows, columns, weight.f32, mask, target.f32, targetStride, y.f32, yStride, loss.f32)
  }

  /// Σ x_i², summed in double precision.
  @inlinable
  public static func sumOfSquares(count: Int, x: UnsafePointer<Self>) -> Double {
    isDouble
      ? bpt_sum_of_squares_f64(count, x.f64)
      : bpt_sum_of_squares_f32(count, x.f32)
  }

  /// One step of an optimizer on `count` parameters w with gradient g, their moments m and v where the step has them.
  @inlinable
  public static func momentStep(
    _ step: MomentStep, count: Int, gradient g: UnsafePointer<Self>, parameters w: UnsafeMutablePointer<Self>,
    first m: UnsafeMutablePointer<Self>?, second v: UnsafeMutablePointer<Self>?
  ) {
    var numbers = step.numbers(
      leastEpsilon: isDouble ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude))
    isDouble
      ? bpt_moment_step_f64(count, &numbers, g.f64, w.f64, m?.f64, v?.f64)
      : bpt_moment_step_f32(count, &numbers, g.f32, w.f32, m?.f32, v?.f32)
  }

  /// A loop of independent multiply-adds in registers, as fast as the processor can go; returns the number of its
  /// multiplications and additions.
  @inlinable
  public static func multiplyAdds(repeats: Int) -> Int {
    isDouble
      ? bpt_multiply_adds_f64(repeats)
      : bpt_multiply_adds_f32(repeats)
  }
}
