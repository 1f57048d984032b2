import LinearAlgebra
import RecurrentNetworks

/// Unbiased online recurrent optimisation (Tallec & Ollivier 2018): a random matrix of rank one, s̃ w̃ᵀ, whose expectation is
/// RTRL's influence matrix.
///
/// With random signs ν, E[ν νᵀ] = I, so ν (νᵀ ∂⁺s_t/∂w) has the expectation ∂⁺s_t/∂w, and so has the sum of two terms multiplied
/// out, s̃ = ρ0 J s̃ + ρ1 ν, w̃ = w̃/ρ0 + (νᵀ ∂⁺s/∂w)/ρ1. ρ0 and ρ1 make the factors of a term equally long, which has the
/// least variance. The signs are a pure function of seed, step and sequence.
final class UORO<S: Scalar>: ForwardAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "unbiased online recurrent optimisation",
      summary: "RTRL's matrix as a random product of two vectors that is right on average (Tallec & Ollivier 2018)",
      equations: [
        "u{t} = ρ0 J{t} u{t-1} + ρ1 ν, ν random signs",
        "v{t} = v{t-1}/ρ0 + (νᵀ ∂⁺h{t}/∂w)/ρ1",
        "∂L/∂w = Σ (∂l{t}/∂h{t} · u{t}) v{t}, E[u vᵀ] = M",
      ],
      isTape: false, isForward: true)
  }

  /// n(m + n) numbers, as many multiply-adds a step for w̃ and for the rows of J.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    let parameters = sizes.recurrentWeights + Double(sizes.gates * sizes.units)
    return .trace((parameters + sizes.state) * Double(sizes.batch), sizes)
  }

  static var rules: [ExperimentRule] { ExperimentRule.forward + [.unitsMeet, .peepholes, .oneLayer] }

  let pass: Pass<S>
  var settings: ForwardSettings
  private let influence: RankOneInfluence<S>
  var memory: UnsafeMutableRawBufferPointer { influence.memory }

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    settings = ForwardSettings(experiment)
    influence = RankOneInfluence(pass: pass)
  }

  func advance(sequence: Int, step t: Int, isFirst: Bool, position: TrainingPosition) {
    var signs = CounterRandom(seed: settings.seed, for: .signs)
    let words = (influence.width + 63) / 64
    let place = (position.stepsBefore + t) * pass.batch + sequence
    signs.position = UInt64(truncatingIfNeeded: place &* words)
    influence.advance(sequence: sequence, step: t, signs: &signs)
  }

  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    influence.addGradient(sequence: sequence, lossGradient: lossGradient)
  }

  func influence(sequence: Int) -> Influence { influence.influence(sequence: sequence) }
}

/// s̃ and w̃ of every sequence.
final class RankOneInfluence<S: Scalar> {
  /// s̃ and w̃, sequence by sequence.
  var memory: UnsafeMutableRawBufferPointer {
    .init(start: elements, count: sequenceCount * pass.batch * MemoryLayout<S>.stride)
  }
  /// The numbers of a state, components·H.
  let width: Int
  private let elements: UnsafeMutablePointer<S>
  /// ν, J s̃, W_hh h̃, the gates' factors of ∂⁺, νᵀ ∂⁺s/∂w.
  private let signs: UnsafeMutablePointer<S>, moved: UnsafeMutablePointer<S>, recurrent: UnsafeMutablePointer<S>
  private let gateFactors: UnsafeMutablePointer<S>, immediate: UnsafeMutablePointer<S>
  private let pass: Pass<S>
  private let blocks: [WeightBlock]
  private let local: LocalDerivatives<S>
  private let hidden: Int, stateComponents: Int, gates: Int, parameters: Int
  private let stateCount: Int, sequenceCount: Int

  init(pass: Pass<S>) {
    self.pass = pass
    hidden = pass.network.hidden
    stateComponents = pass.network.stateComponents
    gates = pass.network.cell.gates
    width = stateComponents * hidden
    blocks = pass.layout.weightBlocks(layer: 0)
    parameters = pass.layout.end(ofLayer: 0)
    local = LocalDerivatives(pass.network)
    stateCount = paddedStride(width, of: S.self)
    sequenceCount = stateCount + paddedStride(parameters, of: S.self)
    elements = allocateZeros(sequenceCount * pass.batch, of: S.self)
    signs = allocateZeros(width, of: S.self)
    moved = allocateZeros(width, of: S.self)
    recurrent = allocateZeros(gates * hidden, of: S.self)
    gateFactors = allocateZeros(2 * gates * hidden, of: S.self)
    immediate = allocateZeros(parameters, of: S.self)
  }

  deinit {
    for buffer in [elements, signs, moved, recurrent, gateFactors, immediate] { buffer.deallocate() }
  }

  /// s̃ ← ρ0 J s̃ + ρ1 ν;  w̃ ← w̃/ρ0 + (νᵀ ∂⁺s/∂w)/ρ1.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func advance(sequence: Int, step t: Int, signs random: inout CounterRandom) {
    let state = elements + sequence * sequenceCount
    let weights = state + stateCount
    pass.differentiate(step: t, layer: 0, sequence: sequence, into: local)
    drawSigns(&random)
    move(state)
    findImmediate(sequence: sequence, step: t)
    // ρ0 = √(‖w̃‖/‖J s̃‖), ρ1 = √(‖νᵀ ∂⁺s/∂w‖/‖ν‖); a term of which a factor is 0 is 0 under any ρ.
    let rho0 = Self.ratio(norm(weights, parameters), norm(moved, width))
    let rho1 = Self.ratio(norm(immediate, parameters), Double(width).squareRoot())
    S.scaleAdd(
      rows: 1, columns: width, alpha: S(rho0), x: moved, xStride: 0, beta: 0, y: state, yStride: 0)
    S.scaleAdd(
      rows: 1, columns: width, alpha: S(rho1), x: signs, xStride: 0, beta: 1, y: state, yStride: 0)
    S.scaleAdd(
      rows: 1, columns: parameters, alpha: S(1 / rho1), x: immediate, xStride: 0, beta: S(1 / rho0), y: weights,
      yStride: 0)
  }

  private static func ratio(_ above: Double, _ below: Double) -> Double {
    let ratio = (above / below).squareRoot()
    return ratio > 0 && ratio < .infinity ? ratio : 1
  }

  private func norm(_ vector: UnsafeMutablePointer<S>, _ count: Int) -> Double {
    S.sumOfSquares(count: count, x: vector).squareRoot()
  }

  private func drawSigns(_ random: inout CounterRandom) {
    var bits: UInt64 = 0
    for index in 0..<width {
      if index % 64 == 0 { bits = random.next() }
      signs[index] = bits & 1 == 0 ? 1 : -1
      bits >>= 1
    }
  }

  /// J s̃ = κ s̃ + Σ_g α_g ⊙ (W_hh,g h̃).
  private func move(_ state: UnsafeMutablePointer<S>) {
    guard let parameters = pass.parameters.baseAddress else { return }
    var isFirst = true
    for weights in blocks where weights.source == .state {
      // A column [H, 1] as B has rows of one number.
      S.multiply(
        m: gates * hidden, n: 1, k: hidden, a: parameters + weights.offset, aRowStride: weights.rowStride,
        aColumnStride: 1, b: state + weights.component * hidden, bRowStride: 1, c: recurrent, cRowStride: 1,
        accumulate: !isFirst)
      isFirst = false
    }
    for component in 0..<stateComponents {
      for unit in 0..<hidden {
        var sum: S = 0
        for other in 0..<stateComponents {
          sum += local.direct[(component * stateComponents + other) * hidden + unit] * state[other * hidden + unit]
        }
        for gate in 0..<gates {
          sum += local.byState[(component * gates + gate) * hidden + unit] * recurrent[gate * hidden + unit]
        }
        moved[component * hidden + unit] = sum
      }
    }
  }

  /// νᵀ ∂⁺s/∂w: row i of a gate's weights is touched by unit i only, by Σ_p ν_p α_p.
  private func findImmediate(sequence: Int, step t: Int) {
    let byState = gateFactors + gates * hidden
    for row in 0..<gates * hidden {
      var (input, state): (S, S) = (0, 0)
      for component in 0..<stateComponents {
        let sign = signs[component * hidden + row % hidden]
        input += sign * local.byInput[component * gates * hidden + row]
        state += sign * local.byState[component * gates * hidden + row]
      }
      gateFactors[row] = input
      byState[row] = state
    }
    for block in blocks {
      let factors = block.isRecurrent ? byState : gateFactors
      if let source = pass.source(block, layer: 0, step: t, sequence: sequence) {
        for row in 0..<gates * hidden {
          S.scaleAdd(
            rows: 1, columns: block.columns, alpha: factors[row], x: source, xStride: 0, beta: 0,
            y: immediate + block.offset + row * block.rowStride, yStride: 0)
        }
      } else {
        (immediate + block.offset).update(from: factors, count: gates * hidden)
      }
    }
  }

  /// gradient += (∂l_t/∂h_t · h̃) w̃.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    guard let gradient = pass.gradient.baseAddress else { return }
    let state = elements + sequence * sequenceCount
    var product: S = 0
    for unit in 0..<hidden { product += lossGradient[unit] * state[unit] }
    S.scaleAdd(
      rows: 1, columns: parameters, alpha: product, x: state + stateCount, xStride: 0, beta: 1, y: gradient,
      yStride: 0)
  }

  /// s̃ w̃ᵀ of a sequence in numbers for the screen.
  func influence(sequence: Int) -> Influence {
    let state = elements + sequence * sequenceCount
    let weights = state + stateCount
    var byOwner = [Double](repeating: 0, count: hidden)
    for block in blocks {
      for row in 0..<gates * hidden {
        let first = block.offset + row * block.rowStride
        byOwner[row % hidden] += (first..<first + block.columns).reduce(0.0) {
          $0 + Double(weights[$1]) * Double(weights[$1])
        }
      }
    }
    let squares = (0..<hidden).flatMap { unit in
      byOwner.map { Double(state[unit]) * Double(state[unit]) * $0 }
    }
    let whole = S.sumOfSquares(count: width, x: state) * byOwner.reduce(0, +)
    return Influence(squares: squares, whole: whole, rows: hidden, columns: hidden)
  }
}
