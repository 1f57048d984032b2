import Glibc
import LinearAlgebra

/// What a truncation costs in bias, estimated from how ‖∂L_s/∂h_{s-k}‖ falls with the lag k (Aicher, Foti & Fox, "Adaptively
/// truncating backpropagation through time to control gradient bias", UAI 2019).
///
/// φ_k is measured for k = 0 … R-1. From k = τ = R/2 on it is taken to fall geometrically, as φ_τ β^(k-τ), with log β the
/// slope of log φ_k against k over the lags τ … R-1. Keeping the terms of the lags 0 … K-1 then leaves out at most
/// E(K) = Σ_{k≥K} φ_k, and the whole is at least max_K (Σ_{k<K} φ_k - E(K)): their ratio bounds the relative bias.
public struct DecayEstimate: Equatable, Sendable {
  /// log β, the slope of log φ_k per step; -infinity where nothing is left of φ at the longer lags.
  public let logRatio: Double
  /// The estimated relative bias of keeping K = 1 … R lags; infinite where there is no bound: φ does not fall.
  public let relativeBias: [Double]

  /// The estimate from φ_0 … φ_{R-1}, one at least.
  public init(_ norms: some Collection<Double>) {
    // Only ratios count: scaled, so that no sum leaves the range.
    let largest = norms.reduce(0, Swift.max)
    guard largest > 0, largest.isFinite else {
      logRatio = largest > 0 ? .infinity : -.infinity
      relativeBias = norms.map { _ in largest > 0 ? .infinity : 0 }
      return
    }
    let phi = norms.map { $0 / largest }
    let start = phi.count / 2
    logRatio = Self.slope(phi, from: start)
    let left = Self.leftOut(phi, from: start, logRatio: logRatio)
    var kept = 0.0
    var whole = 0.0
    for (k, value) in phi.enumerated() {
      kept += value
      whole = max(whole, kept - left[k + 1])
    }
    relativeBias = phi.indices.map { whole > 0 ? left[$0 + 1] / whole : .infinity }
  }

  /// The least number of lags whose estimated bias is at most `tolerance`; all that were measured where none is.
  public func leastLags(tolerance: Double) -> Int {
    (relativeBias.firstIndex { $0 <= tolerance } ?? relativeBias.count - 1) + 1
  }

  /// The least-squares slope of log φ_k against k over the lags from `start` on whose φ is not 0.
  private static func slope(_ phi: [Double], from start: Int) -> Double {
    let points = (start..<phi.count).filter { phi[$0] > 0 }.map { (x: Double($0), y: log(phi[$0])) }
    // One lag alone has no slope: nothing is known of what falls. None at all: all of it has fallen.
    return LineFit(points)?.slope ?? (points.isEmpty || start + 1 < phi.count ? -.infinity : .infinity)
  }

  /// E(K) = Σ_{k≥K} φ_k for K = 0 … R: measured up to τ, geometric from there on.
  private static func leftOut(_ phi: [Double], from start: Int, logRatio: Double) -> [Double] {
    let tail = logRatio < 0 ? phi[start] / -expm1(logRatio) : .infinity
    var left = [Double](repeating: 0, count: phi.count + 1)
    for k in start...phi.count { left[k] = tail * (k == start ? 1 : exp(Double(k - start) * logRatio)) }
    for k in (0..<start).reversed() { left[k] = left[k + 1] + phi[k] }
    return left
  }
}
