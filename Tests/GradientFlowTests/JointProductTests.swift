import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@Suite struct JointProductTests {
  /// The states of all layers after the last step, from those before the first: the network run forward.
  private func run(_ test: TestNetwork, from carried: [[Double]]) -> [Double] {
    var test = test
    test.carried = carried
    let pass = test.pass()
    return (0..<test.network.layers).flatMap { pass.state(row: test.steps, layer: $0) }
  }

  /// Against differences of the states themselves, which know nothing of Jacobians.
  @Test(arguments: [CellKind.elman, .leaky, .residual, .lstm, .gru, .janet], [1, 2, 3])
  func isTheDerivativeOfAllStatesByAllStates(cell: CellKind, layers: Int) throws {
    let test = TestNetwork(cell: cell, hidden: 3, layers: layers, steps: 4, scale: 0.8, seed: UInt64(7 + layers))
    let size = test.network.stateComponents * 3
    let epsilon = 1e-5
    var difference = Matrix(rows: layers * size, columns: layers * size)
    for column in 0..<layers * size {
      var (up, down) = (test.carried, test.carried)
      up[column / size][column % size] += epsilon
      down[column / size][column % size] -= epsilon
      let (a, b) = (run(test, from: up), run(test, from: down))
      for row in 0..<layers * size { difference[row, column] = (a[row] - b[row]) / (2 * epsilon) }
    }
    let wanted = try difference.singularValues()
    let product = try JointProduct(test.tape())
    #expect(product.width == layers * size && product.log10.count == 4)
    let found = try #require(product.log10.last)
    #expect(found.count == wanted.count)
    for (log, value) in zip(found, wanted) where value > 1e-4 * wanted[0] {
      #expect(abs(log - Log10.of(value)) < 1e-4)
    }
    #expect(abs(found[0] - Log10.of(wanted[0])) < 1e-7)
  }

  @Test func ofOneLayerItIsTheLayersOwn() throws {
    let tape = TestNetwork(cell: .lstm, hidden: 4, steps: 9).tape()
    let joint = try JointProduct(tape), own = try ProductByLag(tape)
    for (a, b) in zip(joint.log10, own.spectra) {
      for (x, y) in zip(a, b.log10) { #expect(abs(x - y) < 1e-9) }
    }
  }

  /// Far below what doubles hold: the diagonal blocks of two layers of scaled orthogonal weights and none between them.
  @Test func isRightFarBelowDoubles() throws {
    var test = TestNetwork(
      activation: .identity, hidden: 4, layers: 2, steps: 300, recurrent: try scaledOrthogonal(4, 0.001), isZero: true)
    let lower = try scaledOrthogonal(4, 0.01, seed: 8)
    if let entry = test.layout["weight_hh_l0"] { test.parameters.replaceSubrange(entry.range, with: lower.elements) }
    if let entry = test.layout["weight_ih_l1"] { for k in entry.range { test.parameters[k] = 0 } }
    let last = try #require(try JointProduct(test.tape()).log10.last)
    for value in last.prefix(4) { #expect(abs(value + 600) < 1e-7) }
    for value in last.suffix(4) { #expect(abs(value + 900) < 1e-7) }
  }

  @Test func stopsWhenItIsTold() throws {
    struct Enough: Error {}
    let tape = TestNetwork(hidden: 3, layers: 2, steps: 20).tape()
    var shares: [Double] = []
    #expect(throws: Enough.self) {
      try JointProduct(tape) { share in
        shares.append(share)
        if shares.count == 5 { throw Enough() }
      }
    }
    #expect(shares == [0.05, 0.1, 0.15, 0.2, 0.25])
  }
}
