#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

extension Tape {
  /// What step `step` of the window contributes to the gradient: Σ over the batch of ∂L/∂a_t ∂⁺a_t/∂w, the immediate
  /// derivative with h_{t-1} held fixed; flat, as `layout` says. The sum over all steps is the gradient. Untied, it is the gradient
  /// of step t's own copies, and 0 elsewhere, but for what stays shared.
  public func weightGradientContribution(step t: Int) -> [Double] {
    var contribution = [Double](repeating: 0, count: layout.count)
    /// contribution[block] += Σ_b left_b rightᵀ_b, `left` [B, rows] and `right` [B, columns] starting where they are told.
    func addOuterProducts(
      _ block: ParameterLayout.Block, _ left: [Double], _ l: Int, _ right: [Double], _ r: Int, stride: Int? = nil
    ) {
      let (m, n) = (block.rows, block.columns), stride = stride ?? n
      for b in 0..<batch {
        for i in 0..<m {
          let factor = left[l + b * m + i]
          let row = block.index(i, 0)
          for j in 0..<n { contribution[row + j] += factor * right[r + b * stride + j] }
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
      let stateSize = layer.stateComponents * batch * hidden
      let below = index == 0 ? x : layers[index - 1].state
      let belowStart = index == 0 ? t * batch * inputs : (t + 1) * layers[index - 1].stateComponents * batch * hidden
      let daByState = layer.recurrentGradient
      addOuterProducts(
        layout.inputWeights(layer: index, step: t), da, start, below, belowStart, stride: index == 0 ? inputs : hidden)
      addOuterProducts(
        layout.recurrentWeights(layer: index, step: t), daByState, start, layer.state, t * stateSize, stride: hidden)
      if let projection = layout.projection(layer: index) {
        for b in 0..<batch {
          let first = (t * layer.stateComponents * batch + b) * hidden
          let m = unprojected(layer: index, step: t, sequence: b)
          for i in 0..<projection.rows {
            for j in 0..<hidden { contribution[projection.index(i, j)] += layer.gradient[first + i] * m[j] }
          }
        }
      }
      for delayed in layout.delayedWeights(layer: index, step: t) {
        let component = (t * layer.stateComponents + delayed.delay - 1) * batch * hidden
        addOuterProducts(delayed.block, daByState, start, layer.state, component)
      }
      if let bias = layout.bias(layer: index)?.copy(t) { addOuterProducts(column(bias), da, start, ones, 0) }
      let units = layout.unitTensors(layer: index)
      if !units.isEmpty { contribution.replaceSubrange(units, with: unitContribution(layer: index, step: t)) }
      // Only the first step of a sequence has a trained state before it.
      if t == 0, let initial = layout.initialState(layer: index) {
        contribution.replaceSubrange(initial.range, with: gradient[initial.range])
      }
      if let bias = layout["bias_hh_l\(index)"]?.copy(t) { addOuterProducts(column(bias), daByState, start, ones, 0) }
    }
    if let top = layers.last, let weight = layout["readout.weight"], let bias = layout["readout.bias"] {
      let dy = outputGradient(step: t)
      let block = ParameterLayout.Block(
        offset: weight.offset, rows: outputs, columns: network.outputUnits, rowStride: network.outputUnits)
      addOuterProducts(block, dy, 0, top.state, (t + 1) * top.stateComponents * batch * hidden, stride: hidden)
      addOuterProducts(column(bias), dy, 0, ones, 0)
      if let direct = layout["readout.direct"] {
        let block = ParameterLayout.Block(offset: direct.offset, rows: outputs, columns: inputs, rowStride: inputs)
        addOuterProducts(block, dy, 0, x, t * batch * inputs)
      }
    }
    contribution.withUnsafeMutableBufferPointer { values in
      if let base = values.baseAddress { network.clearAbsentConnections(of: layout, base) }
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
          let target = values[row * outputs + o]
          gradient[b * outputs + o] = injectionWeight * (lossKind == .given ? target : value - target)
        }
      }
    }
    return gradient
  }
}
