import RecurrentNetworks

/// How open the units are: φ′ of one sequence's units over the steps.
public struct Saturation: Equatable, Sendable {
  /// φ′(a_t) of the layer by step and unit of the sequence, [T, units].
  public let derivative: [Double]
  /// T, and the number of units (pre-activations: G·H).
  public let steps: Int, units: Int
  /// γ = max φ′ of the activation: 1, ¼ for sigmoid. Gates with functions of their own are held against their own γ.
  public let largest: Double
  /// The share of units with φ′ < 0.1·γ at every step, [T], and over all steps.
  public let saturatedShare: [Double], overallShare: Double
  /// The mean over the units of log10 φ′ at every step, [T]; -infinity where a unit is exactly flat.
  public let meanLog10: [Double]

  /// The saturation of layer `layer` (nil: the top one) in sequence `sequence`.
  public init(_ tape: Tape, layer: Int? = nil, sequence: Int = 0) {
    let units = tape.network.cell.gates * tape.hidden
    let gamma = tape.network.activation.maximumDerivative
    let functions = tape.network.cellDescription.gateFunctions
    let layer = layer ?? tape.layers.count - 1
    let source = tape.layers.indices.contains(layer) ? tape.layers[layer].derivative : []
    var derivative: [Double] = []
    derivative.reserveCapacity(tape.steps * units)
    var (shares, means, flat) = ([Double](), [Double](), 0)
    for t in 0..<tape.steps {
      let row = source[(t * tape.batch + sequence) * units..<(t * tape.batch + sequence + 1) * units]
      derivative += row
      var (saturated, sum) = (0, 0.0)
      for (unit, value) in row.enumerated() {
        let gamma = functions.map { $0[unit / tape.hidden].maximumDerivative } ?? gamma
        if value.magnitude < 0.1 * gamma { saturated += 1 }
        sum += Logarithm.base10(value.magnitude)
      }
      flat += saturated
      shares.append(Double(saturated) / Double(max(1, units)))
      means.append(sum / Double(max(1, units)))
    }
    self.derivative = derivative
    steps = tape.steps
    self.units = units
    largest = gamma
    saturatedShare = shares
    overallShare = Double(flat) / Double(max(1, units * tape.steps))
    meanLog10 = means
  }
}
