import Glibc
import LinearAlgebra

/// β of the leaky cell, one for each unit.
///
/// Fixed, it follows from the network's settings. Trained, it is β = 1/(1 + e^-ρ), which stays between 0 and 1 whatever the optimizer
/// does, with ρ the parameter `beta_logit_l0` [H] of each layer.
extension NetworkSpecification {
  /// Whether units have a β each.
  public var hasUnitRates: Bool { cell == .leaky && (betaSpread != 1 || learnsBeta) }

  /// β of a unit by the settings: from `beta` down to `beta`/`betaSpread`, by equal factors.
  public func setRate(unit: Int) -> Double {
    hidden > 1 ? beta * pow(betaSpread, -Double(unit) / Double(hidden - 1)) : beta
  }
}

extension ParameterLayout {
  /// ρ of a layer, [H]; nil where β is not trained.
  public func betaLogit(layer: Int) -> Entry? { self["beta_logit_l\(layer)"] }
}

/// β and 1 - β, both with full relative accuracy.
private func rate(logit: Double) -> (rate: Double, rest: Double) {
  (1 / (1 + exp(-logit)), 1 / (1 + exp(logit)))
}

/// The ρ of a β.
func logit(_ rate: Double) -> Double { log(rate) - log1p(-rate) }

extension Tape {
  /// β of each unit of a layer; nil where all have the same, or the cell has none.
  public func rates(layer: Int) -> [Double]? {
    guard network.hasUnitRates else { return nil }
    return (0..<hidden).map { unitRate(layer: layer, unit: $0).rate }
  }

  fileprivate func unitRate(layer: Int, unit: Int) -> (rate: Double, rest: Double) {
    if let entry = layout.betaLogit(layer: layer) { return rate(logit: parameters[entry.offset + unit]) }
    let set = network.setRate(unit: unit)
    return (set, 1 - set)
  }

  /// J_t = diag(κ) + diag(s) diag(φ′(a_t)) W_hh of a layer, by unit; nil for cells whose Jacobian has another form.
  public func affineJacobian(layer: Int) -> (directPath: [Double], scale: [Double])? {
    if network.hasUnitRates {
      let rates = (0..<hidden).map { unitRate(layer: layer, unit: $0) }
      return (rates.map(\.rest), rates.map(\.rate))
    }
    return network.cellDescription.affineJacobian.map {
      (Array(repeating: $0.directPath, count: hidden), Array(repeating: $0.scale, count: hidden))
    }
  }
}

extension LeakyCell {
  var unitTensors: [UnitTensor] { network.learnsBeta ? [UnitTensor(name: "beta_logit", count: network.hidden)] : [] }
  var constantRows: Int { network.hasUnitRates ? 2 : 0 }

  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double] {
    (0..<network.hidden).map { logit(network.setRate(unit: $0)) }
  }

  /// β and 1 - β of the units, those of the parameters or of the settings.
  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {
    let stride = PassPlan<S>.stride(hidden)
    for unit in 0..<hidden {
      let set = network.setRate(unit: unit)
      let (beta, rest) = network.learnsBeta ? rate(logit: Double(tensors[unit])) : (set, 1 - set)
      (constants[unit], constants[stride + unit]) = (S(beta), S(rest))
    }
  }

  /// By ∂h_t/∂β = φ(a_t) - h_{t-1} = (h_t - h_{t-1})/β and ∂β/∂ρ = β (1-β): ∂L/∂ρ = (1-β) Σ_t δ_t ⊙ (h_t - h_{t-1}).
  @inline(__always)
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {
    guard let constants = step.constants else { return }
    let rest = constants + step.constantStride
    for unit in 0..<step.hidden {
      var sum: S = 0
      for row in 0..<step.rows {
        let place = row * step.stateStride + unit
        sum += step.gradient[row * step.gradientStride + unit] * (step.state[place] - step.previousState[place])
      }
      gradient[unit] += rest[unit] * sum
    }
  }
}

/// Steps in which every unit has its own β.
extension CellStep {
  /// z = x ⊙ v in each row, v the units' β or 1 - β; returns Σ x².
  @inline(__always)
  @discardableResult
  private func multiply(
    _ x: UnsafeMutablePointer<S>, _ xStride: Int, by v: UnsafeMutablePointer<S>, into z: UnsafeMutablePointer<S>,
    _ zStride: Int
  ) -> S {
    S.multiplyElements(
      rows: rows, columns: hidden, scale: 1, x: x, xStride: xStride, y: v, yStride: 0, into: z, zStride: zStride)
  }

  /// h_t = h_{t-1} + β ⊙ (h_t - h_{t-1}), h_t being φ(a_t).
  @inline(__always)
  func blendState(rates: UnsafeMutablePointer<S>) {
    blendState(keep: -1, new: 1)
    multiply(state, stateStride, by: rates, into: state, stateStride)
    blendState(keep: 1, new: 1)
  }

  /// ∂L/∂a_t = β ⊙ φ′(a_t) ⊙ δ_t;  δ_{t-1} += (1-β) ⊙ δ_t + W_hhᵀ ∂L/∂a_t, where it is wanted; returns Σ δ_t².
  @inline(__always)
  func passBack(rates: UnsafeMutablePointer<S>) -> S {
    let rest = rates + constantStride
    if let previous = previousGradient, accumulates {
      // By way of ∂L/∂a_t's own place.
      multiply(gradient, gradientStride, by: rest, into: preactivationGradient, preactivationGradientStride)
      S.scaleAdd(
        rows: rows, columns: hidden, alpha: 1, x: preactivationGradient, xStride: preactivationGradientStride, beta: 1,
        y: previous, yStride: gradientStride)
    }
    let sumOfSquares = differentiateActivation(scale: 1)
    multiply(
      preactivationGradient, preactivationGradientStride, by: rates, into: preactivationGradient,
      preactivationGradientStride)
    guard let previous = previousGradient else { return sumOfSquares }
    // δ_{t-1} may lie where δ_t does: it is written once δ_t has been read.
    if !accumulates { multiply(gradient, gradientStride, by: rest, into: previous, gradientStride) }
    var step = self
    step.accumulates = true
    step.passBack(keep: 0, gates: 1)
    return sumOfSquares
  }
}
