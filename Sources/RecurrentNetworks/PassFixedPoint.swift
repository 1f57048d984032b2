import LinearAlgebra

/// How far the adjoint of a fixed point has settled.
public struct FixedPointResult: Equatable, Sendable {
  /// The objective, the gradient's norm and what was not finite.
  public var pass: PassResult
  /// The most turns that a layer's adjoint took.
  public var turns: Int
  /// ‖z_k - z_{k-1}‖/‖z_k‖ of the last turn, the largest of all layers.
  public var change: Double
}

extension Pass {
  /// Recurrent backpropagation (Almeida 1987, Pineda 1987) at a step where the network has settled under a constant input:
  /// leaves in `gradient` what backpropagation through ever more steps at the fixed point tends to.
  ///
  /// With e = ∂l_t/∂h_t and J the Jacobian of the step (D W for elman, D = diag φ′) the adjoint z = (I - Jᵀ)⁻¹ e is found
  /// by letting it settle, z ← e + Jᵀ z, as the network itself did; it does so as fast as the network, by ρ(J) a turn.
  /// The gradient is that of this one step with z in place of δ: (D z) h*ᵀ.
  /// - Parameters:
  ///   - t: a step that was run forward; its losses are injected.
  ///   - reduction: how the losses make the objective.
  ///   - tolerance: the relative change of z in a turn at which it counts as settled.
  ///   - limit: the most turns.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backwardAtFixedPoint(
    step t: Int, reduction: Reduction, tolerance: Double, limit: Int
  ) -> FixedPointResult {
    precondition(t >= 0 && t < steps && limit > 0, "the step is loaded")
    let weight = injectionWeight(reduction, injected: targetCounts[t])
    gradientScale = []
    isFixedPoint = true
    if fixedPointSource == nil { fixedPointSource = Self.zeroed(network.stateComponents * stateRow) }
    let settled = network.cell.accept(
      FixedPointPass(pass: self, step: t, weight: weight, tolerance: tolerance, limit: limit), network)
    return FixedPointResult(
      pass: result(t..<t + 1, t..<t + 1, weight: weight, count: targetCounts[t]), turns: settled.turns,
      change: settled.change)
  }

  /// The largest ‖s_t - s_{t-1}‖₂ of the batch, over all layers: how far step t was from a fixed point.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func distanceMoved(step t: Int) -> Double {
    var largest = 0.0
    for row in 0..<batch {
      var sum = 0.0
      for layer in 0..<network.layers {
        for component in 0..<network.stateComponents {
          let before = statePointer(layer: layer, component: component, row: t) + row * plan.stateStride
          for unit in 0..<network.hidden {
            let moved = Double(before[stateRow + unit] - before[unit])
            sum += moved * moved
          }
        }
      }
      largest = max(largest, sum)
    }
    return largest.squareRoot()
  }

  fileprivate func settle<C: Cell>(
    _ cell: C, _ t: Int, weight: Double, tolerance: Double, limit: Int
  ) -> (turns: Int, change: Double) {
    let block = t..<t + 1
    clearGradients(gates: C.gates)
    (arena + plan.loss + t * batch).update(repeating: 0, count: batch)
    // e = ∂l_t/∂h_t
    injectLosses(block, block, weight: S(weight))
    var turns = 0, change = 0.0
    for layer in (0..<network.layers).reversed() {
      if layer < network.layers - 1 { passDown(layer: layer, block: block, gates: C.gates) }
      let settled = settleAdjoint(cell, layer: layer, block, tolerance: tolerance, limit: limit)
      turns = max(turns, settled.turns)
      change = max(change, settled.change)
      // ∂L/∂W = (D z) h*ᵀ
      addWeightGradients(cell, layer: layer, block: block)
    }
    finishGradients(gates: C.gates)
    return (turns, change)
  }

  /// z ← e + Jᵀ z until it stands; e is what δ of the step holds at first, and D z is left as ∂L/∂a.
  private func settleAdjoint<C: Cell>(
    _ cell: C, layer: Int, _ block: Range<Int>, tolerance: Double, limit: Int
  ) -> (turns: Int, change: Double) {
    guard let source = fixedPointSource else { return (0, 0) }
    var step = step(layer: layer, t: block.lowerBound, block: block)
    let aside = arena + plan.layers[layer].boundary
    for component in 0..<cell.stateComponents {
      (source + component * stateRow).update(
        from: step.gradient + component * step.gradientComponentDistance, count: stateRow)
    }
    step.previousGradient = aside
    step.previousGradientComponentDistance = stateRow
    step.accumulates = false
    var turns = 0, change = Double.infinity
    while turns < limit, change > tolerance {
      // Jᵀ z
      _ = cell.backward(step)
      var moved = 0.0, size = 0.0
      for component in 0..<cell.stateComponents {
        let z = step.gradient + component * step.gradientComponentDistance
        for k in 0..<stateRow {
          let next = source[component * stateRow + k] + aside[component * stateRow + k]
          let difference = Double(next - z[k])
          moved += difference * difference
          size += Double(next) * Double(next)
          z[k] = next
        }
      }
      turns += 1
      change = size > 0 ? (moved / size).squareRoot() : 0
      if !change.isFinite { break }
    }
    step.previousGradient = nil
    let sum = cell.backward(step)
    if layer == network.layers - 1 {
      gradientNorms[block.lowerBound] = norm(sumOfSquares: Double(sum), gradient: step.gradient)
    }
    return (turns, change)
  }
}

extension Tape {
  /// The largest ‖s_t - s_{t-1}‖₂ of the batch over all layers at step `step` of the window: how far it was from a fixed point.
  public func distanceMoved(step: Int) -> Double {
    let largest =
      (0..<batch).map { sequence in
        layers.reduce(0.0) { sum, layer in
          let size = batch * hidden
          return (0..<layer.stateComponents).reduce(sum) { sum, component in
            let before = (step * layer.stateComponents + component) * size + sequence * hidden
            let after = before + layer.stateComponents * size
            return (0..<hidden).reduce(sum) { sum, unit in
              let moved = layer.state[after + unit] - layer.state[before + unit]
              return sum + moved * moved
            }
          }
        }
      }.max() ?? 0
    return largest.squareRoot()
  }
}

private struct FixedPointPass<S: Scalar>: CellVisitor {
  let pass: Pass<S>
  let step: Int
  let weight: Double, tolerance: Double
  let limit: Int

  func visit<C: Cell>(_ cell: C) -> (turns: Int, change: Double) {
    pass.settle(cell, step, weight: weight, tolerance: tolerance, limit: limit)
  }
}
