/// Why a decomposition could not be computed.
public enum LinearAlgebraError: Error, Equatable, Sendable {
  /// The matrix has an element that is NaN or infinite; the first of them, by row and column from 0.
  case notFinite(row: Int, column: Int)
  /// The LAPACK routine `routine` gave up with this `info`.
  case failed(routine: String, info: Int)
}

extension LinearAlgebraError: CustomStringConvertible {
  /// The error in a sentence.
  public var description: String {
    switch self {
    case .notFinite(let row, let column): "the matrix is not finite at row \(row + 1), column \(column + 1)"
    case .failed(let routine, let info): "LAPACK's \(routine) did not converge (info \(info))"
    }
  }
}
