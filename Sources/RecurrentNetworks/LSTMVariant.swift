import LinearAlgebra

/// What peephole connections and coupled gates change of an LSTM, with four gates i, f, g, o or with three, f, g, o.
///
/// Peepholes (Gers & Schmidhuber, "Recurrent nets that time and count", 2000) let a gate see c of its own unit: c_{t-1} the gates i
/// and f, c_t the gate o, each over one weight. Coupled gates have i = 1 - f (Greff et al., "LSTM: a search space odyssey", 2017).
struct LSTMVariant: Sendable {
  let isCoupled: Bool
  let hasPeepholes: Bool
  let hidden: Int

  /// The gates that see c, in the order of their weights: c_{t-1}, but gate o c_t.
  private var seeing: [String] { isCoupled ? ["f", "o"] : ["f", "o", "i"] }
  private var firstGate: Int { isCoupled ? 0 : 1 }

  var unitTensors: [UnitTensor] {
    hasPeepholes ? seeing.map { UnitTensor(name: "weight_c\($0)", count: hidden) } : []
  }

  var constantRows: Int { unitTensors.count }

  /// They begin at 0: as without them.
  var initialUnitTensors: [Double] { .init(repeating: 0, count: unitTensors.count * hidden) }

  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {
    for row in 0..<constantRows {
      (constants + row * PassPlan<S>.stride(hidden)).update(from: tensors + row * hidden, count: hidden)
    }
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    S.lstmVariantForward(
      rows: step.rows, columns: step.hidden, isCoupled: isCoupled, a: step.preactivation,
      aStride: step.activationStride, cBefore: step.previousState + step.componentDistance,
      c: step.state + step.componentDistance, h: step.state, stateStride: step.stateStride,
      peepholes: step.constants.map { UnsafePointer($0) }, peepholeStride: step.constantStride)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    S.lstmVariantBackward(
      rows: step.rows, columns: step.hidden, isCoupled: isCoupled, a: step.preactivation,
      aStride: step.activationStride, cBefore: step.previousState + step.componentDistance,
      c: step.state + step.componentDistance, stateStride: step.stateStride, dh: step.gradient,
      dc: step.gradient + step.gradientComponentDistance, gradientStride: step.gradientStride,
      da: step.preactivationGradient, daStride: step.preactivationGradientStride,
      dcBefore: step.previousGradient.map { $0 + step.previousGradientComponentDistance },
      accumulate: step.accumulates, peepholes: step.constants.map { UnsafePointer($0) },
      peepholeStride: step.constantStride)
  }

  /// ∂L/∂w_f = Σ ∂L/∂a_f ⊙ c_{t-1};  ∂L/∂w_o = Σ ∂L/∂a_o ⊙ c_t;  ∂L/∂w_i = Σ ∂L/∂a_i ⊙ c_{t-1}
  @inline(__always)
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {
    for tensor in 0..<constantRows {
      let gate = tensor == 0 ? firstGate : tensor == 1 ? firstGate + 2 : 0
      let carried = (tensor == 1 ? step.state : step.previousState) + step.componentDistance
      let slopes = step.preactivationGradient + gate * hidden
      for row in 0..<step.rows {
        for unit in 0..<hidden {
          gradient[tensor * hidden + unit] +=
            slopes[row * step.preactivationGradientStride + unit] * carried[row * step.stateStride + unit]
        }
      }
    }
  }

  /// What peepholes add to a cell's description.
  func describe(_ cell: inout CellDescription) {
    cell.options = [.init(name: "peephole", value: hasPeepholes ? 1 : 0)]
    guard hasPeepholes else { return }
    cell.summary += ", with peepholes (Gers & Schmidhuber 2000)"
    cell.gateTerms = Dictionary(
      uniqueKeysWithValues: seeing.map { ($0, "w_c\($0) ⊙ c\($0 == "o" ? "{t}" : "{t-1}")") })
    for index in cell.gradient.indices where cell.gradient[index].hasPrefix("∂L/∂c{t}") {
      cell.gradient[index] += seeing.map { " + w_c\($0) ⊙ ∂L/∂a_\($0)\($0 == "o" ? "{t}" : "{t+1}")" }.joined()
    }
  }
}

/// An LSTM whose gates are coupled, i = 1 - f, and which so has three of them: f, o = σ(a), g = tanh(a) of
/// a_t = W_ih x_t + W_hh h_{t-1} + b; c_t = f ⊙ c_{t-1} + (1-f) ⊙ g; h_t = o ⊙ tanh c_t (CIFG, Greff et al. 2017).
struct CoupledLSTMCell: Cell {
  static let gates = 3
  var stateComponents: Int { 2 }
  static let keepsPreactivation = true
  private let variant: LSTMVariant

  init(_ network: NetworkSpecification) {
    variant = LSTMVariant(isCoupled: true, hasPeepholes: network.hasPeepholes, hidden: network.hidden)
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "an LSTM with coupled gates, i = 1 - f (Greff et al. 2017)",
      state: ["c{t} = f{t} ⊙ c{t-1} + ( 1 - f{t} ) ⊙ g{t}", "h{t} = o{t} ⊙ tanh( c{t} )"],
      gradient: [
        "δ{t} = {local} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂c{t} = f{t+1} ⊙ ∂L/∂c{t+1} + o{t} ⊙ tanh′(c{t}) ⊙ δ{t}",
        "∂L/∂a_f{t} = ( c{t-1} - g{t} ) ⊙ f′{t} ⊙ ∂L/∂c{t}", "∂L/∂a_g{t} = ( 1 - f{t} ) ⊙ g′{t} ⊙ ∂L/∂c{t}",
        "∂L/∂a_o{t} = tanh( c{t} ) ⊙ o′{t} ⊙ δ{t}",
      ])
    cell.gates = ["f", "g", "o"]
    cell.stateComponents = ["h", "c"]
    cell.gateFunctions = [.sigmoid, .tanh, .sigmoid]
    cell.memoryPath = .init(component: 1, gate: 0, outputGate: 2)
    cell.forgetGate = 0
    variant.describe(&cell)
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 3)
    return variant.forward(step)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    let sumOfSquares = variant.backward(step)
    // δh_{t-1} += W_hhᵀ ∂L/∂a_t
    step.addRecurrentGradient(gates: 3, begun: false)
    return sumOfSquares
  }

  var unitTensors: [UnitTensor] { variant.unitTensors }
  var constantRows: Int { variant.constantRows }

  func fillConstants<S: Scalar>(from tensors: UnsafePointer<S>, hidden: Int, into constants: UnsafeMutablePointer<S>) {
    variant.fillConstants(from: tensors, hidden: hidden, into: constants)
  }

  @inline(__always)
  func addUnitGradient<S: Scalar>(_ step: CellStep<S>, to gradient: UnsafeMutablePointer<S>) {
    variant.addUnitGradient(step, to: gradient)
  }

  func initialUnitTensors(_ initialization: Initialization, _ random: inout CounterRandom) -> [Double] {
    variant.initialUnitTensors
  }
}
