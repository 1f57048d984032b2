import Foundation
import RecurrentNetworks

/// The numbers of one step's forward pass, of one sequence in one layer.
public struct ForwardNumbers: Equatable, Sendable {
  /// The mean of one gate over the units.
  public struct Gate: Equatable, Sendable {
    /// The gate's name, and its mean.
    public let name: String, mean: Double
  }

  /// ‖a_t‖ and the norms of what it is the sum of: W_ih x_t, W_hh h_{t-1} (with the other delays' products), b (0 where there is none).
  public let preactivation: Double, input: Double, recurrent: Double, bias: Double
  /// ‖W_ih x_t + b‖, and the angle between that and W_hh h_{t-1}, in degrees: by it ‖a_t‖² = u² + v² + 2 u v cos. nil where one of
  /// them is 0, and where a gate keeps W_hh h_{t-1} apart, so that a_t is no sum of the two.
  public let biasedInput: Double, angle: Double?
  /// ‖h_t‖, and ‖c_t‖ of the part that a memory path carries beside it.
  public let state: Double, carried: Double?
  /// The mean and the least |φ′(a_t)| of the units.
  public let derivativeMean: Double, derivativeLeast: Double
  /// The gates' means; empty for cells without gates.
  public let gates: [Gate]
  /// l_t, where there is a target, and whether the update learns from it.
  public let loss: Double?, isInjected: Bool

  /// The numbers of layer `layer` (nil: the top one) at the tape's step `step`, counted from the window's first; nil when
  /// there is no such step, layer or sequence.
  public init?(_ tape: Tape, step: Int, layer index: Int? = nil, sequence: Int = 0) {
    let depth = index ?? tape.layers.count - 1
    guard tape.steps > step, step >= 0, tape.layers.indices.contains(depth),
      (0..<tape.batch).contains(sequence)
    else { return nil }
    let layer = tape.layers[depth]
    let hidden = tape.hidden, batch = tape.batch
    let width = hidden * tape.network.cell.gates
    preactivation = euclideanNorm(layer.preactivation.row(step * batch + sequence, of: width, width: width))
    // What the layer reads: x_t, or the state of the layer below.
    let read =
      if depth == 0 {
        tape.x.row(step * batch + sequence, of: tape.inputs, width: tape.inputs)
      } else {
        tape.layers[depth - 1].state.row(
          (step + 1) * tape.layers[depth - 1].stateComponents * batch + sequence, of: hidden, width: hidden)
      }
    func row(_ t: Int, component: Int = 0) -> ArraySlice<Double> {
      layer.state.row((t * layer.stateComponents + component) * batch + sequence, of: hidden, width: hidden)
    }
    let fromInput = tape.product(tape.layout.inputWeights(layer: depth, step: step), read)
    var fromState = tape.product(tape.layout.recurrentWeights(layer: depth, step: step), row(step))
    for delayed in tape.layout.delayedWeights(layer: depth, step: step) {
      let further = tape.product(delayed.block, row(step, component: delayed.delay - 1))
      fromState = zip(fromState, further).map { $0 + $1 }
    }
    let added = tape.layout.bias(layer: depth).map { Array(tape.parameters[$0.copy(step).range]) } ?? []
    let biased = added.isEmpty ? fromInput : zip(fromInput, added).map { $0 + $1 }
    input = euclideanNorm(fromInput)
    recurrent = euclideanNorm(fromState)
    bias = euclideanNorm(added)
    biasedInput = euclideanNorm(biased)
    angle = tape.network.cell.resetGatedInputs > 0 ? nil : angleBetween(biased, fromState)
    state = euclideanNorm(row(step + 1))
    let cell = tape.network.cellDescription
    let component = cell.memoryPath?.component ?? 0
    carried =
      component > 0
      ? euclideanNorm(row(step + 1, component: component)) : nil
    let derivative = layer.derivative.row(step * batch + sequence, of: width, width: width).map(abs)
    derivativeMean = derivative.reduce(0, +) / Double(max(1, derivative.count))
    derivativeLeast = derivative.min() ?? 0
    gates = zip(cell.gates, cell.gateFunctions ?? []).enumerated().map { gate, kind in
      let a = tape.gatePreactivations(layer: depth, gate: gate, step: step, sequence: sequence)
      return Gate(name: kind.0, mean: a.reduce(0) { $0 + kind.1.value($1) } / Double(max(1, a.count)))
    }
    loss = tape.targetMask[step * batch + sequence] == 1 ? tape.loss[step * batch + sequence] : nil
    isInjected = tape.mask[step * batch + sequence] == 1
  }
}

/// The angle between two vectors in degrees, 0 … 180; nil where one of them is 0 or not finite.
func angleBetween(_ u: some Sequence<Double>, _ v: some Sequence<Double>) -> Double? {
  let (u, v) = (Array(u), Array(v))
  let (length, other) = (euclideanNorm(u), euclideanNorm(v))
  guard length > 0, other > 0, length.isFinite, other.isFinite else { return nil }
  // Of unit vectors, so that no product over- or underflows; by half the angle, exact also near 0 and 180.
  let pairs = zip(u, v).map { ($0 / length, $1 / other) }
  let half = atan2(euclideanNorm(pairs.map { $0 - $1 }), euclideanNorm(pairs.map { $0 + $1 }))
  return 2 * half * 180 / .pi
}

extension Tape {
  /// W v, W a block of the parameters with as many columns as v has elements.
  fileprivate func product(_ weights: ParameterLayout.Block, _ v: ArraySlice<Double>) -> [Double] {
    // Of a projected h no more than its own numbers are read.
    guard weights.columns <= v.count else { return [] }
    return (0..<weights.rows).map { row in
      zip(parameters[weights.index(row, 0)..<weights.index(row, weights.columns)], v).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}
