import RecurrentNetworks

/// What a learning algorithm says of itself to its readers: the screen asks it, and knows no algorithm by name.
public struct AlgorithmDescription: Equatable, Sendable {
  /// Its name in full: real-time recurrent learning.
  public var title: String
  /// What it is, in one line with its source.
  public var summary: String
  /// Its equations, a line each; `{t}`, `{t-1}` and `{t+1}` stand for a step's subscripts, as in a cell's description.
  public var equations: [String]
  /// Whether the next window's pass, drawn as a tape, is all of its gradient; otherwise a `AlgorithmReport` shows what it has.
  public var isTape: Bool
  /// Whether a pass forward alone serves it, from the last update on: what came before is carried along.
  public var isForward: Bool

  init(title: String, summary: String, equations: [String], isTape: Bool, isForward: Bool) {
    self.title = title
    self.summary = summary
    self.equations = equations
    self.isTape = isTape
    self.isForward = isForward
  }
}

extension AlgorithmDescription {
  /// Of networks whose states do not follow one another in time alone.
  public static let backpropagation = AlgorithmDescription(
    title: "backpropagation",
    summary: "the whole sequence run forward and its gradient back (Rumelhart, Hinton & Williams 1986)",
    equations: [
      "δ_v = Σ δ_u ∂u/∂v, over the places u that read v",
      "∂L/∂w = Σ δ_v ∂⁺v/∂w",
    ],
    isTape: true, isForward: false)
}

/// The sizes that a learning algorithm's cost depends on.
public struct AlgorithmSizes: Equatable, Sendable {
  /// n units a layer, m inputs, and the readout's outputs.
  public var units: Int, inputs: Int, outputs: Int
  /// Gates of a cell, parts of its state, stacked layers.
  public var gates = 1, stateComponents = 1, layers = 1
  /// Whether h_{t-1} goes into the pre-activations; the numbers of h that one unit is; the cell's own numbers to train, a layer.
  /// The recurrent matrices of a gate: one for each delay.
  public var connections = 1
  /// The numbers of h that W_hh, the layer above and the readout see, where they are fewer than the units: a projected LSTM's.
  public var projection: Int?
  public var hasRecurrentWeights = true, hasBias = true, coupledParts = 1, unitTensors = 0
  /// The sequences trained at once.
  public var batch = 1
  /// The sequence's length; an update every k1 steps; a window of k2.
  public var length: Int, k1: Int, k2: Int
  /// s, where a state is kept only every s steps and the steps between are run forward again; nil where all are kept.
  public var segmentSteps: Int?

  /// A layer of `units` one-gate units, one sequence, an update a sequence; what differs is set.
  public init(units: Int, inputs: Int, outputs: Int, length: Int) {
    self.units = units
    self.inputs = inputs
    self.outputs = outputs
    self.length = length
    k1 = length
    k2 = length
  }

  /// The sizes of an experiment whose task has so many inputs and outputs.
  public init(_ experiment: Experiment, inputs: Int, outputs: Int) {
    let (network, training) = (experiment.network, experiment.training)
    self.init(units: network.hidden, inputs: inputs, outputs: outputs, length: experiment.task.length)
    gates = network.cell.gates
    stateComponents = network.stateComponents
    layers = network.layers
    projection = network.isProjected ? network.outputUnits : nil
    connections = 1 + network.furtherDelays.count
    hasRecurrentWeights = network.cell.hasRecurrentWeights
    hasBias = network.cell.hasBias
    coupledParts = network.cell.coupledParts
    unitTensors = network.unitTensors.reduce(0) { $0 + $1.count }
    batch = training.batch
    k1 = min(training.k1.resolved(length: length), length)
    k2 = min(training.k2.resolved(length: length), length)
    if training.checkpoints == .sqrt {
      segmentSteps =
        experiment.precision == .float64
        ? CheckpointedPass<Double>.segmentSteps(length: length, batch: batch)
        : CheckpointedPass<Float>.segmentSteps(length: length, batch: batch)
    }
  }

  /// The numbers of a sequence's state, over parts and layers.
  public var state: Double { Double(layers) * Double(stateComponents) * Double(units) }

  /// The recurrent parameters of all layers: Σ G n (n + m), without biases; m is n above the lowest layer.
  public var recurrentWeights: Double {
    let (n, m, g) = (Double(units), Double(inputs), Double(gates))
    let seen = Double(projection ?? units)
    let fromState = hasRecurrentWeights ? Double(connections) * seen : 0
    // W_hr of a projected h.
    let own = projection == nil ? 0 : n * seen
    return g * n * (fromState + m) + own + Double(layers - 1) * (g * n * (fromState + seen) + own)
  }

  /// The parameters of one layer's cell, biases and unit tensors among them.
  public var cellParameters: Double {
    recurrentWeights + (hasBias ? Double(gates * units) : 0) + Double(unitTensors)
  }

  /// The readout's parameters, without biases.
  public var readoutWeights: Double { Double(projection ?? units) * Double(outputs) }
}

/// What a learning algorithm holds and computes.
public struct AlgorithmCost: Equatable, Sendable {
  /// The numbers that it holds to get a gradient, of all sequences: activations or influences, not the weights.
  public var floats: Double
  /// Of them, the numbers that it carries from an update to the next beside the state: a checkpoint and a snapshot hold
  /// them too.
  public var carried = 0.0
  /// Multiply-adds a time step, of all sequences, forward pass and readout included.
  public var multiplyAdds: Double

  /// So many numbers held, and multiply-adds a time step.
  public init(floats: Double, carried: Double = 0, multiplyAdds: Double) {
    self.floats = floats
    self.carried = carried
    self.multiplyAdds = multiplyAdds
  }
}
