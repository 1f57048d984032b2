/// How far back a gradient reaches: the lags at which the norm of the product of Jacobians falls under 10 % and under 1 %.
public struct Horizon: Equatable, Sendable {
  /// The first whole lag at which ‖∂s_T/∂s_{T-lag}‖ is under 10 %, and under 1 %; nil where it never is.
  public let lag10: Int?, lag1: Int?
  /// Where between that lag and the one before it the norm crosses 10 %, and 1 %, its logarithm taken as a straight line; the whole
  /// lag where it falls to exactly 0 there.
  public let crossing10: Double?, crossing1: Double?

  /// From log10 of the norm at lag 1, 2, …; at lag 0 the product is the identity, whose norm is 1.
  public init(log10Norm norms: [Double]) {
    func crossing(_ threshold: Double) -> (lag: Int, place: Double)? {
      guard let index = norms.firstIndex(where: { $0 < threshold }) else { return nil }
      let lag = index + 1
      let before = index > 0 ? norms[index - 1] : 0, after = norms[index]
      guard after.isFinite, before.isFinite else { return (lag, Double(lag)) }
      // before + x (after - before) = threshold
      return (lag, Double(index) + (threshold - before) / (after - before))
    }
    let ten = crossing(-1), one = crossing(-2)
    (lag10, lag1) = (ten?.lag, one?.lag)
    (crossing10, crossing1) = (ten?.place, one?.place)
  }

  /// The horizon of a product by lag.
  public init(_ product: ProductByLag) { self.init(log10Norm: product.log10Norm) }
}
