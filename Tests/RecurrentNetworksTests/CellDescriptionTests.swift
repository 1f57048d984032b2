import Testing

@testable import RecurrentNetworks

@Suite("What cells say of themselves")
struct CellDescriptionTests {
  @Test("Gates, stateComponents and functions are as many as the cell computes with", arguments: CellKind.allCases)
  func countsAgree(_ cell: CellKind) {
    var network = NetworkSpecification()
    network.cell = cell
    let description = network.cellDescription
    #expect(description.gates.count == cell.gates)
    #expect(description.stateComponents.count == network.stateComponents)
    if let functions = description.gateFunctions { #expect(functions.count == cell.gates) }
    #expect(!description.summary.isEmpty && !description.state.isEmpty)
  }

  @Test("J = κI + s diag(φ′) W_hh is the Jacobian of the tape", arguments: CellKind.allCases)
  func affineJacobian(_ cell: CellKind) throws {
    var network = NetworkSpecification()
    (network.cell, network.hidden) = (cell, 3)
    if network.cellDescription.options.contains(where: { $0.name == "beta" }) { network.beta = 0.3 }
    if network.cellDescription.options.contains(where: { $0.name == "alpha" }) { network.alpha = 0.7 }
    guard let form = network.cellDescription.affineJacobian else { return }
    let layout = ParameterLayout(network, inputs: 2, outputs: 2)
    let data = SequenceBatch(
      steps: 2, batch: 1, inputs: 2, outputs: 2, x: [0.5, -1, 2, 0.25], symbols: nil, target: .classes([0, 1]),
      targetMask: [1, 1])
    let whole = Window(steps: 0..<2, injected: 0..<2)
    let tape = Tape.compute(
      network: network, layout: layout, parameters: initialParameters(network, layout, seed: 4), data: data,
      window: whole, carriedState: [[0.1, -0.2, 0.3]], reduction: .mean, precision: .float64)
    let weights = tape.elements(layout.recurrentWeights(layer: 0))
    let jacobian = tape.jacobian(step: 1, sequence: 0, layer: 0)
    for i in 0..<3 {
      let opening = tape.layers[0].derivative[3 + i]
      for j in 0..<3 {
        let expected = (i == j ? form.directPath : 0) + form.scale * opening * weights[i * 3 + j]
        #expect(abs(jacobian.elements[i * 3 + j] - expected) < 1e-14)
      }
    }
  }
}
