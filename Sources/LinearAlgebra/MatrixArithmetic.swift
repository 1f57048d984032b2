extension Matrix {
  /// The n×n identity.
  public static func identity(_ n: Int) -> Matrix {
    var result = Matrix(rows: n, columns: n)
    for i in 0..<n { result[i, i] = 1 }
    return result
  }

  /// The square matrix with `values` on its diagonal and 0 elsewhere.
  public static func diagonal(_ values: [Double]) -> Matrix {
    var result = Matrix(rows: values.count, columns: values.count)
    for (i, value) in values.enumerated() { result[i, i] = value }
    return result
  }

  /// The transpose, [columns, rows].
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  /// The product AB; A has as many columns as B has rows.
  public static func * (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "\(a.rows)×\(a.columns) times \(b.rows)×\(b.columns)")
    var c = Matrix(rows: a.rows, columns: b.columns)
    let (rows, inner, width) = (a.rows, a.columns, b.columns)
    c.elements.withUnsafeMutableBufferPointer { c in
      a.elements.withUnsafeBufferPointer { a in
        b.elements.withUnsafeBufferPointer { b in
          guard rows > 0, inner > 0, width > 0, let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress
          else { return }
          Double.multiply(
            m: rows, n: width, k: inner, a: a, aRowStride: inner, aColumnStride: 1, b: b, bRowStride: width, c: c,
            cRowStride: width, accumulate: false)
        }
      }
    }
    return c
  }

  /// The product Av with a vector of `columns` elements.
  public static func * (a: Matrix, v: [Double]) -> [Double] {
    precondition(a.columns == v.count, "\(a.rows)×\(a.columns) times a vector of \(v.count)")
    return (0..<a.rows).map { i in (0..<a.columns).reduce(0) { $0 + a[i, $1] * v[$1] } }
  }

  /// The matrix times a number.
  public static func * (factor: Double, a: Matrix) -> Matrix {
    Matrix(rows: a.rows, columns: a.columns, elements: a.elements.map { factor * $0 })
  }

  /// The sum of two matrices of one shape.
  public static func + (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.rows == b.rows && a.columns == b.columns, "the sum of matrices of different shapes")
    return Matrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 + $1 })
  }

  /// Throws where an element is NaN or infinite.
  func requireFinite() throws(LinearAlgebraError) {
    if let index = elements.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: index / columns, column: index % columns)
    }
  }
}
