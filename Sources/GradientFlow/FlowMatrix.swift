import RecurrentNetworks

/// The flow matrix F[i, t] = ‖∂l_i/∂h_t‖₂ of one sequence, in logarithms: every term of the double sum as a picture.
///
/// Lower triangular: a loss reaches no later state. Steps count from the tape's first.
public struct FlowMatrix: Equatable, Sendable {
  /// The number T of steps, the width of the matrix.
  public let steps: Int
  /// The loss steps i that were computed, ascending: 0 … T-1, or fewer where a limit was set.
  public let rows: [Int]
  /// log10 F, [rows.count, T]; -infinity where nothing flows (t > i, no target at i, an exact zero on the way).
  public let log10: [Double]

  /// log10 F[rows[row], t].
  public subscript(row: Int, t: Int) -> Double { log10[row * steps + t] }
}
