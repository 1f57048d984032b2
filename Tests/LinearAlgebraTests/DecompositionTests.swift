import LinearAlgebra
import Testing

@Suite struct DecompositionTests {
  @Test func productAndTransposeOfKnownMatrices() {
    let a = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
    let b = Matrix(rows: 3, columns: 1, elements: [1, 0, -1])
    #expect((a * b).elements == [-2, -2])
    #expect(a.transposed.elements == [1, 4, 2, 5, 3, 6])
    #expect((a * Matrix.identity(3)) == a)
    #expect(a * [1, 1, 1] == [6, 15])
    #expect((Matrix.diagonal([2, 3]) * a).elements == [2, 4, 6, 12, 15, 18])
  }

  @Test func eigenvaluesOfARotationComeAsAConjugatePair() throws {
    // ρ·rotation(θ) has the eigenvalues ρ e^{±iθ}: here 0.3 ± 0.4i, and a real -2 beside them.
    let a = Matrix(rows: 3, columns: 3, elements: [0.3, -0.4, 0, 0.4, 0.3, 0, 0, 0, -2])
    let values = try a.eigenvalues()
    #expect(values.count == 3)
    #expect(abs(values[0].real + 2) < 1e-14 && values[0].imaginary == 0)
    #expect(abs(values[1].real - 0.3) < 1e-14 && abs(values[1].imaginary - 0.4) < 1e-14)
    #expect(abs(values[2].real - 0.3) < 1e-14 && abs(values[2].imaginary + 0.4) < 1e-14)
    #expect(abs(try a.spectralRadius() - 2) < 1e-14)
  }

  @Test func singularValuesOfAGradedMatrixKeepTheirDigits() throws {
    // [1 0; 1 1e-20] has σ₁ = √2 and σ₂ = 1e-20/√2, far below the rounding of σ₁.
    let a = Matrix(rows: 2, columns: 2, elements: [1, 0, 1, 1e-20])
    let values = try a.singularValues()
    #expect(abs(values[0] - 2.0.squareRoot()) < 1e-15)
    #expect(abs(values[1] / (1e-20 / 2.0.squareRoot()) - 1) < 1e-12)
    #expect(abs(try a.norm2() - 2.0.squareRoot()) < 1e-15)
  }

  @Test func singularValuesOfWideAndTallMatricesAgree() throws {
    var random = TestRandom(3)
    let a = random.matrix(5, 3)
    for (x, y) in zip(try a.singularValues(), try a.transposed.singularValues()) { #expect(abs(x - y) < 1e-14) }
    // Σσ² = ‖A‖²_F.
    let sum = try a.singularValues().reduce(0) { $0 + $1 * $1 }
    #expect(abs(sum.squareRoot() - a.frobeniusNorm) < 1e-14)
  }

  @Test(arguments: [1, 2, 7, 40]) func qrIsOrthogonalAndGivesTheMatrixBack(size: Int) throws {
    var random = TestRandom(UInt64(size))
    let a = random.matrix(size, size)
    let (q, r) = try a.householderQR()
    let gram = q.transposed * q
    let back = q * r
    for i in 0..<size {
      #expect(r[i, i] >= 0)
      for j in 0..<size {
        #expect(abs(gram[i, j] - (i == j ? 1 : 0)) < 1e-13)
        #expect(abs(back[i, j] - a[i, j]) < 1e-13)
        if i > j { #expect(r[i, j] == 0) }
      }
    }
  }

  @Test func notFiniteInputIsATypedError() {
    let a = Matrix(rows: 2, columns: 2, elements: [1, 2, .nan, 4])
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) { try a.eigenvalues() }
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) { try a.singularValues() }
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) { try a.householderQR() }
  }

  @Test func frobeniusNormNeitherUnderflowsNorOverflows() {
    #expect(abs(Matrix(rows: 1, columns: 2, elements: [3e-200, 4e-200]).frobeniusNorm / 5e-200 - 1) < 1e-15)
    #expect(abs(Matrix(rows: 1, columns: 2, elements: [3e200, 4e200]).frobeniusNorm / 5e200 - 1) < 1e-15)
  }
}
