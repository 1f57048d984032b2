import LinearAlgebra

/// Carries row vectors ∂·/∂s_t of one sequence and layer back to s_{t-1}: v ← v J_t, many rows in one matrix product.
///
/// It runs the cell's own backward step, so whatever has a cell has its Jacobians. Nothing is allocated by `apply`; one
/// thread uses it at a time.
public final class StatePullback {
  /// parts·H, the length of a state and of a row vector.
  public let width: Int
  /// The most rows that one call takes.
  public let capacity: Int

  private let tape: Tape
  private let layer: Int, sequence: Int
  private let weights: UnsafeMutablePointer<Double>
  /// W_ih [G·H, H], packed; nil for the lowest layer, which has no layer below.
  private let inputWeights: UnsafeMutablePointer<Double>?
  /// W_hh of the delays beyond 1, packed; nil where there are none.
  private let delayedWeights: UnsafeMutablePointer<Double>?
  /// ∂·/∂a_t as the input sees it, and as the state before sees it.
  private let scratch: UnsafeMutablePointer<Double>, recurrentScratch: UnsafeMutablePointer<Double>
  private let constants: UnsafeMutablePointer<Double>?
  /// W_hr [P, H] of a projected LSTM, packed, and room for ∂·/∂m_t in rows of some stride; nil where h is not projected.
  private let projection: UnsafeMutablePointer<Double>?
  private var unprojectedGradient: (rows: UnsafeMutablePointer<Double>, stride: Int)?
  private let scratchStride: Int
  /// The step whose weights are packed; nil before the first.
  private var packedStep: Int?
  private let activations: StepActivations

  /// For up to `rows` rows of a layer of sequence `sequence` of the tape.
  public init(_ tape: Tape, layer: Int, sequence: Int, rows: Int) {
    self.tape = tape
    self.layer = layer
    self.sequence = sequence
    let h = tape.hidden
    let gh = tape.network.cell.gates * h
    width = tape.network.stateComponents * h
    capacity = rows
    weights = Pass<Double>.zeroed(Double.packedCount(k: gh, n: h))
    scratchStride = PassPlan<Double>.stride(gh)
    let isApart = tape.network.cell.resetGatedInputs > 0
    scratch = Pass<Double>.zeroed((isApart ? 2 : 1) * rows * scratchStride)
    recurrentScratch = isApart ? scratch + rows * scratchStride : scratch
    constants = tape.unitConstants(layer: layer)
    inputWeights = layer > 0 ? Pass<Double>.zeroed(Double.packedCount(k: gh, n: h)) : nil
    projection = tape.layout.projection(layer: layer).map { block in
      let packed = Pass<Double>.zeroed(Double.packedCount(k: block.rows, n: h))
      tape.parameters.withUnsafeBufferPointer { parameters in
        guard let base = parameters.baseAddress else { return }
        Double.pack(
          k: block.rows, n: h, b: base + block.offset, rowStride: block.rowStride, columnStride: 1, into: packed)
      }
      return packed
    }
    let delays = tape.layout.delayedWeights(layer: layer).count
    delayedWeights = delays > 0 ? Pass<Double>.zeroed(delays * Double.packedCount(k: h, n: h)) : nil
    activations = StepActivations(tape, layer: layer, sequence: sequence)
  }

  /// Packs the weights of step t: once for all steps, unless each has its own.
  private func pack(step t: Int) {
    guard packedStep == nil || tape.layout.copies > 1 && packedStep != t else { return }
    packedStep = t
    let (h, layout) = (tape.hidden, tape.layout)
    let delayed = layout.delayedWeights(layer: layer, step: t).enumerated().map { index, weight in
      (weight.block, delayedWeights.map { $0 + index * Double.packedCount(k: h, n: h) })
    }
    for (weight, packed) in [
      (layout.recurrentWeights(layer: layer, step: t), weights),
      (layout.inputWeights(layer: layer, step: t), inputWeights),
    ] + delayed {
      guard let packed, weight.rows > 0 else { continue }
      tape.parameters.withUnsafeBufferPointer { parameters in
        guard let base = parameters.baseAddress else { return }
        Double.pack(
          k: tape.network.cell.gates * h, n: weight.columns, b: base + weight.offset, rowStride: weight.rowStride,
          columnStride: 1,
          into: packed)
      }
    }
  }

  deinit {
    weights.deallocate()
    inputWeights?.deallocate()
    delayedWeights?.deallocate()
    projection?.deallocate()
    unprojectedGradient?.rows.deallocate()
    constants?.deallocate()
    scratch.deallocate()
  }

  /// Row vectors at s_t times J_t = ∂s_t/∂s_{t-1}: row vectors at s_{t-1}.
  ///
  /// - Parameters:
  ///   - t: the step of the window.
  ///   - rows: the number of vectors.
  ///   - from: the vectors, of `width` elements; their scales go along.
  ///   - to: where the products go, of the same width; may be `from`.
  public func apply(step t: Int, rows: Int, from: RowBlock, to: RowBlock) {
    precondition(from.width == width && to.width == width, "rows of a state's length")
    precondition(rows <= from.capacity && rows <= to.capacity, "the rows fit")
    runBack(step: t, rows: rows, from: from.elements, to: to.elements, stride: from.stride)
    to.copyExponents(of: from, count: rows)
  }

  /// Row vectors at s_t times ∂s_t/∂x_t, with s_{t-1} held fixed: row vectors ∂·/∂h_t of the layer below, in the first H
  /// columns of `to`; the others become 0.
  ///
  /// `from` and `to` as in `apply`; the layer has one below it.
  public func applyToLayerBelow(step t: Int, rows: Int, from: RowBlock, to: RowBlock) {
    // Callers go down from layer to layer and stop at the lowest: no file or setting leads here.
    guard let inputWeights else { preconditionFailure("the lowest layer has none below it") }
    precondition(from.width == width && to.width >= tape.hidden, "rows of a state's length")
    precondition(rows <= from.capacity && rows <= to.capacity, "the rows fit")
    runBack(step: t, rows: rows, from: from.elements, to: nil, stride: from.stride)
    // W_ihᵀ ∂·/∂a_t
    Double.multiplyPacked(
      m: rows, n: tape.network.outputUnits, k: tape.network.cell.gates * tape.hidden, a: scratch,
      aRowStride: scratchStride,
      aColumnStride: 1, packedB: inputWeights, c: to.elements, cRowStride: to.stride, accumulate: false)
    to.clear(columns: tape.network.outputUnits..<to.width, count: rows)
    to.copyExponents(of: from, count: rows)
  }

  /// W_ihᵀ ∂·/∂a_t for some of the inputs.
  func multiplyByInputWeights(_ columns: Range<Int>, step t: Int, rows: Int, from: RowBlock, to: RowBlock) {
    runBack(step: t, rows: rows, from: from.elements, to: nil, stride: from.stride)
    let weights = tape.layout.inputWeights(layer: layer, step: t)
    tape.parameters.withUnsafeBufferPointer { parameters in
      guard let base = parameters.baseAddress else { return }
      Double.multiply(
        m: rows, n: columns.count, k: weights.rows, a: scratch, aRowStride: scratchStride, aColumnStride: 1,
        b: base + weights.index(0, columns.lowerBound), bRowStride: weights.rowStride, c: to.elements,
        cRowStride: to.stride, accumulate: false)
    }
  }

  /// ∂·/∂a_t of a row vector at s_t, without its scale: as W_ih x_t sees it, and as W_hh h_{t-1} sees it, which differ in the
  /// gates apart, [G·H].
  public func preactivationGradient(
    step t: Int, row: Int, of rows: RowBlock
  ) -> (byInput: [Double], byState: [Double]) {
    precondition(rows.width == width && row < rows.capacity, "rows of a state's length")
    runBack(step: t, rows: 1, from: rows.elements + row * rows.stride, to: nil, stride: rows.stride)
    let count = tape.network.cell.gates * tape.hidden
    return (
      Array(UnsafeBufferPointer(start: scratch, count: count)),
      Array(UnsafeBufferPointer(start: recurrentScratch, count: count))
    )
  }

  /// The cell's backward step: ∂·/∂a_t into `scratch`, and ∂·/∂s_{t-1} where it is wanted.
  fileprivate func runBack(
    step t: Int, rows: Int, from: UnsafeMutablePointer<Double>, to: UnsafeMutablePointer<Double>?, stride: Int
  ) {
    precondition(rows <= capacity, "the rows fit")
    pack(step: t)
    activations.load(step: t)
    let h = tape.hidden
    var step = CellStep<Double>(
      rows: rows, hidden: h, previousState: activations.previousState, state: activations.state, stateStride: 0,
      componentDistance: h, preactivation: activations.preactivation, derivative: activations.derivative,
      activationStride: 0, recurrentInput: activations.recurrentInput, recurrentBias: weights,
      recurrentInputStride: 0, gradient: from, previousGradient: to, gradientStride: stride,
      gradientComponentDistance: h, previousGradientComponentDistance: h, preactivationGradient: scratch,
      recurrentGradient: recurrentScratch, preactivationGradientStride: scratchStride, accumulates: false,
      forwardWeights: weights, backwardWeights: weights, delayedBackward: delayedWeights,
      time: tape.window.steps.lowerBound + t + 1, constants: constants)
    if let projection {
      step.projectedUnits = tape.network.outputUnits
      step.projectionBackward = projection
      step.unprojectedGradient = unprojected(stride: stride)
    }
    _ = tape.network.cell.accept(BackwardStep(step: step), tape.network)
  }

  /// Room for ∂·/∂m_t in rows of this stride.
  private func unprojected(stride: Int) -> UnsafeMutablePointer<Double> {
    if let room = unprojectedGradient, room.stride >= stride { return room.rows }
    unprojectedGradient?.rows.deallocate()
    let rows = Pass<Double>.zeroed(capacity * stride)
    unprojectedGradient = (rows, stride)
    return rows
  }
}

/// What one step of a sequence and layer kept, copied out of the tape for a backward step, which reads it a row for all.
private final class StepActivations {
  private let kept: LayerTape
  private let batch: Int, sequence: Int
  /// H, the components of the state, the pre-activations, and those of the gates apart.
  private let hidden: Int, stateComponents: Int, gates: Int, apart: Int
  private let keepsPreactivation: Bool
  private var step: Int?
  /// s_{t-1} and s_t, [components, H]; a_t and φ′(a_t), [G·H]; W_hh h_{t-1} + b_hh of the gates apart, [A·H].
  let previousState: UnsafeMutablePointer<Double>, state: UnsafeMutablePointer<Double>
  let preactivation: UnsafeMutablePointer<Double>, derivative: UnsafeMutablePointer<Double>
  let recurrentInput: UnsafeMutablePointer<Double>

  init(_ tape: Tape, layer: Int, sequence: Int) {
    let cell = tape.network.cell
    (kept, batch, self.sequence, hidden) = (tape.layers[layer], tape.batch, sequence, tape.hidden)
    keepsPreactivation = cell.keepsPreactivation
    (stateComponents, gates, apart) = (
      tape.network.stateComponents, cell.gates * tape.hidden, cell.resetGatedInputs * tape.hidden
    )
    previousState = Pass<Double>.zeroed(stateComponents * hidden)
    state = Pass<Double>.zeroed(stateComponents * hidden)
    preactivation = Pass<Double>.zeroed(gates)
    derivative = Pass<Double>.zeroed(gates)
    recurrentInput = Pass<Double>.zeroed(apart)
  }

  deinit {
    for buffer in [previousState, state, preactivation, derivative, recurrentInput] { buffer.deallocate() }
  }

  func load(step t: Int) {
    guard step != t else { return }
    step = t
    for component in 0..<stateComponents {
      let before = ((t * stateComponents + component) * batch + sequence) * hidden
      copy(kept.state, from: before, count: hidden, to: previousState + component * hidden)
      copy(kept.state, from: before + stateComponents * batch * hidden, count: hidden, to: state + component * hidden)
    }
    let row = t * batch + sequence
    // A backward step reads the one or the other.
    if keepsPreactivation {
      copy(kept.preactivation, from: row * gates, count: gates, to: preactivation)
    } else {
      copy(kept.derivative, from: row * gates, count: gates, to: derivative)
    }
    copy(kept.recurrentInput, from: row * apart, count: apart, to: recurrentInput)
  }

  private func copy(_ array: [Double], from start: Int, count: Int, to buffer: UnsafeMutablePointer<Double>) {
    guard count > 0 else { return }
    precondition(start + count <= array.count, "the step is on the tape")
    array.withUnsafeBufferPointer { if let base = $0.baseAddress { buffer.update(from: base + start, count: count) } }
  }
}

extension JacobianProduct {
  /// P ← P J_t, J_t of the pullback's layer and sequence, by pulling P's rows back: only for finite Jacobians whose rows'
  /// norms lie within `largestRowRatio` of each other. `conditionBound` is a bound of σ_max/σ_min of J_t.
  public func extend(
    by pullback: StatePullback, step t: Int, conditionBound: Double
  ) throws(LinearAlgebraError) {
    try extend(conditionBound: conditionBound) { rows, from, to, stride in
      pullback.runBack(step: t, rows: rows, from: from, to: to, stride: stride)
    }
  }
}

/// One backward step of whatever cell.
struct BackwardStep<S: Scalar>: CellVisitor {
  let step: CellStep<S>

  func visit<C: Cell>(_ cell: C) -> S { cell.backward(step) }
}

extension Tape {
  /// J_t = ∂s_t/∂s_{t-1} of one sequence and layer at step `step` of the window, components·H square: element (i, j) is
  /// ∂s_{t,i}/∂s_{t-1,j}.
  public func jacobian(step: Int, sequence: Int, layer: Int) -> Matrix {
    let width = network.stateComponents * hidden
    let pullback = StatePullback(self, layer: layer, sequence: sequence, rows: width)
    let rows = RowBlock(unitRows: width, width: width)
    pullback.apply(step: step, rows: width, from: rows, to: rows)
    return Matrix(rows: width, columns: width, elements: (0..<width).flatMap(rows.row))
  }
}
