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
  /// - Parameters:
  ///   - tape: the pass.
  ///   - sequence: the sequence of the batch.
  ///   - maximumLags: how many lags at most.
  ///   - longest: the longest lag.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(
    _ tape: Tape, sequence: Int = 0, maximumLags: Int = .max, longest: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let (h, count) = (tape.hidden, tape.layers.count)
    let last = min(longest, tape.steps - 1)
    guard last >= 0, count > 0 else {
      (lags, log10Norm) = ([], [])
      return
    }
    let chosen = EvenSpread.choose(maximumLags, of: Array(0...last))
    lags = chosen
    let wanted = Set(chosen)
    let graph = tape.graph(sequence: sequence)
    let end = graph.site(layer: count - 1, position: tape.steps - 1)
    let unit = (0..<h).map { i in (0..<h).map { $0 == i ? 1.0 : 0 } }
    let product = JacobianProduct(size: h)
    var norms = [[Double]](repeating: [], count: count)
    // ∂·/∂h^l_t = (∂·/∂s^l_{t+1}) J^l_{t+1} + (∂·/∂h^{l+1}_t) ∂h^{l+1}_t/∂h^l_t
    try ReverseAccumulation(graph: graph, rows: h, isRescaled: false, firstPosition: tape.steps - 1 - last).run(
      (0..<h).map { .init(row: $0, site: end, gradient: unit[$0][...]) }
    ) { site, rows, _, _ in
      // The upper layers come first at a lag.
      let lag = tape.steps - 1 - site.position
      try progress((Double(lag) + Double(count - site.layer) / Double(count)) / Double(last + 1))
      guard wanted.contains(lag) else { return }
      norms[site.layer].append(try rows.log10SpectralNorm(product))
    }
    log10Norm = norms
  }
}

extension RowBlock {
  /// log10 of the spectral norm of n of the rows' columns, from `first` on, as one n×n matrix.
  ///
  /// - Parameters:
  ///   - room: a product of order n to compute in.
  ///   - first: the first of the columns.
  ///   - diagonal: mantissas and exponents of what is added to the diagonal.
  func log10SpectralNorm(
    _ room: JacobianProduct, columns first: Int = 0, diagonal: [(mantissa: Double, exponent: Double)] = []
  ) throws -> Double {
    guard let largest = try fill(room, columns: first, diagonal: diagonal) else { return -.infinity }
    return try room.log10Norm() + largest * Log10.of2
  }

  /// log10 of all singular values of that matrix, descending.
  func log10SingularValues(_ room: JacobianProduct) throws -> [Double] {
    guard let largest = try fill(room) else { return Array(repeating: -.infinity, count: room.size) }
    return try room.log10SingularValues().map { $0 + largest * Log10.of2 }
  }

  /// The rows' columns as the only factor of a product, all at the largest scale, which is returned; nil where all are 0.
  private func fill(
    _ room: JacobianProduct, columns first: Int = 0, diagonal: [(mantissa: Double, exponent: Double)] = []
  ) throws -> Double? {
    let n = room.size
    var matrix = Matrix(rows: n, columns: n)
    var largest = -Double.infinity
    for row in 0..<n {
      for k in 0..<n { matrix[row, k] = self[row, first + k] }
      if (0..<n).contains(where: { matrix[row, $0] != 0 }) { largest = max(largest, exponent(of: row)) }
    }
    for (mantissa, exponent) in diagonal where mantissa != 0 { largest = max(largest, exponent) }
    guard largest > -.infinity else { return nil }
    // All rows at the largest scale: what vanishes there does not count in the norm.
    for row in 0..<n {
      // A row of zeros has no scale of its own.
      let scale = exponent(of: row) > largest ? 0 : Self.power(exponent(of: row) - largest)
      for k in 0..<n { matrix[row, k] *= scale }
    }
    for (j, entry) in diagonal.enumerated() { matrix[j, j] += entry.mantissa * Self.power(entry.exponent - largest) }
    room.reset()
    try room.extend(by: matrix)
    return largest
  }
}
