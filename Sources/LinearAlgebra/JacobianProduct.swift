import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// The product P = J_T J_{T-1} … J_{k+1} of square Jacobians, extended step by step to the right, and its singular
/// values in logarithms: right at any depth, at 1e-4000 as at 1e+4000.
///
/// What is kept is Pᵀ without its right orthogonal factor, which changes no singular value: vectors v_j with whole
/// exponents e_j, column j of Pᵀ·V being v_j · 2^e_j. A step multiplies the vectors by Jᵀ; one-sided Jacobi rotations
/// keep them orthogonal, so that their norms are the singular values. Rotations are orthogonal whether or not they have
/// converged, so a product that was not asked for its singular values at a step loses nothing by it.
///
/// Jacobians whose rows or columns span many magnitudes (saturated units, shut gates) or are 0 (relu) would lose the
/// small values in rotations, which leave rounding of the size of a whole vector in each of its elements. There the
/// product is eliminated anew after the step: by complete pivoting (Demmel et al. 1999), which leaves zeros zeros and
/// small elements their digits, and by a QR of what stands on the left. The small singular values stay right, and a drop
/// of the rank is seen as exactly that.
///
/// Allocates nothing once made. Used by one thread at a time.
public final class JacobianProduct {
  /// The order n of the Jacobians.
  public let size: Int
  /// The rank of the product: n, less where a Jacobian had rows of zeros.
  public private(set) var rank: Int
  /// The number of Jacobians multiplied so far.
  public private(set) var factors = 0

  private let kernels: InstructionSet
  private let stride: Int
  private let vectors: AlignedBuffer<Double>, other: AlignedBuffer<Double>
  private let exponents: AlignedBuffer<Double>, norms: AlignedBuffer<Double>
  private let scaled: AlignedBuffer<Double>
  private let workspace: AlignedBuffer<Double>
  private let graded: GradedRoom
  private var isOrthogonal = true
  /// Whether the vectors come from an elimination, and are not rotated where they can be spared it.
  private var isEliminated = false
  /// A bound of the condition of the vectors, each scaled to norm 1: 1 where they are nearly orthogonal.
  private var conditionEstimate = 1.0

  /// Where what is left after a sweep of rotations does not matter any more: 2e-10 in the cosines moves σ by 1e-10.
  private static let tolerance = 2e-10
  private static let skip = 1e-12
  private static let roughTolerance = 0.1, roughSkip = 1e-3
  private static let maximumSweeps: Int32 = 100
  /// How far the condition of the vectors may grow before they are made orthogonal again.
  private static let largestConditionEstimate = 1e8

  /// The empty product, the n×n identity.
  public init(size: Int, kernels: InstructionSet = .selected) {
    precondition(size > 0, "a Jacobian has at least one row")
    self.size = size
    self.kernels = kernels
    stride = (size + 7) / 8 * 8
    vectors = AlignedBuffer(size * stride)
    other = AlignedBuffer(size * stride)
    exponents = AlignedBuffer(stride)
    norms = AlignedBuffer(stride)
    scaled = AlignedBuffer(size * stride)
    workspace = AlignedBuffer(bpttop_jacobi_workspace(size) + 16)
    graded = GradedRoom(size: size, stride: stride)
    rank = size
    reset()
  }

  /// Back to the empty product.
  public func reset() {
    vectors.clear()
    exponents.clear()
    for j in 0..<size {
      vectors.start[j * stride + j] = 1
      norms.start[j] = 1
    }
    rank = size
    factors = 0
    isOrthogonal = true
    isEliminated = false
    conditionEstimate = 1
  }

  /// P ← P J, J [n, n] row-major with rows `rowStride` apart.
  ///
  /// Throws where an element of J is not finite; the product is as before then.
  /// - Parameters:
  ///   - jacobian: the first element of J.
  ///   - rowStride: how far apart its rows lie.
  ///   - conditionBound: a bound of σ_max/σ_min of J, where one is known: the vectors are made orthogonal again only when the
  ///     bounds since the last time have multiplied up to 1e8, which may cost the small values 1e-8 of themselves.
  public func extend(
    by jacobian: UnsafePointer<Double>, rowStride: Int, conditionBound: Double = .infinity
  ) throws(LinearAlgebraError) {
    let isGraded = try measure(jacobian, rowStride)
    factors += 1
    guard rank > 0 else { return }
    if isGraded || isEliminated {
      eliminate(after: jacobian, rowStride)
    } else {
      multiply(by: jacobian, rowStride: rowStride)
      try settle(conditionBound: conditionBound)
    }
  }

  /// P ← P J, J given by what it does: `pullBack(m, from, to, stride)` makes m row vectors v at `from` into v J at `to`,
  /// n elements each, rows `stride` apart.
  ///
  /// Only for finite Jacobians whose rows' norms lie within `largestRowRatio` of each other. `conditionBound` as above.
  public func extend(
    conditionBound: Double,
    pullBack: (Int, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void
  ) throws(LinearAlgebraError) {
    factors += 1
    guard rank > 0 else { return }
    pullBack(rank, vectors.start, other.start, stride)
    vectors.swapContents(with: other)
    try settle(conditionBound: conditionBound)
  }

  /// The largest ratio of the rows' norms that `extend(conditionBound:pullBack:)` takes.
  public static let largestRowRatio = 1e5

  /// P ← P J.
  public func extend(by jacobian: Matrix) throws(LinearAlgebraError) {
    precondition(jacobian.rows == size && jacobian.columns == size, "a Jacobian of order \(size)")
    do {
      try jacobian.elements.withUnsafeBufferPointer { elements in
        if let base = elements.baseAddress { try extend(by: base, rowStride: size) }
      }
    } catch let error as LinearAlgebraError {
      throw error
    } catch {}
  }

  /// log10 of the n singular values of P, descending; -infinity where one is exactly 0.
  public func log10SingularValues() throws(LinearAlgebraError) -> [Double] {
    var values = [Double](repeating: -.infinity, count: size)
    let exponents = try orthogonalized()
    for j in 0..<rank { values[j] = log10Scale(j, exponents) }
    values.sort(by: >)
    return values
  }

  /// log10 ‖P‖₂, the largest of the singular values.
  public func log10Norm() throws(LinearAlgebraError) -> Double {
    let exponents = try orthogonalized()
    return (0..<rank).reduce(-.infinity) { max($0, log10Scale($1, exponents)) }
  }

  /// log10 ‖P‖₂ by power iteration: cheaper, reached from below, stopped when it moves by less than 1e-10.
  public func log10NormByIteration() -> Double {
    if isOrthogonal { return (0..<rank).reduce(-.infinity) { max($0, log10Scale($1, exponents)) } }
    return log10Of2
      * bpttop_largest_norm(
        rank, stride, vectors.start, exponents.start, workspace.start, 1e-10, 300, kernels.rawValue)
  }
}

// MARK: Steps

extension JacobianProduct {
  /// log10 |v_j| 2^e_j
  private func log10Scale(_ j: Int, _ exponents: AlignedBuffer<Double>) -> Double {
    0.5 * log10(norms.start[j]) + exponents.start[j] * log10Of2
  }

  /// The exponents of the vectors, or of a copy of them, made orthogonal; `norms` are theirs.
  private func orthogonalized() throws(LinearAlgebraError) -> AlignedBuffer<Double> {
    if isOrthogonal { return exponents }
    guard isEliminated else {
      try rotate(to: Self.tolerance, skip: Self.skip)
      isOrthogonal = true
      return exponents
    }
    other.copy(vectors)
    graded.exponents.copy(exponents)
    let sweeps = bpttop_jacobi_orthogonalize(
      rank, stride, other.start, graded.exponents.start, norms.start, nil, 0, workspace.start, Self.tolerance,
      Self.skip, Self.maximumSweeps, kernels.rawValue)
    guard sweeps >= 0 else { throw .failed(routine: "one-sided Jacobi", info: Int(Self.maximumSweeps)) }
    return graded.exponents
  }

  /// After a multiplication: roughly orthogonal vectors lose no digits in the next one; the rest only where singular
  /// values are asked for.
  private func settle(conditionBound: Double) throws(LinearAlgebraError) {
    isOrthogonal = false
    isEliminated = false
    conditionEstimate *= conditionBound
    if conditionEstimate <= Self.largestConditionEstimate {
      normalize()
    } else {
      try rotate(to: Self.roughTolerance, skip: Self.roughSkip)
    }
  }

  /// No sweep: only the norms are brought back to 1 … 2.
  private func normalize() {
    _ = bpttop_jacobi_orthogonalize(
      rank, stride, vectors.start, exponents.start, norms.start, nil, 0, workspace.start, 1, 1, 0, kernels.rawValue)
  }

  /// Sweeps of rotations until what is left is under `tolerance`.
  private func rotate(to tolerance: Double, skip: Double) throws(LinearAlgebraError) {
    let sweeps = bpttop_jacobi_orthogonalize(
      rank, stride, vectors.start, exponents.start, norms.start, nil, 0, workspace.start, tolerance, skip,
      Self.maximumSweeps, kernels.rawValue)
    guard sweeps >= 0 else { throw .failed(routine: "one-sided Jacobi", info: Int(Self.maximumSweeps)) }
    conditionEstimate = 1
    dropZeros()
  }

  /// Whether the rows or the columns of J are so far apart that the product must go the careful way.
  private func measure(_ jacobian: UnsafePointer<Double>, _ rowStride: Int) throws(LinearAlgebraError) -> Bool {
    let columns = graded.columnScales.start
    graded.columnScales.clear()
    var (smallest, largest) = (Double.infinity, 0.0)
    for i in 0..<size {
      var top = 0.0
      for k in 0..<size {
        let element = jacobian[i * rowStride + k].magnitude
        guard element.isFinite else { throw .notFinite(row: i, column: k) }
        top = max(top, element)
        columns[k] = max(columns[k], element)
      }
      smallest = min(smallest, top)
      largest = max(largest, top)
    }
    for k in 0..<size { smallest = min(smallest, columns[k]) }
    return !(smallest > 0 && largest <= Self.largestRowRatio * smallest)
  }

  /// P ← P J the careful way, in the graded room: P = Q Σ V, Q orthogonal and forgotten, Σ the scales, V the vectors.
  private func eliminate(after jacobian: UnsafePointer<Double>, _ rowStride: Int) {
    // J = L D U
    let pivots = factorize(jacobian, rowStride)
    Double.transpose(
      rows: pivots, columns: size, x: graded.columns.start, xStride: stride, into: scaled.start, yStride: stride)
    other.clear()
    Double.multiply(
      m: rank, n: pivots, k: size, a: vectors.start, aRowStride: stride, aColumnStride: 1, b: scaled.start,
      bRowStride: stride, c: other.start, cRowStride: stride, accumulate: false)
    // Σ (V L) D = L' U', whose rows and columns may be scaled as badly as can be: no two scales are ever added up.
    let kept = bpttop_graded_lu(
      rank, pivots, stride, other.start, exponents.start, graded.exponents.start, graded.columns.start,
      graded.innerExponents.start, graded.inner.start, graded.done, kernels.rawValue)
    // L' = Q' Σ' R, and Q', orthogonal and on the left of all, changes no singular value.
    rank = bpttop_graded_qr(
      kept, rank, stride, graded.columns.start, graded.innerExponents.start, graded.rows.start, stride,
      exponents.start, graded.q.start, graded.reflectors.start, graded.factors.start, graded.done, kernels.rawValue)
    // V ← R (U' U)
    scaled.clear()
    vectors.clear()
    Double.multiply(
      m: kept, n: size, k: pivots, a: graded.inner.start, aRowStride: stride, aColumnStride: 1,
      b: graded.upper.start, bRowStride: stride, c: scaled.start, cRowStride: stride, accumulate: false)
    Double.multiply(
      m: rank, n: size, k: kept, a: graded.rows.start, aRowStride: stride, aColumnStride: 1, b: scaled.start,
      bRowStride: stride, c: vectors.start, cRowStride: stride, accumulate: false)
    normalize()
    isOrthogonal = false
    isEliminated = true
    conditionEstimate = .infinity
  }

  /// J = L D U by elimination: the columns of L with D's mantissas, D's exponents, and U in the graded room; returns the
  /// rank of J.
  private func factorize(_ jacobian: UnsafePointer<Double>, _ rowStride: Int) -> Int {
    let (elements, rows, columns) = (scaled.start, graded.rowScales.start, graded.columnScales.start)
    // Every row, then every column, is brought to 1 … 2 by a power of two: no product of two elements underflows.
    for i in 0..<size {
      let top = (0..<size).reduce(0) { max($0, jacobian[i * rowStride + $1].magnitude) }
      let exponent = top > 0 && top.isFinite ? top.exponent : 0
      rows[i] = Double(exponent)
      for k in 0..<size { elements[i * stride + k] = scalbn(jacobian[i * rowStride + k], -exponent) }
    }
    for k in 0..<size {
      let top = (0..<size).reduce(0) { max($0, elements[$1 * stride + k].magnitude) }
      let exponent = top > 0 && top.isFinite ? top.exponent : 0
      columns[k] = Double(exponent)
      for i in 0..<size { elements[i * stride + k] = scalbn(elements[i * stride + k], -exponent) }
    }
    return bpttop_graded_lu(
      size, size, stride, elements, rows, columns, graded.columns.start, graded.exponents.start, graded.upper.start,
      graded.done, kernels.rawValue)
  }

  /// vectors ← vectors · J, J row-major.
  private func multiply(by jacobian: UnsafePointer<Double>, rowStride: Int) {
    Double.multiply(
      m: rank, n: size, k: size, a: vectors.start, aRowStride: stride, aColumnStride: 1, b: jacobian,
      bRowStride: rowStride, c: other.start, cRowStride: stride, accumulate: false)
    vectors.swapContents(with: other)
  }

  /// Vectors that have become exactly 0 stand for singular values that are exactly 0.
  private func dropZeros() {
    var kept = 0
    for j in 0..<rank where norms.start[j] > 0 {
      if kept < j {
        (vectors.start + kept * stride).update(from: vectors.start + j * stride, count: stride)
        exponents.start[kept] = exponents.start[j]
        norms.start[kept] = norms.start[j]
      }
      kept += 1
    }
    rank = kept
  }
}

private let log10Of2 = 0.30102999566398119521

/// What the careful way needs.
private final class GradedRoom {
  /// The exponents of the Jacobian's rows and columns.
  let rowScales: AlignedBuffer<Double>, columnScales: AlignedBuffer<Double>
  /// What the eliminations leave: the columns of L, of J and then of the product, their exponents, and U of both.
  let columns: AlignedBuffer<Double>, exponents: AlignedBuffer<Double>, innerExponents: AlignedBuffer<Double>
  let upper: AlignedBuffer<Double>, inner: AlignedBuffer<Double>
  /// Of the QR.
  let rows: AlignedBuffer<Double>, q: AlignedBuffer<Double>, reflectors: AlignedBuffer<Double>,
    factors: AlignedBuffer<Double>
  let done: UnsafeMutablePointer<UInt8>

  init(size: Int, stride: Int) {
    rowScales = AlignedBuffer(stride)
    columnScales = AlignedBuffer(stride)
    columns = AlignedBuffer(size * stride)
    exponents = AlignedBuffer(stride)
    innerExponents = AlignedBuffer(stride)
    upper = AlignedBuffer(size * stride)
    inner = AlignedBuffer(size * stride)
    rows = AlignedBuffer(size * stride)
    q = AlignedBuffer(size * stride)
    reflectors = AlignedBuffer(size * stride)
    factors = AlignedBuffer(stride)
    done = .allocate(capacity: size)
    done.initialize(repeating: 0, count: size)
  }

  deinit { done.deallocate() }
}
