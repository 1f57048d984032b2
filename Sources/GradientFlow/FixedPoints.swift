import LinearAlgebra
import RecurrentNetworks

/// The fixed and slow points of a layer whose input is held: states that a step leaves where they are, or moves very little, and
/// what a step does near them.
///
/// Found as minima of q(s) = ½‖F(s) - s‖² from states of the trajectory (Sussillo & Barak, "Opening the black box", Neural
/// Computation 2013), by the method of Levenberg and Marquardt.
public struct FixedPoints: Equatable, Sendable {
  /// A point, and the linear map that a step is near it.
  public struct Point: Equatable, Sendable {
    /// s, [components·H].
    public let state: [Double]
    /// ‖F(s) - s‖₂, in units of the state a step: 0 but for rounding at a fixed point.
    public let speed: Double
    /// Whether a step leaves it where it is; else q has a minimum here that is not 0: a slow point.
    public let isFixed: Bool
    /// The eigenvalues of ∂F/∂s there, the largest first.
    public let eigenvalues: [Complex]

    /// A point.
    public init(state: [Double], speed: Double, isFixed: Bool, eigenvalues: [Complex]) {
      (self.state, self.speed, self.isFixed, self.eigenvalues) = (state, speed, isFixed, eigenvalues)
    }

    /// How many directions grow: 0 is stable, all of them a source, some of them a saddle.
    public var unstableDirections: Int { eigenvalues.reduce(0) { $0 + ($1.magnitude > 1 ? 1 : 0) } }
    /// Whether the state stays near it.
    public var isStable: Bool { isFixed && unstableDirections == 0 }
  }

  /// The points, fixed ones first, of those the stable ones first.
  public let points: [Point]
  /// How many searches were begun, and how many of them ended nowhere: too fast to be called slow, or far away.
  public let searches: Int, lost: Int

  /// The number of stable fixed points.
  public var stableCount: Int { points.reduce(0) { $0 + ($1.isStable ? 1 : 0) } }
  /// The number of fixed points, stable or not.
  public var fixedCount: Int { points.reduce(0) { $0 + ($1.isFixed ? 1 : 0) } }
  /// The number of slow points.
  public var slowCount: Int { points.count - fixedCount }

  /// Searches from every one of `starts`.
  ///
  /// - Parameters:
  ///   - map: the step.
  ///   - starts: where searches begin; the distance of their states from one another is the measure of what is near and slow.
  ///   - progress: called before each search with the share that is done.
  /// - Throws: what `progress` throws.
  public init(_ map: LayerMap, from starts: [[Double]], progress: (Double) throws -> Void = { _ in }) throws {
    let spread = max(Self.spread(starts), 1e-6)
    var found: [Point] = [], lost = 0
    for (index, start) in starts.enumerated() {
      try progress(Double(index) / Double(starts.count))
      var search = Descent(map, from: start)
      search.run()
      guard let point = search.point(slowest: 0.05 * spread), Self.distance(point.state, start) < 100 * spread else {
        lost += 1
        continue
      }
      // Two searches that end within a thousandth of the spread found the same point.
      if let place = found.firstIndex(where: { Self.distance($0.state, point.state) < 1e-3 * spread }) {
        if point.speed < found[place].speed { found[place] = point }
      } else {
        found.append(point)
      }
    }
    func rank(_ point: Point) -> Int { point.isFixed ? point.unstableDirections : .max }
    points = found.enumerated().sorted { a, b in
      let (first, second) = (rank(a.element), rank(b.element))
      return first != second ? first < second : a.offset < b.offset
    }.map(\.element)
    searches = starts.count
    self.lost = lost
  }

  /// The root mean square of the states' distance from their mean.
  private static func spread(_ states: [[Double]]) -> Double {
    guard let width = states.first?.count else { return 0 }
    let mean = (0..<width).map { i in states.reduce(0) { $0 + $1[i] } / Double(states.count) }
    let norms = states.map { distance($0, mean) }
    return euclideanNorm(norms) / Double(states.count).squareRoot()
  }

  private static func distance(_ a: [Double], _ b: [Double]) -> Double { euclideanNorm(zip(a, b).map { $0 - $1 }) }
}

/// One search for a minimum of q.
private struct Descent {
  private static let mostSteps = 60

  let map: LayerMap
  private var state: [Double]
  /// F(s) - s, its norm, and ∂F/∂s - I.
  private var residual: [Double] = []
  private var speed = Double.infinity
  private var jacobian: Matrix?
  /// ‖∇q‖/‖r‖ = ‖Aᵀr‖/‖r‖, a pure number: whether q has a minimum here.
  private var slope = Double.infinity

  init(_ map: LayerMap, from start: [Double]) {
    self.map = map
    state = start
  }

  mutating func run() {
    residual = residual(at: state)
    speed = euclideanNorm(residual)
    // Of AᵀA + μI: large steps where q is nearly a parabola, small ones down the slope where not.
    var damping = 1e-3
    for _ in 0..<Self.mostSteps {
      guard speed.isFinite, isRead() else { return }
      guard let jacobian, speed > 1e-14 * (1 + euclideanNorm(state)) else { return }
      let transposed = jacobian.transposed
      let gradient = transposed * residual
      slope = euclideanNorm(gradient) / speed
      guard slope > 1e-9, let next = descend(transposed * jacobian, gradient, &damping) else { return }
      (state, residual, speed) = next
    }
    _ = isRead()
  }

  /// Takes the Jacobian at the state that was asked for last.
  private mutating func isRead() -> Bool {
    var matrix = map.jacobian()
    guard matrix.elements.allSatisfy(\.isFinite) else { return false }
    for i in 0..<matrix.rows { matrix[i, i] -= 1 }
    jacobian = matrix
    return true
  }

  /// A step that makes q smaller; nil where none does, and F was then asked last for the state as it is.
  private func descend(
    _ normal: Matrix, _ gradient: [Double], _ damping: inout Double
  ) -> (state: [Double], residual: [Double], speed: Double)? {
    for _ in 0..<16 {
      var damped = normal
      for i in 0..<damped.rows { damped[i, i] += damping }
      if let step = damped.solvePositiveDefinite(gradient) {
        let trial = zip(state, step).map { $0 - $1 }
        let residual = residual(at: trial), speed = euclideanNorm(residual)
        if speed < self.speed {
          damping = max(damping / 10, 1e-15)
          return (trial, residual, speed)
        }
      }
      damping *= 10
    }
    _ = residual(at: state)
    return nil
  }

  private func residual(at state: [Double]) -> [Double] { zip(map(state), state).map { $0 - $1 } }

  /// Whether Newton's step A⁻¹r from here to where F stands still is as nothing. A small speed alone does not tell: where a gate is
  /// shut every state is left nearly where it is.
  private func isFixed(_ matrix: Matrix) -> Bool {
    if speed == 0 { return true }
    let transposed = matrix.transposed
    guard let step = (transposed * matrix).solvePositiveDefinite(transposed * residual) else { return false }
    return euclideanNorm(step) <= 1e-8 * (1 + euclideanNorm(state))
  }

  /// What was found; nil where it is neither fixed nor slow.
  func point(slowest: Double) -> FixedPoints.Point? {
    guard var matrix = jacobian, speed.isFinite else { return nil }
    let isFixed = isFixed(matrix)
    for i in 0..<matrix.rows { matrix[i, i] += 1 }
    guard let eigenvalues = try? matrix.eigenvalues() else { return nil }
    guard isFixed || speed <= slowest && slope < 1e-3 else { return nil }
    return FixedPoints.Point(state: state, speed: speed, isFixed: isFixed, eigenvalues: eigenvalues)
  }
}
