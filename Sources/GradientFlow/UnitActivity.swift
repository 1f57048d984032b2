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

  /// The activity of layer `layer` (nil: the top one) over a tape; without `hasHistograms` nothing is in their bins.
  public init(_ tape: Tape, layer: Int? = nil, hasHistograms: Bool = true) {
    let index = layer ?? tape.layers.count - 1
    let kept = tape.layers[index], h = tape.hidden, gates = tape.network.cell.gates
    let rows = tape.steps * tape.batch
    let names = tape.network.cellDescription.gates, functions = tape.network.cellDescription.gateFunctions
    let states = Self.hiddenStates(tape, index)
    let deviations = Self.deviations(states, units: h)
    let slopes = Self.slopes(tape, kept) { gate in
      Self.flat * (functions?[gate].maximumDerivative ?? tape.network.activation.maximumDerivative)
    }
    let squares = Self.squares(kept.preactivationGradient, rows: rows, units: gates * h)
    let whole = squares.reduce(0, +)
    units = (0..<gates * h).map { unit in
      let slope = slopes[unit], flatShare = Double(slope.flat) / Double(max(1, slope.count))
      let fault = Fault(
        steps: slope.count, flat: slope.flat, steepest: slope.steepest,
        deviation: gates == 1 ? deviations[unit] : .infinity)
      return Unit(
        gate: gates > 1 ? names[unit / h] : "", index: unit % h, flatShare: flatShare,
        largestSlope: slope.count == 0 ? 0 : slope.steepest,
        deviation: deviations[unit % h], gradientShare: whole > 0 ? squares[unit] / whole : .nan, fault: fault)
    }
    preactivations = Histogram(hasHistograms ? kept.preactivation : [])
    self.states = Histogram(hasHistograms ? states : [])
    let gradient =
      hasHistograms ? (0..<tape.steps).flatMap { tape.stateGradient(layer: index, step: $0, component: 0) } : []
    gradients = Histogram(gradient.lazy.map { Log10.of($0.magnitude) }.filter { $0 > -.infinity })
  }

  /// φ′ of a unit, or of one gate of it, over the steps at which it is its turn.
  private struct Slopes {
    /// How many there are, how many of them are flat, and the greatest.
    var count = 0, flat = 0, steepest = -Double.infinity
  }

  /// By unit, gate after gate; `limit` tells under which φ′ a gate is flat.
  private static func slopes(_ tape: Tape, _ kept: LayerTape, limit: (Int) -> Double) -> [Slopes] {
    let h = tape.hidden, gates = tape.network.cell.gates
    let limits = (0..<gates).flatMap { Array(repeating: limit($0), count: h) }
    var slopes = [Slopes](repeating: Slopes(), count: gates * h)
    let hasClocks = !tape.network.periods.isEmpty
    for t in 0..<tape.steps {
      // A unit with a clock has a slope where it is its turn.
      let turns = hasClocks ? tape.network.updatedUnits(at: tape.window.steps.lowerBound + t + 1) : []
      for row in t * tape.batch..<(t + 1) * tape.batch {
        for unit in 0..<gates * h where !hasClocks || turns[unit % h] {
          let slope = kept.derivative[row * gates * h + unit]
          slopes[unit].count += 1
          if slope < limits[unit] { slopes[unit].flat += 1 }
          if slope > slopes[unit].steepest { slopes[unit].steepest = slope }
        }
      }
    }
    return slopes
  }

  /// Σ v² of each unit over `rows` rows of `units` numbers.
  private static func squares(_ values: [Double], rows: Int, units: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: units)
    for row in 0..<rows {
      for unit in 0..<units {
        let value = values[row * units + unit]
        sums[unit] += value * value
      }
    }
    return sums
  }

  /// h_1 … h_T of a layer, [T, B, H].
  private static func hiddenStates(_ tape: Tape, _ layer: Int) -> [Double] {
    let kept = tape.layers[layer], size = tape.batch * tape.hidden
    return (1...tape.steps).flatMap { kept.state.row($0 * kept.stateComponents, of: size, width: size) }
  }

  /// The standard deviation of each unit over rows of `units` numbers.
  private static func deviations(_ values: [Double], units: Int) -> [Double] {
    let rows = values.count / max(1, units), count = Double(max(1, rows))
    var means = [Double](repeating: 0, count: units)
    for row in 0..<rows { for unit in 0..<units { means[unit] += values[row * units + unit] } }
    for unit in 0..<units { means[unit] /= count }
    var sums = [Double](repeating: 0, count: units)
    for row in 0..<rows {
      for unit in 0..<units {
        let apart = values[row * units + unit] - means[unit]
        sums[unit] += apart * apart
      }
    }
    return sums.map { ($0 / count).squareRoot() }
  }
}

extension UnitActivity.Fault {
  /// What is wrong with a unit, or a gate of it, with so many steps that count, so many of them flat, the greatest φ′ and the
  /// deviation of its h, infinite for a gate; nil where nothing is.
  init?(steps: Int, flat: Int, steepest: Double, deviation: Double) {
    guard steps > 0 else { return nil }
    if steepest == 0 {
      self = .dead
    } else if Double(flat) / Double(steps) >= UnitActivity.mostSteps {
      self = .saturated
    } else if deviation < UnitActivity.stillness {
      self = .still
    } else {
      return nil
    }
  }
}
