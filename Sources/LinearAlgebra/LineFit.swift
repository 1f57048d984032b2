/// The least-squares line through points (x, y), with how well it fits.
public struct LineFit: Equatable, Sendable {
  /// y = intercept + slope · x.
  public let slope: Double, intercept: Double
  /// R² = 1 - Σ r²/Σ (y - mean)², r the residuals: the share of y's variance that the line explains; 1 where y is constant.
  public let rSquared: Double
  /// max |r|, in the unit of y.
  public let largestResidual: Double
  /// The number of points that it was fitted to.
  public let count: Int

  /// The line through the points whose y is finite; nil with fewer than two different x among them.
  public init?(_ points: some Sequence<(x: Double, y: Double)>) {
    let points = points.filter { $0.y.isFinite }
    guard points.count >= 2 else { return nil }
    let n = Double(points.count)
    let mx = points.reduce(0) { $0 + $1.x } / n, my = points.reduce(0) { $0 + $1.y } / n
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for (x, y) in points {
      xx += (x - mx) * (x - mx)
      xy += (x - mx) * (y - my)
      yy += (y - my) * (y - my)
    }
    guard xx > 0 else { return nil }
    // slope = Σ (x - mean)(y - mean)/Σ (x - mean)²
    let slope = xy / xx
    var (residuals, largest) = (0.0, 0.0)
    for (x, y) in points {
      let residual = y - my - slope * (x - mx)
      residuals += residual * residual
      largest = max(largest, residual.magnitude)
    }
    self.slope = slope
    intercept = my - slope * mx
    rSquared = yy > 0 ? 1 - residuals / yy : 1
    largestResidual = largest
    count = points.count
  }

  /// The line through values at x = 0, 1, …, but for those that are not finite.
  public init?(_ values: some Sequence<Double>) {
    self.init(values.enumerated().map { (x: Double($0.offset), y: $0.element) })
  }

  /// The line's value at x.
  public func value(at x: Double) -> Double { intercept + slope * x }
}
