import LinearAlgebra

extension Pass {
  /// Runs the steps `range` forward: from the stored row `range.lowerBound` it writes the rows after it, one a step.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= steps, "the steps are loaded")
    network.cell.accept(ForwardPass(pass: self, range: range), network)
  }

  fileprivate func forward<C: Cell>(_ cell: C, _ range: Range<Int>) {
    for layer in 0..<network.layers { fillConstants(cell, layer: layer) }
    clearAbsentConnections(parameterBase)
    if range.lowerBound == 0, !range.isEmpty { placeInitialState(stateComponents: cell.stateComponents) }
    if !plan.isUntied { packForward(gates: C.gates, apart: C.resetGatedInputs, step: 0) }
    nonFiniteStep = nil
    var start = range.lowerBound
    while start < range.upperBound {
      let block = start..<min(start + plan.blockSteps, range.upperBound)
      if plan.isUntied { packForward(gates: C.gates, apart: C.resetGatedInputs, step: start) }
      for layer in 0..<network.layers {
        projectInputs(layer: layer, block: block, gates: C.gates)
        var step = step(layer: layer, t: start, block: block)
        for t in block {
          if !cell.forward(step) { nonFiniteStep = min(nonFiniteStep ?? t, t) }
          step.advance(by: 1)
        }
      }
      start = block.upperBound
    }
  }

  /// Packs the weights that the forward pass multiplies by at step t: once a pass, and once a step only where each has its own.
  private func packForward(gates: Int, apart: Int, step t: Int) {
    let h = network.hidden
    for index in plan.layers.indices {
      let layer = plan.layer(index, step: t)
      let inputs = inputSize(index)
      let summed = (gates - apart) * h
      if apart > 0 {
        // b_ih, and b_hh with it where the two add up
        let bias = arena + layer.summedBias
        bias.update(from: parameterBase + (layer.bias ?? 0), count: gates * h)
        for index in 0..<summed { bias[index] += parameterBase[layer.recurrentBias + index] }
      }
      if index == 0 && hasSymbols {
        // W_ihᵀ + b [I, G·H]
        let table = arena + plan.symbolTable
        S.transpose(
          rows: gates * h, columns: inputs, x: parameterBase + layer.inputWeight,
          xStride: layer.inputWeightStride, into: table,
          yStride: plan.gateStride)
        S.scaleAdd(
          rows: inputs, columns: gates * h, alpha: 1, x: biasPointer(index, step: t), xStride: 0, beta: 1, y: table,
          yStride: plan.gateStride)
      } else {
        // W_ihᵀ [I, G·H]
        S.pack(
          k: inputs, n: gates * h, b: parameterBase + layer.inputWeight, rowStride: 1,
          columnStride: layer.inputWeightStride,
          into: arena + layer.inputForward)
      }
      packProjection(layer, isTransposed: true)
      packDelayed(layer, isTransposed: true, into: layer.delayedForward)
      guard plan.hasRecurrentWeights else { continue }
      // W_hhᵀ [H, G·H], the gates apart by themselves
      let weight = parameterBase + layer.recurrentWeight, weightStride = layer.recurrentWeightStride
      S.pack(
        k: plan.seenUnits, n: summed, b: weight, rowStride: 1, columnStride: weightStride,
        into: arena + layer.recurrentForward)
      if apart > 0 {
        S.pack(
          k: h, n: apart * h, b: weight + summed * weightStride, rowStride: 1, columnStride: weightStride,
          into: arena + layer.recurrentForward + S.packedCount(k: h, n: summed))
      }
    }
  }

  /// W_hhᵀ or W_hh of the delays beyond 1, [H, H], one after the other.
  func packDelayed(_ layer: PassPlan<S>.Layer, isTransposed: Bool, into packed: Int) {
    let h = network.hidden
    for index in plan.delays.indices {
      S.pack(
        k: h, n: h, b: parameterBase + layer.delayedWeight + index * layer.delayedDistance,
        rowStride: isTransposed ? 1 : h, columnStride: isTransposed ? h : 1,
        into: arena + packed + index * S.packedCount(k: h, n: h))
    }
  }

  /// a_t = W_ih x_t + b, for all steps of a block at once.
  private func projectInputs(layer: Int, block: Range<Int>, gates: Int) {
    let offsets = plan.layers[layer]
    let a = arena + offsets.preactivation + preactivationSlot(block.lowerBound, block) * batch * plan.gateStride
    if layer == 0 && hasSymbols {
      S.gatherRows(
        rows: block.count * batch, columns: gates * network.hidden, table: arena + plan.symbolTable,
        tableStride: plan.gateStride, index: symbols + block.lowerBound * batch, into: a, yStride: plan.gateStride)
      return
    }
    let (x, stride) = inputRows(layer: layer, from: block.lowerBound)
    S.multiplyPacked(
      m: block.count * batch, n: gates * network.hidden, k: inputSize(layer), a: x, aRowStride: stride,
      aColumnStride: 1, packedB: arena + offsets.inputForward, start: biasPointer(layer, step: block.lowerBound),
      startStride: 0, c: a, cRowStride: plan.gateStride)
  }

  /// b of W_ih x_t in a layer's a_t, [G·H]; zeros where the network has no bias.
  func biasPointer(_ layer: Int, step t: Int) -> UnsafeMutablePointer<S> {
    network.cell.resetGatedInputs > 0
      ? arena + plan.layers[layer].summedBias
      : plan.layer(layer, step: t).bias.map { parameterBase + $0 } ?? arena + plan.noBias
  }

  /// The size of what a layer reads: I, or that of h of the layer below.
  func inputSize(_ layer: Int) -> Int { layer == 0 ? layout.inputs : plan.seenUnits }

  /// What a layer reads from step t on, [.., B, I], and its row stride: x, or h of the layer below.
  func inputRows(layer: Int, from t: Int) -> (UnsafeMutablePointer<S>, stride: Int) {
    layer == 0
      ? (arena + plan.x + t * batch * plan.inputStride, plan.inputStride)
      : (statePointer(layer: layer - 1, row: t + 1), plan.stateStride)
  }

  /// Where step t of a block lies in the array of pre-activations.
  @inline(__always)
  func preactivationSlot(_ t: Int, _ block: Range<Int>) -> Int { plan.keepsPreactivation ? t : slot(t, block) }

  /// Where step t of a block lies in the arrays of gradients.
  @inline(__always)
  func slot(_ t: Int, _ block: Range<Int>) -> Int { plan.recordsTape ? t : t - block.lowerBound }

  /// The number of steps that those arrays hold.
  var slots: Int { plan.recordsTape ? capacity : plan.blockSteps }

  /// One layer's buffers at step t of a block.
  func step(layer: Int, t: Int, block: Range<Int>) -> CellStep<S> {
    let offsets = plan.layer(layer, step: t)
    let gateRow = batch * plan.gateStride
    let slot = slot(t, block)
    let state = statePointer(layer: layer, row: t)
    var step = CellStep(
      rows: batch, hidden: network.hidden, previousState: state, state: state + stateRow,
      stateStride: plan.stateStride, componentDistance: stateComponent,
      preactivation: arena + offsets.preactivation + preactivationSlot(t, block) * gateRow,
      derivative: arena + offsets.derivative + t * gateRow, activationStride: plan.gateStride,
      recurrentInput: arena + offsets.recurrentInput + t * batch * plan.apartStride,
      recurrentBias: parameterBase + offsets.recurrentBias
        + (network.cell.gates - network.cell.resetGatedInputs) * network.hidden,
      recurrentInputStride: plan.apartStride,
      gradient: arena + offsets.gradient + slot * stateRow, previousGradient: nil, gradientStride: plan.stateStride,
      gradientComponentDistance: slots * stateRow, previousGradientComponentDistance: slots * stateRow,
      preactivationGradient: arena + offsets.preactivationGradient + slot * gateRow,
      recurrentGradient: arena + offsets.recurrentGradient + slot * gateRow,
      preactivationGradientStride: plan.gateStride, accumulates: false,
      forwardWeights: arena + offsets.recurrentForward, backwardWeights: arena + offsets.recurrentBackward)
    if !packsBackward {
      step.backwardWeights = parameterBase + offsets.recurrentWeight
      step.backwardStride = offsets.recurrentWeightStride
    }
    if !plan.delays.isEmpty {
      step.delayedForward = arena + offsets.delayedForward
      step.delayedBackward = arena + offsets.delayedBackward
    }
    if offsets.projection != nil {
      step.projectedUnits = plan.seenUnits
      step.projectionForward = arena + offsets.projectionForward
      step.projectionBackward = arena + offsets.projectionBackward
      step.unprojected = arena + offsets.unprojected + t * stateRow
      step.unprojectedGradient = arena + offsets.unprojectedGradient + slot * stateRow
    }
    step.time = firstStep + t + 1
    if network.constantRows > 0 { step.constants = arena + offsets.constants }
    return step
  }
}

private struct ForwardPass<S: Scalar>: CellVisitor {
  let pass: Pass<S>
  let range: Range<Int>

  func visit<C: Cell>(_ cell: C) { pass.forward(cell, range) }
}
