import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@Suite struct ProductGrowthTests {
  @Test(arguments: CellKind.allCases, [0.2, 1.0, 2.0])
  func growsAsTheWholeProductDoes(cell: CellKind, scale: Double) throws {
    for seed in 1...4 {
      let layers = cell == .fullyRecurrent ? 1 : 2
      let test = TestNetwork(
        cell: cell, hidden: 5 + seed, layers: layers, steps: 30, batch: 2, outputs: 3, scale: scale, seed: UInt64(seed))
      let tape = test.tape()
      for sequence in 0...1 {
        let growth = ProductGrowth(tape, sequence: sequence)
        let product = try ProductByLag(tape, sequence: sequence)
        for (own, wanted) in zip(growth.log10Norm, product.log10Norm) {
          #expect(own <= wanted + 1e-7 && own > wanted - 1e-5)
        }
        let slope = try #require(growth.slope), wanted = try #require(product.slope)
        #expect(abs(slope - wanted) < 1e-6 * max(1, abs(wanted)))
      }
    }
  }

  /// All singular values of a power of an orthogonal matrix are one: nothing tells the vectors apart.
  @Test func scaledOrthogonalWeightsHavePowersOfTheirScale() throws {
    let test = TestNetwork(activation: .identity, hidden: 20, steps: 1200, recurrent: try scaledOrthogonal(20, 0.01))
    let growth = ProductGrowth(test.tape())
    #expect(abs((growth.slope ?? 0) + 2) < 1e-9)
    for (index, norm) in growth.log10Norm.enumerated() { #expect(abs(norm / (-2 * Double(index + 1)) - 1) < 1e-9) }
  }

  @Test func aProductOfZeroHasNoSlope() {
    let test = TestNetwork(hidden: 3, steps: 5, recurrent: Matrix(rows: 3, columns: 3))
    let growth = ProductGrowth(test.tape())
    #expect(growth.log10Norm == [Double](repeating: -.infinity, count: 5))
    #expect(growth.slope == nil)
  }
}
