import LinearAlgebra
import RecurrentNetworks

/// What step t of a cell with J_t = diag(κ) + diag(s) diag(φ′) W_hh does to δ_t on its way to t-1, in logarithms to base 10.
struct AffineStepFactors {
  /// ‖φ′ ⊙ δ_t‖/‖δ_t‖, and ‖s ⊙ φ′ ⊙ δ_t‖/‖δ_t‖.
  let log10Derivative: Double?, log10ScaledDerivative: Double?
  /// ‖W_hhᵀ u‖/‖u‖, u = s ⊙ φ′ ⊙ δ_t; nil where u is 0.
  let log10Recurrent: Double?
  /// ‖κ ⊙ δ_t‖/‖δ_t‖; nil where κ is 0.
  let log10DirectPath: Double?
  /// ‖J_tᵀ δ_t‖/‖δ_t‖.
  let log10Whole: Double?

  /// nil for cells whose Jacobian has another form, and where no gradient arrives.
  init?(_ tape: Tape, step t: Int, layer index: Int) {
    guard let jacobian = tape.affineJacobian(layer: index) else { return nil }
    let layer = tape.layers[index]
    let (hidden, size) = (tape.hidden, tape.batch * tape.hidden)
    let delta = tape.stateGradient(layer: index, step: t, component: 0)
    let arriving = Log10.norm(delta)
    guard arriving.isFinite else { return nil }
    // u = ∂L/∂a_t = s ⊙ φ′_t ⊙ δ_t
    let slopes = layer.derivative.row(t, of: size, width: size)
    log10Derivative = Log10.norm(zip(slopes, delta).map { $0 * $1 }) - arriving
    let u = layer.preactivationGradient.row(t, of: size, width: size)
    let leaving = Log10.norm(u)
    log10ScaledDerivative = leaving - arriving
    // J_tᵀ δ_t = κ ⊙ δ_t + W_hhᵀ u
    let direct = delta.enumerated().map { jacobian.directPath[$0 % hidden] * $1 }
    let recurrent = tape.pulledThroughRecurrentWeights(u, layer: index, step: t)
    log10Recurrent = leaving.isFinite ? Log10.norm(recurrent) - leaving : nil
    log10DirectPath = jacobian.directPath.contains { $0 != 0 } ? Log10.norm(direct) - arriving : nil
    log10Whole = Log10.norm(zip(direct, recurrent).map { $0 + $1 }) - arriving
  }
}

/// What step t of a gated cell does to ∂L/∂s_t on its way to t-1, in logarithms to base 10.
struct GatedStepFactors {
  /// ‖f ⊙ v‖/‖v‖ of v = ∂L/∂m_t, m the part that the memory path carries and f its gate; nil where v is 0.
  let log10MemoryPath: Double?
  /// ‖u‖/‖∂L/∂s_t‖ of u = ∂L/∂(W_hh h_{t-1}); nil, as what follows, where the cell has no W_hh.
  let log10Gates: Double?
  /// ‖W_hhᵀ u‖/‖u‖; nil where u is 0.
  let log10Recurrent: Double?
  /// ‖W_hhᵀ u‖/‖∂L/∂s_t‖.
  let log10GatedPath: Double?

  /// nil for cells without a memory path, and where no gradient arrives.
  init?(_ tape: Tape, step t: Int, layer index: Int) {
    let cell = tape.network.cellDescription
    guard let path = cell.memoryPath, let functions = cell.gateFunctions else { return nil }
    let layer = tape.layers[index]
    let arriving = Log10.norm(
      (0..<layer.stateComponents).flatMap { tape.stateGradient(layer: index, step: t, component: $0) })
    guard arriving.isFinite else { return nil }
    // f ⊙ ∂L/∂m_t
    let v = tape.memoryGradient(path, layer: index, step: t)
    let factors = (0..<tape.batch).flatMap {
      tape.memoryFactors(path, functions[path.gate], layer: index, step: t, sequence: $0)
    }
    let whole = Log10.norm(v)
    log10MemoryPath = whole.isFinite ? Log10.norm(zip(factors, v).map { $0 * $1 }) - whole : nil
    // W_hhᵀ u
    let size = tape.batch * tape.hidden * tape.network.cell.gates
    let u = layer.recurrentGradient.row(t, of: size, width: size)
    let leaving = Log10.norm(u)
    guard tape.network.cell.hasRecurrentWeights else {
      (log10Gates, log10Recurrent, log10GatedPath) = (nil, nil, nil)
      return
    }
    let recurrent = Log10.norm(tape.pulledThroughRecurrentWeights(u, layer: index, step: t))
    log10Gates = leaving - arriving
    log10Recurrent = leaving.isFinite ? recurrent - leaving : nil
    log10GatedPath = recurrent - arriving
  }
}

extension Tape {
  /// ∂L/∂s_t by one part of a layer's state with the others held fixed, as the pass left it, [B, H].
  func stateGradient(layer: Int, step t: Int, component: Int) -> ArraySlice<Double> {
    layers[layer].gradient.row(t * layers[layer].stateComponents + component, of: batch * hidden, width: batch * hidden)
  }

  /// The whole ∂L/∂m_t of the part m that a memory path carries, by all paths, [B, H].
  package func memoryGradient(_ path: CellDescription.MemoryPath, layer index: Int, step t: Int) -> [Double] {
    let own = stateGradient(layer: index, step: t, component: path.component)
    guard path.component > 0, let gate = path.outputGate, let functions = network.cellDescription.gateFunctions else {
      return Array(own)
    }
    // ∂L/∂c_t = δc_t + o_t ⊙ tanh′(c_t) ⊙ δh_t; of a projected h W_hrᵀ δh_t
    let delta = unprojected(gradient: stateGradient(layer: index, step: t, component: 0), layer: index)
    let size = batch * hidden
    let c = layers[index].state.row((t + 1) * layers[index].stateComponents + path.component, of: size, width: size)
    let o = (0..<batch).flatMap {
      gatePreactivations(layer: index, gate: gate, step: t, sequence: $0).map(functions[gate].value)
    }
    let whole = zip(zip(own, delta), zip(o, c)).map { $0.0 + $1.0 * Activation.tanh.derivative($1.1) * $0.1 }
    // With a peephole o_t reads c_t as well: + w_co ⊙ ∂L/∂a_o.
    guard let peephole = parameter("weight_c\(network.cellDescription.gates[gate])_l\(index)") else { return whole }
    let gates = functions.count
    return whole.indices.map { place in
      let slope = (t * batch + place / hidden) * gates * hidden + gate * hidden + place % hidden
      return whole[place] + peephole[place % hidden] * layers[index].preactivationGradient[slope]
    }
  }

  /// W_hhᵀ u of every sequence, u [B, G·H]: [B, H].
  func pulledThroughRecurrentWeights(_ u: ArraySlice<Double>, layer: Int, step t: Int) -> [Double] {
    let weights = layout.recurrentWeights(layer: layer, step: t)
    var result = [Double](repeating: 0, count: batch * hidden)
    result.withUnsafeMutableBufferPointer { result in
      u.withUnsafeBufferPointer { u in
        parameters.withUnsafeBufferPointer { parameters in
          guard weights.rows > 0, let result = result.baseAddress, let u = u.baseAddress,
            let parameters = parameters.baseAddress
          else { return }
          Double.multiply(
            m: batch, n: weights.columns, k: weights.rows, a: u, aRowStride: weights.rows, aColumnStride: 1,
            b: parameters + weights.offset, bRowStride: weights.rowStride, c: result, cRowStride: hidden,
            accumulate: false)
        }
      }
    }
    return result
  }
}

extension [Double] {
  /// The first `width` numbers of row `index`, in rows of `size`.
  func row(_ index: Int, of size: Int, width: Int) -> ArraySlice<Double> {
    let start = index * size
    return start >= 0 && start + width <= count ? self[start..<start + width] : []
  }
}
