import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@Suite struct ProductTests {
  private func log10(_ x: Double) -> Double { Log10.of(x) }

  @Test func scaledOrthogonalWeightsHavePowersOfTheirScale() throws {
    // W = ρQ, identity activation: every singular value over n steps is ρⁿ; 0.01^1200 = 1e-2400.
    let test = TestNetwork(
      activation: .identity, hidden: 8, steps: 1200, recurrent: try scaledOrthogonal(8, 0.01))
    let product = try ProductByLag(test.tape(), maximumLags: 13)
    #expect(product.spectra.last?.lag == 1200)
    for spectrum in product.spectra {
      for value in spectrum.log10 { #expect(abs(value / (-2 * Double(spectrum.lag)) - 1) < 1e-10) }
    }
    for (index, norm) in product.log10Norm.enumerated() { #expect(abs(norm / (-2 * Double(index + 1)) - 1) < 1e-9) }
    #expect(abs((product.slope ?? 0) + 2) < 1e-10)
    #expect(product.horizon10 == 1 && product.horizon1 == 2)
    #expect(abs((product.log10BoundPerStep ?? 0) + 2) < 1e-12)
  }

  @Test func textbookDecay() throws {
    // 0.99^1000 = 4.317e-5; under 10 % at n > ln 10/-ln 0.99 = 229.1, under 1 % at 458.2.
    let test = TestNetwork(
      activation: .identity, hidden: 1, steps: 1000, recurrent: Matrix(rows: 1, columns: 1, elements: [0.99]))
    let product = try ProductByLag(test.tape(), maximumLags: 2)
    #expect(abs(product.log10Norm[999] - (-4.3648054024500874)) < 1e-11)
    #expect(product.horizon10 == 230 && product.horizon1 == 459)
  }

  @Test(arguments: CellKind.affine, [Activation.tanh, .sigmoid, .relu, .sin])
  func theNormStaysUnderItsBound(cell: CellKind, activation: Activation) throws {
    for (seed, scale) in [(1, 0.3), (2, 1.0), (3, 3.0)] {
      let test = TestNetwork(
        cell: cell, activation: activation, hidden: 6, steps: 40, scale: scale, seed: UInt64(seed))
      let product = try ProductByLag(test.tape())
      let bound = try #require(product.log10BoundPerStep)
      for (index, norm) in product.log10Norm.enumerated() {
        #expect(norm <= Double(index + 1) * bound + 1e-12)
      }
    }
  }

  @Test func tanhAtRestIsThePowerOfItsWeights() throws {
    var random = TestRandom(9)
    let weights = random.matrix(5, 5)
    let test = TestNetwork(hidden: 5, steps: 12, recurrent: weights, isZero: true)
    let product = try ProductByLag(test.tape())
    var power = Matrix.identity(5)
    for spectrum in product.spectra {
      power = power * weights
      let wanted = try power.singularValues()
      #expect(abs(spectrum.log10[0] - log10(wanted[0])) < 1e-12)
      // A product in doubles keeps its small singular values only as far as its rounding.
      for (value, w) in zip(spectrum.log10, wanted) where w > 1e-6 * wanted[0] {
        #expect(abs(value - log10(w)) < 1e-8)
      }
    }
  }

  @Test func leakyAndResidualEigenvaluesAreClosedForms() throws {
    // Leaky, identity: (1-β) + βλ; residual, antisymmetric W with ±iμ: |1 + αiμ| = √(1 + α²μ²) a step.
    let rotation = Matrix(rows: 2, columns: 2, elements: [0.3, -0.4, 0.4, 0.3])
    let leaky = TestNetwork(cell: .leaky, activation: .identity, hidden: 2, steps: 3, recurrent: rotation)
    let spectrum = try MatrixSpectrum(jacobianOf: leaky.tape(), step: 1)
    #expect(abs(spectrum.eigenvalues[0].real - (0.7 + 0.3 * 0.3)) < 1e-14)
    #expect(abs(spectrum.eigenvalues[0].imaginary - 0.3 * 0.4) < 1e-14)
    let turn = Matrix(rows: 2, columns: 2, elements: [0, 0.5, -0.5, 0])
    let residual = TestNetwork(cell: .residual, activation: .identity, hidden: 2, steps: 50, recurrent: turn)
    let product = try ProductByLag(residual.tape())
    for norm in product.spectra[49].log10 { #expect(abs(norm - 25 * log10(1 + 0.35 * 0.35)) < 1e-11) }
  }

  @Test func reluWithDeadUnitsLosesRankExactly() throws {
    // W = diag: unit 1 is dead at every step, so that one singular value is exactly 0.
    let test = TestNetwork(
      activation: .relu, hidden: 2, steps: 3, recurrent: .diagonal([0.5, 0.5]), isZero: true)
    var dead = test
    let bias = try #require(test.layout["bias_ih_l0"])
    dead.parameters[bias.offset] = 1
    dead.parameters[bias.offset + 1] = -1
    let product = try ProductByLag(dead.tape())
    #expect(abs(product.spectra[2].log10[0] - 3 * log10(0.5)) < 1e-14)
    #expect(product.spectra[2].log10[1] == -.infinity)
  }

  @Test func fewerLagsGiveTheSameNumbers() throws {
    let tape = TestNetwork(hidden: 12, steps: 60, scale: 0.5).tape()
    let all = try ProductByLag(tape)
    let some = try ProductByLag(tape, maximumLags: 7)
    #expect(some.spectra.count == 7 && some.spectra.map(\.lag).last == 60)
    for spectrum in some.spectra {
      for (a, b) in zip(spectrum.log10, all.spectra[spectrum.lag - 1].log10) { #expect(abs(a - b) < 1e-7) }
    }
    for (a, b) in zip(some.log10Norm, all.log10Norm) { #expect(abs(a - b) < 1e-7) }
    let short = try ProductByLag(tape, longest: 20)
    #expect(short.log10Norm.count == 20)
  }

  @Test func aJacobianThatIsNotFiniteIsAnError() {
    var test = TestNetwork(hidden: 2, steps: 3)
    if let entry = test.layout["weight_hh_l0"] { test.parameters[entry.offset] = .nan }
    #expect(throws: LinearAlgebraError.self) { try ProductByLag(test.tape()) }
  }

  @Test func spectrumOfTheWeights() throws {
    let test = TestNetwork(hidden: 3, steps: 2, recurrent: .diagonal([0.5, -2, 1]))
    let spectrum = try #require(try MatrixSpectrum(recurrentWeightsOf: test.tape()))
    #expect(abs(spectrum.spectralRadius - 2) < 1e-14)
    for (value, wanted) in zip(spectrum.singularValues, [2, 1, 0.5]) { #expect(abs(value - wanted) < 1e-14) }
  }
}
