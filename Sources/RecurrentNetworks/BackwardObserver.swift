import LinearAlgebra

/// Looks on while a pass goes back over a window: block after block, the newest first, while a block's numbers are in the cache.
///
/// It reads the pass's own arenas, so that what it measures of an update costs no second pass. It changes nothing in them.
package protocol BackwardObserver: AnyObject {
  /// A backward pass over a window begins, whose steps were run forward.
  func begin<S: Scalar>(_ pass: Pass<S>, window: Range<Int>)
  /// The top layer has been gone back over in a block of steps.
  func see<S: Scalar>(_ block: BackwardBlock<S>)
}

/// What a pass holds of a layer over some steps that it has just gone back over, [steps, B, ·] each.
package struct BackwardBlock<S: Scalar> {
  /// The pass, the layer, and the window that the steps are of.
  package let pass: Pass<S>, layer: Int, window: Range<Int>
  /// The steps, whose numbers all lie in the arenas.
  package let steps: Range<Int>

  /// The rows of a step, and of all steps; the components of the state.
  package var batch: Int { pass.batch }
  package var rows: Int { steps.count * pass.batch }
  package var stateComponents: Int { pass.network.stateComponents }

  /// δ_t = ∂L/∂s_t by a component of the state, [.., H].
  package func gradient(component: Int = 0) -> PassRows<S> {
    rows(
      pass.gradientPointer(layer: layer, component: component, slot: pass.slot(steps.lowerBound, steps)),
      pass.network.hidden, pass.plan.stateStride)
  }

  /// ∂L/∂a_t as W_hh h_{t-1} sees it, [.., G·H].
  package var recurrentGradient: PassRows<S> {
    rows(
      pass.arena + offsets.recurrentGradient + pass.slot(steps.lowerBound, steps) * batch * pass.plan.gateStride,
      pass.plan.gatedUnits, pass.plan.gateStride)
  }

  /// s_t by a component of the state, [.., H].
  package func state(component: Int = 0) -> PassRows<S> {
    pass.states(after: steps, layer: layer, component: component)
  }

  /// a_t, [.., G·H], of a cell that keeps them.
  package var preactivation: PassRows<S> {
    rows(
      pass.arena + offsets.preactivation
        + pass.preactivationSlot(steps.lowerBound, steps) * batch * pass.plan.gateStride,
      pass.plan.gatedUnits, pass.plan.gateStride)
  }

  /// φ′(a_t), [.., G·H]; nil of a cell that keeps pre-activations in its place.
  package var derivative: PassRows<S>? {
    guard !pass.plan.keepsPreactivation else { return nil }
    return rows(
      pass.arena + offsets.derivative + steps.lowerBound * batch * pass.plan.gateStride, pass.plan.gatedUnits,
      pass.plan.gateStride)
  }

  /// W_hh [G·H, H] of the block's steps; nil where the cell has none.
  package var recurrentWeights: PassRows<S>? {
    guard pass.plan.hasRecurrentWeights else { return nil }
    return PassRows(
      start: pass.parameterBase + offsets.recurrentWeight, count: pass.plan.gatedUnits, columns: pass.plan.seenUnits,
      stride: offsets.recurrentWeightStride)
  }

  /// A tensor of the layer's own that has a number for each unit, by where it lies in the parameters, [H].
  package func unitTensor(at offset: Int) -> PassRows<S> {
    PassRows(
      start: pass.parameterBase + offset, count: 1, columns: pass.network.hidden, stride: pass.network.hidden)
  }

  private var offsets: PassPlan<S>.Layer { pass.plan.layer(layer, step: steps.lowerBound) }

  private func rows(_ start: UnsafeMutablePointer<S>, _ columns: Int, _ stride: Int) -> PassRows<S> {
    PassRows(start: start, count: rows, columns: columns, stride: stride)
  }
}

/// Rows of numbers in a pass's memory, which lie `stride` apart; what is between them is 0, but for the parameters'.
package struct PassRows<S: Scalar> {
  package let start: UnsafePointer<S>
  package let count: Int, columns: Int, stride: Int

  package init(start: UnsafePointer<S>, count: Int, columns: Int, stride: Int) {
    (self.start, self.count, self.columns, self.stride) = (start, count, columns, stride)
  }
}

extension Pass {
  /// s_{t+1} of a layer after some steps that were run forward, by a component of the state, [steps·B, H].
  package func states(after steps: Range<Int>, layer: Int, component: Int = 0) -> PassRows<S> {
    PassRows(
      start: statePointer(layer: layer, component: component, row: steps.lowerBound + 1), count: steps.count * batch,
      columns: network.hidden, stride: plan.stateStride)
  }
}

/// Room in which rows of either precision are read as doubles: rows in doubles are read where they lie.
///
/// Grows to the most rows that it was asked for, all with as many columns, so that what lies between them stays 0. One thread uses
/// it at a time.
package final class WideRows {
  private var buffer: AlignedBuffer<Double>?

  package init() {}

  /// The rows as doubles, until the room is asked again.
  package func callAsFunction<S: Scalar>(_ rows: PassRows<S>) -> PassRows<Double> {
    if S.self == Double.self {
      let start = UnsafeRawPointer(rows.start).assumingMemoryBound(to: Double.self)
      return PassRows(start: start, count: rows.count, columns: rows.columns, stride: rows.stride)
    }
    let (start, stride) = room(rows: rows.count, columns: rows.columns)
    for row in 0..<rows.count {
      let (from, to) = (rows.start + row * rows.stride, start + row * stride)
      for column in 0..<rows.columns { to[column] = Double(from[column]) }
    }
    return PassRows(start: start, count: rows.count, columns: rows.columns, stride: stride)
  }

  /// Rows for the caller to write.
  package func room(rows: Int, columns: Int) -> (start: UnsafeMutablePointer<Double>, stride: Int) {
    let stride = AlignedBuffer<Double>.rowStride(columns)
    if let buffer, buffer.count >= rows * stride { return (buffer.start, stride) }
    let larger = AlignedBuffer<Double>(rows * stride)
    buffer = larger
    return (larger.start, stride)
  }
}
