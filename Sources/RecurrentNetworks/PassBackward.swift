import LinearAlgebra

extension Pass {
  /// Runs back over a window that was run forward: leaves the gradient of the window's objective by the parameters in
  /// `gradient`, ‖∂L/∂h_t‖ in `gradientNorms`, and everything that a tape shows in the arenas.
  ///
  /// The state before the window is held constant: its value was carried in, its gradient goes nowhere.
  ///
  /// - Parameters:
  ///   - window: the steps, and whose losses are injected.
  ///   - reduction: how the losses make the objective.
  ///   - gradientScale: what multiplies the gradient on its way from a step of the window to the one before it, one factor a
  ///     step; 0 cuts it off. Empty: 1 everywhere, which is backpropagation.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backward(_ window: Window, reduction: Reduction, gradientScale: [Double] = []) -> PassResult {
    precondition(window.steps.lowerBound >= 0 && window.steps.upperBound <= steps, "the steps are loaded")
    precondition(gradientScale.isEmpty || gradientScale.count == window.steps.count, "a factor a step")
    let injected = window.injected.clamped(to: window.steps)
    let count = injected.reduce(0) { $0 + targetCounts[$1] }
    // L = w Σ l_t, w = 1 or 1/Σ mask
    let weight = injectionWeight(reduction, injected: count)
    self.gradientScale = gradientScale
    isFixedPoint = false
    // A tape multiplies by the packed W_hh again.
    packsBackward = plan.recordsTape || window.steps.count * batch > Self.mostRowsUnpacked
    observer?.begin(self, window: window.steps)
    sweepBack(BackwardSegment(steps: window.steps, injected: injected, weight: weight))
    packsBackward = true
    if flow.flossing > 0 { addFlossing(window.steps) }
    return result(window.steps, injected, weight: weight, count: count)
  }

  /// The most rows that are multiplied by a W_hh that is not packed.
  private static var mostRowsUnpacked: Int { 16 }

  /// Runs back over a window, or over one segment of it.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func sweepBack(_ segment: BackwardSegment) {
    network.cell.accept(BackwardPass(pass: self, segment: segment), network)
  }

  /// The weight of an injected loss in the objective.
  func injectionWeight(_ reduction: Reduction, injected count: Int) -> Double {
    reduction == .mean && count > 0 ? 1 / Double(count) : 1
  }

  fileprivate func backward<C: Cell>(_ cell: C, _ segment: BackwardSegment) {
    let window = segment.steps
    if segment.isNewest { clearGradients(gates: C.gates) }
    (arena + plan.loss + window.lowerBound * batch).update(repeating: 0, count: window.count * batch)
    var end = window.upperBound
    while end > window.lowerBound {
      let block = max(end - plan.blockSteps, window.lowerBound)..<end
      for layer in plan.layers {
        // Read with t falling, which the processor does not foresee.
        prefetchToRead(
          arena + (plan.keepsPreactivation ? layer.preactivation : layer.derivative)
            + block.lowerBound * batch * plan.gateStride,
          count: block.count * batch * plan.gateStride)
      }
      if plan.isUntied { packBackward(gates: C.gates, step: block.lowerBound) }
      injectLosses(block, segment.injected, weight: S(segment.weight))
      for layer in (0..<network.layers).reversed() {
        if layer < network.layers - 1 { passDown(layer: layer, block: block, gates: C.gates) }
        if end < window.upperBound || !segment.isNewest {
          addBoundary(layer: layer, block: block, window: window, stateComponents: cell.stateComponents)
        }
        sweepBack(cell, layer: layer, block: block, segment: segment)
        if let observer, layer == network.layers - 1 {
          observer.see(BackwardBlock(pass: self, layer: layer, window: window, steps: block))
        }
        if flow.omega > 0 { addOmega(cell, layer: layer, block: block, segment: segment) }
        addWeightGradients(cell, layer: layer, block: block)
      }
      if plan.isUntied { finishGradients(gates: C.gates, step: block.lowerBound) }
      end = block.lowerBound
    }
    if segment.isOldest, !plan.isUntied { finishGradients(gates: C.gates) }
  }

  /// Packs the weights that the backward pass multiplies by; every gradient by a parameter is 0.
  func clearGradients(gates: Int) {
    if !plan.isUntied { packBackward(gates: gates, step: 0) }
    packReadout()
    beginFlow()
    gradientBase.update(repeating: 0, count: layout.count)
    clearSymbolGradients()
  }

  private func clearSymbolGradients() {
    guard hasSymbols else { return }
    (arena + plan.symbolTableGradient).update(repeating: 0, count: layout.inputs * plan.gateStride)
  }

  /// The gradient by weight_ih of one-hot inputs, which was gathered a row a symbol, becomes a matrix [G·H, I]; untied, that of
  /// step t's weight_ih, and the next step's gathering begins.
  func finishGradients(gates: Int, step t: Int = 0) {
    guard hasSymbols else { return }
    let lowest = plan.layer(0, step: t)
    S.transpose(
      rows: layout.inputs, columns: gates * network.hidden, x: arena + plan.symbolTableGradient,
      xStride: plan.gateStride, into: gradientBase + lowest.inputWeight, yStride: lowest.inputWeightStride)
    if plan.isUntied { clearSymbolGradients() }
  }

  /// Packs the weights that the backward pass multiplies by at step t.
  func packBackward(gates: Int, step t: Int) {
    let h = network.hidden
    for index in plan.layers.indices {
      let layer = plan.layer(index, step: t)
      packProjection(layer, isTransposed: false)
      packDelayed(layer, isTransposed: false, into: layer.delayedBackward)
      // W_hh [G·H, H], and above the lowest layer W_ih [G·H, H]
      if packsBackward && plan.hasRecurrentWeights {
        S.pack(
          k: gates * h, n: plan.seenUnits, b: parameterBase + layer.recurrentWeight,
          rowStride: layer.recurrentWeightStride,
          columnStride: 1,
          into: arena + layer.recurrentBackward)
      }
      if index > 0 {
        S.pack(
          k: gates * h, n: plan.seenUnits, b: parameterBase + layer.inputWeight, rowStride: layer.inputWeightStride,
          columnStride: 1,
          into: arena + layer.inputBackward)
      }
    }
  }

  /// Packs W_hoᵀ [H, O] and W_ho [O, H], or what stands in for it on the way back.
  func packReadout() {
    guard plan.hasReadout else { return }
    let h = plan.seenUnits
    let weight = parameterBase + plan.readoutWeight
    S.pack(
      k: h, n: layout.outputs, b: weight, rowStride: 1, columnStride: h, into: arena + plan.readoutForward)
    if let direct = plan.directWeight {
      S.pack(
        k: layout.inputs, n: layout.outputs, b: parameterBase + direct, rowStride: 1, columnStride: layout.inputs,
        into: arena + plan.directForward)
    }
    feedback.withUnsafeBufferPointer { random in
      let back = random.isEmpty ? UnsafePointer(weight) : random.baseAddress ?? UnsafePointer(weight)
      S.pack(
        k: layout.outputs, n: h, b: back, rowStride: h, columnStride: 1, into: arena + plan.readoutBackward)
    }
  }

  /// A layer's backward steps over a block, the newest first. What reaches the step before goes into its δ, or, at the
  /// start of a block, is kept aside until that step's own gradient is there; before the window it goes nowhere.
  @inline(__always)
  private func sweepBack<C: Cell>(_ cell: C, layer: Int, block: Range<Int>, segment: BackwardSegment) {
    let isTop = layer == network.layers - 1
    let stateRow = stateRow
    let norms = gradientNorms
    let first = segment.steps.lowerBound
    let reachesInitial = reachesInitialState(layer: layer, segment)
    let passesAll = gradientScale.isEmpty
    let clipThreshold = flow.clipThreshold
    let aside = arena + plan.layers[layer].boundary
    var step = step(layer: layer, t: block.upperBound - 1, block: block)
    let componentDistance = step.previousGradientComponentDistance
    var t = block.upperBound - 1
    while t >= block.lowerBound {
      let factor = passesAll ? 1 : gradientScale[t - first]
      let isDirect = t > block.lowerBound && factor == 1
      if isDirect {
        step.previousGradient = step.gradient - stateRow
      } else {
        let goesOn = t > first ? factor != 0 : !segment.isOldest || reachesInitial
        step.previousGradient = goesOn ? aside : nil
      }
      step.previousGradientComponentDistance = isDirect ? componentDistance : stateRow
      step.accumulates = isDirect
      if let threshold = clipThreshold {
        clipFlow(step, layer: layer, t: t, stateComponents: cell.stateComponents, threshold: threshold)
      }
      let sum = cell.backward(step)
      if isTop { norms[t] = norm(sumOfSquares: Double(sum), gradient: step.gradient) }
      if !isDirect && t > block.lowerBound && factor != 0 {
        add(
          aside, factor: S(factor), to: step.gradient - stateRow, componentDistance: componentDistance,
          stateComponents: cell.stateComponents)
      }
      step.advance(by: -1)
      t -= 1
    }
    if reachesInitial, block.lowerBound == first {
      addInitialStateGradient(aside, layer: layer, stateComponents: cell.stateComponents)
    }
  }

  /// δ += factor · a gradient that was kept aside, part by component.
  private func add(
    _ aside: UnsafeMutablePointer<S>, factor: S, to gradient: UnsafeMutablePointer<S>, componentDistance: Int,
    stateComponents: Int
  ) {
    for component in 0..<stateComponents {
      S.scaleAdd(
        rows: batch, columns: network.hidden, alpha: factor, x: aside + component * stateRow, xStride: plan.stateStride,
        beta: 1, y: gradient + component * componentDistance, yStride: plan.stateStride)
    }
  }

  /// δ of a layer and part at a step, by its slot.
  func gradientPointer(layer: Int, component: Int = 0, slot: Int) -> UnsafeMutablePointer<S> {
    arena + plan.layers[layer].gradient + (component * slots + slot) * stateRow
  }

  /// The gradient that was kept aside at the start of the block after this one is added to the δ of its last step.
  private func addBoundary(layer: Int, block: Range<Int>, window: Range<Int>, stateComponents: Int) {
    let factor =
      gradientScale.isEmpty || block.upperBound == window.upperBound
      ? 1 : gradientScale[block.upperBound - window.lowerBound]
    guard factor != 0 else { return }
    let slot = slot(block.upperBound - 1, block)
    add(
      arena + plan.layers[layer].boundary, factor: S(factor), to: gradientPointer(layer: layer, slot: slot),
      componentDistance: slots * stateRow, stateComponents: stateComponents)
  }

  /// δ of the top layer's h over a block starts as what each step's own injected loss sends: w W_hoᵀ ∂l/∂y, or 0; the
  /// readout's gradients grow.
  func injectLosses(_ block: Range<Int>, _ injected: Range<Int>, weight: S) {
    let top = network.layers - 1
    var next = block.lowerBound
    for component in 1..<max(1, network.stateComponents) {
      clearGradient(layer: top, component: component, block, block)
    }
    for run in targetRuns(block.clamped(to: injected)) {
      clearGradient(layer: top, next..<run.lowerBound, block)
      next = run.upperBound
      let rows = run.count * batch
      readOut(run)
      differentiateLoss(run, weight: weight)
      sendLosses(rows: rows, into: gradientPointer(layer: top, slot: slot(run.lowerBound, block)))
      if plan.hasReadout {
        addReadoutGradients(rows: rows, h: statePointer(layer: top, row: run.lowerBound + 1), from: run.lowerBound)
      }
    }
    clearGradient(layer: top, next..<block.upperBound, block)
  }

  /// ∂L/∂h of the top layer's `rows` from ∂L/∂y in the block's readout.
  func sendLosses(rows: Int, into gradient: UnsafeMutablePointer<S>) {
    let dy = arena + plan.output
    if plan.hasReadout {
      // ∂L/∂h = W_hoᵀ ∂L/∂y
      S.multiplyPacked(
        m: rows, n: plan.seenUnits, k: layout.outputs, a: dy, aRowStride: plan.outputStride, aColumnStride: 1,
        packedB: arena + plan.readoutBackward, c: gradient, cRowStride: plan.stateStride, accumulate: false)
    } else {
      // ∂L/∂h_k = ∂L/∂y_k of the units that are outputs, 0 of the others
      gradient.update(repeating: 0, count: rows * plan.stateStride)
      S.scaleAdd(
        rows: rows, columns: layout.outputs, alpha: 1, x: dy, xStride: plan.outputStride, beta: 0, y: gradient,
        yStride: plan.stateStride)
    }
  }

  /// ∂L/∂W_ho += Σ ∂L/∂y hᵀ;  ∂L/∂D += Σ ∂L/∂y xᵀ;  ∂L/∂b_o += Σ ∂L/∂y.
  private func addReadoutGradients(rows: Int, h: UnsafeMutablePointer<S>, from t: Int) {
    let dy = arena + plan.output
    S.multiply(
      m: layout.outputs, n: plan.seenUnits, k: rows, a: dy, aRowStride: 1, aColumnStride: plan.outputStride, b: h,
      bRowStride: plan.stateStride, c: gradientBase + plan.readoutWeight, cRowStride: plan.seenUnits,
      accumulate: true)
    if let direct = plan.directWeight {
      let (x, stride) = inputRows(layer: 0, from: t)
      S.multiply(
        m: layout.outputs, n: layout.inputs, k: rows, a: dy, aRowStride: 1, aColumnStride: plan.outputStride, b: x,
        bRowStride: stride, c: gradientBase + direct, cRowStride: layout.inputs, accumulate: true)
    }
    S.addColumnSums(
      rows: rows, columns: layout.outputs, x: dy, xStride: plan.outputStride, to: gradientBase + plan.readoutBias)
  }

  /// δ = 0 at some steps of a block.
  private func clearGradient(layer: Int, component: Int = 0, _ steps: Range<Int>, _ block: Range<Int>) {
    gradientPointer(layer: layer, component: component, slot: slot(steps.lowerBound, block))
      .update(repeating: 0, count: steps.count * stateRow)
  }

  /// The longest runs of steps with a target in `range`.
  func targetRuns(_ range: Range<Int>) -> some Sequence<Range<Int>> {
    let counts = targetCounts
    return sequence(state: range.lowerBound) { next -> Range<Int>? in
      while next < range.upperBound && counts[next] == 0 { next += 1 }
      guard next < range.upperBound else { return nil }
      let start = next
      while next < range.upperBound && counts[next] > 0 { next += 1 }
      return start..<next
    }
  }

  /// y_t = W_ho h_t + b_o, with D x_t where the readout sees x, or h_t of the first O units, for at most a block of steps, into the block's readout;
  /// of all rows, or of the first `rows` alone.
  func readOut(_ run: Range<Int>, rows: Int? = nil) {
    let rows = rows ?? run.count * batch
    guard plan.hasReadout else {
      S.scaleAdd(
        rows: rows, columns: layout.outputs, alpha: 1,
        x: statePointer(layer: network.layers - 1, row: run.lowerBound + 1), xStride: plan.stateStride, beta: 0,
        y: arena + plan.output, yStride: plan.outputStride)
      return
    }
    S.multiplyPacked(
      m: rows, n: layout.outputs, k: plan.seenUnits,
      a: statePointer(layer: network.layers - 1, row: run.lowerBound + 1), aRowStride: plan.stateStride,
      aColumnStride: 1, packedB: arena + plan.readoutForward, start: parameterBase + plan.readoutBias, startStride: 0,
      c: arena + plan.output, cRowStride: plan.outputStride)
    guard plan.directWeight != nil else { return }
    let (x, stride) = inputRows(layer: 0, from: run.lowerBound)
    S.multiplyPacked(
      m: rows, n: layout.outputs, k: layout.inputs, a: x, aRowStride: stride, aColumnStride: 1,
      packedB: arena + plan.directForward, c: arena + plan.output, cRowStride: plan.outputStride, accumulate: true)
  }

  /// The losses of a run of steps, whose readout becomes weight · ∂l/∂y; of all rows, or of the first `rows` alone.
  func differentiateLoss(_ run: Range<Int>, weight: S, rows: Int? = nil) {
    let rows = rows ?? run.count * batch
    let first = run.lowerBound * batch
    let y = arena + plan.output
    let losses = arena + plan.loss + first
    switch loss {
    case .crossEntropy:
      S.crossEntropy(
        rows: rows, classes: layout.outputs, weight: weight, mask: targetMask + first, target: classes + first, y: y,
        yStride: plan.outputStride, loss: losses)
    case .squared:
      if let outputMask {
        // An output without a target has no error: e = y - d with d = y.
        let target = arena + plan.target + first * plan.outputStride
        for row in 0..<rows {
          for o in 0..<layout.outputs where outputMask[(first + row) * layout.outputs + o] == 0 {
            y[row * plan.outputStride + o] = target[row * plan.outputStride + o]
          }
        }
      }
      S.squaredError(
        rows: rows, columns: layout.outputs, weight: weight, mask: targetMask + first,
        target: arena + plan.target + first * plan.outputStride, targetStride: plan.outputStride, y: y,
        yStride: plan.outputStride, loss: losses)
    case .given:
      takeGradients(rows: rows, first: first, weight: weight, losses: losses)
    }
  }

  /// ∂l/∂y is what was given; l = ⟨∂l/∂y, y⟩.
  private func takeGradients(rows: Int, first: Int, weight: S, losses: UnsafeMutablePointer<S>) {
    for row in 0..<rows {
      let y = arena + plan.output + row * plan.outputStride
      let given = arena + plan.target + (first + row) * plan.outputStride
      let isThere = targetMask[first + row] != 0
      var loss: S = 0
      for column in 0..<layout.outputs {
        if isThere { loss += given[column] * y[column] }
        y[column] = isThere ? weight * given[column] : 0
      }
      losses[row] = loss
    }
  }

  /// δ of a layer's h over a block starts as what the layer above sends: W_ihᵀ ∂L/∂a of the layer above.
  func passDown(layer: Int, block: Range<Int>, gates: Int) {
    for component in 1..<max(1, network.stateComponents) {
      clearGradient(layer: layer, component: component, block, block)
    }
    let slot = slot(block.lowerBound, block)
    let above = plan.layers[layer + 1]
    S.multiplyPacked(
      m: block.count * batch, n: plan.seenUnits, k: gates * network.hidden,
      a: arena + above.preactivationGradient + slot * batch * plan.gateStride,
      aRowStride: plan.gateStride, aColumnStride: 1, packedB: arena + above.inputBackward,
      c: gradientPointer(layer: layer, slot: slot), cRowStride: plan.stateStride, accumulate: false)
  }

  /// A block's share of a layer's weight gradients, while ∂L/∂a and h are still in the cache.
  func addWeightGradients<C: Cell>(_ cell: C, layer: Int, block: Range<Int>) {
    let rows = block.count * batch
    let gh = C.gates * network.hidden
    let slot = slot(block.lowerBound, block)
    let offsets = plan.layer(layer, step: block.lowerBound)
    let da = arena + offsets.preactivationGradient + slot * batch * plan.gateStride
    let daByState = arena + offsets.recurrentGradient + slot * batch * plan.gateStride
    // ∂L/∂W_hh = Σ_t ∂L/∂a_t h_{t-1}ᵀ;  ∂L/∂W_ih = Σ_t ∂L/∂a_t x_tᵀ;  ∂L/∂b = Σ_t ∂L/∂a_t
    if plan.hasRecurrentWeights {
      S.multiply(
        m: gh, n: plan.seenUnits, k: rows, a: daByState, aRowStride: 1, aColumnStride: plan.gateStride,
        b: statePointer(layer: layer, row: block.lowerBound), bRowStride: plan.stateStride,
        c: gradientBase + offsets.recurrentWeight, cRowStride: offsets.recurrentWeightStride,
        accumulate: true)
    }
    // ∂L/∂W_d = Σ_t ∂L/∂a_t h_{t-d}ᵀ
    for (index, delay) in plan.delays.enumerated() {
      S.multiply(
        m: gh, n: network.hidden, k: rows, a: daByState, aRowStride: 1, aColumnStride: plan.gateStride,
        b: statePointer(layer: layer, component: delay - 1, row: block.lowerBound), bRowStride: plan.stateStride,
        c: gradientBase + offsets.delayedWeight + index * offsets.delayedDistance, cRowStride: network.hidden,
        accumulate: true)
    }
    if layer == 0 && hasSymbols {
      // column d of ∂L/∂W_ih = Σ ∂L/∂a_t over the steps whose symbol is d
      S.scatterAddRows(
        rows: rows, columns: gh, x: da, xStride: plan.gateStride, index: symbols + block.lowerBound * batch,
        to: arena + plan.symbolTableGradient, tableStride: plan.gateStride)
    } else {
      let (x, xStride) = inputRows(layer: layer, from: block.lowerBound)
      S.multiply(
        m: gh, n: inputSize(layer), k: rows, a: da, aRowStride: 1, aColumnStride: plan.gateStride, b: x,
        bRowStride: xStride, c: gradientBase + offsets.inputWeight, cRowStride: offsets.inputWeightStride,
        accumulate: true)
    }
    addUnitGradient(cell, layer: layer, block: block)
    addProjectionGradient(layer: layer, block: block)
    if let bias = offsets.bias {
      S.addColumnSums(rows: rows, columns: gh, x: da, xStride: plan.gateStride, to: gradientBase + bias)
    }
    if network.cell.resetGatedInputs > 0 {
      S.addColumnSums(
        rows: rows, columns: gh, x: daByState, xStride: plan.gateStride,
        to: gradientBase + offsets.recurrentBias)
    }
  }
}

/// What a sweep goes back over: a window, or one segment of it, the newest of them first.
struct BackwardSegment {
  /// The steps, and those of them whose losses are injected.
  var steps: Range<Int>, injected: Range<Int>
  /// The weight of an injected loss in the window's objective.
  var weight: Double
  /// Whether it is the window's first to be gone over, which begins its gradient anew; the others add to it, and δ of
  /// their last step receives what the segment before kept aside.
  var isNewest = true
  /// Whether the window begins with it: what reaches the step before goes nowhere.
  var isOldest = true
}

private struct BackwardPass<S: Scalar>: CellVisitor {
  let pass: Pass<S>
  let segment: BackwardSegment

  func visit<C: Cell>(_ cell: C) { pass.backward(cell, segment) }
}
