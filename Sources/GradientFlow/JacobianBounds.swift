import LinearAlgebra
import RecurrentNetworks

/// What is known of the Jacobians J_t = diag(κ) + diag(s) diag(φ′(a_t)) W_hh of a sequence and layer before any is formed.
struct JacobianBounds {
  /// log10 of what bounds ‖J_t‖₂ at every step: max κ + max |s| · γ · σ_max(W_hh).
  let log10PerStep: Double

  private let width: Int, batch: Int, sequence: Int
  /// φ′(a_t), [T, B, H].
  private let derivative: [Double]
  /// The norms of W_hh's rows, and its largest and smallest singular values.
  private let rowNorms: [Double], largest: Double, smallest: Double
  /// The least and the largest |κ| of the units, and the largest |s|.
  private let leastDirect: Double, largestDirect: Double, largestScale: Double

  /// nil for cells whose Jacobian has another form, and where each step has a W_hh of its own.
  init?(_ tape: Tape, layer: Int, sequence: Int) throws {
    guard let jacobian = tape.affineJacobian(layer: layer), tape.layout.copies == 1,
      let weights = tape.recurrentWeights(layer: layer, step: 0)
    else { return nil }
    (width, batch, self.sequence) = (tape.hidden, tape.batch, sequence)
    derivative = tape.layers[layer].derivative
    let values = try weights.fastSingularValues()
    (largest, smallest) = (values.first ?? 0, values.last ?? 0)
    let (h, elements) = (tape.hidden, weights.elements)
    rowNorms = (0..<h).map { euclideanNorm(elements[$0 * h..<($0 + 1) * h]) }
    leastDirect = jacobian.directPath.map(\.magnitude).min() ?? 0
    largestDirect = jacobian.directPath.map(\.magnitude).max() ?? 0
    largestScale = jacobian.scale.map(\.magnitude).max() ?? 1
    // ‖J‖₂ ≤ max κ + max |s| · γ · σ_max(W_hh)
    log10PerStep = Log10.of(largestDirect + largestScale * tape.network.activation.maximumDerivative * largest)
  }

  /// The ratio of the largest to the smallest row norm of J_t, and a bound of its condition σ_max/σ_min; infinite where unknown.
  func ratios(step t: Int) -> (rowRatio: Double, condition: Double) {
    let start = (t * batch + sequence) * width
    var (least, most, leastRow, mostRow) = (Double.infinity, 0.0, Double.infinity, 0.0)
    for i in 0..<width {
      let slope = derivative[start + i].magnitude
      (least, most) = (min(least, slope), max(most, slope))
      let row = slope * rowNorms[i]
      (leastRow, mostRow) = (min(leastRow, row), max(mostRow, row))
    }
    if largestDirect > 0 {
      // (max κ + v)/(min κ - v), v = max |s| max|φ′| σ_max(W), where min κ > v
      let stretch = largestScale * most * largest
      guard stretch < leastDirect else { return (.infinity, .infinity) }
      let ratio = (largestDirect + stretch) / (leastDirect - stretch)
      return (ratio, ratio)
    }
    guard leastRow > 0, smallest > 0, mostRow.isFinite else { return (.infinity, .infinity) }
    // σ_max/σ_min ≤ (max φ′/min φ′) σ_max(W)/σ_min(W)
    return (mostRow / leastRow, most / least * largest / smallest)
  }
}
