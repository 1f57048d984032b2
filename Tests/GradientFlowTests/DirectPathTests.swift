import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// What a direct path h_{t-1} → h_t makes of the eigenvalues of W_hh, with φ = identity.
@Suite struct DirectPathTests {
  /// Every number of `found` has one of `wanted` beside it.
  private func expectSame(_ found: [Complex], _ wanted: [Complex]) {
    #expect(found.count == wanted.count)
    for value in found {
      let nearest = wanted.map { Complex(value.real - $0.real, value.imaginary - $0.imaginary).magnitude }
      #expect((nearest.min() ?? .infinity) < 1e-13)
    }
  }

  /// Leaky: the eigenvalues of J are (1-β) + βλ.
  @Test func leakyEigenvalues() throws {
    var random = TestRandom(4)
    let weights = random.matrix(6, 6)
    let tape = TestNetwork(cell: .leaky, activation: .identity, hidden: 6, steps: 3, recurrent: weights).tape()
    let beta = tape.network.beta
    let wanted = try weights.eigenvalues().map {
      Complex(1 - beta + beta * $0.real, beta * $0.imaginary)
    }
    for step in 0..<3 { expectSame(try MatrixSpectrum(jacobianOf: tape, step: step).eigenvalues, wanted) }
  }

  /// Residual with an antisymmetric W of eigenvalues ±iμ: those of J = I + W are 1 ± iμ, and as J is normal, the singular
  /// values of a product over n steps are (1 + μ²)^(n/2).
  @Test func residualAntisymmetricGrowth() throws {
    var network = NetworkSpecification()
    network.hidden = 8
    network.initialization.recurrent = .antisymmetric
    network.initialization.scale = 0.3
    let layout = ParameterLayout(network, inputs: 2, outputs: 3)
    let drawn = initialParameters(network, layout, seed: 5)
    let entry = try #require(layout["weight_hh_l0"])
    let weights = Matrix(rows: 8, columns: 8, elements: Array(drawn[entry.range]))
    var test = TestNetwork(cell: .residual, activation: .identity, hidden: 8, steps: 900, recurrent: weights)
    test.network.alpha = 1
    // The states grow with the products; only the Jacobians, which are constant, matter.
    test.data.x = test.data.x.map { _ in 0 }
    test.carried = test.carried.map { $0.map { _ in 0 } }
    for index in test.layout["bias_ih_l0"]?.range ?? 0..<0 { test.parameters[index] = 0 }
    let tape = test.tape()
    let eigenvalues = try weights.eigenvalues()
    #expect(eigenvalues.allSatisfy { abs($0.real) < 1e-14 })
    expectSame(
      try MatrixSpectrum(jacobianOf: tape, step: 7).eigenvalues,
      eigenvalues.map { Complex(1, $0.imaginary) })
    let perStep = eigenvalues.map { 0.5 * Log10.of(1 + $0.imaginary * $0.imaginary) }.sorted(by: >)
    for spectrum in try ProductByLag(tape, maximumLags: 5).spectra {
      for (value, one) in zip(spectrum.log10, perStep) {
        #expect(abs(value - Double(spectrum.lag) * one) < 1e-11 * max(1, Double(spectrum.lag)))
      }
    }
  }

  /// Each unit with its own β: eigenvalues with W = 0 are 1 - β; the norm stays under its bound; what φ′ does is not charged with β.
  @Test func unitsWithRatesOfTheirOwn() throws {
    var test = TestNetwork(cell: .leaky, hidden: 5, steps: 30, batch: 2)
    test.network.betaSpread = 16
    let tape = test.tape()
    let rates = (0..<5).map { 0.3 * pow(16, -Double($0) / 4) }
    let product = try ProductByLag(tape)
    let bound = try #require(product.log10BoundPerStep)
    let weights = Matrix(rows: 5, columns: 5, elements: tape.elements(tape.layout.recurrentWeights(layer: 0)))
    let largest = try weights.singularValues()[0]
    #expect(abs(bound - Log10.of(1 - 0.3 / 16 + 0.3 * largest)) < 1e-12)
    for (index, norm) in product.log10Norm.enumerated() { #expect(norm <= Double(index + 1) * bound + 1e-12) }
    let shares = DecayShares(tape)
    for t in 1..<30 { #expect(shares.derivative[t] <= 1e-12) }
    for index in test.layout["weight_hh_l0"]?.range ?? 0..<0 { test.parameters[index] = 0 }
    expectSame(try MatrixSpectrum(jacobianOf: test.tape(), step: 3).eigenvalues, rates.map { Complex(1 - $0) })
    let decayed = try ProductByLag(test.tape(), maximumLags: 3)
    for spectrum in decayed.spectra {
      for (value, rate) in zip(spectrum.log10, rates.reversed()) {
        #expect(abs(value - Double(spectrum.lag) * Log10.of(1 - rate)) < 1e-11)
      }
    }
  }
}
