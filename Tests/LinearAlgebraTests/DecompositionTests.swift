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
  }

  @Test func singularValuesOfWideAndTallMatricesAgree() throws {
    var random = TestRandom(3)
    let a = random.matrix(5, 3)
    for (x, y) in zip(try a.singularValues(), try a.transposed.singularValues()) { #expect(abs(x - y) < 1e-14) }
    // Σσ² = ‖A‖²_F.
    let sum = try a.singularValues().reduce(0) { $0 + $1 * $1 }
    #expect(abs(sum.squareRoot() - VectorNorms.euclidean(a.elements)) < 1e-14)
  }

  @Test func notFiniteInputIsATypedError() {
    let a = Matrix(rows: 2, columns: 2, elements: [1, 2, .nan, 4])
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) { try a.eigenvalues() }
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) { try a.singularValues() }
  }

  @Test func normsNeitherUnderflowsNorOverflows() {
    #expect(abs(VectorNorms.euclidean([3e-200, 4e-200]) / 5e-200 - 1) < 1e-15)
    #expect(abs(VectorNorms.euclidean([3e200, 4e200]) / 5e200 - 1) < 1e-15)
  }
}
