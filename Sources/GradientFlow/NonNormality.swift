import LinearAlgebra

/// How far a square matrix is from a normal one, whose powers are told by its eigenvalues alone: W_hh with ρ < 1 may yet make a
/// gradient grow for some steps before it dies.
public struct NonNormality: Equatable, Sendable {
  /// ρ = max |λ|, and σ_max = ‖W‖₂; of a normal matrix they are the same.
  public let spectralRadius: Double, largestSingularValue: Double
  /// Henrici's departure from normality, √(‖W‖_F² - Σ |λ|²), as a share of ‖W‖_F: 0 for a normal matrix, 1 for a nilpotent one
  /// (Henrici 1962).
  public let departure: Double
  /// The greatest ‖W^k‖₂ over k = 0 … 64, and the first k that has it: 1 at k = 0 where no power is larger.
  public let peak: Double, peakPower: Int
  /// The most powers that are looked at.
  public static let powers = 64

  /// Of a square matrix; what a search of its powers costs is left to the caller by `powers`.
  /// - Throws: that the matrix is not finite.
  public init(_ matrix: Matrix, powers: Int = powers) throws {
    let spectrum = try MatrixSpectrum(matrix)
    spectralRadius = spectrum.spectralRadius
    largestSingularValue = spectrum.singularValues.first ?? 0
    let norm = euclideanNorm(matrix.elements)
    // Schur: ‖W‖_F² = Σ |λ|² + the departure squared. Each divided by the norm, so that no square overflows.
    let normal = spectrum.eigenvalues.reduce(0) { $0 + ($1.magnitude / norm) * ($1.magnitude / norm) }
    departure = norm > 0 ? max(0, 1 - normal).squareRoot() : 0
    var best = (norm: 1.0, power: 0)
    var product = JacobianProductNorm(matrix)
    for power in 1...max(1, powers) {
      let norm = try product.next()
      if norm > best.norm * (1 + 1e-12) { best = (norm, power) }
      if !norm.isFinite || norm == 0 { break }
    }
    (peak, peakPower) = best
  }
}

/// ‖W^k‖₂ for k = 1, 2, …
private struct JacobianProductNorm {
  let matrix: Matrix
  var power: Matrix

  init(_ matrix: Matrix) {
    self.matrix = matrix
    power = .identity(matrix.rows)
  }

  mutating func next() throws -> Double {
    power = matrix * power
    guard power.elements.allSatisfy({ $0.isFinite }) else { return .infinity }
    return try power.fastSingularValues().first ?? 0
  }
}
