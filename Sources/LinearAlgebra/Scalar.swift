import CKernels

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
  /// y [columns, rows] = the transpose of x [rows, columns].
  static func transpose(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, into y: UnsafeMutablePointer<Self>, yStride: Int)
  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B packed [k, n], C [m, n].
  static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Self>,
    c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool)
  /// C = start + A·B: A [m, k] by any strides, B packed [k, n], C [m, n]; the rows of `start` are `startStride` apart, 0
  /// to start every row alike.
  static func multiplyPacked(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, packedB: UnsafePointer<Self>,
    start: UnsafePointer<Self>, startStride: Int, c: UnsafeMutablePointer<Self>, cRowStride: Int)
  /// C = A·B, or C += A·B when `accumulate`: A [m, k] by any strides, B [k, n] with rows contiguous, C [m, n].
  static func multiply(
    m: Int, n: Int, k: Int, a: UnsafePointer<Self>, aRowStride: Int, aColumnStride: Int, b: UnsafePointer<Self>,
    bRowStride: Int, c: UnsafeMutablePointer<Self>, cRowStride: Int, accumulate: Bool)
  /// Where the values and derivatives of `function` at a [rows, columns] go; false when an a is not finite.
  static func activate(
    _ function: ElementwiseFunction, rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int,
    value: UnsafeMutablePointer<Self>, valueStride: Int, derivative: UnsafeMutablePointer<Self>,
    derivativeStride: Int
  ) -> Bool
  /// y = α x + β y, [rows, columns].
  static func scaleAdd(
    rows: Int, columns: Int, alpha: Self, x: UnsafePointer<Self>, xStride: Int, beta: Self,
    y: UnsafeMutablePointer<Self>, yStride: Int)
  /// z = scale · x ⊙ y, [rows, columns]; returns Σ x², which may underflow or overflow. z may be x.
  @discardableResult
  static func multiplyElements(
    rows: Int, columns: Int, scale: Self, x: UnsafePointer<Self>, xStride: Int, y: UnsafePointer<Self>, yStride: Int,
    into z: UnsafeMutablePointer<Self>, zStride: Int
  ) -> Self
  /// sums_j += Σ_i x_ij.
  static func addColumnSums(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, to sums: UnsafeMutablePointer<Self>)
  /// Row i of y becomes row index_i of the table.
  static func gatherRows(
    rows: Int, columns: Int, table: UnsafePointer<Self>, tableStride: Int, index: UnsafePointer<Int32>,
    into y: UnsafeMutablePointer<Self>, yStride: Int)
  /// Row index_i of the table grows by row i of x.
  static func scatterAddRows(
    rows: Int, columns: Int, x: UnsafePointer<Self>, xStride: Int, index: UnsafePointer<Int32>,
    to table: UnsafeMutablePointer<Self>, tableStride: Int)
  /// A step of the LSTM on pre-activations of gates i, f, g, o, [rows, 4·columns]: i, f, o = σ(a), g = tanh(a),
  /// c = f ⊙ c_before + i ⊙ g, h = o ⊙ tanh c; false when an a is not finite.
  static func lstmForward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, cBefore: UnsafePointer<Self>,
    c: UnsafeMutablePointer<Self>, h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool
  /// From the gradients by h and c to those by a, and by c_before (nil: not wanted), added to what is there where it
  /// accumulates; returns Σ dh². dcBefore may be dc.
  static func lstmBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, cBefore: UnsafePointer<Self>,
    c: UnsafePointer<Self>, stateStride: Int, dh: UnsafePointer<Self>, dc: UnsafePointer<Self>, gradientStride: Int,
    da: UnsafeMutablePointer<Self>, daStride: Int, dcBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self
  /// A step of the GRU on pre-activations of gates r, z, n, [rows, 3·columns], and q = W_hn h_before + b_hn: r, z = σ(a),
  /// n = tanh(a_n + r ⊙ q), h = (1-z) ⊙ n + z ⊙ h_before; a_n + r ⊙ q takes the place of a_n. False when an a is not
  /// finite.
  static func gruForward(
    rows: Int, columns: Int, a: UnsafeMutablePointer<Self>, aStride: Int, q: UnsafePointer<Self>, qStride: Int,
    hBefore: UnsafePointer<Self>, h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool
  /// From the gradient by h to those by a (r, z, n; as x_t sees it in `da`, as h_before sees it in `dq`: r, z, q), and
  /// past the gates by h_before (nil: not wanted), added to what is there where it accumulates; returns Σ dh². dhBefore
  /// may be dh.
  static func gruBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, q: UnsafePointer<Self>, qStride: Int,
    hBefore: UnsafePointer<Self>, stateStride: Int, dh: UnsafePointer<Self>, gradientStride: Int,
    da: UnsafeMutablePointer<Self>, dq: UnsafeMutablePointer<Self>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self
  /// Softmax cross-entropy of each row of y: loss_i = -log softmax(y_i)_target, and y_i becomes weight · ∂loss_i/∂y_i;
  /// both 0 where the mask is 0.
  static func crossEntropy(
    rows: Int, classes: Int, weight: Self, mask: UnsafePointer<UInt8>, target: UnsafePointer<Int32>,
    y: UnsafeMutablePointer<Self>, yStride: Int, loss: UnsafeMutablePointer<Self>)
  /// loss_i = ½‖y_i - target_i‖², and y_i becomes weight · ∂loss_i/∂y_i; both 0 where the mask is 0.
  static func squaredError(
    rows: Int, columns: Int, weight: Self, mask: UnsafePointer<UInt8>, target: UnsafePointer<Self>, targetStride: Int,
    y: UnsafeMutablePointer<Self>, yStride: Int, loss: UnsafeMutablePointer<Self>)
  /// Σ x_i², summed in double precision.
  static func sumOfSquares(count: Int, x: UnsafePointer<Self>) -> Double
  /// One step of an optimiser on `count` parameters w with gradient g, their moments m and v where the step has them.
  static func momentStep(
    _ step: MomentStep, count: Int, gradient g: UnsafePointer<Self>, parameters w: UnsafeMutablePointer<Self>,
    first m: UnsafeMutablePointer<Self>?, second v: UnsafeMutablePointer<Self>?)
  /// A loop of independent multiply-adds in registers, as fast as the processor can go; returns the number of its
  /// multiplications and additions.
  static func multiplyAdds(repeats: Int) -> Int
}

/// The element-wise functions that `Scalar.activate` knows, with their derivatives.
public enum ElementwiseFunction: Int32, CaseIterable, Sendable {
  case tanh, sigmoid, relu, leakyReLU, identity, softsign, hardTanh, sin
}

/// Asks for memory that will soon be read to be brought into the cache; changes no number.
@inlinable
public func prefetchToRead<S: Scalar>(_ start: UnsafePointer<S>, count: Int) {
  bpt_prefetch_to_read(start, count * MemoryLayout<S>.size)
}
