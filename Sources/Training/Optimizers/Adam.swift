import Glibc
import LinearAlgebra

extension Optimizer {
  /// Adam (Kingma & Ba 2015) in PyTorch's form:
  /// m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g², w ← w - η/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε).
  ///
  /// Specialised by hand: a generic class is not, where it is called through a protocol.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  func stepAdam(_ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>) {
    guard let w = parameters.baseAddress, let g = gradient.baseAddress, let m = first.baseAddress,
      let v = second.baseAddress
    else { return }
    let (beta1, beta2) = (specification.beta1, specification.beta2)
    let rate = S(specification.learningRate / (1 - pow(beta1, Double(steps))))
    let inverseRoot = S(1 / (1 - pow(beta2, Double(steps))).squareRoot())
    let (keep1, keep2, add1, add2) = (S(beta1), S(beta2), S(1 - beta1), S(1 - beta2))
    let epsilon = S(specification.epsilon)
    for i in 0..<parameters.count {
      m[i] = keep1 * m[i] + add1 * g[i]
      v[i] = keep2 * v[i] + add2 * g[i] * g[i]
      w[i] -= rate * m[i] / (v[i].squareRoot() * inverseRoot + epsilon)
    }
  }
}
