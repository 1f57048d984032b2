import Glibc
import LinearAlgebra

/// The linear recurrent unit (Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu & De, "Resurrecting recurrent neural networks for
/// long sequences", 2023): h_t = λ h_{t-1} + γ W_ih x_t in complex numbers, element by element, with
/// λ = exp(-exp(ν) + i exp(θ)), so that |λ| < 1 whatever is trained, and γ = exp(γ_log), which begins at √(1 - |λ|²).
///
/// H numbers are H/2 complex ones: the real parts, and then the imaginary parts. So W_ih is [Re B; Im B], the readout of h is
/// Re(C h) with W_ho = [Re C, -Im C], and a layer above reads both parts. J_t is λ, at every step, whatever the input.
///
/// Discretized with a zero-order hold, λ = exp(ΔΛ) and γ = (λ - 1)/Λ follow from dh/dt = Λ h + W_ih x, whose input is held for a
/// step Δ, exactly; Λ = -exp(ρ) + iω as in S4D (Gu, Goel, Gupta & Ré 2022).
struct LRUCell: Cell {
  static let gates = 1
  var stateComponents: Int { 1 }
  static let keepsPreactivation = true
  static let hasRecurrentWeights = false
  static let hasBias = false
  static let coupledParts = 2

  /// The rows of the constants, each of real parts and then imaginary ones: λ, γ, the derivatives of both by each of the three
  /// tensors, and room for the gradients by λ and γ.
  private static let lambda = 0, gamma = 1, derivatives = 2, sums = 8
  private let pairs: Int
  private let discretization: Discretization

  init(_ network: NetworkSpecification) {
    pairs = network.hidden / 2
    discretization = network.discretization
  }

  var description: CellDescription {
    let isHeld = discretization == .zeroOrderHold
    var cell = CellDescription(
      summary: isHeld
        ? "a diagonal of complex numbers, discretized with a zero-order hold (S4D, Gu et al. 2022)"
        : "a diagonal of complex numbers, the linear recurrent unit (Orvieto et al. 2023)",
      state: [
        "h{t} = λ∘h{t-1} + γ∘a{t}",
        "ℜh{t} = ℜλ ⊙ ℜh{t-1} - ℑλ ⊙ ℑh{t-1} + ℜγ ⊙ ℜa{t}" + (isHeld ? " - ℑγ ⊙ ℑa{t}" : ""),
        "ℑh{t} = ℜλ ⊙ ℑh{t-1} + ℑλ ⊙ ℜh{t-1} + ℜγ ⊙ ℑa{t}" + (isHeld ? " + ℑγ ⊙ ℜa{t}" : ""),
      ], gradient: ["δ{t} = {local} + λ*∘δ{t+1}", "∂L/∂a{t} = γ*∘δ{t}"])
    cell.preactivation = "a{t} = W_ih x{t}"
    cell.gateFunctions = [.identity]
    cell.boundsState = false
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    guard let constants = step.constants else { return false }
    // h_t = λ h_{t-1} + γ a_t
    return S.lruForward(
      rows: step.rows, pairs: pairs, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, h: step.state, stateStride: step.stateStride,
      lambda: constants + Self.lambda * step.constantStride, gamma: constants + Self.gamma * step.constantStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    guard let constants = step.constants else { return 0 }
    // ∂L/∂a_t = γ* δ_t;  δ_{t-1} += λ* δ_t, conjugates
    return S.lruBackward(
      rows: step.rows, pairs: pairs, dh: step.gradient, gradientStride: step.gradientStride,
      da: step.preactivationGradient, daStride: step.preactivationGradientStride, dhBefore: step.previousGradient,
      accumulate: step.accumulates, lambda: constants + Self.lambda * step.constantStride,
      gamma: constants + Self.gamma * step.constantStride)
  }

  // MARK: λ and γ

  var constantRows: Int { 10 }

  var unitTensors: [UnitTensor] {
    let names =
      discretization == .zeroOrderHold ? ["log_dt", "log_A_real", "A_imag"] : ["nu_log", "theta_log", "gamma_log"]
    return names.map { UnitTensor(name: $0, count: pairs) }
  }

  /// λ and γ of a unit, and the derivatives of both by each of its three parameters: λ, γ, ∂λ/∂p_0, ∂γ/∂p_0, ∂λ/∂p_1, …
  private typealias Diagonal = (Complex, Complex, Complex, Complex, Complex, Complex, Complex, Complex)

  private func diagonal(_ p: (Double, Double, Double)) -> Diagonal {
    let i = Complex(0, 1), zero = Complex(0)
    switch discretization {
    case .none:
      // λ = exp(-e^ν + i e^θ), γ = e^γ_log
      let decay = exp(p.0), angle = exp(p.1), gamma = Complex(exp(p.2))
      let lambda = Complex(exp(-decay) * cos(angle), exp(-decay) * sin(angle))
      return (lambda, gamma, Complex(-decay) * lambda, zero, Complex(angle) * i * lambda, zero, zero, gamma)
    case .zeroOrderHold:
      // Λ = -e^ρ + iω, λ = e^(ΔΛ), γ = (λ - 1)/Λ;  ∂γ/∂Λ = (Δλ - γ)/Λ, ∂γ/∂Δ = λ
      let step = exp(p.0), rate = Complex(-exp(p.1), p.2)
      let (x, y) = (step * rate.real, step * rate.imaginary)
      let lambda = Complex(exp(x) * cos(y), exp(x) * sin(y))
      // λ - 1 without cancellation: cos y = 1 - 2 sin²(y/2).
      let gamma = Complex(expm1(x) * cos(y) - 2 * sin(y / 2) * sin(y / 2), lambda.imaginary) / rate
      let byRate = (Complex(step) * lambda - gamma) / rate
      let moved = Complex(step) * lambda
      return (
        lambda, gamma, rate * moved, moved, Complex(rate.real) * moved, Complex(rate.real) * byRate, i * moved,
        i * byRate
      )
    }
  }

  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {
    let stride = PassPlan<S>.stride(hidden)
    func put(_ value: Complex, row: Int, unit: Int) {
      constants[row * stride + unit] = S(value.real)
      constants[row * stride + pairs + unit] = S(value.imaginary)
    }
    for unit in 0..<pairs {
      let made = diagonal(
        (Double(tensors[unit]), Double(tensors[pairs + unit]), Double(tensors[2 * pairs + unit])))
      put(made.0, row: Self.lambda, unit: unit)
      put(made.1, row: Self.gamma, unit: unit)
      put(made.2, row: Self.derivatives, unit: unit)
      put(made.3, row: Self.derivatives + 1, unit: unit)
      put(made.4, row: Self.derivatives + 2, unit: unit)
      put(made.5, row: Self.derivatives + 3, unit: unit)
      put(made.6, row: Self.derivatives + 4, unit: unit)
      put(made.7, row: Self.derivatives + 5, unit: unit)
    }
  }

  /// ∂L/∂p is the scalar product of ∂L/∂λ = Σ_t h̄_{t-1} δ_t with ∂λ/∂p and that of ∂L/∂γ = Σ_t ā_t δ_t with ∂γ/∂p, as pairs of
  /// real numbers.
  @inline(__always)
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {
    guard let constants = step.constants else { return }
    let stride = step.constantStride
    let sums = constants + Self.sums * stride
    S.lruSums(
      rows: step.rows, pairs: pairs, a: step.preactivation, aStride: step.activationStride,
      hBefore: step.previousState, stateStride: step.stateStride, dh: step.gradient,
      gradientStride: step.gradientStride, lambda: sums, gamma: sums + stride)
    for tensor in 0..<3 {
      let by = constants + (Self.derivatives + 2 * tensor) * stride
      for part in 0..<2 * pairs {
        let share = sums[part] * by[part] + sums[stride + part] * by[stride + part]
        gradient[tensor * pairs + (part < pairs ? part : part - pairs)] += share
      }
    }
  }

  /// λ even over the ring between two radii, as the paper has it; of the discretized kind S4D's: Λ = -½ + iπn, Δ from 0.001 to
  /// 0.1, even in its logarithm.
  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double] {
    let units = 0..<pairs
    switch discretization {
    case .none:
      let inner = initialization.ringInner * initialization.ringInner
      let outer = initialization.ringOuter * initialization.ringOuter
      // 1 - u lies in (0, 1]: no radius of 0, whose logarithm there is none of.
      let squared = units.map { _ in inner + (outer - inner) * (1 - random.uniform()) }.map { min($0, 1 - 1e-12) }
      let angles = units.map { _ in initialization.largestAngle * (1 - random.uniform()) }
      return squared.map { log(-0.5 * log($0)) } + angles.map { log($0) } + squared.map { 0.5 * log1p(-$0) }
    case .zeroOrderHold:
      let steps = units.map { _ in log(0.001) + random.uniform() * log(100) }
      return steps + units.map { _ in log(0.5) } + units.map { .pi * Double($0) }
    }
  }
}

extension Complex {
  fileprivate static func * (x: Complex, y: Complex) -> Complex {
    Complex(x.real * y.real - x.imaginary * y.imaginary, x.real * y.imaginary + x.imaginary * y.real)
  }

  fileprivate static func - (x: Complex, y: Complex) -> Complex { Complex(x.real - y.real, x.imaginary - y.imaginary) }

  fileprivate static func / (x: Complex, y: Complex) -> Complex {
    let squared = y.real * y.real + y.imaginary * y.imaginary
    return Complex(
      (x.real * y.real + x.imaginary * y.imaginary) / squared, (x.imaginary * y.real - x.real * y.imaginary) / squared)
  }
}
