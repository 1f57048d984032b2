import LinearAlgebra

/// A square matrix's spectrum: of W_hh, or of a step's Jacobian J_t.
public struct MatrixSpectrum: Equatable, Sendable {
  /// The eigenvalues, the largest magnitude first.
  public let eigenvalues: [Complex]
  /// The singular values, descending.
  public let singularValues: [Double]
  /// ρ = max |λ|.
  public var spectralRadius: Double { eigenvalues.first?.magnitude ?? 0 }
}
