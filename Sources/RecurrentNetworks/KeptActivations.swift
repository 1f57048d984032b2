import LinearAlgebra

/// What a pass keeps of steps that were run forward and will not be run again: states and activations as they were made,
/// under whatever weights there were then.
///
/// The history buffer of Williams & Peng (1990): a window that reaches behind the last update goes back over what is in it.
public struct KeptActivations: Equatable, Sendable {
  /// The number of steps.
  public let steps: Int
  /// What each layer keeps, the lowest first.
  public let layers: [Layer]

  /// What is kept of one layer.
  public struct Layer: Equatable, Sendable {
    /// The states after the steps, [steps, parts, B, H].
    public let state: [Double]
    /// The pre-activations a_t and φ′(a_t), [steps, B, G·H].
    public let preactivation: [Double], derivative: [Double]
  }

  /// The numbers that it holds.
  public var count: Int {
    layers.reduce(0) { $0 + $1.state.count + $1.preactivation.count + $1.derivative.count }
  }
}

extension Pass {
  /// What the steps `range` left, by a pass that records.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func keptActivations(_ range: Range<Int>) -> KeptActivations {
    precondition(plan.recordsTape, "the pass was made to record")
    let gateRow = batch * plan.gateStride, gh = network.cell.gates * network.hidden
    return KeptActivations(
      steps: range.count,
      layers: plan.layers.enumerated().map { index, layer in
        func gates(_ offset: Int) -> [Double] {
          Self.gathered(
            arena + offset + range.lowerBound * gateRow, rows: range.count * batch, columns: gh,
            stride: plan.gateStride)
        }
        return KeptActivations.Layer(
          state: range.flatMap { state(row: $0 + 1, layer: index) }, preactivation: gates(layer.preactivation),
          derivative: gates(layer.derivative))
      })
  }

  /// Puts back what was kept, at the steps from `first` on, as if they had just been run forward.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func restore(_ kept: KeptActivations, at first: Int = 0) {
    precondition(plan.recordsTape && kept.layers.count == network.layers, "the pass was made to record")
    precondition(first + kept.steps <= capacity, "the steps fit")
    let gateRow = batch * plan.gateStride, gh = network.cell.gates * network.hidden
    let size = network.cell.parts * batch * network.hidden
    for (index, layer) in kept.layers.enumerated() {
      for t in 0..<kept.steps {
        setState(at: first + t + 1, layer: index, from: Array(layer.state[t * size..<(t + 1) * size]))
      }
      for (values, offset) in [
        (layer.preactivation, plan.layers[index].preactivation), (layer.derivative, plan.layers[index].derivative),
      ] {
        Self.spread(
          values, rows: kept.steps * batch, columns: gh, into: arena + offset + first * gateRow,
          stride: plan.gateStride)
      }
    }
  }
}

/// What a window's pass does otherwise than run the window forward and go back over it by backpropagation.
public struct PassVariant: Equatable, Sendable {
  /// What multiplies the gradient on its way from a step of the window to the one before it; empty for 1 everywhere.
  public var passage: [Double] = []
  /// The activations of the window's first steps, which are not run forward again.
  public var kept: KeptActivations?
  /// Recurrent backpropagation at the window's last step in place of the way back through time: when its adjoint counts as
  /// settled, and the most turns it takes.
  public var fixedPoint: FixedPoint?

  /// When an adjoint counts as settled.
  public struct FixedPoint: Equatable, Sendable {
    /// The relative change in a turn.
    public var tolerance: Double
    /// The most turns.
    public var limit: Int

    /// Settled at a relative change of `tolerance`, or after `limit` turns.
    public init(tolerance: Double, limit: Int) {
      self.tolerance = tolerance
      self.limit = limit
    }
  }

  /// Plain backpropagation.
  public init() {}
}
