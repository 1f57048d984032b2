import CLAPACK

/// A complex number: an eigenvalue.
public struct Complex: Equatable, Sendable {
  /// The real and the imaginary part.
  public var real: Double, imaginary: Double

  /// real + i·imaginary.
  public init(_ real: Double, _ imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  /// |z|, without under- or overflow of the squares.
  public var magnitude: Double {
    let (large, small) = (max(real.magnitude, imaginary.magnitude), min(real.magnitude, imaginary.magnitude))
    guard large > 0 else { return 0 }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }
}

extension Matrix {
  /// The eigenvalues of a square matrix, the largest magnitude first, conjugate pairs next to each other with the
  /// positive imaginary part first.
  public func eigenvalues() throws(LinearAlgebraError) -> [Complex] {
    precondition(rows == columns, "eigenvalues of a \(rows)×\(columns) matrix")
    try requireFinite()
    guard rows > 0 else { return [] }
    var (n, one, info) = (CInt(rows), CInt(1), CInt(0))
    var workCount = CInt(max(4 * rows, 1)) * 8
    // Row-major is the transpose to LAPACK, which has the same eigenvalues.
    var a = elements
    var real = [Double](repeating: 0, count: rows)
    var imaginary = real
    var work = [Double](repeating: 0, count: Int(workCount))
    var (left, right) = (0.0, 0.0)
    dgeev_("N", "N", &n, &a, &n, &real, &imaginary, &left, &one, &right, &one, &work, &workCount, &info, 1, 1)
    guard info == 0 else { throw .failed(routine: "dgeev", info: Int(info)) }
    let values = zip(real, imaginary).map { Complex($0, $1) }
    // A stable order: pairs are neighbours with the positive part first already, and have equal magnitudes.
    return values.enumerated().sorted {
      let (a, b) = ($0.element.magnitude, $1.element.magnitude)
      return a != b ? a > b : $0.offset < $1.offset
    }.map(\.element)
  }

  /// ρ(A) = max |λ|, 0 for an empty matrix.
  public func spectralRadius() throws(LinearAlgebraError) -> Double {
    try eigenvalues().first?.magnitude ?? 0
  }

  /// The min(rows, columns) singular values, the largest first; small ones keep their relative accuracy when the
  /// matrix is badly scaled only by its columns (Demmel & Veselić 1992).
  public func singularValues() throws(LinearAlgebraError) -> [Double] {
    try requireFinite()
    // dgesvj wants at least as many rows as columns; row-major [m, n] is column-major [n, m].
    let (tall, wide) = (max(rows, columns), min(rows, columns))
    guard wide > 0 else { return [] }
    var a = columns >= rows ? elements : transposed.elements
    var (m, n, zero, one, info) = (CInt(tall), CInt(wide), CInt(0), CInt(1), CInt(0))
    var values = [Double](repeating: 0, count: wide)
    var workCount = CInt(max(6, tall + wide))
    var work = [Double](repeating: 0, count: Int(workCount))
    var v = 0.0
    dgesvj_("G", "N", "N", &m, &n, &a, &m, &values, &zero, &v, &one, &work, &workCount, &info, 1, 1, 1)
    guard info == 0 else { throw .failed(routine: "dgesvj", info: Int(info)) }
    // dgesvj returns σ / work[0].
    return values.map { $0 * work[0] }.sorted(by: >)
  }

  /// ‖A‖₂, the largest singular value, 0 for an empty matrix.
  public func norm2() throws(LinearAlgebraError) -> Double {
    try singularValues().first ?? 0
  }

  /// A = QR by Householder reflections, Q [m, n] with orthonormal columns, R [n, n] upper triangular with a
  /// non-negative diagonal (so that Q of a gaussian matrix is uniformly distributed); m ≥ n.
  public func householderQR() throws(LinearAlgebraError) -> (q: Matrix, r: Matrix) {
    precondition(rows >= columns, "QR of a \(rows)×\(columns) matrix")
    try requireFinite()
    guard columns > 0 else { return (self, Matrix(rows: 0, columns: 0)) }
    var (m, n, info) = (CInt(rows), CInt(columns), CInt(0))
    var workCount = CInt(columns * 32)
    var packed = transposed.elements
    var tau = [Double](repeating: 0, count: columns)
    var work = [Double](repeating: 0, count: Int(workCount))
    dgeqrf_(&m, &n, &packed, &m, &tau, &work, &workCount, &info)
    guard info == 0 else { throw .failed(routine: "dgeqrf", info: Int(info)) }
    var r = Matrix(rows: columns, columns: columns)
    for i in 0..<columns { for j in i..<columns { r[i, j] = packed[j * rows + i] } }
    dorgqr_(&m, &n, &n, &packed, &m, &tau, &work, &workCount, &info)
    guard info == 0 else { throw .failed(routine: "dorgqr", info: Int(info)) }
    var q = Matrix(rows: columns, columns: rows, elements: packed).transposed
    for i in 0..<columns where r[i, i] < 0 {
      for j in i..<columns { r[i, j] = -r[i, j] }
      for row in 0..<rows { q[row, i] = -q[row, i] }
    }
    return (q, r)
  }
}
