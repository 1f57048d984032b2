import RecurrentNetworks

/// How steep the units' activations are: φ′ of one sequence's units over the steps.
public struct Saturation: Equatable, Sendable {
  /// φ′(a_t) of the layer by step and unit of the sequence, [T, units].
  public let derivative: [Double]
  /// T, and the number of units (pre-activations: G·H).
  public let steps: Int, units: Int
  /// γ = max φ′ of the activation: 1, ¼ for sigmoid.
  public let largest: Double

  /// The saturation of units by step whose φ has the largest slope `largest`.
  public init(_ derivatives: [[Double]], largest: Double) {
    (derivative, steps) = (derivatives.flatMap { $0 }, derivatives.count)
    (units, self.largest) = (derivatives.first?.count ?? 0, largest)
  }

  /// The saturation of layer `layer` (nil: the top one) in sequence `sequence`.
  public init(_ tape: Tape, layer: Int? = nil, sequence: Int = 0) {
    let units = tape.network.cell.gates * tape.hidden
    let layer = layer ?? tape.layers.count - 1
    let source = tape.layers.indices.contains(layer) ? tape.layers[layer].derivative : []
    derivative = (0..<tape.steps).flatMap { t in
      let start = (t * tape.batch + sequence) * units
      return source[start..<start + units]
    }
    steps = tape.steps
    self.units = units
    largest = tape.network.activation.maximumDerivative
  }
}
