import Canvas
import Instruments
import RecurrentNetworks
import Sources

@testable import Dashboard
@testable import Training
@testable import Panels

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
    let hidden = experiment.network.hidden, batch = experiment.training.batch,
      parts = experiment.network.stateComponents
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

  /// All instruments but those that search: they run the network hundreds of times, which few tests want.
  static let instruments = Instruments.allIDs.subtracting([
    "pseudospectrum", "fixed-points", "loss-slice", "loss-plane",
  ])

  /// A frame of one lane with the readings of instruments at a place: everything, nothing left out.
  static func frame(
    _ snapshot: Snapshot, layer: Int? = nil, step: Int? = nil, patience: Budget.Patience = .unlimited,
    instruments: Set<InstrumentID> = instruments
  ) -> Frame {
    let request = ReadingRequest(instruments, focus: Focus(layer: layer, step: step))
    return Frame(Analyst.read([.a: (snapshot, request)], patience))
  }

  /// A frame of one lane without readings, as it comes before them.
  static func summary(_ snapshot: Snapshot) -> Frame {
    Frame(lanes: [.a: LaneFrame(summary: RunSummary(snapshot))])
  }

  /// A dashboard that is paused before update 8, the cursor at rest.
  static func state(
    _ experiment: Experiment = experiment(), layer: Int? = nil, size: Size = Size(width: 120, height: 36),
    theme: Theme = Theme(), instruments: Set<InstrumentID> = instruments
  ) throws -> DashboardState {
    var state = DashboardState(experiment: experiment, size: size, theme: theme)
    state.layer = layer
    state.show(try snapshot(experiment), layer: layer, instruments: instruments)
    return state
  }

  /// A dashboard of two lanes that are paused before update 8; the second has the focus.
  static func pair(
    _ first: Experiment = experiment(), _ second: Experiment, layer: Int? = nil,
    size: Size = Size(width: 120, height: 36),
    theme: Theme = Theme(), instruments: Set<InstrumentID> = instruments
  ) throws -> DashboardState {
    var state = DashboardState(experiment: first, size: size, theme: theme)
    state.layer = layer
    let request = ReadingRequest(instruments, focus: Focus(layer: layer))
    let read = Frame(
      Analyst.read([.a: (try snapshot(first), request), .b: (try snapshot(second), request)], .unlimited))
    var before = read
    for lane in LaneID.allCases { before.lanes[lane]?.readings = nil }
    _ = reduce(into: &state, .news(.frame(before)))
    _ = reduce(into: &state, .news(.frame(read)))
    return state
  }
}

extension DashboardState {
  /// Takes a frame of lane a, first without readings and then with all of them, as a source gives them.
  mutating func show(
    _ snapshot: Snapshot, layer: Int? = nil, step: Int? = nil, instruments: Set<InstrumentID> = Example.instruments
  ) {
    _ = reduce(into: &self, .news(.frame(Example.summary(snapshot))))
    _ = reduce(into: &self, .news(.frame(Example.frame(snapshot, layer: layer, step: step, instruments: instruments))))
  }

  /// Takes a frame of lane a without readings.
  mutating func announce(_ snapshot: Snapshot) {
    _ = reduce(into: &self, .news(.frame(Example.summary(snapshot))))
  }

  /// Takes keys one after the other.
  /// - Returns: the effects of all of them.
  mutating func press(_ keys: Key...) -> [Effect] { keys.flatMap { reduce(into: &self, .key($0)) } }

  /// Types a text.
  mutating func type(_ text: String) -> [Effect] { text.flatMap { reduce(into: &self, .key(.character($0))) } }
}

extension DashboardState {
  /// What is read for the panels on the screen.
  var instruments: Set<InstrumentID> { requests.values.reduce(into: []) { $0.formUnion($1.instruments) } }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Effect {
  /// A change of lane a's settings, dotted keys and values.
  static func change(_ settings: KeyValuePairs<String, String>, in lane: LaneID = .a) -> Effect {
    .source(.change(lane, settings.map { Setting(key: $0.key, value: $0.value) }))
  }
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
