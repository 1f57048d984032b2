import GradientFlow

/// What each unit of the layer does: which are saturated, dead or still, their share of the gradient, and how a, h and ∂L/∂h are
/// spread over units, steps and sequences.
public enum UnitsInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "units"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Through time has every unit's state, and its slope where it has one"

  /// The units of the next window's pass.
  public typealias Reading = UnitActivity

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> UnitActivity? {
    let tape = pass.window
    let numbers = Double(tape.batch * tape.hidden * tape.network.cell.gates)
    guard tape.steps <= budget.count(milliseconds: 10, cost: 40 * numbers, least: 16) else {
      budget.leaveOut("the units over \(tape.steps) steps")
      return nil
    }
    return UnitActivity(tape, layer: pass.layer(focus), hasHistograms: budget.isWhole)
  }

  /// What is followed over training: how many units have each fault.
  public static let trendNames = UnitActivity.Fault.allCases.map(\.rawValue)

  /// What is followed over training.
  public static func trend(_ reading: UnitActivity) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: UnitActivity.Fault.allCases.map { ($0.rawValue, Double(reading.count($0))) })
  }

  /// By unit, gate after gate.
  public static func arrays(_ reading: UnitActivity) -> [ReadingArray] {
    [
      ReadingArray("flat_share", reading.units.map(\.flatShare)),
      ReadingArray("deviation", reading.units.map(\.deviation)),
      ReadingArray("gradient_share", reading.units.map(\.gradientShare)),
    ]
  }
}
