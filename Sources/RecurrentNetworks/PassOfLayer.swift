import LinearAlgebra

// A pass of one layer as a part of a larger network, such as one direction of a bidirectional layer: what it reads and what comes
// back to its states is handed in, and its time may run against the sequence's. Arrays are dense, [T, B, ·], in the sequence's order.

extension Pass {
  /// The step of the sequence that step t of the pass is.
  private func place(_ t: Int, _ isReversed: Bool) -> Int { isReversed ? capacity - 1 - t : t }

  /// Takes inputs for all of its steps, [T, B, I]; every step then has a target, which `takeGradients` gives.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func takeInputs(_ x: UnsafePointer<S>, isReversed: Bool) {
    (steps, firstStep, hasSymbols) = (capacity, 0, false)
    for t in 0..<capacity {
      for row in 0..<batch {
        (arena + plan.x + (t * batch + row) * plan.inputStride)
          .update(from: x + (place(t, isReversed) * batch + row) * layout.inputs, count: layout.inputs)
      }
      targetCounts[t] = batch
    }
    targetMask.update(repeating: 1, count: capacity * batch)
  }

  /// Takes ∂L/∂h_t of every step from outside of the layer: H columns of rows that lie `stride` apart.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func takeGradients(_ gradients: UnsafePointer<S>, stride: Int, isReversed: Bool) {
    for t in 0..<capacity {
      for row in 0..<batch {
        (arena + plan.target + (t * batch + row) * plan.outputStride)
          .update(from: gradients + (place(t, isReversed) * batch + row) * stride, count: layout.outputs)
      }
    }
  }

  /// h_t of every step, into H columns of rows that lie `stride` apart.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func copyStates(into target: UnsafeMutablePointer<S>, stride: Int, isReversed: Bool) {
    for t in 0..<capacity {
      copy(statePointer(layer: 0, row: t + 1), to: target + place(t, isReversed) * batch * stride, stride)
    }
  }

  /// ∂L/∂h_t of every step after `backward`, by all paths, [T, B, H].
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func copyStateGradients(into target: UnsafeMutablePointer<S>, isReversed: Bool) {
    for t in 0..<capacity {
      copy(
        gradientPointer(layer: 0, slot: t), to: target + place(t, isReversed) * batch * layout.outputs, layout.outputs)
    }
  }

  private func copy(_ rows: UnsafeMutablePointer<S>, to target: UnsafeMutablePointer<S>, _ stride: Int) {
    for row in 0..<batch {
      (target + row * stride).update(from: rows + row * plan.stateStride, count: layout.outputs)
    }
  }

  /// Adds ∂L/∂x_t = W_ihᵀ ∂L/∂a_t of every step after `backward`, [T, B, I].
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func addInputGradients(to target: UnsafeMutablePointer<S>, isReversed: Bool) {
    precondition(plan.recordsTape, "the pass keeps every step")
    let offsets = plan.layers[0], rows = plan.gatedUnits
    for t in 0..<capacity {
      S.multiply(
        m: batch, n: layout.inputs, k: rows, a: arena + offsets.preactivationGradient + t * batch * plan.gateStride,
        aRowStride: plan.gateStride, aColumnStride: 1, b: parameterBase + offsets.inputWeight,
        bRowStride: offsets.inputWeightStride, c: target + place(t, isReversed) * batch * layout.inputs,
        cRowStride: layout.inputs, accumulate: true)
    }
  }
}

extension StatePullback {
  /// Row vectors at s_t times ∂s_t/∂x_t of the lowest layer, for some of the inputs: the first columns of `to`; the others become 0.
  package func applyToInputs(_ columns: Range<Int>, step t: Int, rows: Int, from: RowBlock, to: RowBlock) {
    precondition(columns.count <= to.width && rows <= to.capacity, "the rows fit")
    multiplyByInputWeights(columns, step: t, rows: rows, from: from, to: to)
    to.clear(columns: columns.count..<to.width, count: rows)
    to.copyExponents(of: from, count: rows)
  }
}
