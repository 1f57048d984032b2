import Foundation
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import GradientFlow

@Suite("Lyapunov spectrum") struct LyapunovTests {
  @Test("of a diagonal linear network they are ln |w|, to products of 1e-3979")
  func diagonal() throws {
    let weights = [1.1, -0.4, 0.9]
    let test = TestNetwork(activation: .identity, hidden: 3, steps: 10_000, recurrent: .diagonal(weights), isZero: true)
    let spectrum = try LyapunovSpectrum(test.tape())
    for (value, expected) in zip(spectrum.exponents, [log(1.1), log(0.9), log(0.4)]) {
      #expect(abs(value - expected) < 1e-12)
    }
    #expect(spectrum.standardErrors.allSatisfy { $0 < 1e-12 })
    #expect(spectrum.transient == 1_000 && spectrum.measured == 9_000 && spectrum.convergence.count == 9_000)
    // ln 1.1 + ln 0.9 < 0: one direction, and what is left of its growth beside the next one's decay.
    let dimension = try #require(spectrum.dimension), expected = 1 + log(1.1) / abs(log(0.9))
    #expect(abs(dimension - expected) < 1e-10)
  }

  @Test("of ρ times an orthogonal matrix all are ln ρ; of a residual antisymmetric one ½ ln(1 + μ²)")
  func orthogonalAndAntisymmetric() throws {
    let scaled = try scaledOrthogonal(5, 0.83)
    let test = TestNetwork(activation: .identity, hidden: 5, steps: 60, batch: 3, recurrent: scaled)
    let spectrum = try LyapunovSpectrum(test.tape(), transient: 0)
    #expect(spectrum.sequences == 3 && spectrum.isWhole)
    for value in spectrum.exponents { #expect(abs(value - log(0.83)) < 1e-12) }
    #expect(spectrum.dimension == 0)

    let mu = 0.6
    let turn = Matrix(rows: 2, columns: 2, elements: [0, mu, -mu, 0])
    var residual = TestNetwork(cell: .residual, activation: .identity, hidden: 2, steps: 40, recurrent: turn)
    residual.network.alpha = 1
    for value in try LyapunovSpectrum(residual.tape()).exponents {
      #expect(abs(value - 0.5 * log(1 + mu * mu)) < 1e-12)
    }
    // All sums are above 0: the whole state.
    #expect(try LyapunovSpectrum(residual.tape()).dimension == 2)
  }

  @Test("at tanh's fixed point 0 they settle to ln |λ| of W")
  func fixedPoint() throws {
    var random = TestRandom(3)
    let a = random.matrix(4, 4)
    let symmetric = 0.7 * (a + a.transposed)
    let test = TestNetwork(hidden: 4, steps: 900, recurrent: symmetric, isZero: true)
    let spectrum = try LyapunovSpectrum(test.tape(), transient: 600)
    for (value, eigenvalue) in zip(spectrum.exponents, try symmetric.eigenvalues()) {
      #expect(abs(value - log(eigenvalue.magnitude)) < 1e-9)
    }
  }

  @Test(
    "their sum is the mean of ln |det J|, in every cell",
    arguments: [CellKind.elman, .leaky, .residual, .lstm, .gru, .janet])
  func determinant(cell: CellKind) throws {
    let tape = TestNetwork(cell: cell, hidden: 4, steps: 30, batch: 2, seed: 5).tape()
    let spectrum = try LyapunovSpectrum(tape, transient: 5)
    var sum = 0.0
    for sequence in 0..<2 {
      for t in 5..<30 {
        sum += try tape.jacobian(step: t, sequence: sequence, layer: 0).singularValues().reduce(0) { $0 + log($1) }
      }
    }
    #expect(abs(spectrum.exponents.reduce(0, +) - sum / 50) < 1e-10)
    #expect(spectrum.exponents == spectrum.exponents.sorted(by: >))
    // The first directions alone are the first of all.
    let leading = try LyapunovSpectrum(tape, count: 2, transient: 5)
    #expect(!leading.isWhole && leading.exponents.count == 2)
    #expect(abs(leading.convergence[24] - spectrum.convergence[24]) < 1e-11)
  }

  @Test("the Kaplan–Yorke dimension of spectra that are known")
  func dimension() throws {
    // The Lorenz system at its usual parameters: 0.906, 0, -14.572.
    let lorenz = try #require(LyapunovSpectrum.kaplanYorkeDimension([0.9056, 0, -14.5723]))
    #expect(abs(lorenz - 2.06215) < 1e-5)
    #expect(LyapunovSpectrum.kaplanYorkeDimension([0.5, 0, -1]) == 2.5)
    #expect(LyapunovSpectrum.kaplanYorkeDimension([-0.1, -2]) == 0)
    #expect(LyapunovSpectrum.kaplanYorkeDimension([1, 1]) == nil)
    #expect(LyapunovSpectrum.kaplanYorkeDimension([0.2, -.infinity]) == 1)
  }

  @Test("a unit that forgets everything has -∞; numbers that are not finite are refused")
  func extremes() throws {
    let none = TestNetwork(hidden: 3, steps: 12, recurrent: Matrix(rows: 3, columns: 3))
    #expect(try LyapunovSpectrum(none.tape()).exponents == [-.infinity, -.infinity, -.infinity])
    let one = TestNetwork(hidden: 1, steps: 1, recurrent: Matrix(rows: 1, columns: 1, repeating: 0.5), isZero: true)
    let single = try LyapunovSpectrum(one.tape())
    #expect(abs(single.exponents[0] - log(0.5)) < 1e-15 && single.standardErrors[0].isNaN)
    let broken = TestNetwork(
      activation: .identity, hidden: 2, steps: 4, recurrent: Matrix(rows: 2, columns: 2, repeating: .nan))
    #expect(throws: LinearAlgebraError.self) { try LyapunovSpectrum(broken.tape()) }
  }
}

@Suite("Departure from a normal matrix") struct NonNormalityTests {
  @Test("a Jordan block grows before it dies, as its powers say")
  func jordan() throws {
    let a = 0.8
    let block = try NonNormality(Matrix(rows: 2, columns: 2, elements: [a, 1, 0, a]))
    #expect(abs(block.spectralRadius - a) < 1e-7)
    let departure = (1 / (2 * a * a + 1)).squareRoot()
    #expect(abs(block.departure - departure) < 1e-7)
    // W^k = [a^k, k a^(k-1); 0, a^k], whose largest singular value is √((s + √(s² - 4 d²))/2), s = ‖W^k‖_F², d = a^2k.
    let norms = (1...64).map { k -> Double in
      let d = pow(a, 2 * Double(k)), off = Double(k) * pow(a, Double(k - 1))
      let s = 2 * d + off * off
      return ((s + (s * s - 4 * d * d).squareRoot()) / 2).squareRoot()
    }
    let most = norms.max() ?? 0
    #expect(abs(block.peak - most) < 1e-12 && block.peakPower == (norms.firstIndex(of: most) ?? 0) + 1)
    #expect(abs(block.largestSingularValue - norms[0]) < 1e-12)
  }

  @Test("the greatest power is the one that singular values of every power give", arguments: [0.15, 0.2, 0.3])
  func peakOfEveryPower(scale: Double) throws {
    let width = 8
    // Numbers without a pattern: the digits of multiples of an irrational number.
    let elements = (0..<width * width).map {
      scale * (2 * (Double($0) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) - 1)
    }
    let matrix = Matrix(rows: width, columns: width, elements: elements)
    var power = Matrix.identity(width)
    var best = (norm: 1.0, exponent: 0)
    for exponent in 1...64 {
      power = matrix * power
      let norm = try power.singularValues()[0]
      if norm > best.norm * (1 + 1e-12) { best = (norm, exponent) }
    }
    let found = try NonNormality(matrix)
    #expect(found.peakPower == best.exponent)
    #expect(abs(found.peak / best.norm - 1) < 1e-10)
  }

  @Test("a rotation is normal and never grows; a nilpotent matrix is all departure")
  func ends() throws {
    let rotation = try NonNormality(Matrix(rows: 2, columns: 2, elements: [0.6, -0.8, 0.8, 0.6]))
    #expect(rotation.departure < 1e-7 && rotation.peak == 1 && rotation.peakPower == 0)
    let nilpotent = try NonNormality(Matrix(rows: 2, columns: 2, elements: [0, 5, 0, 0]))
    #expect(nilpotent.departure == 1 && abs(nilpotent.peak - 5) < 1e-12 && nilpotent.peakPower == 1)
    let zero = try NonNormality(Matrix(rows: 2, columns: 2))
    #expect(zero.departure == 0 && zero.peak == 1)
    #expect(throws: LinearAlgebraError.self) { try NonNormality(Matrix(rows: 1, columns: 1, repeating: .infinity)) }
  }
}
