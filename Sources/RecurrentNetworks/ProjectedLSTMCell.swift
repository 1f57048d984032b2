import LinearAlgebra

/// Long short-term memory whose h is projected (Sak, Senior & Beaufays 2014), as PyTorch's `proj_size` has it: the gates and c as in
/// an LSTM of H units, and h_t = W_hr (o_t ⊙ tanh c_t) of P < H numbers, which W_hh, the layer above and the readout see.
///
/// The state is h and c, each with room for H numbers: those of h beyond P are 0, and so is the gradient by them.
struct ProjectedLSTMCell: Cell {
  static let gates = 4
  static let keepsPreactivation = true
  var stateComponents: Int { 2 }

  private let network: NetworkSpecification

  init(_ network: NetworkSpecification) { self.network = network }

  var description: CellDescription {
    var plain = network
    plain.projection = 0
    var cell = LSTMCell(plain).description
    cell.summary = "long short-term memory with a projected h (Sak et al. 2014)"
    cell.state[1] = "h{t} = W_hr ( o{t} ⊙ tanh( c{t} ) )"
    cell.gradient[1] = "∂L/∂c{t} = f{t+1} ⊙ ∂L/∂c{t+1} + o{t} ⊙ tanh′(c{t}) ⊙ ( W_hrᵀ δ{t} )"
    cell.gradient[5] = "∂L/∂a_o{t} = tanh( c{t} ) ⊙ o′{t} ⊙ ( W_hrᵀ δ{t} )"
    cell.variant = "P=\(network.outputUnits)"
    cell.boundsState = false
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    guard let m = step.unprojected, let projection = step.projectionForward else { return false }
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 4)
    // i, f, o = σ(a_t), g = tanh(a_t);  c_t = f ⊙ c_{t-1} + i ⊙ g;  m_t = o ⊙ tanh c_t
    let isFinite = S.lstmForward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      cBefore: step.previousState + step.componentDistance, c: step.state + step.componentDistance, h: m,
      stateStride: step.stateStride)
    // h_t = W_hr m_t
    S.multiplyPacked(
      m: step.rows, n: step.seenUnits, k: step.hidden, a: m, aRowStride: step.stateStride, aColumnStride: 1,
      packedB: projection, c: step.state, cRowStride: step.stateStride, accumulate: false)
    return isFinite
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    guard let dm = step.unprojectedGradient, let projection = step.projectionBackward else { return 0 }
    var sumOfSquares: S = 0
    for row in 0..<step.rows {
      for unit in 0..<step.seenUnits {
        let value = step.gradient[row * step.gradientStride + unit]
        sumOfSquares += value * value
      }
    }
    // ∂L/∂m_t = W_hrᵀ δ_t
    S.multiplyPacked(
      m: step.rows, n: step.hidden, k: step.seenUnits, a: step.gradient, aRowStride: step.gradientStride,
      aColumnStride: 1, packedB: projection, c: dm, cRowStride: step.gradientStride, accumulate: false)
    // As in an LSTM, with ∂L/∂m_t in δ_t's place.
    _ = S.lstmBackward(
      rows: step.rows, columns: step.hidden, a: step.preactivation, aStride: step.activationStride,
      cBefore: step.previousState + step.componentDistance, c: step.state + step.componentDistance,
      stateStride: step.stateStride, dh: dm, dc: step.gradient + step.gradientComponentDistance,
      gradientStride: step.gradientStride, da: step.preactivationGradient, daStride: step.preactivationGradientStride,
      dcBefore: step.previousGradient.map { $0 + step.previousGradientComponentDistance }, accumulate: step.accumulates)
    // δh_{t-1} += W_hhᵀ ∂L/∂a_t, of P numbers; the others of h are no part of the state.
    step.addRecurrentGradient(gates: 4, begun: false)
    if let previous = step.previousGradient, !step.accumulates {
      for row in 0..<step.rows {
        (previous + row * step.gradientStride + step.seenUnits)
          .update(repeating: 0, count: step.hidden - step.seenUnits)
      }
    }
    return sumOfSquares
  }
}

extension Pass {
  /// W_hrᵀ [H, P] or W_hr [P, H], packed.
  func packProjection(_ layer: PassPlan<S>.Layer, isTransposed: Bool) {
    guard let projection = layer.projection else { return }
    let (h, p) = (network.hidden, plan.seenUnits)
    S.pack(
      k: isTransposed ? h : p, n: isTransposed ? p : h, b: parameterBase + projection, rowStride: isTransposed ? 1 : h,
      columnStride: isTransposed ? h : 1,
      into: arena + (isTransposed ? layer.projectionForward : layer.projectionBackward))
  }

  /// ∂L/∂W_hr += Σ_t δ_t m_tᵀ, over a block.
  func addProjectionGradient(layer: Int, block: Range<Int>) {
    let offsets = plan.layers[layer]
    guard let projection = offsets.projection else { return }
    S.multiply(
      m: plan.seenUnits, n: network.hidden, k: block.count * batch,
      a: gradientPointer(layer: layer, slot: slot(block.lowerBound, block)), aRowStride: 1,
      aColumnStride: plan.stateStride, b: arena + offsets.unprojected + block.lowerBound * stateRow,
      bRowStride: plan.stateStride, c: gradientBase + projection, cRowStride: network.hidden, accumulate: true)
  }
}

extension Tape {
  /// m_t = o_t ⊙ tanh c_t of a layer's sequence at a step of the window, [H], which W_hr makes h_t of.
  package func unprojected(layer index: Int, step t: Int, sequence: Int) -> [Double] {
    let kept = layers[index]
    let c = ((t + 1) * kept.stateComponents + 1) * batch * hidden + sequence * hidden
    let o = ((t * batch + sequence) * 4 + 3) * hidden
    return (0..<hidden).map {
      Activation.sigmoid.value(kept.preactivation[o + $0]) * Activation.tanh.value(kept.state[c + $0])
    }
  }

  /// What W_hrᵀ makes of gradients by h, [B, H], where h is projected; the same where it is not.
  package func unprojected(gradient: ArraySlice<Double>, layer: Int) -> [Double] {
    guard let projection = layout.projection(layer: layer) else { return Array(gradient) }
    var result = [Double](repeating: 0, count: gradient.count)
    for b in 0..<gradient.count / hidden {
      for row in 0..<projection.rows {
        let factor = gradient[gradient.startIndex + b * hidden + row]
        for unit in 0..<hidden { result[b * hidden + unit] += factor * parameters[projection.index(row, unit)] }
      }
    }
    return result
  }
}
