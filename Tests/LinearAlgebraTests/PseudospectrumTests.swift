import Foundation
import Testing

@testable import LinearAlgebra

@Suite("Pseudospectrum") struct PseudospectrumTests {
  private static let points = [
    Complex(0, 0), Complex(1, 0), Complex(-0.7, 0.2), Complex(0.3, -1.1), Complex(2, 2), Complex(0.5, 0.001),
  ]

  @Test("of a normal matrix it is the distance to the nearest eigenvalue")
  func normal() throws {
    // A turn by an angle with scale, and a number apart.
    let matrix = Matrix(rows: 3, columns: 3, elements: [0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 0.3])
    let whole = try Pseudospectrum(matrix)
    for z in Self.points {
      let nearest =
        [Complex(0.6, 0.8), Complex(0.6, -0.8), Complex(0.3, 0)]
        .map { Complex(z.real - $0.real, z.imaginary - $0.imaginary).magnitude }.min() ?? 0
      #expect(abs(whole.smallestSingularValue(at: z) - nearest) < 1e-6 * nearest)
    }
    #expect(whole.smallestSingularValue(at: Complex(0.3, 0)) < 1e-12)
  }

  @Test("of a Jordan block it is that of a 2×2 matrix in closed form", arguments: [0.1, 1, 50])
  func jordan(c: Double) throws {
    let a = 0.5, whole = try Pseudospectrum(Matrix(rows: 2, columns: 2, elements: [a, c, 0, a]))
    for z in Self.points where z != Complex(a, 0) {
      // σ of [d, -c; 0, d]: σ² are the roots of σ⁴ - s σ² + |d|⁴, s = 2|d|² + c².
      let d = Complex(z.real - a, z.imaginary).magnitude, s = 2 * d * d + c * c
      let root = (s * s - 4 * d * d * d * d).squareRoot(), least = d * d / ((s + root) / 2).squareRoot()
      #expect(abs(whole.smallestSingularValue(at: z) - least) < 1e-6 * least)
    }
  }

  @Test("it is the least singular value that numpy finds")
  func numpy() throws {
    // a[i][j] = sin(1 + 7 i + 3 j² + i j) / 2 of 12×12 and np.linalg.svd(z I - a, compute_uv=False)[-1].
    let elements = (0..<144).map { index -> Double in
      let i = index / 12, j = index % 12
      return sin(Double(1 + 7 * i + 3 * j * j + i * j)) / 2
    }
    let matrix = Matrix(rows: 12, columns: 12, elements: elements)
    let whole = try Pseudospectrum(matrix)
    for (z, expected) in Self.numpyValues {
      #expect(abs(whole.smallestSingularValue(at: z) - expected) < 1e-5 * expected, "\(z)")
    }
  }

  @Test("extremes: one number, none, and what is not finite")
  func extremes() throws {
    #expect(try Pseudospectrum(Matrix(rows: 0, columns: 0)).smallestSingularValue(at: Complex(1)) == .infinity)
    let one = try Pseudospectrum(Matrix(rows: 1, columns: 1, elements: [0.5]))
    #expect(abs(one.smallestSingularValue(at: Complex(0.5, 2)) - 2) < 1e-12)
    #expect(throws: LinearAlgebraError.self) { try Pseudospectrum(Matrix(rows: 1, columns: 1, elements: [.nan])) }
    let zero = try Pseudospectrum(Matrix(rows: 4, columns: 4))
    #expect(abs(zero.smallestSingularValue(at: Complex(0, 1e-100)) - 1e-100) < 1e-105)
  }
}

extension PseudospectrumTests {
  fileprivate static let numpyValues: [(Complex, Double)] = [
    (Complex(0, 0), 0.09833097082757788),
    (Complex(1, 0), 0.14086606171396007),
    (Complex(-0.7, 0.2), 0.03853031039581281),
    (Complex(0.3, -1.1), 0.23476322800071006),
    (Complex(2, 2), 1.7971513876040461),
    (Complex(0.5, 0.001), 0.05032748456524279),
  ]
}
