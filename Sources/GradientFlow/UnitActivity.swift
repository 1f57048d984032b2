import RecurrentNetworks

/// What each unit of a layer does over a pass: units that are saturated, dead or still, and each one's share of the gradient.
///
/// A unit of a gated cell has a row for each of its gates.
public struct UnitActivity: Equatable, Sendable {
  /// What is wrong with a unit.
  public enum Fault: String, Hashable, Sendable, CaseIterable {
    /// φ′ is exactly 0 at every step of every sequence: no gradient can change its weights.
    case dead
    /// φ′ is under 10 % of γ at nine steps in ten at least.
    case saturated
    /// Its h deviates less than 0.001 from its mean over steps and sequences.
    case still
  }

  /// One unit, or one gate of it.
  public struct Unit: Equatable, Sendable {
    /// Its gate's name, empty for a cell without gates; and the unit, counted from 0.
    public let gate: String, index: Int
    /// The share of steps at which φ′ is under 10 % of γ.
    public let flatShare: Double
    /// The greatest φ′.
    public let largestSlope: Double
    /// The standard deviation of its h over steps and sequences.
    public let deviation: Double
    /// Its share of Σ_t ‖∂L/∂a_t‖² over the layer: how much of the gradient goes through it; NaN where there is none.
    public let gradientShare: Double
    /// What is wrong; nil where nothing is.
    public let fault: Fault?
  }

  /// All units, gate by gate.
  public let units: [Unit]
  /// How often a, h and log10 |∂L/∂h| fall into each of 24 equal bins over all units, steps and sequences.
  public let preactivations: Histogram, states: Histogram, gradients: Histogram

  /// The units with a fault, those through which most of the gradient goes first.
  public var faulty: [Unit] {
    func order(_ unit: Unit) -> Double { unit.gradientShare.isNaN ? 0 : unit.gradientShare }
    return units.filter { $0.fault != nil }.sorted { order($0) > order($1) }
  }

  /// How many units have a fault.
  public func count(_ fault: Fault) -> Int { units.reduce(0) { $0 + ($1.fault == fault ? 1 : 0) } }
}

/// How often values fall into equal bins.
public struct Histogram: Equatable, Sendable {
  /// The edges of the first and the last bin; both 0 where nothing is finite.
  public let lower: Double, upper: Double
  /// Values in each bin.
  public let counts: [Int]
  /// Values that are not finite, and are in no bin.
  public let nonFinite: Int

  /// `bins` equal bins from the least to the greatest of the finite values.
  public init(_ values: some Collection<Double>, bins: Int = 24) {
    let finite = values.lazy.filter { $0.isFinite }
    let least = finite.min() ?? 0, most = finite.max() ?? 0
    var counts = [Int](repeating: 0, count: bins)
    var inside = 0
    for value in finite {
      let place = most > least ? (value / 2 - least / 2) / (most / 2 - least / 2) * Double(bins) : 0
      counts[min(bins - 1, max(0, Int(place)))] += 1
      inside += 1
    }
    (lower, upper, self.counts, nonFinite) = (least, most, counts, values.count - inside)
  }
}

extension UnitActivity {
  /// φ′ under this share of its maximum is flat.
  static let flat = 0.1
  /// A unit is saturated where it is flat at this share of the steps.
  static let mostSteps = 0.9
  /// A deviation under this is none.
  static let stillness = 1e-3

  /// The activity of layer `layer` (nil: the top one) over a tape.
  public init(_ tape: Tape, layer: Int? = nil) {
    let index = layer ?? tape.layers.count - 1
    let kept = tape.layers[index], h = tape.hidden, gates = tape.network.cell.gates
    let rows = tape.steps * tape.batch
    let names = tape.network.cellDescription.gates, functions = tape.network.cellDescription.gateFunctions
    // A unit with a clock has a slope where it is its turn.
    let turns = (0..<tape.steps).map { tape.network.updatedUnits(at: tape.window.steps.lowerBound + $0 + 1) }
    let squares = (0..<gates * h).map { unit in
      (0..<rows).reduce(0.0) { sum, row in
        let value = kept.preactivationGradient[row * gates * h + unit]
        return sum + value * value
      }
    }
    let whole = squares.reduce(0, +)
    let states = Self.hiddenStates(tape, index)
    let deviations = (0..<h).map { unit in Self.deviation((0..<rows).map { states[$0 * h + unit] }) }
    units = (0..<gates * h).map { unit in
      let gate = unit / h
      let largest = functions?[gate].maximumDerivative ?? tape.network.activation.maximumDerivative
      let slopes = (0..<rows).filter { turns[$0 / tape.batch][unit % h] }.map { kept.derivative[$0 * gates * h + unit] }
      let flatShare =
        Double(slopes.reduce(0) { $0 + ($1 < Self.flat * largest ? 1 : 0) }) / Double(max(1, slopes.count))
      let steepest = slopes.max() ?? 0
      let fault: Fault? =
        slopes.isEmpty
        ? nil
        : steepest == 0
          ? .dead
          : flatShare >= Self.mostSteps
            ? .saturated : gates == 1 && deviations[unit] < Self.stillness ? .still : nil
      return Unit(
        gate: gates > 1 ? names[gate] : "", index: unit % h, flatShare: flatShare,
        largestSlope: steepest, deviation: deviations[unit % h],
        gradientShare: whole > 0 ? squares[unit] / whole : .nan, fault: fault)
    }
    preactivations = Histogram(kept.preactivation)
    self.states = Histogram(states)
    let gradient = (0..<tape.steps).flatMap { tape.stateGradient(layer: index, step: $0, component: 0) }
    gradients = Histogram(gradient.lazy.map { Log10.of($0.magnitude) }.filter { $0 > -.infinity })
  }

  /// h_1 … h_T of a layer, [T, B, H].
  private static func hiddenStates(_ tape: Tape, _ layer: Int) -> [Double] {
    let kept = tape.layers[layer], size = tape.batch * tape.hidden
    return (1...tape.steps).flatMap { kept.state.row($0 * kept.stateComponents, of: size, width: size) }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))).squareRoot()
  }
}
