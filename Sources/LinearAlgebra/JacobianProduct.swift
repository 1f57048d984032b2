import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// The instruction set of the rotations' kernels.
public enum JacobiKernels: Int32, CaseIterable, Sendable {
  case plain = 0, avx2 = 1, avx512 = 2

  /// Whether this processor has it.
  public var isAvailable: Bool { rawValue <= bpttop_jacobi_level() }

  /// The best that this processor has.
  public static var best: JacobiKernels { JacobiKernels(rawValue: bpttop_jacobi_level()) ?? .plain }
}

/// The product P = J_T J_{T-1} … J_{k+1} of square Jacobians, extended step by step to the right, and its singular
/// values in logarithms: right at any depth, at 1e-4000 as at 1e+4000.
///
/// What is kept is Pᵀ without its right orthogonal factor, which changes no singular value: vectors v_j with whole
/// exponents e_j, column j of Pᵀ·V being v_j · 2^e_j. A step multiplies the vectors by Jᵀ; one-sided Jacobi rotations
/// keep them orthogonal, so that their norms are the singular values. Rotations are orthogonal whether or not they have
/// converged, so a product that was not asked for its singular values at a step loses nothing by it.
///
/// Jacobians whose rows span many magnitudes (saturated units) or are 0 (relu) go through a QR that is accurate row by
/// row (Cox & Higham 1998; Demmel et al. 1999), so that the small singular values stay right and a drop of the rank is
/// seen as exactly that.
///
/// Allocates nothing once made. Used by one thread at a time.
public final class JacobianProduct {
  /// The order n of the Jacobians.
  public let size: Int
  /// The rank of the product: n, less where a Jacobian had rows of zeros.
  public private(set) var rank: Int
  /// The number of Jacobians multiplied so far.
  public private(set) var factors = 0

  private let kernels: JacobiKernels
  private let stride: Int
  private let vectors: AlignedBuffer, other: AlignedBuffer
  private let exponents: AlignedBuffer, norms: AlignedBuffer
  private let rowScales: AlignedBuffer, scaled: AlignedBuffer
  private let workspace: AlignedBuffer
  private let graded: GradedRoom
  private var rowOrder: [Int]
  private var isOrthogonal = true
  /// A bound of the condition of the vectors, each scaled to norm 1: 1 where they are nearly orthogonal.
  private var looseness = 1.0

  /// Where what is left after a sweep of rotations does not matter any more: 2e-10 in the cosines moves σ by 1e-10.
  private static let tolerance = 2e-10
  private static let skip = 1e-12
  private static let roughTolerance = 0.1, roughSkip = 1e-3
  private static let maximumSweeps: Int32 = 100
  /// How far the condition of the vectors may grow before they are made orthogonal again.
  private static let largestLooseness = 1e8

  /// The empty product, the n×n identity.
  public init(size: Int, kernels: JacobiKernels = .best) {
    precondition(size > 0, "a Jacobian has at least one row")
    self.size = size
    self.kernels = kernels
    stride = (size + 7) / 8 * 8
    vectors = AlignedBuffer(size * stride)
    other = AlignedBuffer(size * stride)
    exponents = AlignedBuffer(size)
    norms = AlignedBuffer(size)
    rowScales = AlignedBuffer(size)
    scaled = AlignedBuffer(size * stride)
    workspace = AlignedBuffer(bpttop_jacobi_workspace(size) + 16)
    graded = GradedRoom(size: size, stride: stride)
    rowOrder = Array(0..<size)
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
    looseness = 1
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
    let isGraded = try measureRows(jacobian, rowStride)
    factors += 1
    guard rank > 0 else { return }
    if isGraded {
      if looseness > 1 { try rotate(to: Self.roughTolerance, skip: Self.roughSkip) }
      try multiplyByRowScales()
      for i in 0..<size {
        let factor = rowScales.start[i] > 0 ? 1 / rowScales.start[i] : 0
        for k in 0..<size { scaled.start[i * stride + k] = jacobian[i * rowStride + k] * factor }
      }
      multiply(by: scaled.start, rowStride: stride)
      try settle(conditionBound: .infinity)
    } else {
      multiply(by: jacobian, rowStride: rowStride)
      try settle(conditionBound: conditionBound)
    }
  }

  /// P ← P J, J given by what it does: `pullBack(m, from, to, stride)` makes m row vectors v at `from` into v J at `to`,
  /// n elements each, rows `stride` apart.
  ///
  /// Only for finite Jacobians whose rows' norms lie within 1e4 of each other. `conditionBound` as above.
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
  public static let largestRowRatio = 1e4

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
    try orthogonalize()
    for j in 0..<rank { values[j] = log10Scale(j) }
    values.sort(by: >)
    return values
  }

  /// log10 ‖P‖₂, the largest of the singular values.
  public func log10Norm() throws(LinearAlgebraError) -> Double {
    try orthogonalize()
    return (0..<rank).reduce(-.infinity) { max($0, log10Scale($1)) }
  }

  /// log10 ‖P‖₂ by power iteration: cheaper, reached from below, stopped when it moves by less than 1e-10.
  public func log10NormByIteration() -> Double {
    if isOrthogonal { return (0..<rank).reduce(-.infinity) { max($0, log10Scale($1)) } }
    return log10Of2
      * bpttop_largest_norm(
        rank, stride, vectors.start, exponents.start, workspace.start, 1e-10, 300, kernels.rawValue)
  }
}

// MARK: Steps

extension JacobianProduct {
  /// log10 |v_j| 2^e_j
  private func log10Scale(_ j: Int) -> Double {
    0.5 * log10(norms.start[j]) + exponents.start[j] * log10Of2
  }

  private func orthogonalize() throws(LinearAlgebraError) {
    if isOrthogonal { return }
    try rotate(to: Self.tolerance, skip: Self.skip)
    isOrthogonal = true
  }

  /// After a multiplication: roughly orthogonal vectors lose no digits in the next one; the rest only where singular
  /// values are asked for.
  private func settle(conditionBound: Double) throws(LinearAlgebraError) {
    isOrthogonal = false
    looseness *= conditionBound
    if looseness <= Self.largestLooseness {
      // No sweep: only the norms are brought back to 1 … 2.
      _ = bpttop_jacobi_orthogonalize(
        rank, stride, vectors.start, exponents.start, norms.start, nil, 0, workspace.start, 1, 1, 0, kernels.rawValue)
      return
    }
    try rotate(to: Self.roughTolerance, skip: Self.roughSkip)
  }

  /// Sweeps of rotations until what is left is under `tolerance`.
  private func rotate(to tolerance: Double, skip: Double) throws(LinearAlgebraError) {
    let sweeps = bpttop_jacobi_orthogonalize(
      rank, stride, vectors.start, exponents.start, norms.start, nil, 0, workspace.start, tolerance, skip,
      Self.maximumSweeps, kernels.rawValue)
    guard sweeps >= 0 else { throw .failed(routine: "one-sided Jacobi", info: Int(Self.maximumSweeps)) }
    looseness = 1
    dropZeros()
  }

  /// The rows' norms; whether they are so far apart that the product must go the careful way.
  private func measureRows(_ jacobian: UnsafePointer<Double>, _ rowStride: Int) throws(LinearAlgebraError) -> Bool {
    var (smallest, largest) = (Double.infinity, 0.0)
    for i in 0..<size {
      var sum = 0.0
      var maximum = 0.0
      for k in 0..<size {
        let element = jacobian[i * rowStride + k]
        sum += element * element
        maximum = max(maximum, element.magnitude)
      }
      if !(sum > 1e-280 && sum < 1e280) {
        guard sum.isFinite || (0..<size).allSatisfy({ jacobian[i * rowStride + $0].isFinite }) else {
          let column = (0..<size).first { !jacobian[i * rowStride + $0].isFinite } ?? 0
          throw .notFinite(row: i, column: column)
        }
        // The largest element serves as well as the norm does.
        sum = maximum
      } else {
        sum = sum.squareRoot()
      }
      rowScales.start[i] = sum
      smallest = min(smallest, sum)
      largest = max(largest, sum)
    }
    return !(smallest > 0 && largest <= Self.largestRowRatio * smallest)
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

  /// Pᵀ ← D Pᵀ, D the diagonal matrix of the row scales: a matrix graded by rows and by columns.
  ///
  /// D U Σ = Q R with the rows sorted and the columns pivoted; then the rotations V of R's rows, orthogonal in their own
  /// scale, give R = V Σ' X, and Q V Σ' is the product without its right orthogonal factor.
  private func multiplyByRowScales() throws(LinearAlgebraError) {
    rowOrder.sort { rowScales.start[$0] > rowScales.start[$1] }
    let live = rowOrder.prefix { rowScales.start[$0] > 0 }.count
    guard live > 0 else {
      rank = 0
      return
    }
    // The largest scale becomes 1 … 2, so that no square overflows.
    let shift = ilogb(rowScales.start[rowOrder[0]])
    for j in 0..<rank {
      let (from, to) = (vectors.start + j * stride, other.start + j * stride)
      for k in 0..<stride { to[k] = 0 }
      for k in 0..<live { to[k] = from[rowOrder[k]] * scalbn(rowScales.start[rowOrder[k]], -shift) }
      exponents.start[j] += Double(shift)
    }
    let newRank = bpttop_graded_qr(
      rank, live, stride, other.start, exponents.start, graded.rows.start, stride, graded.rowExponents.start,
      graded.q.start, graded.reflectors.start, graded.factors.start, graded.done, kernels.rawValue)
    rank = newRank
    guard rank > 0 else { return }
    let sweeps = bpttop_jacobi_orthogonalize(
      rank, stride, graded.rows.start, graded.rowExponents.start, norms.start, graded.q.start, stride, workspace.start,
      Self.tolerance, Self.skip, Self.maximumSweeps, kernels.rawValue)
    guard sweeps >= 0 else { throw .failed(routine: "one-sided Jacobi", info: Int(Self.maximumSweeps)) }
    for j in 0..<rank {
      let to = vectors.start + j * stride
      for k in 0..<stride { to[k] = 0 }
      let scale = norms.start[j].squareRoot()
      for k in 0..<live { to[rowOrder[k]] = graded.q.start[j * stride + k] * scale }
      exponents.start[j] = graded.rowExponents.start[j]
    }
  }
}

private let log10Of2 = 0.30102999566398119521

/// Doubles at a cache line, all 0 at first.
private final class AlignedBuffer {
  private(set) var start: UnsafeMutablePointer<Double>
  private let count: Int

  init(_ count: Int) {
    self.count = max(count, 8)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: self.count * 8, alignment: 64)
    start = raw.initializeMemory(as: Double.self, repeating: 0, count: self.count)
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  func clear() { start.update(repeating: 0, count: count) }

  /// The two change places.
  func swapContents(with other: AlignedBuffer) {
    precondition(count == other.count)
    (start, other.start) = (other.start, start)
  }
}

/// What the careful way needs.
private final class GradedRoom {
  let rows: AlignedBuffer, rowExponents: AlignedBuffer, q: AlignedBuffer, reflectors: AlignedBuffer
  let factors: AlignedBuffer
  let done: UnsafeMutablePointer<UInt8>

  init(size: Int, stride: Int) {
    rows = AlignedBuffer(size * stride)
    rowExponents = AlignedBuffer(size)
    q = AlignedBuffer(size * stride)
    reflectors = AlignedBuffer(size * stride)
    factors = AlignedBuffer(size)
    done = .allocate(capacity: size)
    done.initialize(repeating: 0, count: size)
  }

  deinit { done.deallocate() }
}
