import LinearAlgebra
import RecurrentNetworks

/// The total derivatives ∂h^{top}_T/∂h^{l}_{T-lag} of one sequence of stacked layers: the sum over all paths, each of which
/// goes back through time and up the layers in its own order.
///
/// In layer l at lag k there are C(k + d, k) of them, d = top - l, so that depth can make up for what each path loses.
public struct ProductByPath: Equatable, Sendable {
  /// The lags that were computed, ascending from 0.
  public let lags: [Int]
  /// log10 ‖∂h^{top}_T/∂h^{l}_{T-lag}‖₂ by layer, the lowest first, at each of `lags`.
  public let log10Norm: [[Double]]
}

extension ProductByPath {
  /// The derivatives of sequence `sequence` up to lag `longest`, at `maximumLags` lags at most, spread evenly.
  ///
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(_ tape: Tape, sequence: Int = 0, maximumLags: Int = .max, longest: Int = .max) throws {
    let (h, count) = (tape.hidden, tape.layers.count)
    let last = min(longest, tape.steps - 1)
    guard last >= 0, count > 0 else {
      (lags, log10Norm) = ([], [])
      return
    }
    let chosen = EvenSpread.choose(maximumLags, of: Array(0...last))
    lags = chosen
    let vectors = (0..<count).map { RowVectors(tape, layer: $0, sequence: sequence, capacity: h) }
    var unit = [Double](repeating: 0, count: h)
    for i in 0..<h {
      unit[i] = 1
      vectors[count - 1].add(unit, to: i)
      unit[i] = 0
    }
    let product = JacobianProduct(size: h)
    var norms = [[Double]](repeating: [], count: count)
    for lag in 0...last {
      let t = tape.steps - 1 - lag
      // ∂·/∂h^l_t = (∂·/∂s^l_{t+1}) J^l_{t+1} + (∂·/∂h^{l+1}_t) ∂h^{l+1}_t/∂h^l_t
      if lag > 0 { for layer in vectors { layer.pullBack(step: t + 1, count: h) } }
      for layer in (0..<count).reversed() {
        // Brings the scales along; the norms themselves are not used.
        vectors[layer].measure(count: h) { _, _ in }
        if layer > 0 { vectors[layer].sendDown(step: t, count: h, to: vectors[layer - 1]) }
      }
      guard chosen.contains(lag) else { continue }
      for layer in 0..<count { norms[layer].append(try vectors[layer].log10Norm(product)) }
    }
    log10Norm = norms
  }
}

extension RowVectors {
  /// log10 of the spectral norm of H of the rows' columns, from `first` on, as one H×H matrix.
  ///
  /// - Parameters:
  ///   - room: a product of that size to compute in.
  ///   - diagonal: mantissas and exponents of what is added to the diagonal.
  func log10Norm(
    _ room: JacobianProduct, columns first: Int = 0, diagonal: [(mantissa: Double, exponent: Double)] = []
  ) throws -> Double {
    let h = room.size
    var largest = -Double.infinity
    for row in 0..<h where (0..<h).contains(where: { rows[row * stride + first + $0] != 0 }) {
      largest = max(largest, exponents[row])
    }
    for (mantissa, exponent) in diagonal where mantissa != 0 { largest = max(largest, exponent) }
    guard largest > -.infinity else { return -.infinity }
    // All rows at the largest scale: what vanishes there does not count in the norm.
    var matrix = Matrix(rows: h, columns: h)
    for row in 0..<h {
      // A row of zeros has no scale of its own.
      let scale = exponents[row] > largest ? 0 : Self.power(exponents[row] - largest)
      for k in 0..<h { matrix.elements[row * h + k] = rows[row * stride + first + k] * scale }
    }
    for (j, entry) in diagonal.enumerated() { matrix[j, j] += entry.mantissa * Self.power(entry.exponent - largest) }
    room.reset()
    try room.extend(by: matrix)
    return try room.log10Norm() + largest * Logarithm.log10Of2
  }
}
