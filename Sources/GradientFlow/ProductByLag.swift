/// The products of Jacobians ∂s_T/∂s_{T-lag} of one sequence and layer, by lag, in logarithms exact at any depth.
public struct ProductByLag: Equatable, Sendable {
  /// The singular values at one lag.
  public struct Spectrum: Equatable, Sendable {
    /// T - k, from 1.
    public let lag: Int
    /// log10 of every singular value, descending; -infinity for an exact 0.
    public let log10: [Double]
  }

  /// The number T of steps: lags go from 1 to T.
  public let steps: Int
  /// log10 ‖∂s_T/∂s_{T-lag}‖₂ at lag 1 … T (index lag - 1).
  public let log10Norm: [Double]
  /// All singular values at the lags that were asked for, by ascending lag: the fan.
  public let spectra: [Spectrum]
  /// log10 of the factor that bounds the norm of every step's Jacobian: log10(γ σ_max(W_hh)) for Elman,
  /// log10((1-β) + βγσ) for leaky, log10(1 + αγσ) for residual; nil where the cell has no such bound.
  public let log10BoundPerStep: Double?
  /// The least-squares line through log10 ‖product‖ over the lag: its slope per step (an estimate of the largest
  /// Lyapunov exponent λ₁, base 10) and its value at lag 0; nil with fewer than two finite norms.
  public let slope: Double?, intercept: Double?
  /// The first lag at which the norm is under 10 % and under 1 %; nil where it never is.
  public let horizon10: Int?, horizon1: Int?
}
