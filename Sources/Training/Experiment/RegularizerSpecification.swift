/// What is added to the gradient beside the loss.
public struct RegularizerSpecification: Equatable, Sendable {
  /// λ of Ω (Pascanu, Mikolov & Bengio 2013), which wants every step back to keep the gradient's norm.
  public var omega = 0.0
  /// λ of gradient flossing (Engelken 2023), which pushes the largest Lyapunov exponents to 0; and how many of them.
  public var flossing = 0.0, exponents = 1
  /// η of gradient noise (Neelakantan et al. 2015), whose variance is η/(1+t)^γ.
  public var noise = 0.0
  /// γ of gradient noise.
  public var noiseDecay = 0.55

  /// The defaults: none.
  public init() {}
}
