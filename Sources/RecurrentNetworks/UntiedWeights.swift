// Weights that are not shared over time. Unrolled, a recurrent network is a deep feed-forward one whose layers all have the
// same weights; untied, step t has W_ih, W_hh and b of its own (as an ordinary deep network has), beginning from the same
// values. The gradient by the copies are the terms of the sum over time that is the gradient by the shared weights:
//
//   ∂L/∂W = Σ_t ∂L/∂W_t    where all W_t = W
//
// (Werbos 1990: backpropagation through time is backpropagation through the unrolled network, its gradients added up). The
// readout, which passes no gradient through time, and a trained β stay one for all steps.

extension ParameterLayout.Entry {
  /// Step t's own copy; the tensor itself where all steps share it.
  public func copy(_ t: Int) -> Self {
    guard copies > 1 else { return self }
    return Self(name: name, shape: Array(shape.dropFirst()), offset: offset + t * (count / copies))
  }
}

extension ParameterLayout.Block {
  /// The block that lies as this one in step t's own copy of a tensor whose rows are all this one's.
  fileprivate func copy(_ t: Int) -> Self {
    Self(offset: offset + t * rows * rowStride, rows: rows, columns: columns, rowStride: rowStride)
  }
}

extension ParameterLayout {
  /// W_ih of a layer at step t, [G·H, I], or [G·H, H] above the lowest.
  public func inputWeights(layer: Int, step t: Int) -> Block {
    copies > 1 ? inputWeights(layer: layer).copy(t) : inputWeights(layer: layer)
  }

  /// W_hh of a layer at step t, [G·H, H].
  public func recurrentWeights(layer: Int, step t: Int) -> Block {
    copies > 1 ? recurrentWeights(layer: layer).copy(t) : recurrentWeights(layer: layer)
  }

  /// The delays beyond 1 with their W_hh of a layer at step t, [H, H].
  public func delayedWeights(layer: Int, step t: Int) -> [DelayedBlock] {
    let first = delayedWeights(layer: layer)
    return copies > 1 ? first.map { DelayedBlock(delay: $0.delay, block: $0.block.copy(t)) } : first
  }

  /// Parameters that all steps share, flat, as those of this layout: every copy is the same.
  public func copied(_ shared: [Double]) -> [Double] {
    var start = 0
    return entries.flatMap { entry in
      let size = entry.count / entry.copies
      defer { start += size }
      return (0..<entry.copies).flatMap { _ in shared[start..<start + size] }
    }
  }

  /// What all copies have, as shared parameters; nil where they are not all the same.
  public func shared(_ parameters: [Double]) -> [Double]? {
    guard parameters.count == count else { return parameters.count == sharedCount ? parameters : nil }
    let first = entries.flatMap { parameters[$0.copy(0).range] }
    return copied(first) == parameters ? first : nil
  }

  /// The number of parameters where all steps share them.
  public var sharedCount: Int { entries.reduce(0) { $0 + $1.count / $1.copies } }

  /// What `values`, a number a parameter, add up to over the copies: of the copies' gradients the gradient by shared weights.
  public func summed(_ values: [Double]) -> [Double] {
    entries.flatMap { entry in
      let size = entry.count / entry.copies
      return (0..<size).map { index in
        (0..<entry.copies).reduce(0) { $0 + values[entry.offset + $1 * size + index] }
      }
    }
  }
}

extension PassPlan {
  /// A layer's offsets at step t, whose parameters are the step's own where it has some.
  @inline(__always)
  func layer(_ index: Int, step t: Int) -> Layer { isUntied ? copy(index, step: t) : layers[index] }

  private func copy(_ index: Int, step t: Int) -> Layer {
    var layer = layers[index]
    layer.inputWeight += t * gatedUnits * layer.inputWeightStride
    layer.recurrentWeight += t * gatedUnits * layer.recurrentWeightStride
    layer.delayedWeight += t * layer.delayedCount
    layer.bias = layer.bias.map { $0 + t * gatedUnits }
    layer.recurrentBias += t * gatedUnits
    return layer
  }
}
