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
  public var magnitude: Double { VectorNorms.hypotenuse(real.magnitude, imaginary.magnitude) }
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
    // A stable order: pairs are neighbors with the positive part first already, and have equal magnitudes.
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
}
