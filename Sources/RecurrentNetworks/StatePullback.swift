import LinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Carries row vectors ∂·/∂s_t of one sequence and layer back to s_{t-1}: v ← v J_t, many rows in one matrix product.
///
/// It runs the cell's own backward step, so whatever has a cell has its Jacobians. Nothing is allocated by `apply`; used
/// by one thread at a time.
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
  /// ∂·/∂a_t as the input sees it, and as the state before sees it.
  private let scratch: UnsafeMutablePointer<Double>, recurrentScratch: UnsafeMutablePointer<Double>
  private let rates: UnsafeMutablePointer<Double>?
  private let scratchStride: Int
  /// The step whose weights are packed; nil before the first.
  private var packedStep: Int?

  /// For up to `rows` rows of a layer of sequence `sequence` of the tape.
  public init(_ tape: Tape, layer: Int, sequence: Int, rows: Int) {
    self.tape = tape
    self.layer = layer
    self.sequence = sequence
    let h = tape.hidden
    let gh = tape.network.cell.gates * h
    width = tape.network.cell.parts * h
    capacity = rows
    weights = Pass<Double>.zeroed(Double.packedCount(k: gh, n: h))
    scratchStride = PassPlan<Double>.stride(gh)
    let isApart = tape.network.cell.gatesApart > 0
    scratch = Pass<Double>.zeroed((isApart ? 2 : 1) * rows * scratchStride)
    recurrentScratch = isApart ? scratch + rows * scratchStride : scratch
    rates = tape.rateVectors(layer: layer)
    inputWeights = layer > 0 ? Pass<Double>.zeroed(Double.packedCount(k: gh, n: h)) : nil
  }

  /// Packs the weights of step t: once for all steps, unless each has its own.
  private func pack(step t: Int) {
    guard packedStep == nil || tape.layout.copies > 1 && packedStep != t else { return }
    packedStep = t
    let (h, layout) = (tape.hidden, tape.layout)
    for (weight, packed) in [
      (layout.recurrentWeights(layer: layer, step: t), weights),
      (layout.inputWeights(layer: layer, step: t), inputWeights),
    ] {
      guard let packed else { continue }
      tape.parameters.withUnsafeBufferPointer { parameters in
        guard let base = parameters.baseAddress else { return }
        Double.pack(
          k: tape.network.cell.gates * h, n: h, b: base + weight.offset, rowStride: weight.rowStride, columnStride: 1,
          into: packed)
      }
    }
  }

  deinit {
    weights.deallocate()
    inputWeights?.deallocate()
    rates?.deallocate()
    scratch.deallocate()
  }

  /// Row vectors at s_t times J_t = ∂s_t/∂s_{t-1}: row vectors at s_{t-1}.
  ///
  /// - Parameters:
  ///   - t: the step of the window.
  ///   - rows: the number of vectors.
  ///   - from: `rows` rows of `width` numbers; it is only read.
  ///   - to: likewise; may be `from`.
  ///   - stride: how far apart the rows lie.
  public func apply(
    step t: Int, rows: Int, from: UnsafeMutablePointer<Double>, to: UnsafeMutablePointer<Double>, stride: Int
  ) {
    runBack(step: t, rows: rows, from: from, to: to, stride: stride)
  }

  /// Row vectors at s_t times ∂s_t/∂x_t, with s_{t-1} held fixed: row vectors ∂·/∂h_t of the layer below, H numbers each.
  ///
  /// `from` and `to` as in `apply`; the layer has one below it.
  public func applyToLayerBelow(
    step t: Int, rows: Int, from: UnsafeMutablePointer<Double>, to: UnsafeMutablePointer<Double>, stride: Int
  ) {
    guard let inputWeights else { preconditionFailure("the lowest layer has none below it") }
    runBack(step: t, rows: rows, from: from, to: nil, stride: stride)
    // W_ihᵀ ∂·/∂a_t
    Double.multiplyPacked(
      m: rows, n: tape.hidden, k: tape.network.cell.gates * tape.hidden, a: scratch, aRowStride: scratchStride,
      aColumnStride: 1, packedB: inputWeights, c: to, cRowStride: stride, accumulate: false)
  }

  /// The cell's backward step: ∂·/∂a_t into `scratch`, and ∂·/∂s_{t-1} where it is wanted.
  private func runBack(
    step t: Int, rows: Int, from: UnsafeMutablePointer<Double>, to: UnsafeMutablePointer<Double>?, stride: Int
  ) {
    precondition(rows <= capacity, "the rows fit")
    pack(step: t)
    let h = tape.hidden
    let gh = tape.network.cell.gates * h
    let layerTape = tape.layers[layer]
    let stateSize = width * tape.batch
    layerTape.state.withUnsafeBufferPointer { state in
      layerTape.preactivation.withUnsafeBufferPointer { preactivation in
        layerTape.derivative.withUnsafeBufferPointer { derivative in
          layerTape.recurrentInput.withUnsafeBufferPointer { recurrentInput in
            guard let s = state.baseAddress, let a = preactivation.baseAddress, let d = derivative.baseAddress else {
              return
            }
            let apart = tape.network.cell.gatesApart * h
            let q = apart > 0 ? recurrentInput.baseAddress ?? a : a
            // A backward step reads these and writes none of them.
            let previous = UnsafeMutablePointer(mutating: s) + t * stateSize + sequence * h
            let row = t * tape.batch + sequence
            let step = CellStep<Double>(
              rows: rows, hidden: h, previousState: previous, state: previous + stateSize, stateStride: 0,
              partDistance: tape.batch * h, preactivation: UnsafeMutablePointer(mutating: a) + row * gh,
              derivative: UnsafeMutablePointer(mutating: d) + row * gh, activationStride: 0,
              recurrentInput: UnsafeMutablePointer(mutating: q) + row * apart, recurrentBias: weights,
              recurrentInputStride: 0, gradient: from, previousGradient: to, gradientStride: stride,
              gradientPartDistance: h, previousGradientPartDistance: h, preactivationGradient: scratch,
              recurrentGradient: recurrentScratch, preactivationGradientStride: scratchStride, accumulates: false,
              forwardWeights: weights, backwardWeights: weights, rates: rates)
            _ = tape.network.cell.accept(BackwardStep(step: step), tape.network)
          }
        }
      }
    }
  }
}

/// One backward step of whatever cell.
struct BackwardStep<S: Scalar>: CellVisitor {
  let step: CellStep<S>

  func visit<C: Cell>(_ cell: C) -> S { cell.backward(step) }
}

extension Tape {
  /// J_t = ∂s_t/∂s_{t-1} of one sequence and layer at step `step` of the window, parts·H square: element (i, j) is
  /// ∂s_{t,i}/∂s_{t-1,j}.
  public func jacobian(step: Int, sequence: Int, layer: Int) -> Matrix {
    let width = network.cell.parts * hidden
    let pullback = StatePullback(self, layer: layer, sequence: sequence, rows: width)
    var identity = [Double](repeating: 0, count: width * width)
    for i in 0..<width { identity[i * width + i] = 1 }
    var jacobian = identity
    identity.withUnsafeMutableBufferPointer { identity in
      jacobian.withUnsafeMutableBufferPointer { jacobian in
        guard let from = identity.baseAddress, let to = jacobian.baseAddress else { return }
        pullback.apply(step: step, rows: width, from: from, to: to, stride: width)
      }
    }
    return Matrix(rows: width, columns: width, elements: jacobian)
  }

  /// One parameter tensor by PyTorch's name, row-major; nil where there is none.
  public func parameter(_ name: String) -> [Double]? { layout[name].map { Array(parameters[$0.range]) } }

  /// The elements of a block of the parameters, row-major.
  public func elements(_ block: ParameterLayout.Block) -> [Double] { block.elements(of: parameters) }

  /// The gradient by that tensor.
  public func gradient(of name: String) -> [Double]? { layout[name].map { Array(gradient[$0.range]) } }

  /// What step `step` of the window contributes to the gradient: Σ over the batch of ∂L/∂a_t ∂⁺a_t/∂w, the immediate
  /// derivative with h_{t-1} held fixed; flat, as `layout` says. The sum over all steps is the gradient. Untied, it is the gradient
  /// of step t's own copies, and 0 elsewhere, but for what stays shared.
  public func weightGradientContribution(step t: Int) -> [Double] {
    var contribution = [Double](repeating: 0, count: layout.count)
    /// contribution[block] += Σ_b left_b rightᵀ_b, `left` [B, rows] and `right` [B, columns] starting where they are told.
    func addOuterProducts(
      _ block: ParameterLayout.Block, _ left: [Double], _ l: Int, _ right: [Double], _ r: Int
    ) {
      let (m, n) = (block.rows, block.columns)
      for b in 0..<batch {
        for i in 0..<m {
          let factor = left[l + b * m + i]
          let row = block.index(i, 0)
          for j in 0..<n { contribution[row + j] += factor * right[r + b * n + j] }
        }
      }
    }
    /// A bias as a matrix of one column.
    func column(_ entry: ParameterLayout.Entry) -> ParameterLayout.Block {
      .init(offset: entry.offset, rows: entry.count, columns: 1, rowStride: 1)
    }
    let ones = [Double](repeating: 1, count: batch)
    let gh = network.cell.gates * hidden
    for (index, layer) in layers.enumerated() {
      let da = layer.preactivationGradient
      let start = t * batch * gh
      let stateSize = layer.parts * batch * hidden
      let below = index == 0 ? x : layers[index - 1].state
      let belowStart = index == 0 ? t * batch * inputs : (t + 1) * layers[index - 1].parts * batch * hidden
      let daByState = layer.recurrentGradient
      addOuterProducts(layout.inputWeights(layer: index, step: t), da, start, below, belowStart)
      addOuterProducts(layout.recurrentWeights(layer: index, step: t), daByState, start, layer.state, t * stateSize)
      if let bias = layout.bias(layer: index)?.copy(t) { addOuterProducts(column(bias), da, start, ones, 0) }
      if let logit = layout.betaLogit(layer: index) {
        contribution.replaceSubrange(logit.range, with: rateContribution(layer: index, step: t))
      }
      if let bias = layout["bias_hh_l\(index)"]?.copy(t) { addOuterProducts(column(bias), daByState, start, ones, 0) }
    }
    if let top = layers.last, let weight = layout["readout.weight"], let bias = layout["readout.bias"] {
      let dy = outputGradient(step: t)
      let block = ParameterLayout.Block(offset: weight.offset, rows: outputs, columns: hidden, rowStride: hidden)
      addOuterProducts(block, dy, 0, top.state, (t + 1) * top.parts * batch * hidden)
      addOuterProducts(column(bias), dy, 0, ones, 0)
    }
    return contribution
  }

  /// ∂L/∂y_t, [B, O]: weighted, and 0 where the loss is not injected.
  public func outputGradient(step t: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: batch * outputs)
    for b in 0..<batch where mask[t * batch + b] != 0 {
      let row = t * batch + b
      let y = output[row * outputs..<(row + 1) * outputs]
      switch target {
      case .classes(let classes):
        // ∂l/∂y = softmax(y) - onehot(d); the log of the softmax's denominator is l + y_d
        let logSum = loss[row] + y[y.startIndex + Int(classes[row])]
        // p_d - 1 = -Σ of the others' p, which keeps its digits where p_d is 1 to all of them.
        let target = b * outputs + Int(classes[row])
        var others = 0.0
        for (o, value) in y.enumerated() where b * outputs + o != target {
          gradient[b * outputs + o] = injectionWeight * exp(value - logSum)
          others += gradient[b * outputs + o]
        }
        gradient[target] = -others
      case .values(let values):
        for (o, value) in y.enumerated() where outputMask?[row * outputs + o] != 0 {
          gradient[b * outputs + o] = injectionWeight * (value - values[row * outputs + o])
        }
      }
    }
    return gradient
  }
}
