import LinearAlgebra
import RecurrentNetworks

/// The Jacobians J_t of one sequence and layer, step by step, for a product: with what is known of them beforehand.
final class StepJacobians {
  /// The order of a Jacobian.
  let width: Int
  private let stride: Int
  private let elements: UnsafeMutablePointer<Double>
  private let identity: UnsafeMutablePointer<Double>
  private let pullback: StatePullback
  private let tape: Tape
  private let layer: Int, sequence: Int
  /// The norms of W_hh's rows, and its largest and smallest singular values; nil for cells whose Jacobian has another form, and
  /// where each step has a W_hh of its own.
  private let weights: (rowNorms: [Double], largest: Double, smallest: Double)?

  /// The least and the largest |κ| of the units, and the largest |s|.
  private let directPath: (least: Double, largest: Double), largestScale: Double

  /// log10 of what bounds the norm of every step's Jacobian: ‖J‖₂ ≤ max κ + max |s| · γ · σ_max(W_hh) with
  /// J = diag(κ) + diag(s) diag(φ′) W_hh; nil as `weights` is.
  var log10Bound: Double? {
    guard let largest = weights?.largest else { return nil }
    let stretch = tape.network.activation.maximumDerivative * largest
    return Logarithm.base10(directPath.largest + largestScale * stretch)
  }

  /// σ_max(W_hh); nil as `weights` is.
  var largestSingularValue: Double? { weights?.largest }

  init(_ tape: Tape, layer: Int, sequence: Int) throws {
    let width = tape.network.cell.parts * tape.hidden
    self.tape = tape
    self.layer = layer
    self.sequence = sequence
    self.width = width
    stride = ((width + 7) / 8 | 1) * 8
    pullback = StatePullback(tape, layer: layer, sequence: sequence, rows: width)
    let jacobian = tape.affineJacobian(layer: layer)
    if let jacobian {
      directPath = (jacobian.directPath.map(\.magnitude).min() ?? 0, jacobian.directPath.map(\.magnitude).max() ?? 0)
      largestScale = jacobian.scale.map(\.magnitude).max() ?? 1
    } else {
      (directPath, largestScale) = ((0, 0), 1)
    }
    if jacobian != nil, tape.layout.copies == 1, let matrix = tape.recurrentWeights(layer: layer, step: 0) {
      let values = try matrix.fastSingularValues()
      let norms = (0..<width).map { i in
        matrix.elements[i * width..<(i + 1) * width].reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
      weights = (norms, values.first ?? 0, values.last ?? 0)
    } else {
      weights = nil
    }
    func zeros(_ count: Int) -> UnsafeMutablePointer<Double> {
      UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
        .initializeMemory(as: Double.self, repeating: 0, count: count)
    }
    elements = zeros(width * stride)
    identity = zeros(width * stride)
    for i in 0..<width { identity[i * stride + i] = 1 }
  }

  deinit {
    UnsafeMutableRawPointer(elements).deallocate()
    UnsafeMutableRawPointer(identity).deallocate()
  }

  /// product ← product · J_t.
  func extend(_ product: JacobianProduct, step t: Int) throws {
    let (rowRatio, condition) = bounds(step: t)
    if rowRatio < JacobianProduct.largestRowRatio {
      try product.extend(conditionBound: condition) { rows, from, to, stride in
        pullback.apply(step: t, rows: rows, from: from, to: to, stride: stride)
      }
    } else {
      pullback.apply(step: t, rows: width, from: identity, to: elements, stride: stride)
      try product.extend(by: elements, rowStride: stride, conditionBound: condition)
    }
  }

  /// The ratio of the largest to the smallest row norm of J_t, and a bound of its condition; infinite where unknown.
  ///
  /// J = diag(κ) + diag(s) diag(φ′) W: without the direct path σ_max/σ_min ≤ (max φ′/min φ′) σ_max(W)/σ_min(W); with it
  /// (max κ + v)/(min κ - v), v = max |s| max|φ′| σ_max(W), where min κ > v.
  private func bounds(step t: Int) -> (rowRatio: Double, condition: Double) {
    guard let weights else { return (.infinity, .infinity) }
    let start = (t * tape.batch + sequence) * width
    var (least, most, leastRow, mostRow) = (Double.infinity, 0.0, Double.infinity, 0.0)
    tape.layers[layer].derivative.withUnsafeBufferPointer { derivative in
      for i in 0..<width {
        let opening = derivative[start + i].magnitude
        (least, most) = (min(least, opening), max(most, opening))
        let row = opening * weights.rowNorms[i]
        (leastRow, mostRow) = (min(leastRow, row), max(mostRow, row))
      }
    }
    if directPath.largest > 0 {
      let stretch = largestScale * most * weights.largest
      guard stretch < directPath.least else { return (.infinity, .infinity) }
      let ratio = (directPath.largest + stretch) / (directPath.least - stretch)
      return (ratio, ratio)
    }
    guard leastRow > 0, weights.smallest > 0, mostRow.isFinite else { return (.infinity, .infinity) }
    return (mostRow / leastRow, most / least * weights.largest / weights.smallest)
  }
}
