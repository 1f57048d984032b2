import LinearAlgebra
import RecurrentNetworks

/// One step of a layer as a map of its state, its input held: s ↦ F(s, x), by the cell's own forward step.
///
/// Used by one thread at a time.
public final class LayerMap {
  /// The length of a state, components·H.
  public let width: Int
  /// The input that is held, and the components of the state.
  public let input: [Double]
  private let stateComponents: Int, hidden: Int
  private let pass: Pass<Double>
  private let window = Window(steps: 0..<1, injected: 0..<1)

  /// The map of layer `layer` of a tape's network.
  ///
  /// - Parameters:
  ///   - tape: the pass whose weights and inputs are taken.
  ///   - layer: the layer, counted from 0.
  ///   - step: the step of the window whose input to the layer in sequence 0 is held, and whose weights are taken where each step
  ///     has its own; nil holds the mean over steps and sequences, with the last step's weights.
  public init(_ tape: Tape, layer: Int, step: Int? = nil) {
    stateComponents = tape.network.stateComponents
    hidden = tape.hidden
    width = stateComponents * hidden
    input = Self.input(tape, layer: layer, step: step)
    var network = tape.network
    network.layers = 1
    // The state is the one that is asked for.
    network.learnsInitialState = false
    let layout = ParameterLayout(network, inputs: input.count, outputs: tape.outputs)
    pass = Pass(network: network, layout: layout, steps: 1, batch: 1, loss: tape.lossKind, recordsTape: true)
    for entry in layout.entries {
      guard let source = tape.layout[entry.name.replacingLayer(0, by: layer)] else { continue }
      let copy = source.copies > 1 ? (step ?? tape.steps - 1) * entry.count : 0
      for index in 0..<entry.count {
        pass.parameters[entry.offset + index] = tape.parameters[source.offset + copy + index]
      }
    }
    let target: Targets =
      tape.lossKind == .crossEntropy ? .classes([0]) : .values(Array(repeating: 0, count: tape.outputs))
    pass.load(
      SequenceBatch(
        steps: 1, batch: 1, inputs: input.count, outputs: tape.outputs, x: input, symbols: nil, target: target,
        targetMask: [0]))
    // The mean of all steps is no step of its own: there every unit is updated.
    pass.firstStep = step.map { tape.window.steps.lowerBound + $0 } ?? -1
  }

  /// F(s).
  public func callAsFunction(_ state: [Double]) -> [Double] {
    pass.setState(at: 0, layer: 0, from: state)
    pass.forward(0..<1)
    return pass.state(row: 1, layer: 0)
  }

  /// ∂F/∂s at the state that F was last asked for.
  public func jacobian() -> Matrix {
    _ = pass.backward(window, reduction: .sum)
    return pass.tape(window: window, reduction: .sum).jacobian(step: 0, sequence: 0, layer: 0)
  }

  /// a of every unit and gate at the state that F was last asked for; at h = 0 it is the drive W_ih x + b.
  public func preactivation() -> [Double] { pass.tape(window: window, reduction: .sum).layers[0].preactivation }

  /// What the layer reads: x, or h of the layer below.
  private static func input(_ tape: Tape, layer: Int, step: Int?) -> [Double] {
    let below = layer > 0 ? tape.layers[layer - 1] : nil
    let width = layer > 0 ? tape.network.outputUnits : tape.inputs
    func row(_ t: Int, _ sequence: Int) -> ArraySlice<Double> {
      guard let below else { return tape.x.row(t * tape.batch + sequence, of: width, width: width) }
      // h of step t lies at row t + 1, first of the state's components.
      return below.state.row((t + 1) * below.stateComponents * tape.batch + sequence, of: tape.hidden, width: width)
    }
    if let step { return Array(row(step, 0)) }
    var mean = [Double](repeating: 0, count: width)
    let share = 1 / Double(max(1, tape.steps * tape.batch))
    for t in 0..<tape.steps {
      for sequence in 0..<tape.batch {
        for (index, value) in row(t, sequence).enumerated() { mean[index] += share * value }
      }
    }
    return mean
  }
}

extension String {
  /// A tensor's name with the number of another layer: weight_hh_l2 of weight_hh_l0.
  fileprivate func replacingLayer(_ layer: Int, by other: Int) -> String {
    hasSuffix("_l\(layer)") ? dropLast("\(layer)".count) + "\(other)" : self
  }
}
