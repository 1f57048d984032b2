/// One window's forward and backward pass, whole: everything that was computed, kept for every step.
///
/// A tape is a pure function of the weights, the carried state, the data and the settings. T steps, B sequences,
/// H hidden units, I inputs, O outputs; arrays are row-major in the order that their shapes name; step index 0 is
/// the window's first step. Always in doubles: a pass in single precision is widened.
public struct Tape: Sendable {
  /// The network.
  public let network: NetworkSpecification
  /// Its parameters' layout.
  public let layout: ParameterLayout
  /// The parameters of the pass, flat, as `layout` says.
  public let parameters: [Double]
  /// The gradient of the objective by them before clipping.
  public let gradient: [Double]
  /// T, B, I, O and H.
  public let steps: Int, batch: Int, inputs: Int, outputs: Int, hidden: Int
  /// The window in its sequence.
  public let window: Window
  /// The loss.
  public let lossKind: LossKind
  /// How the losses are reduced.
  public let reduction: Reduction
  /// The objective L.
  public let objective: Double
  /// The weight of an injected l_t in the objective: 1, or 1 over the number of injected losses.
  public let injectionWeight: Double
  /// The inputs, [T, B, I].
  public let x: [Double]
  /// The targets of the window, [T, B] or [T, B, O].
  public let target: Targets
  /// 1 where the task has a target, [T, B]; 1 where its loss is injected too, [T, B].
  public let targetMask: [UInt8], mask: [UInt8]
  /// 1 where an output has a target, [T, B, O]; nil where every output has at the steps of `targetMask`.
  public let outputMask: [UInt8]?
  /// The readout y_t, [T, B, O]; the losses l_t, 0 without a target, [T, B].
  public let output: [Double], loss: [Double]
  /// ∂l_t/∂h_t of the top layer, neither masked nor weighted by the reduction, [T, B, H].
  public let lossGradient: [Double]
  /// What multiplied the gradient on its way from a step of the window to the one before it, [T]; empty for 1 everywhere.
  public let gradientScale: [Double]
  /// Whether the gradient is that of a fixed point at the last step: δ there is the adjoint z, and 0 at the others.
  public let isFixedPoint: Bool
  /// What each layer kept, the lowest first.
  public let layers: [LayerTape]
  /// What clipping at every step multiplied each layer's δ_t by, [layers, T]: δ_t is this times the sum of its parts. Empty
  /// where flow is not clipped.
  public internal(set) var clipScales: [Double] = []
  /// Ω, where its gradient by W_hh is in `gradient`; else 0.
  public internal(set) var omega = 0.0
  /// F of gradient flossing, where its gradient is in `gradient`; else 0.
  public internal(set) var flossed = 0.0
}

/// What a pass keeps of one layer.
public struct LayerTape: Sendable {
  /// The state's components (h; h, c for an LSTM).
  public let stateComponents: Int
  /// s_0 … s_T, the state carried in first, [T+1, components, B, H].
  public let state: [Double]
  /// The pre-activations a_t, [T, B, G·H], and φ′(a_t), of the same shape, φ the gate's own function.
  public let preactivation: [Double], derivative: [Double]
  /// W_hh h_{t-1} + b_hh of the gates that keep it apart (n of a GRU), [T, B, A·H]; what is added to their a_t goes through
  /// another gate first.
  public let recurrentInput: [Double]
  /// δ_t = ∂L/∂s_t by all paths, [T, components, B, H].
  public let gradient: [Double]
  /// The two parts of δ_t of h: what arrives at step t itself (its own loss, the layer above), and what arrives from
  /// step t+1, [T, B, H].
  public let localGradient: [Double], futureGradient: [Double]
  /// ∂L/∂a_t, [T, B, G·H].
  public let preactivationGradient: [Double]
  /// ∂L/∂(W_hh h_{t-1}), [T, B, G·H]: ∂L/∂a_t, but for the gates whose recurrent input is kept apart.
  public let recurrentGradient: [Double]
}

extension Tape {
  /// One parameter tensor by PyTorch's name, row-major; nil where there is none.
  public func parameter(_ name: String) -> [Double]? { layout[name].map { Array(parameters[$0.range]) } }

  /// The elements of a block of the parameters, row-major.
  public func elements(_ block: ParameterLayout.Block) -> [Double] { block.elements(of: parameters) }

  /// The gradient by that tensor.
  public func gradient(of name: String) -> [Double]? { layout[name].map { Array(gradient[$0.range]) } }
}
