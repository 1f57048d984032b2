import LinearAlgebra

extension Optimizer {
  /// SGD with momentum in PyTorch's form: v ← μ v + g, w ← w - η v.
  func stepMomentum(_ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress, let v = first.baseAddress else { return }
    let n = parameters.count
    S.scaleAdd(
      rows: 1, columns: n, alpha: 1, x: g, xStride: n, beta: S(specification.momentum), y: v, yStride: n)
    S.scaleAdd(
      rows: 1, columns: n, alpha: -S(specification.learningRate), x: v, xStride: n, beta: 1, y: w, yStride: n)
  }
}
