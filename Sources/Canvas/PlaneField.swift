/// A function over the plane by its values on a square grid around 0, between which it is bilinear.
public struct PlaneField: Sendable {
  /// The grid goes from -radius to radius in both directions.
  public let radius: Double
  private let side: Int
  private let values: [Double]

  /// `side` × `side` values, a row for each y from the lowest up, in it by rising x.
  public init(_ values: [Double], side: Int, radius: Double) {
    self.values = values
    self.side = side > 1 && values.count >= side * side ? side : 0
    self.radius = radius
  }

  /// The value at a point; nil outside of the grid and beside a value that is not finite.
  public func value(_ x: Double, _ y: Double) -> Double? {
    guard side > 1, radius > 0, abs(x) <= radius, abs(y) <= radius else { return nil }
    let column = (x / radius + 1) / 2 * Double(side - 1), row = (y / radius + 1) / 2 * Double(side - 1)
    let left = min(side - 2, Int(column)), low = min(side - 2, Int(row))
    let (u, v) = (column - Double(left), row - Double(low))
    let below = values[low * side + left] * (1 - u) + values[low * side + left + 1] * u
    let above = values[(low + 1) * side + left] * (1 - u) + values[(low + 1) * side + left + 1] * u
    let value = below * (1 - v) + above * v
    return value.isFinite ? value : nil
  }
}

/// A line along which a function over the plane has one value.
public struct Contour: Hashable, Sendable {
  /// The value.
  public var level: Double
  /// Its color, and what draws it in ASCII.
  public var role: Role, symbol: Unicode.Scalar

  /// A line at a level.
  public init(_ level: Double, role: Role, symbol: Unicode.Scalar) {
    (self.level, self.role, self.symbol) = (level, role, symbol)
  }
}
