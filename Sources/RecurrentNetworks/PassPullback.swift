import LinearAlgebra

/// Carries row vectors ∂·/∂s_t of the first sequence of a pass's top layer back to s_{t-1} in the pass's own arenas, after it went
/// back over its window: v ← v J_t, many rows in one matrix product, in doubles.
package final class PassPullback {
  private let stateComponents: Int, hidden: Int, gates: Int
  private let weights: AlignedBuffer<Double>
  private let (wideWeights, before, after, preactivation, derivative, apart) = (
    WideRows(), WideRows(), WideRows(), WideRows(), WideRows(), WideRows()
  )
  private let (scratch, recurrentScratch) = (WideRows(), WideRows())

  /// Whether a network's steps back need nothing beside states, pre-activations and W_hh.
  package static func reads(_ network: NetworkSpecification) -> Bool {
    !network.hasOtherDelays && !network.isProjected && network.constantRows == 0 && network.unitTensors.isEmpty
      && network.periods.isEmpty
  }

  /// For passes of a network that it reads.
  package init(_ network: NetworkSpecification) {
    (stateComponents, hidden, gates) = (network.stateComponents, network.hidden, network.cell.gates)
    weights = AlignedBuffer(Double.packedCount(k: gates * hidden, n: hidden))
  }

  /// Takes the weights of a pass, which all its steps share.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func begin<S: Scalar>(_ pass: Pass<S>) {
    let steps = 0..<1
    let block = BackwardBlock(pass: pass, layer: pass.network.layers - 1, window: steps, steps: steps)
    guard let matrix = block.recurrentWeights else { return }
    let wide = wideWeights(matrix)
    Double.pack(
      k: wide.count, n: wide.columns, b: wide.start, rowStride: wide.stride, columnStride: 1, into: weights.start)
  }

  /// v ← v J_t of the first `count` rows; their scales stay.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func apply<S: Scalar>(_ pass: Pass<S>, step t: Int, count: Int, to rows: RowBlock) {
    precondition(rows.width == stateComponents * hidden && count <= rows.capacity, "rows of a state's length")
    let layer = pass.network.layers - 1, h = hidden, gateRows = pass.batch * pass.plan.gateStride
    let offsets = pass.plan.layers[layer]
    /// One row of the pass, or as many as the state has components, dense.
    func states(_ wide: WideRows, _ row: Int) -> UnsafeMutablePointer<Double> {
      let first = pass.statePointer(layer: layer, row: row)
      let distance = stateComponents > 1 ? pass.statePointer(layer: layer, component: 1, row: row) - first : 0
      return UnsafeMutablePointer(
        mutating: wide(PassRows(start: first, count: stateComponents, columns: h, stride: max(h, distance))).start)
    }
    func gateRow(_ wide: WideRows, _ start: UnsafeMutablePointer<S>, _ columns: Int) -> UnsafeMutablePointer<Double> {
      UnsafeMutablePointer(
        mutating: wide(PassRows(start: start, count: 1, columns: columns, stride: columns)).start)
    }
    let keeps = pass.plan.keepsPreactivation
    let (ofInput, stride) = scratch.room(rows: rows.capacity, columns: gates * h)
    let isApart = pass.network.cell.resetGatedInputs > 0
    // Components lie as far apart as `states` has them.
    let distance =
      S.self == Double.self && stateComponents > 1
      ? pass.statePointer(layer: layer, component: 1, row: t) - pass.statePointer(layer: layer, row: t)
      : AlignedBuffer<Double>.rowStride(h)
    let step = CellStep<Double>(
      rows: count, hidden: h, previousState: states(before, t), state: states(after, t + 1), stateStride: 0,
      componentDistance: distance,
      preactivation: gateRow(preactivation, pass.arena + offsets.preactivation + (keeps ? t * gateRows : 0), gates * h),
      derivative: gateRow(derivative, pass.arena + offsets.derivative + (keeps ? 0 : t * gateRows), gates * h),
      activationStride: 0,
      recurrentInput: gateRow(
        apart, pass.arena + offsets.recurrentInput + t * pass.batch * pass.plan.apartStride,
        pass.network.cell.resetGatedInputs * h), recurrentBias: weights.start, recurrentInputStride: 0,
      gradient: rows.elements, previousGradient: rows.elements, gradientStride: rows.stride,
      gradientComponentDistance: h, previousGradientComponentDistance: h, preactivationGradient: ofInput,
      recurrentGradient: isApart ? recurrentScratch.room(rows: rows.capacity, columns: gates * h).start : ofInput,
      preactivationGradientStride: stride, accumulates: false, forwardWeights: weights.start,
      backwardWeights: weights.start, time: pass.firstStep + t + 1)
    _ = pass.network.cell.accept(BackwardStep(step: step), pass.network)
  }
}

extension Pass {
  /// Adds ∂l_t/∂h_t of the first sequence's top layer, neither masked nor weighted, to a row; after `backward`, whose readout is
  /// packed still.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func addLossGradient(step t: Int, to row: Int, of rows: RowBlock, room: WideRows) {
    readOut(t..<t + 1, rows: 1)
    differentiateLoss(t..<t + 1, weight: 1, rows: 1)
    let stride = plan.stateStride
    withUnsafeTemporaryAllocation(of: S.self, capacity: stride) { scratch in
      guard let start = scratch.baseAddress else { return }
      start.initialize(repeating: 0, count: stride)
      sendLosses(rows: 1, into: start)
      let gradient = room(PassRows(start: UnsafePointer(start), count: 1, columns: network.hidden, stride: stride))
      rows.add(gradient, to: row)
    }
  }

  /// Whether the first sequence has a target at a step.
  package func firstHasTarget(step t: Int) -> Bool { targetMask[t * batch] != 0 }
}
