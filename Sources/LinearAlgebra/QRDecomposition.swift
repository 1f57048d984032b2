import CLAPACK

/// A = QR: Q with orthonormal columns, R upper triangular.
public struct QRDecomposition: Equatable, Sendable {
  /// Q, [rows, columns].
  public let q: Matrix
  /// The diagonal of R; its signs depend on those of Q's columns.
  public let diagonal: [Double]

  /// The decomposition of a matrix with at least as many rows as columns, by Householder reflections.
  /// - Throws: that the matrix is not finite.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    precondition(matrix.rows >= matrix.columns, "QR of a \(matrix.rows)×\(matrix.columns) matrix")
    try matrix.requireFinite()
    // To LAPACK a row-major A is Aᵀ: Aᵀ = LQ̂ gives A = Q̂ᵀLᵀ, and Q̂ᵀ is what lies there in rows.
    var a = matrix.elements
    let (count, length) = (matrix.columns, matrix.rows)
    guard count > 0 else {
      (q, diagonal) = (matrix, [])
      return
    }
    var (m, n, info) = (CInt(count), CInt(length), CInt(0))
    var tau = [Double](repeating: 0, count: count)
    var workCount = CInt(max(1, 32 * count))
    var work = [Double](repeating: 0, count: Int(workCount))
    var rows = m
    dgelqf_(&m, &n, &a, &rows, &tau, &work, &workCount, &info)
    guard info == 0 else { throw .failed(routine: "dgelqf", info: Int(info)) }
    diagonal = (0..<count).map { a[$0 * count + $0] }
    var reflectors = m
    dorglq_(&m, &n, &reflectors, &a, &rows, &tau, &work, &workCount, &info)
    guard info == 0 else { throw .failed(routine: "dorglq", info: Int(info)) }
    q = Matrix(rows: length, columns: count, elements: a)
  }
}
