import GradientFlow
import RecurrentNetworks

/// Fixed and slow points of a layer whose input is held, what a step does near them, and the trajectory in the plane of its two
/// principal axes.
public enum FixedPointsInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "fixed-points"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Through time has the states"
  /// It does: the input of the step under the cursor is held.
  public static let followsCursor = true

  /// The points and the plane that they are drawn in.
  public struct Reading: Equatable, Sendable {
    /// The points.
    public let found: FixedPoints
    /// The trajectory's principal axes.
    public let axes: PrincipalAxes
    /// Some sequences of the batch from their first state on, each step's place on the axes.
    public let trajectories: [[[Double]]]
    /// The step of the sequence whose input is held, counted from 0; nil for the mean of the window's inputs.
    public let heldStep: Int?
    /// The step as a curve, of a state that is one number.
    public let oneUnit: OneUnitMap?
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.window, layer = pass.layer(focus), width = Int(pass.width)
    // A search takes some ten steps, each of which multiplies and solves n×n matrices and records a pass.
    let cost = 20 * (8 * pass.width * pass.width * pass.width + 3e5)
    let searches = min(64, budget.count(milliseconds: 15, cost: cost, least: 0))
    guard searches >= 4, width <= budget.size(live: 64, patient: 256) else {
      budget.leaveOut("the fixed points of a state of \(width) numbers")
      return nil
    }
    let states = Self.states(tape, layer: layer)
    guard states.allSatisfy({ $0.allSatisfy { $0.allSatisfy(\.isFinite) } }) else {
      budget.leaveOut("the fixed points: a state is not finite")
      return nil
    }
    let step = focus.step.map { _ in pass.index(focus) }
    let map = LayerMap(tape, layer: layer, step: step)
    // Steps and sequences both: every state of all sequences is a candidate.
    let all = states.flatMap { $0 }
    let sample = EvenSpread.choose(max(searches, 256), of: Array(all.indices)).map { all[$0] }
    let starts = EvenSpread.choose(searches, of: Array(all.indices)).map { all[$0] }
    guard let axes = try? PrincipalAxes(sample) else {
      budget.hasNothing(because: "The states have no principal axes: their numbers are too large.")
      return nil
    }
    let oneUnit = OneUnitMap(map, tape, layer: layer, step: step ?? tape.steps - 1, range: range(all))
    let crossings = oneUnit?.crossings(map).map { [$0] } ?? []
    guard let found = try? FixedPoints(map, from: starts + crossings, progress: budget.goOn) else { return nil }
    return Reading(
      found: found, axes: axes, trajectories: states.prefix(4).map { $0.map(axes.place) },
      heldStep: step.map { $0 + tape.window.steps.lowerBound }, oneUnit: oneUnit)
  }

  /// The states of every sequence from the first one on, [sequences][T+1][components·H].
  private static func states(_ tape: Tape, layer index: Int) -> [[[Double]]] {
    let layer = tape.layers[index], parts = layer.stateComponents, hidden = tape.hidden
    return (0..<tape.batch).map { sequence in
      (0...tape.steps).map { row in
        (0..<parts).flatMap { part in
          let start = ((row * parts + part) * tape.batch + sequence) * hidden
          return layer.state[start..<start + hidden]
        }
      }
    }
  }

  /// Over which states a single unit's step is drawn: all that are seen, and ±1.2 around them where they are few.
  private static func range(_ states: [[Double]]) -> ClosedRange<Double> {
    let values = states.compactMap(\.first)
    let (least, most) = (min(-1.2, values.min() ?? 0), max(1.2, values.max() ?? 0))
    return least...most
  }

  /// What is followed over training.
  public static let trendNames = ["fixed", "stable", "slow", "leading_eigenvalue"]

  /// What is followed over training: how many there are of each kind, and the largest |λ| of the stable points, which tells how long
  /// the state remembers near them.
  public static func trend(_ reading: Reading) -> [String: Double] {
    let found = reading.found
    let leading = found.points.filter(\.isStable).compactMap { $0.eigenvalues.first?.magnitude }.max()
    return [
      "fixed": Double(found.fixedCount), "stable": Double(found.stableCount), "slow": Double(found.slowCount),
      "leading_eigenvalue": leading ?? .nan,
    ]
  }

  /// The states, [points, components·H], their speeds, and the eigenvalues there, [points, components·H, 2].
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let points = reading.found.points, width = reading.axes.mean.count
    return [
      ReadingArray("states", points.flatMap(\.state), shape: [points.count, width]),
      ReadingArray("speeds", points.map(\.speed)),
      ReadingArray(
        "eigenvalues", points.flatMap { $0.eigenvalues.flatMap { [$0.real, $0.imaginary] } },
        shape: [points.count, width, 2]),
    ]
  }
}
