import LinearAlgebra

extension Optimizer {
  /// Stochastic gradient descent: w ← w - η g.
  func stepSGD(_ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress else { return }
    let rate = S(specification.learningRate)
    for i in 0..<parameters.count { w[i] -= rate * g[i] }
  }
}
