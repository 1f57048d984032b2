/// How much of a rectangle one part of a split takes, in cells.
public enum Extent: Hashable, Sendable {
  /// Exactly so many, while there are so many.
  case fixed(Int)
  /// A share of what the fixed parts and all minimums leave, by weight; never below the minimum while there is room.
  case flexible(weight: Int = 1, minimum: Int = 0)

  fileprivate var minimum: Int {
    switch self {
    case .fixed(let size): max(0, size)
    case .flexible(_, let minimum): max(0, minimum)
    }
  }

  fileprivate var weight: Int {
    switch self {
    case .fixed: 0
    case .flexible(let weight, _): max(0, weight)
    }
  }
}

extension Rect {
  /// The column after the last.
  public var maxX: Int { x + width }
  /// The row after the last.
  public var maxY: Int { y + height }
  /// No cell lies in it.
  public var isEmpty: Bool { width <= 0 || height <= 0 }

  /// Whether the cell at column x and row y lies in it.
  public func contains(x: Int, y: Int) -> Bool {
    x >= self.x && x < maxX && y >= self.y && y < maxY
  }

  /// The rectangle without so many cells at its sides; never of negative size.
  public func inset(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) -> Rect {
    let left = min(left, max(0, width))
    let top = min(top, max(0, height))
    return Rect(
      x: x + left, y: y + top, width: max(0, width - left - right), height: max(0, height - top - bottom))
  }

  /// The rectangle without so many cells at every side.
  public func inset(_ amount: Int) -> Rect {
    inset(left: amount, top: amount, right: amount, bottom: amount)
  }

  /// The cells in both; of size 0 if there are none.
  public func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(
      x: left, y: top, width: max(0, min(maxX, other.maxX) - left), height: max(0, min(maxY, other.maxY) - top))
  }

  /// One row of it, counted from its top; empty when there is no such row.
  public func line(_ index: Int) -> Rect {
    Rect(x: x, y: y + index, width: index >= 0 && index < height ? width : 0, height: 1)
  }

  /// Parts one under the other, in order, with a gap of so many rows between them. What does not fit is of size 0.
  public func rows(_ extents: [Extent], gap: Int = 0) -> [Rect] {
    var top = y
    return Self.sizes(of: extents, in: height, gap: gap).map { size in
      defer { top += size + (size > 0 ? gap : 0) }
      return Rect(x: x, y: min(top, y + max(0, height)), width: max(0, width), height: size)
    }
  }

  /// Parts side by side, in order, with a gap of so many columns between them. What does not fit is of size 0.
  public func columns(_ extents: [Extent], gap: Int = 0) -> [Rect] {
    var left = x
    return Self.sizes(of: extents, in: width, gap: gap).map { size in
      defer { left += size + (size > 0 ? gap : 0) }
      return Rect(x: min(left, x + max(0, width)), y: y, width: size, height: max(0, height))
    }
  }

  /// Minimums first, in order; then the rest by weight, what division leaves over to the first parts.
  private static func sizes(of extents: [Extent], in total: Int, gap: Int) -> [Int] {
    var left = max(0, total)
    var sizes = [Int](repeating: 0, count: extents.count)
    var placed = [Bool](repeating: false, count: extents.count)
    var count = 0
    for (index, extent) in extents.enumerated() {
      let space = count > 0 ? gap : 0
      guard left > space || (left == space && extent.minimum == 0) else { continue }
      let size = min(extent.minimum, left - space)
      if size > 0 || extent.weight > 0 {
        sizes[index] = size
        left -= size + space
        placed[index] = true
        count += 1
      }
    }
    let weights = extents.enumerated().map { placed[$0] ? $1.weight : 0 }
    let sum = weights.reduce(0, +)
    guard sum > 0 && left > 0 else { return sizes }
    let rest = left
    for index in sizes.indices where weights[index] > 0 {
      let share = rest * weights[index] / sum
      sizes[index] += share
      left -= share
    }
    for index in sizes.indices where weights[index] > 0 && left > 0 {
      sizes[index] += 1
      left -= 1
    }
    return sizes
  }
}

extension Extent {
  /// `total` cells in parts as near to the weights as the least and the most of each allow; all of it is given away.
  public static func shares(of total: Int, least: [Int], most: [Int?], weights: [Int]) -> [Int] {
    var sizes = least
    var rest = total - least.reduce(0, +)
    while rest > 0, !sizes.isEmpty {
      let open = sizes.indices.filter { index in most[index].map { sizes[index] < $0 } ?? true }
      // The part that is furthest behind its weight; where all have what is of use to them, the last takes the rest.
      let behind = open.min { sizes[$0] * weights[$1] < sizes[$1] * weights[$0] }
      sizes[behind ?? sizes.count - 1] += behind == nil ? rest : 1
      rest -= behind == nil ? rest : 1
    }
    return sizes
  }
}

/// A width and a height, in cells.
public struct Size: Hashable, Sendable {
  public var width: Int, height: Int

  /// A size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
