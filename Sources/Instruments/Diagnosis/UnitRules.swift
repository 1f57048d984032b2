import GradientFlow

/// Units that let no gradient through or do nothing.
enum UnitRules {
  static let all: [Diagnosis.Rule] = [faults]

  /// A share of the units from which a fault is worth a word, and from which it stops the network.
  private static let some = 0.1, most = 0.5

  private static let faults: Diagnosis.Rule = { evidence in
    guard evidence.explosion == nil, let reading = evidence.last[UnitsInstrument.self], !reading.units.isEmpty else {
      return []
    }
    let found = UnitActivity.Fault.allCases.compactMap { fault in finding(fault, reading, evidence) }
    guard found.isEmpty else { return found }
    return [
      Finding(
        "units.alive", .sound,
        "At least nine in ten of the \(Wording.count(reading.units.count, reading.units[0].gate.isEmpty ? "unit" : "gate")) move and let the gradient through."
      )
    ]
  }

  private static func finding(_ fault: UnitActivity.Fault, _ reading: UnitActivity, _ evidence: Evidence) -> Finding? {
    let isGated = !reading.units[0].gate.isEmpty
    let share = Double(reading.count(fault)) / Double(reading.units.count)
    guard share >= some else { return nil }
    // A ReLU is flat on one whole side: only a unit that never leaves it is lost.
    let isHalfFlat =
      evidence.experiment.network.activation == .relu || evidence.experiment.network.activation == .leakyReLU
    if fault == .saturated, isHalfFlat, !isGated { return nil }
    // Gates that stand open or shut are how gated cells remember; a unit that is still may wait for its input.
    let isBad = share >= most && !evidence.hasLearned
    let severity: Finding.Severity =
      isGated && fault != .dead || fault == .still && share < 1 || fault == .saturated && evidence.hasLearned
      ? .remark : isBad ? .grave : .costly
    let count = "\(reading.count(fault)) of \(reading.units.count) \(isGated ? "gates" : "units")"
    return Finding(
      "units.\(fault.rawValue)", severity, "\(count) are \(words(fault)).",
      remedies: severity > .remark ? remedies(fault, evidence) : [])
  }

  private static func words(_ fault: UnitActivity.Fault) -> String {
    switch fault {
    case .dead: "dead: φ′ is 0 at every step of every sequence. No gradient can change their weights"
    case .saturated:
      "saturated: φ′ is under a tenth of its maximum at nine steps in ten. Little gradient comes through"
    case .still: "still: their h moves by less than 0.001"
    }
  }

  private static func remedies(_ fault: UnitActivity.Fault, _ evidence: Evidence) -> [Remedy] {
    let start = evidence.experiment.network.initialization
    switch fault {
    case .dead: return [Remedy(["network.activation": "leaky_relu"])]
    case .saturated:
      return [
        Remedy([
          "network.init.input": Wording.setting(min(start.input / 10, 1)),
          "network.init.scale": Wording.setting(min(start.scale, 1)),
        ])
      ]
    case .still: return [Remedy(["network.init.input": "1", "network.init.recurrent": "orthogonal"])]
    }
  }
}
