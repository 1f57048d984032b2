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
    /// The states after the steps, [steps, components, B, H].
    public let state: [Double]
    /// The pre-activations a_t and φ′(a_t), [steps, B, G·H]; φ′ is empty for a cell whose backward step takes it from a_t.
    public let preactivation: [Double], derivative: [Double]
    /// W_hh h_{t-1} + b_hh of the gates that keep it apart, [steps, B, A·H].
    public let recurrentInput: [Double]

    /// The parts, as they were kept.
    public init(state: [Double], preactivation: [Double], derivative: [Double], recurrentInput: [Double]) {
      self.state = state
      self.preactivation = preactivation
      self.derivative = derivative
      self.recurrentInput = recurrentInput
    }
  }

  /// What `layers` keep of `steps` steps.
  public init(steps: Int, layers: [Layer]) {
    self.steps = steps
    self.layers = layers
  }

  /// The numbers that it holds.
  public var count: Int {
    layers.reduce(0) { $0 + $1.state.count + $1.preactivation.count + $1.derivative.count + $1.recurrentInput.count }
  }
}

extension Pass {
  /// What the steps `range` left, by a pass that records.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func keptActivations(_ range: Range<Int>) -> KeptActivations {
    precondition(plan.recordsTape, "the pass was made to record")
    let gh = network.cell.gates * network.hidden, apart = network.cell.resetGatedInputs * network.hidden
    return KeptActivations(
      steps: range.count,
      layers: plan.layers.enumerated().map { index, layer in
        func rows(_ offset: Int, _ columns: Int, _ stride: Int) -> [Double] {
          Self.gathered(
            arena + offset + range.lowerBound * batch * stride, rows: range.count * batch, columns: columns,
            stride: stride)
        }
        return KeptActivations.Layer(
          state: range.flatMap { state(row: $0 + 1, layer: index) },
          preactivation: rows(layer.preactivation, gh, plan.gateStride),
          derivative: plan.keepsPreactivation ? [] : rows(layer.derivative, gh, plan.gateStride),
          recurrentInput: apart > 0 ? rows(layer.recurrentInput, apart, plan.apartStride) : [])
      })
  }

  /// Puts back what was kept, at the steps from `first` on, as if they had just been run forward.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func restore(_ kept: KeptActivations, at first: Int = 0) {
    precondition(plan.recordsTape && kept.layers.count == network.layers, "the pass was made to record")
    precondition(first + kept.steps <= capacity, "the steps fit")
    let gh = network.cell.gates * network.hidden, apart = network.cell.resetGatedInputs * network.hidden
    let size = network.stateComponents * batch * network.hidden
    for (index, layer) in kept.layers.enumerated() {
      for t in 0..<kept.steps {
        setState(at: first + t + 1, layer: index, from: Array(layer.state[t * size..<(t + 1) * size]))
      }
      let offsets = plan.layers[index]
      func put(_ values: [Double], _ offset: Int, _ columns: Int, _ stride: Int) {
        guard !values.isEmpty else { return }
        Self.spread(
          values, rows: kept.steps * batch, columns: columns, into: arena + offset + first * batch * stride,
          stride: stride)
      }
      put(layer.preactivation, offsets.preactivation, gh, plan.gateStride)
      put(layer.derivative, offsets.derivative, gh, plan.gateStride)
      put(layer.recurrentInput, offsets.recurrentInput, apart, plan.apartStride)
    }
  }
}

/// How a window's pass differs from a forward pass and backpropagation over the window.
public struct PassVariant: Equatable, Sendable {
  /// What multiplies the gradient on its way from a step of the window to the one before it; empty for 1 everywhere.
  public var gradientScale: [Double] = []
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
