import LinearAlgebra

extension Optimizer {
  /// Stochastic gradient descent: w ← w - η g.
  func stepSGD(_ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress else { return }
    let n = parameters.count
    S.scaleAdd(
      rows: 1, columns: n, alpha: -S(specification.learningRate), x: g, xStride: n, beta: 1, y: w, yStride: n)
  }
}
