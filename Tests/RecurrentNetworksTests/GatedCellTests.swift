import Foundation
import LinearAlgebra
import Testing

@testable import RecurrentNetworks

/// What theory says of the Jacobians of gated cells, and that nothing depends on how a pass is cut into blocks.
@Suite("Gated cells")
struct GatedCellTests {
  private func product(_ tape: Tape, sequence: Int = 0) -> Matrix {
    let width = tape.network.stateComponents * tape.hidden
    return (0..<tape.steps).reduce(Matrix.identity(width)) {
      tape.jacobian(step: $1, sequence: sequence, layer: 0) * $0
    }
  }

  /// The trial with all recurrent weights 0.
  private func withoutRecurrence(_ cell: CellKind, steps: Int = 9) -> Trial {
    var trial = Trial(cell: cell, hidden: 4, steps: steps, batch: 2)
    for index in trial.layout["weight_hh_l0"]?.range ?? 0..<0 { trial.parameters[index] = 0 }
    return trial
  }

  @Test("LSTM without recurrent weights: ∂c_T/∂c_0 = Π diag(f_t), and nothing goes back from h")
  func carousel() throws {
    let trial = withoutRecurrence(.lstm)
    let tape = trial.tape(Window(steps: 0..<9, injected: 0..<9))
    for sequence in 0..<2 {
      let joint = product(tape, sequence: sequence)
      for i in 0..<8 {
        for j in 0..<4 { #expect(joint[i, j] == 0) }
      }
      for i in 0..<4 {
        let forgotten = (0..<9).reduce(1.0) { factor, t in
          // Gate f is the second of i, f, g, o.
          factor / (1 + exp(-tape.layers[0].preactivation[(t * 2 + sequence) * 16 + 4 + i]))
        }
        for j in 0..<4 { #expect(abs(joint[4 + i, 4 + j] - (i == j ? forgotten : 0)) < 1e-14) }
      }
    }
  }

  @Test("A forget gate that is open for good carries c on unchanged: the product is I at any depth")
  func openForgetGate() throws {
    var trial = withoutRecurrence(.lstm, steps: 60)
    let bias = try #require(trial.layout["bias_ih_l0"])
    let weight = try #require(trial.layout["weight_ih_l0"])
    for unit in 4..<8 {
      trial.parameters[bias.offset + unit] = 800
      for column in 0..<3 { trial.parameters[weight.offset + unit * 3 + column] = 0 }
    }
    let joint = product(trial.tape(Window(steps: 0..<60, injected: 0..<60)))
    for i in 0..<4 { for j in 0..<4 { #expect(joint[4 + i, 4 + j] == (i == j ? 1 : 0)) } }
  }

  @Test(
    "Without recurrent weights the Jacobian is diag(gate): z of a GRU, f of JANET",
    arguments: [(CellKind.gru, gates: 3, keeps: 1), (.janet, gates: 2, keeps: 0)])
  func keptState(_ cell: CellKind, gates: Int, keeps: Int) {
    let tape = withoutRecurrence(cell).tape(Window(steps: 0..<9, injected: 0..<9))
    for t in 0..<9 {
      let jacobian = tape.jacobian(step: t, sequence: 1, layer: 0)
      for i in 0..<4 {
        let a = tape.layers[0].preactivation[(t * 2 + 1) * gates * 4 + keeps * 4 + i]
        for j in 0..<4 { #expect(abs(jacobian[i, j] - (i == j ? 1 / (1 + exp(-a)) : 0)) < 1e-15) }
      }
    }
  }

  @Test(
    "The joint Jacobian is the derivative of the state by the state before", arguments: [CellKind.lstm, .gru, .janet])
  func jacobian(_ cell: CellKind) {
    let trial = Trial(cell: cell, hidden: 4, steps: 1, batch: 1)
    let window = Window(steps: 0..<1, injected: 0..<1)
    let width = trial.network.stateComponents * 4
    let jacobian = trial.tape(window).jacobian(step: 0, sequence: 0, layer: 0)
    for j in 0..<width {
      func after(_ change: Double) -> [Double] {
        var moved = trial
        moved.carriedState[0][j] += change
        return Array(moved.tape(window).layers[0].state.suffix(width))
      }
      let (above, below) = (after(1e-5), after(-1e-5))
      for i in 0..<width { #expect(abs((above[i] - below[i]) / 2e-5 - jacobian[i, j]) < 1e-9) }
    }
  }

  @Test(
    "Training's blocks and a recording pass give the same numbers, bit for bit",
    arguments: [CellKind.lstm, .gru, .janet])
  func blocks(_ cell: CellKind) {
    for layers in 1...2 {
      let trial = Trial(cell: cell, hidden: 9, steps: 11, batch: 40, layers: layers)
      let window = Window(steps: 2..<11, injected: 5..<11)
      func run<S: Scalar>(_: S.Type, recordsTape: Bool) -> ([S], [S], [Double]) {
        let pass = Pass<S>(
          network: trial.network, layout: trial.layout, steps: 11, batch: 40, loss: .crossEntropy,
          recordsTape: recordsTape)
        for (index, value) in trial.parameters.enumerated() { pass.parameters[index] = S(value) }
        for (layer, state) in trial.carriedState.enumerated() { pass.setState(at: 2, layer: layer, from: state) }
        pass.load(trial.data)
        pass.forward(window.steps)
        _ = pass.backward(window, reduction: .mean)
        return (
          Array(pass.gradient), pass.state(row: 11, layer: layers - 1).map { S($0) },
          Array(pass.gradientNorms[window.steps])
        )
      }
      #expect(run(Double.self, recordsTape: false) == run(Double.self, recordsTape: true))
      #expect(run(Float.self, recordsTape: false) == run(Float.self, recordsTape: true))
      #expect(run(Double.self, recordsTape: false).0 == trial.tape(window).gradient)
    }
  }

  @Test("The forget gate's bias starts where it is asked, all else as without it") func forgetBias() throws {
    var network = NetworkSpecification()
    (network.cell, network.hidden, network.layers) = (.lstm, 3, 2)
    let layout = ParameterLayout(network, inputs: 2, outputs: 2)
    let plain = initialParameters(network, layout, seed: 3)
    network.initialization.forgetBias = 1.5
    let biased = initialParameters(network, layout, seed: 3)
    let forget = (0..<2).flatMap { layer in
      let start = (layout["bias_ih_l\(layer)"]?.offset ?? 0) + 3
      return Array(start..<start + 3)
    }
    for index in plain.indices { #expect(biased[index] == plain[index] + (forget.contains(index) ? 1.5 : 0)) }
    // A square orthogonal matrix a gate.
    let weight = try #require(layout["weight_hh_l1"])
    for gate in 0..<4 {
      for i in 0..<3 {
        for j in 0..<3 {
          let dot = (0..<3).reduce(0) { sum, k in
            sum + plain[weight.offset + (gate * 3 + i) * 3 + k] * plain[weight.offset + (gate * 3 + j) * 3 + k]
          }
          #expect(abs(dot - (i == j ? 0.81 : 0)) < 1e-14)
        }
      }
    }
  }
}
