import RecurrentNetworks

/// The numbers of one step's forward pass, of sequence 0 in one layer.
public struct ForwardNumbers: Equatable, Sendable {
  /// The mean of one gate over the units.
  public struct Gate: Equatable, Sendable {
    /// The gate's name, and its mean.
    public let name: String, mean: Double
  }

  /// ‖a_t‖ and the norms of what it is the sum of: W_ih x_t, W_hh h_{t-1}, b (0 where there is none).
  public let preactivation: Double, input: Double, recurrent: Double, bias: Double
  /// ‖h_t‖, and ‖c_t‖ of the part that a memory path carries beside it.
  public let state: Double, carried: Double?
  /// The mean and the least |φ′(a_t)| of the units.
  public let derivativeMean: Double, derivativeLeast: Double
  /// The gates' means; empty for cells without gates.
  public let gates: [Gate]
  /// l_t, where there is a target, and whether the update learns from it.
  public let loss: Double?, isInjected: Bool

  /// The numbers of layer `layer` (nil: the top one) at the tape's step `step`, counted from the window's first; nil when
  /// there is no such step or layer.
  public init?(_ tape: Tape, step: Int, layer index: Int? = nil) {
    let depth = index ?? tape.layers.count - 1
    guard tape.steps > step, step >= 0, tape.layers.indices.contains(depth) else { return nil }
    let layer = tape.layers[depth]
    let hidden = tape.hidden, batch = tape.batch
    let width = hidden * tape.network.cell.gates
    preactivation = euclideanNorm(layer.preactivation.row(step, of: batch * width, width: width))
    // What the layer reads: x_t, or the state of the layer below.
    let read =
      if depth == 0 {
        tape.x.row(step, of: batch * tape.inputs, width: tape.inputs)
      } else {
        tape.layers[depth - 1].state.row(
          step + 1, of: tape.layers[depth - 1].stateComponents * batch * hidden, width: hidden)
      }
    let stateSize = layer.stateComponents * batch * hidden
    let before = layer.state.row(step, of: stateSize, width: hidden)
    input = euclideanNorm(tape.product(tape.layout.inputWeights(layer: depth, step: step), read))
    recurrent = euclideanNorm(tape.product(tape.layout.recurrentWeights(layer: depth, step: step), before))
    bias = tape.layout.bias(layer: depth).map { euclideanNorm(tape.parameters[$0.copy(step).range]) } ?? 0
    state = euclideanNorm(layer.state.row(step + 1, of: stateSize, width: hidden))
    let cell = tape.network.cellDescription
    let component = cell.memoryPath?.component ?? 0
    carried =
      component > 0
      ? euclideanNorm(
        layer.state.row((step + 1) * layer.stateComponents + component, of: batch * hidden, width: hidden)) : nil
    let derivative = layer.derivative.row(step, of: batch * width, width: width).map(abs)
    derivativeMean = derivative.reduce(0, +) / Double(max(1, derivative.count))
    derivativeLeast = derivative.min() ?? 0
    gates = zip(cell.gates, cell.gateFunctions ?? []).enumerated().map { gate, kind in
      let a = tape.gatePreactivations(layer: depth, gate: gate, step: step, sequence: 0)
      return Gate(name: kind.0, mean: a.reduce(0) { $0 + kind.1.value($1) } / Double(max(1, a.count)))
    }
    loss = tape.targetMask[step * batch] == 1 ? tape.loss[step * batch] : nil
    isInjected = tape.mask[step * batch] == 1
  }
}

extension Tape {
  /// W v, W a block of the parameters with as many columns as v has elements.
  fileprivate func product(_ weights: ParameterLayout.Block, _ v: ArraySlice<Double>) -> [Double] {
    guard weights.columns == v.count else { return [] }
    return (0..<weights.rows).map { row in
      zip(parameters[weights.index(row, 0)..<weights.index(row, weights.columns)], v).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}
