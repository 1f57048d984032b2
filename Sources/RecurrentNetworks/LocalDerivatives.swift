import LinearAlgebra

/// The immediate derivatives of one step of one layer and sequence, unit by unit: what algorithms that go forward in time
/// are made of.
///
/// In every cell unit i of s_t depends on its own pre-activations, on its own numbers of s_{t-1}, and on h_{t-1} through W_hh.
/// Where h has complex numbers, a unit is one of them: its real and its imaginary part count as components of the state, and what
/// comes in for each of them as a gate.
/// So one row of ones in place of δ_t, with W_hh taken for 0, brings all of these derivatives out of the cell's own backward
/// step at once: ∂s_{t,p,i}/∂a_{t,g,i} where δ arrives at the pre-activations, and the direct path ∂s_{t,p,i}/∂s_{t-1,q,i}.
/// With α = ∂s_t/∂a_t and κ = the direct path, J_t = κ + Σ_g α_g W_hh,g.
package final class LocalDerivatives<S: Scalar> {
  /// The number of components of the state, of gates, and of units.
  package let stateComponents: Int, gates: Int, hidden: Int
  /// How many of the components, the first ones, are h, which the readout and the layer above see.
  package let seenComponents: Int
  /// The number of the cell's unit tensors' elements.
  package let unitTensors: Int
  /// ∂s_{t,p,i}/∂a_{t,g,i} where a is reached from x_t, and where it is reached from h_{t-1}: [components, G, H].
  package let byInput: UnsafeMutablePointer<S>, byState: UnsafeMutablePointer<S>
  /// ∂s_{t,p,i}/∂s_{t-1,q,i} past W_hh, [components, components, H].
  package let direct: UnsafeMutablePointer<S>
  /// ∂s_{t,p,i}/∂w of the cell's unit tensors w, i being the unit of w, [components, unitTensors].
  package let byUnitTensors: UnsafeMutablePointer<S>
  fileprivate let ones: UnsafeMutablePointer<S>
  fileprivate let noWeights: UnsafeMutablePointer<S>
  private let arena: UnsafeMutablePointer<S>

  /// Room for the derivatives of a layer of `network`.
  package init(_ network: NetworkSpecification) {
    let parts = network.cell.coupledParts
    stateComponents = network.stateComponents * parts
    gates = network.cell.gates * parts
    hidden = network.hidden / parts
    seenComponents = parts
    unitTensors = network.unitTensors.reduce(0) { $0 + $1.count }
    let gated = stateComponents * gates * hidden, square = stateComponents * stateComponents * hidden
    let packed = S.packedCount(k: gates * hidden, n: hidden)
    let line = 64 / MemoryLayout<S>.size
    func rounded(_ count: Int) -> Int { (count + line - 1) / line * line }
    let own = rounded(stateComponents * unitTensors)
    arena = Pass<S>.zeroed(2 * rounded(gated) + 2 * rounded(square) + own + rounded(packed))
    byInput = arena
    byState = byInput + rounded(gated)
    direct = byState + rounded(gated)
    ones = direct + rounded(square)
    byUnitTensors = ones + rounded(square)
    noWeights = byUnitTensors + own
    // Row p of the rows of ones: 1 in part p.
    for component in 0..<stateComponents {
      (ones + (component * stateComponents + component) * hidden).update(repeating: 1, count: hidden)
    }
  }

  deinit { arena.deallocate() }
}

/// Some columns of the parameters that a layer's pre-activations are linear in: row r multiplies `source` into a_{t,r}.
package struct WeightBlock: Sendable {
  /// What a row of the block multiplies.
  package enum Source: Sendable { case input, state, one }

  /// The index of its first element in the flat array, how far its rows lie apart, and their length.
  package let offset: Int, rowStride: Int, columns: Int
  /// What it multiplies: x_t, h_{t-1}, or 1 (a bias).
  package let source: Source
  /// Which component of the state it multiplies, where it does: d - 1 of h_{t-d}.
  package var component = 0
  /// Whether its product is added on the side of h_{t-1}.
  package let isRecurrent: Bool

  package init(offset: Int, rowStride: Int, columns: Int, source: Source, isRecurrent: Bool) {
    self.offset = offset
    self.rowStride = rowStride
    self.columns = columns
    self.source = source
    self.isRecurrent = isRecurrent
  }
}

extension ParameterLayout {
  /// The parameters of a layer's pre-activations; the readout's are none of them.
  package func weightBlocks(layer: Int) -> [WeightBlock] {
    func matrix(_ block: Block, _ source: WeightBlock.Source, isRecurrent: Bool) -> WeightBlock {
      WeightBlock(
        offset: block.offset, rowStride: block.rowStride, columns: block.columns, source: source,
        isRecurrent: isRecurrent)
    }
    func bias(_ name: String, isRecurrent: Bool) -> WeightBlock? {
      self["\(name)_l\(layer)"].map {
        WeightBlock(offset: $0.offset, rowStride: 1, columns: 1, source: .one, isRecurrent: isRecurrent)
      }
    }
    let recurrent = recurrentWeights(layer: layer)
    let delayed = delayedWeights(layer: layer).map { weight in
      var block = matrix(weight.block, .state, isRecurrent: true)
      block.component = weight.delay - 1
      return block
    }
    return [matrix(inputWeights(layer: layer), .input, isRecurrent: false)]
      + (recurrent.rows > 0 ? [matrix(recurrent, .state, isRecurrent: true)] : []) + delayed
      + [bias("bias_ih", isRecurrent: false), bias("bias_hh", isRecurrent: true)].compactMap { $0 }
  }

  /// The end of a layer's parameters in the flat array: those of the layers up to it lie before.
  package func end(ofLayer layer: Int) -> Int {
    let rows = inputWeights(layer: layer).rows
    return weightBlocks(layer: layer).map { $0.offset + (rows - 1) * $0.rowStride + $0.columns }.max() ?? 0
  }
}

extension Pass {
  /// The immediate derivatives of step t, which was run forward in a pass that keeps every step.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func differentiate(step t: Int, layer: Int, sequence: Int, into local: LocalDerivatives<S>) {
    precondition(plan.recordsTape && t < steps, "the pass keeps every step")
    let h = local.hidden
    var step = step(layer: layer, t: t, block: t..<t + 1)
    step.rows = 1
    step.previousState += sequence * plan.stateStride
    step.state += sequence * plan.stateStride
    step.preactivation += sequence * plan.gateStride
    step.derivative += sequence * plan.gateStride
    step.recurrentInput += sequence * plan.apartStride
    step.gradientComponentDistance = h
    step.previousGradientComponentDistance = h
    step.accumulates = false
    step.backwardWeights = local.noWeights
    step.delayedBackward = nil
    for component in 0..<local.stateComponents {
      step.gradient = local.ones + component * local.stateComponents * h
      step.previousGradient = local.direct + component * local.stateComponents * h
      let gates = component * local.gates * h
      step.preactivationGradient = local.byInput + gates
      // With no gates apart the two are one array.
      let isApart = network.cell.resetGatedInputs > 0
      step.recurrentGradient = (isApart ? local.byState : local.byInput) + gates
      _ = network.cell.accept(BackwardStep(step: step), network)
      if local.unitTensors > 0 {
        let own = local.byUnitTensors + component * local.unitTensors
        own.update(repeating: 0, count: local.unitTensors)
        network.cell.accept(AddUnitGradient(step: step, gradient: own), network)
      }
      if !isApart { (local.byState + gates).update(from: local.byInput + gates, count: local.gates * h) }
    }
  }

  /// What a block of weights multiplies at step t of a sequence; nil for 1.
  package func source(_ block: WeightBlock, layer: Int, step t: Int, sequence: Int) -> UnsafeMutablePointer<S>? {
    switch block.source {
    case .input:
      let (rows, stride) = inputRows(layer: layer, from: t)
      return rows + sequence * stride
    case .state:
      return statePointer(layer: layer, component: block.component, row: t) + sequence * plan.stateStride
    case .one: return nil
    }
  }

  /// Whether a sequence has a target at a step.
  package func hasTarget(step t: Int, sequence: Int) -> Bool { targetMask[t * batch + sequence] != 0 }

  /// ∂L/∂h_t of the top layer of a sequence by the step's own loss, [H], after `injectLosses`.
  package func lossGradient(step t: Int, sequence: Int) -> UnsafeMutablePointer<S> {
    gradientPointer(layer: network.layers - 1, slot: t) + sequence * plan.stateStride
  }

  /// The losses of a window that was run forward, without going back: ∂L/∂h_t of each step by its own loss alone, and the
  /// gradients of the readout; every other gradient is 0.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func injectLosses(_ window: Window, reduction: Reduction) {
    precondition(plan.recordsTape, "the pass keeps every step")
    let injected = window.injected.clamped(to: window.steps)
    let weight = injectionWeight(reduction, injected: injected.reduce(0) { $0 + targetCounts[$1] })
    clearGradients(gates: network.cell.gates)
    (arena + plan.loss + window.steps.lowerBound * batch).update(repeating: 0, count: window.steps.count * batch)
    for start in stride(from: window.steps.lowerBound, to: window.steps.upperBound, by: plan.blockSteps) {
      let block = start..<min(start + plan.blockSteps, window.steps.upperBound)
      injectLosses(block, injected, weight: S(weight))
    }
    for t in window.steps {
      let squares = S.sumOfSquares(count: stateRow, x: lossGradient(step: t, sequence: 0))
      gradientNorms[t] = norm(sumOfSquares: squares, gradient: lossGradient(step: t, sequence: 0))
    }
  }

  /// The objective of a window after `injectLosses`, and the norm of the gradient as it stands in `gradient`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func result(of window: Window, reduction: Reduction) -> PassResult {
    let injected = window.injected.clamped(to: window.steps)
    let count = injected.reduce(0) { $0 + targetCounts[$1] }
    return result(window.steps, injected, weight: injectionWeight(reduction, injected: count), count: count)
  }
}
