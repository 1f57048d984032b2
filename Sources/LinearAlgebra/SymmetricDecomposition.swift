import CLAPACK

/// The eigenvalues and eigenvectors of a symmetric matrix.
public struct SymmetricDecomposition: Sendable {
  /// The eigenvalues, the largest first.
  public let eigenvalues: [Double]
  /// The eigenvectors of length 1 in the same order, each with its largest element positive.
  public let eigenvectors: [[Double]]

  /// The decomposition of a symmetric matrix; only one of its triangles is read.
  /// - Throws: that the matrix is not finite.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "eigenvectors of a \(matrix.rows)×\(matrix.columns) matrix")
    try matrix.requireFinite()
    let count = matrix.rows
    guard count > 0 else {
      (eigenvalues, eigenvectors) = ([], [])
      return
    }
    var (n, info, workCount) = (CInt(count), CInt(0), CInt(34 * count))
    var a = matrix.elements
    var values = [Double](repeating: 0, count: count)
    var work = [Double](repeating: 0, count: Int(workCount))
    dsyev_("V", "U", &n, &a, &n, &values, &work, &workCount, &info, 1, 1)
    guard info == 0 else { throw .failed(routine: "dsyev", info: Int(info)) }
    eigenvalues = values.reversed()
    eigenvectors = (0..<count).reversed().map { index in
      let vector = Array(a[index * count..<(index + 1) * count])
      let largest = vector.max { abs($0) < abs($1) } ?? 0
      return largest < 0 ? vector.map { -$0 } : vector
    }
  }
}

extension Matrix {
  /// x of A x = b for a symmetric positive definite A, by Cholesky; nil where it is not, or not enough so to be told.
  public func solvePositiveDefinite(_ b: [Double]) -> [Double]? {
    precondition(rows == columns && b.count == rows, "a system of \(rows)×\(columns) with \(b.count) sides")
    var (n, one, info) = (CInt(rows), CInt(1), CInt(0))
    var (a, x) = (elements, b)
    dposv_("U", &n, &one, &a, &n, &x, &n, &info, 1)
    return info == 0 && x.allSatisfy(\.isFinite) ? x : nil
  }
}
