import LinearAlgebra

extension Optimizer {
  /// SGD with momentum in PyTorch's form: v ← μ v + g, w ← w - η v.
  func stepMomentum(_ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress, let v = first.baseAddress else { return }
    let rate = S(specification.learningRate), momentum = S(specification.momentum)
    for i in 0..<parameters.count {
      v[i] = momentum * v[i] + g[i]
      w[i] -= rate * v[i]
    }
  }
}
