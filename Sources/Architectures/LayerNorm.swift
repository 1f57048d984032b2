import LinearAlgebra

/// y = γ ⊙ n + β with n = (x - mean)/√(variance + 10⁻⁵), over each row (Ba, Kiros & Hinton 2016).
final class LayerNorm<S: Scalar> {
  private let width: Int
  private let weights: Weights<S>
  private let gain: Int, shift: Int
  /// n, and 1/√(…) of each row.
  private let normal: UnsafeMutablePointer<S>, inverse: UnsafeMutablePointer<S>

  /// The tensors `name`.weight and `name`.bias, for up to `rows` rows.
  convenience init(_ name: String, _ weights: Weights<S>, rows: Int, width: Int, _ arena: Arena<S>) {
    self.init(
      weights.offset(name + ".weight"), weights.offset(name + ".bias"), weights, rows: rows, width: width, arena)
  }

  /// γ and β that begin there among the parameters.
  init(_ gain: Int, _ shift: Int, _ weights: Weights<S>, rows: Int, width: Int, _ arena: Arena<S>) {
    (self.width, self.weights, self.gain, self.shift) = (width, weights, gain, shift)
    (normal, inverse) = (arena.take(rows, width), arena.take(rows))
  }

  /// y = γ ⊙ n + β; y may be x.
  func forward(_ rows: Int, _ x: UnsafePointer<S>, into y: UnsafeMutablePointer<S>) {
    S.normalizeRows(
      rows: rows, columns: width, x: x, xStride: width, gain: weights.parameters + gain,
      shift: weights.parameters + shift, normal: normal, normalStride: width, inverse: inverse, y: y, yStride: width)
  }

  /// With g = γ ⊙ ∂L/∂y: ∂L/∂x = (g - mean g - n mean(g ⊙ n))/√(…); ∂L/∂γ += Σ ∂L/∂y ⊙ n, ∂L/∂β += Σ ∂L/∂y
  func backward(_ rows: Int, _ dy: UnsafePointer<S>, into dx: UnsafeMutablePointer<S>, accumulate: Bool) {
    S.normalizeRowsBackward(
      rows: rows, columns: width, normal: normal, normalStride: width, inverse: inverse, inverseStride: 1,
      gain: weights.parameters + gain, dy: dy, dyStride: width, into: dx, dxStride: width, accumulate: accumulate,
      gainGradient: weights.gradient + gain, shiftGradient: weights.gradient + shift)
  }

  /// Row vectors times the Jacobian at row `row`: v ∂y/∂x.
  func pullBack(
    _ count: Int, row: Int, _ v: UnsafePointer<S>, stride: Int, into result: UnsafeMutablePointer<S>,
    resultStride: Int, accumulate: Bool
  ) {
    S.normalizeRowsBackward(
      rows: count, columns: width, normal: normal + row * width, normalStride: 0, inverse: inverse + row,
      inverseStride: 0, gain: weights.parameters + gain, dy: v, dyStride: stride, into: result, dxStride: resultStride,
      accumulate: accumulate, gainGradient: nil, shiftGradient: nil)
  }
}
