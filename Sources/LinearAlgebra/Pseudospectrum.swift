import CLAPACK

/// The pseudospectra of a square matrix A: σ_min(zI - A) at points z of the plane.
///
/// z lies in the ε-pseudospectrum where that is below ε: there is a change of A of norm ε that has z as an eigenvalue. Of a normal
/// matrix it is the distance from z to the nearest eigenvalue; of others it is less, and where it is less than |z| - 1 outside
/// of the unit circle, the powers of A grow before they die.
public struct Pseudospectrum: Sendable {
  /// n of an n×n matrix.
  public let size: Int
  /// T of the complex Schur form A = QTQᴴ, upper triangular, column after column, each number as its two parts.
  private let triangle: [Double]

  /// Of a square matrix.
  /// - Throws: that the matrix is not finite.
  public init(_ matrix: Matrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "the pseudospectrum of a \(matrix.rows)×\(matrix.columns) matrix")
    try matrix.requireFinite()
    size = matrix.rows
    guard size > 0 else {
      triangle = []
      return
    }
    // The transpose, which is what row-major elements are to LAPACK, has the same singular values.
    var a: [Double] = matrix.elements.flatMap { [$0, 0] }
    var (n, one, info, found) = (CInt(size), CInt(1), CInt(0), CInt(0))
    var eigenvalues = [Double](repeating: 0, count: 2 * size)
    var workCount = CInt(32 * size)
    var work = [Double](repeating: 0, count: 2 * Int(workCount))
    var realWork = [Double](repeating: 0, count: size)
    var (vector, logical) = ([0.0, 0.0], CInt(0))
    zgees_(
      "N", "N", nil, &n, &a, &n, &found, &eigenvalues, &vector, &one, &work, &workCount, &realWork, &logical, &info, 1,
      1)
    guard info == 0 else { throw .failed(routine: "zgees", info: Int(info)) }
    triangle = a
  }

  /// σ_min(zI - A), to a relative error of about 1e-6; 0 at an eigenvalue, and below 1e-150.
  ///
  /// By the Lanczos iteration on (zI - T)⁻¹(zI - T)⁻ᴴ (Trefethen, "Computation of pseudospectra", Acta Numerica 1999), in which a
  /// step costs two triangular systems.
  public func smallestSingularValue(at z: Complex) -> Double {
    guard size > 0 else { return .infinity }
    var resolvent = ShiftedTriangle(triangle, size: size, z)
    guard !resolvent.isSingular else { return 0 }
    var old = [Double](repeating: 0, count: 2 * size)
    // No direction is preferred: parts of all sizes and phases, the same at every call.
    var q = (0..<2 * size).map { 1 + 0.5 * Double(($0 * 7919) % 97) / 97 }
    let length = VectorNorms.euclidean(q)
    for index in q.indices { q[index] /= length }
    var (diagonal, offDiagonal) = ([Double](), [Double]())
    var largest = 0.0, beta = 0.0
    for _ in 0..<min(max(4, 2 * size), 60) {
      var v = resolvent.solve(q)
      var alpha = 0.0
      for index in v.indices {
        v[index] -= beta * old[index]
        alpha += q[index] * v[index]
      }
      for index in v.indices { v[index] -= alpha * q[index] }
      diagonal.append(alpha)
      let before = largest
      largest = Self.largestEigenvalue(diagonal: diagonal, offDiagonal: offDiagonal)
      beta = VectorNorms.euclidean(v)
      // The matrix is too near to singular to be told from it.
      guard largest.isFinite, beta.isFinite else { return 0 }
      if abs(largest - before) <= 1e-7 * largest || beta <= 1e-14 * largest { break }
      offDiagonal.append(beta)
      old = q
      q = v.map { $0 / beta }
    }
    return 1 / largest.squareRoot()
  }

  /// The largest eigenvalue of a symmetric tridiagonal matrix, by bisection: above it the pivots of A - xI are all negative.
  private static func largestEigenvalue(diagonal: [Double], offDiagonal: [Double]) -> Double {
    var upper = diagonal[0], lower = diagonal[0]
    for index in diagonal.indices {
      let left = index > 0 ? offDiagonal[index - 1] : 0, right = index < offDiagonal.count ? offDiagonal[index] : 0
      upper = max(upper, diagonal[index] + left + right)
      lower = max(lower, diagonal[index])
    }
    func isAbove(_ x: Double) -> Bool {
      var pivot = diagonal[0] - x
      for index in diagonal.indices.dropFirst() where pivot < 0 {
        pivot = diagonal[index] - x - offDiagonal[index - 1] * offDiagonal[index - 1] / pivot
      }
      return pivot < 0
    }
    while upper - lower > 1e-9 * upper {
      let middle = lower + (upper - lower) / 2
      guard middle > lower, middle < upper else { break }
      if isAbove(middle) { upper = middle } else { lower = middle }
    }
    return upper
  }
}

/// zI - T for an upper triangular T.
private struct ShiftedTriangle {
  let triangle: [Double], size: Int
  /// 1/(z - T_ii).
  private let inverseDiagonal: [Double]
  /// Whether z is an eigenvalue.
  let isSingular: Bool

  init(_ triangle: [Double], size: Int, _ z: Complex) {
    (self.triangle, self.size) = (triangle, size)
    var inverse = [Double](repeating: 0, count: 2 * size), isSingular = false
    for i in 0..<size {
      let re = z.real - triangle[2 * (i * size + i)], im = z.imaginary - triangle[2 * (i * size + i) + 1]
      let magnitude = VectorNorms.hypotenuse(abs(re), abs(im))
      if magnitude == 0 { isSingular = true }
      inverse[2 * i] = re / magnitude / magnitude
      inverse[2 * i + 1] = -im / magnitude / magnitude
    }
    (inverseDiagonal, self.isSingular) = (inverse, isSingular)
  }

  /// (zI - T)⁻¹ (zI - T)⁻ᴴ q.
  mutating func solve(_ q: [Double]) -> [Double] {
    var x = q
    x.withUnsafeMutableBufferPointer { x in
      triangle.withUnsafeBufferPointer { t in
        inverseDiagonal.withUnsafeBufferPointer { inverse in
          // (zI - T)ᴴ is lower triangular: its row i is the conjugate of column i.
          for i in 0..<size {
            let column = 2 * i * size
            var (re, im) = (x[2 * i], x[2 * i + 1])
            for k in 0..<i {
              let (a, b) = (t[column + 2 * k], -t[column + 2 * k + 1])
              re += a * x[2 * k] - b * x[2 * k + 1]
              im += a * x[2 * k + 1] + b * x[2 * k]
            }
            let (a, b) = (inverse[2 * i], -inverse[2 * i + 1])
            x[2 * i] = re * a - im * b
            x[2 * i + 1] = re * b + im * a
          }
          for i in (0..<size).reversed() {
            let column = 2 * i * size
            let (a, b) = (inverse[2 * i], inverse[2 * i + 1])
            let (re, im) = (x[2 * i] * a - x[2 * i + 1] * b, x[2 * i] * b + x[2 * i + 1] * a)
            x[2 * i] = re
            x[2 * i + 1] = im
            for k in 0..<i {
              let (a, b) = (t[column + 2 * k], t[column + 2 * k + 1])
              x[2 * k] += a * re - b * im
              x[2 * k + 1] += a * im + b * re
            }
          }
        }
      }
    }
    return x
  }
}
