import Architectures
import RecurrentNetworks
import Training

/// What every learning algorithm holds and computes at the sizes of this run, or, where the network is no recurrent one, every kind of
/// network: by its formula, and measured.
public enum CostInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "cost"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It reads networks of every kind.
  public static let readsAnyNetwork = true

  /// The algorithms, or the kinds, in their order.
  public struct Reading: Equatable, Sendable {
    /// The one that trains.
    public let own: CostSubject
    /// n, the inputs m, and the units h.
    public let length: Int, inputs: Int, units: Int
    /// The rounds in which a parallel scan joins the steps, ⌈log₂ n⌉; nil where a step is not linear in the state before, so that
    /// there is no such scan.
    public let scanDepth: Int?
    /// The formulas of the network that trains, where it is no recurrent one.
    public let formulas: ArchitectureCost?
    /// A row an algorithm or a kind.
    public let rows: [Row]
  }

  /// A cost.
  public struct Row: Equatable, Sendable {
    /// Whose it is.
    public let subject: CostSubject
    /// By its formula: numbers held, and multiply-adds an update and a time step, of the whole batch.
    public let numbersHeld: Double, perUpdate: Double, perStep: Double
    /// Measured over one sequence; nil where the settings do not go with it, where it
    /// would take long, and while the network trains.
    public let measured: MeasuredCost?
  }

  /// The most multiply-adds of a sequence that is trained to be counted: a tenth of a second or two.
  private static let mostMeasured = 1.2e9

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let snapshot = pass.snapshot, data = snapshot.data, experiment = snapshot.experiment
    let rows = CostSubject.all(experiment).compactMap { subject -> Row? in
      guard let (cost, stepsAnUpdate) = subject.cost(experiment, data) else { return nil }
      let mayMeasure = budget.patience != .live && cost.multiplyAdds * Double(data.steps) <= Self.mostMeasured
      return Row(
        subject: subject, numbersHeld: cost.floats, perUpdate: cost.multiplyAdds * Double(stepsAnUpdate),
        perStep: cost.multiplyAdds,
        measured: mayMeasure && !budget.isCancelled ? subject.measuredCost(experiment, data) : nil)
    }
    let isLinear = pass.isRecurrent && !experiment.network.cell.hasRecurrentWeights
    return Reading(
      own: CostSubject(experiment), length: data.steps, inputs: data.inputs, units: experiment.network.hidden,
      scanDepth: isLinear ? Int.bitWidth - max(0, data.steps - 1).leadingZeroBitCount : nil,
      formulas: experiment.architecture.cost(
        experiment.network, inputs: data.inputs, outputs: data.outputs, steps: data.steps, batch: data.batch),
      rows: rows)
  }

  /// By algorithm, in the order of `training.algorithm`, or by kind; NaN for what was not measured.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    func array(_ name: String, _ value: (Row) -> Double?) -> ReadingArray {
      ReadingArray(name, reading.rows.map { value($0) ?? .nan })
    }
    return [
      array("held", \.numbersHeld), array("held_measured") { $0.measured?.numbersHeld },
      array("multiply_adds_per_step", \.perStep), array("multiply_adds_per_step_measured") { $0.measured?.perStep },
    ]
  }
}

/// Whose cost it is: a learning algorithm's, or that of a kind of network.
public enum CostSubject: Hashable, Sendable {
  case algorithm(AlgorithmKind)
  case network(NetworkKind)

  /// What trains in an experiment.
  public init(_ experiment: Experiment) {
    self =
      experiment.isRecurrent
      ? .algorithm(experiment.training.algorithm) : .network(experiment.architecture.kind)
  }

  /// What an experiment can be set beside: of a recurrent network the algorithms, of another the kinds.
  static func all(_ experiment: Experiment) -> [CostSubject] {
    experiment.isRecurrent
      ? AlgorithmKind.allCases.map(CostSubject.algorithm) : NetworkKind.allCases.map(CostSubject.network)
  }

  /// Its name in experiment files.
  public var name: String {
    switch self {
    case .algorithm(let kind): kind.rawValue
    case .network(let kind): kind.rawValue
    }
  }

  /// What the others are set beside: backpropagation, and recurrent networks.
  public var reference: CostSubject {
    switch self {
    case .algorithm: .algorithm(.bptt)
    case .network: .network(.recurrent)
    }
  }

  /// The cost by formula, and the steps from an update to the next; nil where the settings do not go with it.
  func cost(_ experiment: Experiment, _ data: SequenceBatch) -> (AlgorithmCost, steps: Int)? {
    switch self {
    case .algorithm(let kind):
      let sizes = AlgorithmSizes(experiment, inputs: data.inputs, outputs: data.outputs)
      return (kind.cost(sizes), sizes.k1)
    case .network(let kind):
      return kind.cost(experiment, inputs: data.inputs, outputs: data.outputs).map { ($0, data.steps) }
    }
  }

  /// The same as it is measured.
  func measuredCost(_ experiment: Experiment, _ data: SequenceBatch) -> MeasuredCost? {
    switch self {
    case .algorithm(let kind): kind.measuredCost(experiment, on: data)
    case .network(let kind): kind.measuredCost(experiment, on: data)
    }
  }
}
