import Glibc
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
    departure = Self.departure(matrix, eigenvalues: spectrum.eigenvalues)
    (peak, peakPower) = try Self.peak(matrix, largest: largestSingularValue, powers: powers)
  }

  /// Henrici's departure of a square matrix alone, which needs its eigenvalues and no singular ones.
  /// - Throws: that the matrix is not finite.
  package static func departure(_ matrix: Matrix) throws -> Double {
    departure(matrix, eigenvalues: try matrix.eigenvalues())
  }

  private static func departure(_ matrix: Matrix, eigenvalues: [Complex]) -> Double {
    let norm = euclideanNorm(matrix.elements)
    // Schur: ‖W‖_F² = Σ |λ|² + the departure squared. Each divided by the norm, so that no square overflows.
    let normal = eigenvalues.reduce(0) { $0 + ($1.magnitude / norm) * ($1.magnitude / norm) }
    return norm > 0 ? max(0, 1 - normal).squareRoot() : 0
  }

  /// The greatest ‖W^k‖₂ and its first k.
  ///
  /// Singular values cost far more than a bound, so they are taken only of powers that the bounds leave open, those with the
  /// greatest bound first.
  private static func peak(_ matrix: Matrix, largest: Double, powers: Int) throws -> (Double, Int) {
    let slack = 1e-12
    // ‖W^k‖ ≤ ‖W‖^k.
    guard largest > 1 + slack else { return (1, 0) }
    var candidates: [(power: Matrix, exponent: Int, bound: Double)] = []
    var power = Matrix.identity(matrix.rows)
    for exponent in 1...max(1, powers) {
      power = matrix * power
      guard power.elements.allSatisfy(\.isFinite) else { return (.infinity, exponent) }
      let bound = bound(power)
      // ‖W^(k+j)‖ ≤ ‖W^k‖ ‖W^j‖: behind a power with norm 1 or less none is larger than those before it.
      if bound <= 1 { break }
      candidates.append((power, exponent, bound))
    }
    var best = (norm: 1.0, exponent: 0)
    for candidate in candidates.sorted(by: { $0.bound > $1.bound }) {
      guard candidate.bound > best.norm * (1 - slack) else { break }
      let norm = try candidate.power.fastSingularValues().first ?? 0
      let isAsLarge = norm > best.norm * (1 - slack) && candidate.exponent < best.exponent
      if norm > best.norm * (1 + slack) || isAsLarge { best = (norm, candidate.exponent) }
    }
    return best
  }

  /// A number that ‖A‖₂ is not over, and that is some percent above it at most where it is over 1.
  ///
  /// ‖A‖₂ ≤ ‖A‖_F, and with G = AAᵀ: ‖A‖₂² = ‖G‖₂ = ‖G^m‖₂^(1/m) ≤ ‖G^m‖_F^(1/m), m = 2, 4, 8, …, 64.
  private static func bound(_ matrix: Matrix) -> Double {
    let norm = euclideanNorm(matrix.elements)
    guard norm > 1 else { return norm }
    let scaled = 1 / norm * matrix
    var gram = scaled * scaled.transposed
    var log = Glibc.log(norm), weight = 0.5
    for _ in 0..<6 {
      let size = euclideanNorm(gram.elements)
      log += weight * Glibc.log(size)
      let unit = 1 / size * gram
      gram = unit * unit
      weight /= 2
    }
    log += weight * Glibc.log(euclideanNorm(gram.elements))
    return exp(log) * (1 + 1e-12)
  }
}
