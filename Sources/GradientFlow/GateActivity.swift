import RecurrentNetworks

/// The gates of a gated cell through time: their values in one layer and sequence, and how saturated they are.
public struct GateActivity: Equatable, Sendable {
  /// One gate.
  public struct Gate: Equatable, Sendable {
    /// Its name: i, f, g, o; r, z, n.
    public let name: String
    /// Its function: sigmoid for what opens and shuts, tanh for what is written.
    public let function: Activation
    /// Its values by step and unit, [T, H].
    public let values: [Double]
    /// The mean over the units at every step, [T].
    public let mean: [Double]
    /// The share of units and steps at which the gate is saturated: φ′ < 0.1 γ; NaN for what is no gate.
    public let saturatedShare: Double
    /// Whether its values run from 0 to 1 rather than from -1 to 1.
    public var opens: Bool { function == .sigmoid }
  }

  /// The gates in the order of their weights.
  public let gates: [Gate]
  /// The index of the gate that carries the state from step to step, if one does.
  public let memoryPath: Int?
  /// T and H.
  public let steps: Int, units: Int
}

extension GateActivity {
  /// Bands of `units` numbers a step, none of which carries.
  public init(gates: [Gate], steps: Int, units: Int) {
    (self.gates, memoryPath, self.steps, self.units) = (gates, nil, steps, units)
  }

  /// The gates of layer `layer` (nil: the top one) in sequence `sequence`; nil for cells without gates.
  public init?(_ tape: Tape, layer: Int? = nil, sequence: Int = 0) {
    let cell = tape.network.cellDescription
    let layer = layer ?? tape.layers.count - 1
    guard let functions = cell.gateFunctions, functions.count == cell.gates.count, functions.count > 1,
      tape.layers.indices.contains(layer)
    else { return nil }
    (steps, units) = (tape.steps, tape.hidden)
    memoryPath = cell.memoryPath?.gate
    gates = zip(cell.gates, functions).enumerated().map { index, gate in
      Gate(name: gate.0, function: gate.1, tape, layer: layer, gate: index, sequence: sequence)
    }
  }
}

extension GateActivity.Gate {
  /// Weights from 0 to 1, one a step.
  public init(name: String, weights: [Double]) {
    (self.name, function, values, mean, saturatedShare) = (name, .sigmoid, weights, weights, .nan)
  }

  fileprivate init(
    name: String, function: Activation, _ tape: Tape, layer: Int, gate: Int, sequence: Int
  ) {
    self.name = name
    self.function = function
    var (values, mean, flat) = ([Double](), [Double](), 0)
    values.reserveCapacity(tape.steps * tape.hidden)
    for t in 0..<tape.steps {
      let a = tape.gatePreactivations(layer: layer, gate: gate, step: t, sequence: sequence)
      let row = a.map(function.value)
      values += row
      mean.append(row.reduce(0, +) / Double(max(1, row.count)))
      flat += a.count { function.derivative($0) < 0.1 * function.maximumDerivative }
    }
    self.values = values
    self.mean = mean
    saturatedShare = Double(flat) / Double(max(1, values.count))
  }
}

extension Tape {
  /// The pre-activations of one gate's H units.
  func gatePreactivations(layer: Int, gate: Int, step t: Int, sequence: Int) -> ArraySlice<Double> {
    let gh = network.cell.gates * hidden
    let start = (t * batch + sequence) * gh + gate * hidden
    return layers[layer].preactivation[start..<start + hidden]
  }

  /// The factors of the memory path at step t, one a unit: gate_t, or 1 - gate_t.
  func memoryFactors(
    _ path: CellDescription.MemoryPath, _ function: Activation, layer: Int, step t: Int, sequence: Int
  ) -> [Double] {
    gatePreactivations(layer: layer, gate: path.gate, step: t, sequence: sequence).map { a in
      // 1 - σ(a) = σ(-a), without cancellation.
      path.isComplement
        ? (function == .sigmoid ? function.value(-a) : 1 - function.value(a)) : function.value(a)
    }
  }
}
