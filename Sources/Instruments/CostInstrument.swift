import Training

/// What every learning algorithm holds and computes at the sizes of this run: by its formula, and measured.
public enum CostInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "cost"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]

  /// The algorithms in their order.
  public struct Reading: Equatable, Sendable {
    /// The one that trains.
    public let algorithm: AlgorithmKind
    /// n, the inputs m, and the units h.
    public let length: Int, inputs: Int, units: Int
    /// The rounds in which a parallel scan joins the steps, ⌈log₂ n⌉; nil where a step is not linear in the state before, so that
    /// there is no such scan.
    public let scanDepth: Int?
    /// A row an algorithm.
    public let rows: [Row]
  }

  /// An algorithm's cost.
  public struct Row: Equatable, Sendable {
    /// The algorithm.
    public let kind: AlgorithmKind
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
    let snapshot = pass.snapshot, data = snapshot.data
    let sizes = AlgorithmSizes(snapshot.experiment, inputs: data.inputs, outputs: data.outputs)
    let rows = AlgorithmKind.allCases.map { kind in
      let cost = kind.cost(sizes)
      let mayMeasure = budget.patience != .live && cost.multiplyAdds * Double(data.steps) <= Self.mostMeasured
      return Row(
        kind: kind, numbersHeld: cost.floats, perUpdate: cost.multiplyAdds * Double(sizes.k1),
        perStep: cost.multiplyAdds,
        measured: mayMeasure && !budget.isCancelled ? kind.measuredCost(snapshot.experiment, on: data) : nil)
    }
    return Reading(
      algorithm: snapshot.experiment.training.algorithm, length: data.steps, inputs: data.inputs,
      units: snapshot.experiment.network.hidden,
      scanDepth: snapshot.experiment.network.cell.hasRecurrentWeights
        ? nil : Int.bitWidth - max(0, data.steps - 1).leadingZeroBitCount, rows: rows)
  }

  /// By algorithm, in the order of `training.algorithm`; NaN for what was not measured.
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
