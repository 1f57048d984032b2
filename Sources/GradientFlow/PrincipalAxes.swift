import LinearAlgebra
import RecurrentNetworks

/// The two directions in which states vary most, about their mean.
public struct PrincipalAxes: Equatable, Sendable {
  /// The mean of the states.
  public let mean: [Double]
  /// Orthogonal directions of length 1, the one with the largest variance first: two, or one of states of one number.
  public let directions: [[Double]]
  /// The share of the variance along each; NaN where the states do not vary.
  public let shares: [Double]

  /// Of states of one length.
  /// - Throws: that a state is not finite.
  public init(_ states: [[Double]]) throws {
    let width = states.first?.count ?? 0, count = Double(max(1, states.count))
    let mean = (0..<width).map { i in states.reduce(0) { $0 + $1[i] } / count }
    let centered = states.map { zip($0, mean).map { $0 - $1 } }
    let matrix = Matrix(rows: states.count, columns: width, elements: centered.flatMap { $0 })
    let total = matrix.elements.reduce(0) { $0 + $1 * $1 }
    let most = min(2, width)
    var directions: [[Double]], variances: [Double]
    if states.count < width {
      // Fewer states than numbers: the eigenvectors of XXᵀ, carried to those of XᵀX.
      let small = try SymmetricDecomposition(matrix * matrix.transposed)
      let back = matrix.transposed
      directions = small.eigenvectors.prefix(most).map { back * $0 }
      variances = Array(small.eigenvalues.prefix(most))
    } else {
      let whole = try SymmetricDecomposition(matrix.transposed * matrix)
      directions = Array(whole.eigenvectors.prefix(most))
      variances = Array(whole.eigenvalues.prefix(most))
    }
    // Where the states vary in fewer directions, the others are any that are orthogonal.
    for index in 0..<most {
      let earlier = Array(directions.prefix(index))
      let candidates = (index < directions.count ? [directions[index]] : []) + (0..<width).map { Self.unit($0, width) }
      let next = candidates.lazy.compactMap { Self.orthogonal($0, to: earlier) }.first ?? Self.unit(index, width)
      directions = earlier + [next] + directions.dropFirst(index + 1)
    }
    self.mean = mean
    self.directions = directions
    shares = (0..<most).map { $0 < variances.count ? max(0, variances[$0]) / total : 0 }
  }

  /// A state's place on the axes.
  public func place(_ state: [Double]) -> [Double] {
    directions.map { direction in
      zip(direction, zip(state, mean)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
    }
  }

  private static func unit(_ index: Int, _ width: Int) -> [Double] { (0..<width).map { $0 == index ? 1 : 0 } }

  /// The direction without its parts along the others, of length 1, its largest element positive; nil where nothing is left.
  private static func orthogonal(_ vector: [Double], to others: [[Double]]) -> [Double]? {
    let before = euclideanNorm(vector)
    guard before > 0 else { return nil }
    var rest = vector.map { $0 / before }
    for other in others {
      let along = zip(rest, other).reduce(0) { $0 + $1.0 * $1.1 }
      rest = zip(rest, other).map { $0 - along * $1 }
    }
    let left = euclideanNorm(rest)
    guard left > 1e-6 else { return nil }
    let sign = (rest.max { abs($0) < abs($1) } ?? 1) < 0 ? -1.0 : 1
    return rest.map { sign * $0 / left }
  }
}
