import LinearAlgebra
import RecurrentNetworks

/// A layer whose state is one number: its step as a curve, and, of cells that rest where h = φ(w h + u), the fixed points over the
/// drive u = W_ih x + b, which fold where w φ′(a) = 1 (Doya, "Bifurcations in the learning of recurrent neural networks", 1992).
public struct OneUnitMap: Equatable, Sendable {
  /// A point of the step's curve.
  public struct Value: Equatable, Sendable {
    /// h, and F(h).
    public let state: Double, next: Double
  }

  /// A fixed point for some drive.
  public struct Rest: Equatable, Sendable {
    /// u, and h = φ(a) with a = w h + u.
    public let drive: Double, state: Double
    /// dF/dh there.
    public let slope: Double
  }

  /// F over the range in which the state is seen.
  public let curve: [Value]
  /// w, the unit's weight to itself; u as the held input makes it.
  public let weight: Double, drive: Double
  /// Fixed points by rising a; empty for cells that rest elsewhere.
  public let rests: [Rest]
  /// Where two fixed points meet and vanish, by rising drive; between two of them three fixed points lie.
  public let folds: [Rest]

  /// Of the one unit of a layer.
  ///
  /// - Parameters:
  ///   - map: the step, with its input held.
  ///   - tape: the pass.
  ///   - layer: the layer, counted from 0.
  ///   - step: the step of the window whose weight it is.
  ///   - range: the states over which the curve goes.
  public init?(_ map: LayerMap, _ tape: Tape, layer: Int, step: Int, range: ClosedRange<Double>) {
    guard map.width == 1, tape.network.cell.gates == 1,
      let weight = tape.recurrentWeights(layer: layer, step: step)?.elements.first
    else { return nil }
    _ = map([0])
    let drive = map.preactivation().first ?? .nan
    curve = (0...100).map { index in
      let h = range.lowerBound + Double(index) / 100 * (range.upperBound - range.lowerBound)
      return Value(state: h, next: map([h]).first ?? .nan)
    }
    self.weight = weight
    self.drive = drive
    let activation = tape.network.activation
    // h = κ h + s φ(a) rests at φ(a) where κ + s = 1.
    guard let affine = tape.affineJacobian(layer: layer), let direct = affine.directPath.first,
      let scale = affine.scale.first, abs(direct + scale - 1) < 1e-12, weight.isFinite, drive.isFinite
    else {
      (rests, folds) = ([], [])
      return
    }
    func rest(_ a: Double) -> Rest {
      let h = activation.value(a)
      return Rest(drive: a - weight * h, state: h, slope: direct + scale * weight * activation.derivative(a))
    }
    let reach = 6.0
    let preactivations = (0...240).map { reach * (Double($0) / 120 - 1) }
    rests = preactivations.map(rest)
    func excess(_ a: Double) -> Double { weight * activation.derivative(a) - 1 }
    folds = zip(preactivations, preactivations.dropFirst()).compactMap { lower, upper in
      (excess(lower) < 0) != (excess(upper) < 0) ? rest(Self.root(excess, lower, upper)) : nil
    }.sorted { $0.drive < $1.drive }
  }

  /// Where the drive lies among the folds: whether two stable states are there at this drive.
  public var isBistable: Bool {
    guard folds.count == 2, weight > 0 else { return false }
    return drive > folds[0].drive && drive < folds[1].drive
  }

  /// Every state between the curve's ends that F leaves where it is, to rounding: starts for a search.
  public func crossings(_ map: LayerMap) -> [Double] {
    zip(curve, curve.dropFirst()).compactMap { a, b in
      let (left, right) = (a.next - a.state, b.next - b.state)
      if left == 0 { return a.state }
      guard (left < 0) != (right < 0), right.isFinite, left.isFinite else { return nil }
      return Self.root({ (map([$0]).first ?? .nan) - $0 }, a.state, b.state)
    }
  }

  /// Where a function changes its sign between two places, by bisection.
  private static func root(_ f: (Double) -> Double, _ a: Double, _ b: Double) -> Double {
    var (a, b) = (a, b)
    let isNegative = f(a) < 0
    for _ in 0..<80 {
      let middle = a + (b - a) / 2
      guard middle != a, middle != b else { break }
      if (f(middle) < 0) == isNegative { a = middle } else { b = middle }
    }
    return a + (b - a) / 2
  }
}
