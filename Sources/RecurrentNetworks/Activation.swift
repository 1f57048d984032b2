import Glibc
import LinearAlgebra

extension Activation {
  /// γ = max |φ′|: the largest factor by which φ can stretch a gradient.
  public var maximumDerivative: Double {
    self == .sigmoid ? 0.25 : 1
  }

  /// φ(a).
  public func value(_ a: Double) -> Double {
    switch self {
    case .tanh: hyperbolicTangent(a)
    case .sigmoid: a >= 0 ? 1 / (1 + exp(-a)) : exp(a) / (1 + exp(a))
    case .relu: a > 0 ? a : 0
    case .leakyReLU: a > 0 ? a : 0.01 * a
    case .identity: a
    case .softsign: a / (1 + abs(a))
    case .hardTanh: max(-1, min(1, a))
    case .sin: sine(a)
    }
  }

  /// φ′(a), with full relative accuracy also where φ is saturated; at a kink the derivative from the flat side.
  public func derivative(_ a: Double) -> Double {
    let e = exp(-abs(a))
    switch self {
    case .tanh:
      // 1/cosh² a, with cosh a = (1 + e²)/2e, e = exp(-|a|)
      let sech = 2 * e / (1 + e * e)
      return sech * sech
    case .sigmoid: return e / ((1 + e) * (1 + e))
    case .relu: return a > 0 ? 1 : 0
    case .leakyReLU: return a > 0 ? 1 : 0.01
    case .identity: return 1
    case .softsign: return 1 / ((1 + abs(a)) * (1 + abs(a)))
    case .hardTanh: return abs(a) < 1 ? 1 : 0
    case .sin: return cos(a)
    }
  }

  /// φ″(a); 0 at a kink.
  func secondDerivative(_ a: Double) -> Double {
    switch self {
    // φ″ = -2 φ φ′;  φ′ (1 - 2φ);  -2 sign(a) (1 + |a|)^-3
    case .tanh: -2 * value(a) * derivative(a)
    case .sigmoid: derivative(a) * (1 - 2 * value(a))
    case .softsign: (a > 0 ? -2 : a < 0 ? 2 : 0) / ((1 + abs(a)) * (1 + abs(a)) * (1 + abs(a)))
    case .sin: -value(a)
    case .relu, .leakyReLU, .identity, .hardTanh: 0
    }
  }

  /// The kernel that computes it.
  package var function: ElementwiseFunction {
    switch self {
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .relu: .relu
    case .leakyReLU: .leakyReLU
    case .identity: .identity
    case .softsign: .softsign
    case .hardTanh: .hardTanh
    case .sin: .sin
    }
  }
}

// libm's functions, whose names the cases above hide.
private func hyperbolicTangent(_ a: Double) -> Double { tanh(a) }
private func sine(_ a: Double) -> Double { sin(a) }
