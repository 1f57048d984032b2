import Canvas
import RecurrentNetworks

@testable import Dashboard
@testable import Training

/// States to test with: real passes of a small network, and everything else set by hand.
enum Example {
  /// An experiment with windows in the middle of their sequence: steps 6 … 15 of 20, the newest 5 injected.
  static func experiment() -> Experiment {
    var experiment = Experiment()
    experiment.task.name = .coin
    experiment.task.length = 20
    experiment.network.hidden = 4
    experiment.training.batch = 2
    experiment.training.k1 = .steps(5)
    experiment.training.k2 = .steps(10)
    return experiment
  }

  /// The snapshot before update `update` + 1, whose window ends at step `end` of its sequence.
  static func snapshot(
    _ experiment: Experiment = experiment(), update: Int = 7, end: Int? = nil, running: Bool = false, serial: UInt64 = 1
  ) throws -> Snapshot {
    let task = try experiment.task.makeTask(seed: experiment.seed)
    let description = task.description
    let length = experiment.task.length
    let data = task.sequences(index: 3, batch: experiment.training.batch, length: length)
    let layout = ParameterLayout(
      experiment.network, inputs: description.inputs, outputs: description.outputs, copies: experiment.copies)
    let k1 = experiment.training.k1.resolved(length: length), k2 = experiment.training.k2.resolved(length: length)
    let upper = end ?? min(length, max(k1, k2) + k1)
    let window = Window(steps: max(0, upper - k2)..<upper, injected: max(0, upper - k1)..<upper)
    let hidden = experiment.network.hidden, batch = experiment.training.batch, parts = experiment.network.cell.parts
    return Snapshot(
      serial: serial, experiment: experiment, initialExperiment: experiment, description: description, update: update,
      sequence: 3, data: data,
      window: window, layout: layout,
      parameters: initialParameters(experiment.network, layout, seed: experiment.seed),
      carriedState: Array(
        repeating: Array(repeating: 0.125, count: parts * batch * hidden), count: experiment.network.layers),
      sequenceState: Array(
        repeating: Array(repeating: 0, count: parts * batch * hidden), count: experiment.network.layers),
      storedHidden: Array(repeating: 0.125, count: window.steps.lowerBound * hidden), history: LossHistory(),
      newest: nil, untrainedLosses: 0, journal: [], rewindable: 5, running: running, updatesPerSecond: 2431,
      explosion: nil, sample: "")
  }

  /// The analysis of a snapshot: all instruments of a layer.
  static func analysis(_ snapshot: Snapshot, layer: Int? = nil) throws -> Analysis {
    try Analysis.compute(
      snapshot: snapshot, wanted: Set(Instrument.allCases), layer: layer, limits: AnalysisLimits.none)
  }

  /// A dashboard that is paused before update 8, the cursor at rest.
  static func state(
    _ experiment: Experiment = experiment(), layer: Int? = nil, size: Size = Size(width: 120, height: 36),
    theme: Theme = Theme()
  ) throws -> DashboardState {
    var state = DashboardState(experiment: experiment, size: size, theme: theme)
    state.layer = layer
    let snapshot = try snapshot(experiment)
    _ = reduce(into: &state, .snapshot(snapshot))
    _ = reduce(into: &state, .analysis(try analysis(snapshot, layer: layer)))
    return state
  }
}

extension DashboardState {
  /// Takes keys one after the other.
  /// - Returns: the effects of all of them.
  mutating func press(_ keys: Key...) -> [Effect] { keys.flatMap { reduce(into: &self, .key($0)) } }

  /// Types a text.
  mutating func type(_ text: String) -> [Effect] { text.flatMap { reduce(into: &self, .key(.character($0))) } }
}

extension Buffer {
  /// The rows as text.
  var rows: [String] {
    (0..<height).map { y in String(String.UnicodeScalarView((0..<width).map { self[$0, y].character })) }
  }
}

extension CellKind {
  /// The cells with J = κ I + s diag(φ′) W_hh.
  static let affine = allCases.filter { kind in
    var network = NetworkSpecification()
    network.cell = kind
    return network.cellDescription.affineJacobian != nil
  }
}
