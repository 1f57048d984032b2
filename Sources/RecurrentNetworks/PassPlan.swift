import LinearAlgebra

/// Where everything of a pass lies in its one arena: sizes first, so that they can be asked for before allocating.
///
/// Rows begin at a cache line and are an odd number of cache lines apart, so that the same column of successive rows
/// does not fall into the same few cache sets.
struct PassPlan<S: Scalar> {
  /// The row strides of x, of a layer's state, of its pre-activations, of the recurrent input apart, and of the readout.
  let inputStride: Int, stateStride: Int, gateStride: Int, apartStride: Int, outputStride: Int
  /// Steps that a block of the sweeps takes at a time: enough rows for long matrix products, few enough for the cache.
  let blockSteps: Int
  /// Whether every step's pre-activations and gradients are kept, or only a block's, in turn.
  let recordsTape: Bool
  /// Whether each step has weights of its own: a block is then one step, and what it multiplies by is packed for it alone.
  let isUntied: Bool
  /// G·H, the rows of weight_ih and weight_hh.
  let gatedUnits: Int
  /// Whether h_{t-1} goes into the pre-activations.
  let hasRecurrentWeights: Bool
  /// The numbers of h that W_hh, the layer above and the readout see.
  let seenUnits: Int
  /// The delays beyond 1.
  let delays: [Int]
  /// Whether the cell's backward pass reads pre-activations, so that every step's are kept in any case.
  let keepsPreactivation: Bool
  /// The number of elements in all; nil when it overflows.
  private(set) var count: Int? = 0

  /// W_ihᵀ + b of the lowest layer, a row a symbol, and its gradient: what one-hot inputs pick.
  private(set) var symbolTable = 0, symbolTableGradient = 0
  private(set) var x = 0, target = 0, output = 0, loss = 0
  private(set) var readoutForward = 0, readoutBackward = 0
  /// Offsets of the readout's tensors in the parameters.
  private(set) var readoutWeight = 0, readoutBias = 0
  /// D of y = W_ho h + D x + b_o among the parameters, nil where there is none; and Dᵀ in panels.
  private(set) var directWeight: Int?
  private(set) var directForward = 0
  /// Whether the network has a readout; otherwise the outputs are h of the first units.
  let hasReadout: Bool
  /// G·H zeros, where the network has no bias.
  private(set) var noBias = 0
  private(set) var layers: [Layer] = []

  /// Offsets of one layer in the arena, and of its tensors in the parameters.
  struct Layer {
    var inputWeight = 0, inputWeightStride = 0, recurrentWeight = 0, recurrentWeightStride = 0
    /// Of W_hh of the delays beyond 1: the first's, the distance of the next, and the elements of one.
    var delayedWeight = 0, delayedDistance = 0, delayedCount = 0
    /// nil where the network has none.
    var bias: Int?
    /// Of the cell's unit tensors in the parameters; of what a step reads of them in the arena.
    var unitTensors = 0, constants = 0
    /// Of the trained initial state in the parameters; nil where it is 0.
    var initialState: Int?
    /// b_hh of a cell with gates apart.
    var recurrentBias = 0
    var state = 0, preactivation = 0, derivative = 0, gradient = 0, preactivationGradient = 0, boundary = 0
    /// Of the gates apart: W_hh h_{t-1} + b_hh, ∂L/∂a_t as W_hh sees it, and the bias of W_ih x_t with that of the others.
    var recurrentInput = 0, recurrentGradient = 0, summedBias = 0
    var inputForward = 0, inputBackward = 0, recurrentForward = 0, recurrentBackward = 0
    var delayedForward = 0, delayedBackward = 0
    /// W_hr in the parameters, nil where h is not projected; packed; m_t, and ∂L/∂m_t.
    var projection: Int?
    var projectionForward = 0, projectionBackward = 0, unprojected = 0, unprojectedGradient = 0
  }

  init(network: NetworkSpecification, layout: ParameterLayout, steps: Int, batch: Int, recordsTape: Bool) {
    let h = network.hidden
    let gh = network.cell.gates * h
    gatedUnits = gh
    let stateComponents = network.stateComponents
    delays = network.furtherDelays
    let seen = network.outputUnits
    seenUnits = seen
    inputStride = Self.stride(layout.inputs)
    stateStride = Self.stride(h)
    gateStride = Self.stride(gh)
    let apart = network.cell.resetGatedInputs * h
    apartStride = Self.stride(apart)
    keepsPreactivation = network.cell.keepsPreactivation
    hasRecurrentWeights = network.cell.hasRecurrentWeights
    outputStride = Self.stride(layout.outputs)
    isUntied = layout.copies > 1
    blockSteps = isUntied ? 1 : Self.blockSteps(steps: steps, batch: batch)
    self.recordsTape = recordsTape
    hasReadout = layout.hasReadout
    let kept = recordsTape ? steps : blockSteps
    symbolTable = reserve(layout.inputs, gateStride)
    symbolTableGradient = reserve(layout.inputs, gateStride)
    x = reserve(steps, batch, inputStride)
    target = reserve(steps, batch, outputStride)
    loss = reserve(steps, batch)
    output = reserve(blockSteps, batch, outputStride)
    readoutForward = reserve(S.packedCount(k: seen, n: layout.outputs))
    readoutBackward = reserve(S.packedCount(k: layout.outputs, n: seen))
    readoutWeight = layout["readout.weight"]?.offset ?? 0
    readoutBias = layout["readout.bias"]?.offset ?? 0
    directWeight = layout["readout.direct"]?.offset
    if directWeight != nil { directForward = reserve(S.packedCount(k: layout.inputs, n: layout.outputs)) }
    noBias = reserve(layout.bias(layer: 0) == nil ? gh : 0)
    for index in 0..<network.layers {
      let inputs = index == 0 ? layout.inputs : seen
      var layer = Layer()
      layer.inputWeight = layout.inputWeights(layer: index).offset
      layer.inputWeightStride = layout.inputWeights(layer: index).rowStride
      layer.recurrentWeight = layout.recurrentWeights(layer: index).offset
      layer.recurrentWeightStride = layout.recurrentWeights(layer: index).rowStride
      layer.bias = layout.bias(layer: index)?.offset
      layer.unitTensors = layout.unitTensors(layer: index).lowerBound
      layer.initialState = layout.initialState(layer: index)?.offset
      layer.constants = reserve(network.constantRows, stateStride)
      layer.state = reserve(stateComponents, steps &+ 1, batch, stateStride)  // steps = Int.max was refused with x
      layer.preactivation = reserve(keepsPreactivation ? steps : kept, batch, gateStride)
      layer.derivative = keepsPreactivation ? 0 : reserve(steps, batch, gateStride)
      layer.gradient = reserve(stateComponents, kept, batch, stateStride)
      layer.preactivationGradient = reserve(kept, batch, gateStride)
      layer.recurrentGradient = layer.preactivationGradient
      if apart > 0 {
        layer.recurrentBias = layout["bias_hh_l\(index)"]?.offset ?? 0
        layer.recurrentInput = reserve(steps, batch, apartStride)
        layer.recurrentGradient = reserve(kept, batch, gateStride)
        layer.summedBias = reserve(gateStride)
      }
      layer.boundary = reserve(stateComponents, batch, stateStride)
      layer.inputForward = reserve(S.packedCount(k: inputs, n: gh))
      layer.inputBackward = index == 0 ? 0 : reserve(S.packedCount(k: gh, n: seen))
      // The gates apart are a matrix of their own.
      if hasRecurrentWeights {
        layer.recurrentForward = reserve(S.packedCount(k: seen, n: gh - apart) + S.packedCount(k: h, n: apart))
        layer.recurrentBackward = reserve(S.packedCount(k: gh, n: seen))
      }
      if let projection = layout.projection(layer: index) {
        layer.projection = projection.offset
        layer.projectionForward = reserve(S.packedCount(k: h, n: seen))
        layer.projectionBackward = reserve(S.packedCount(k: seen, n: h))
        layer.unprojected = reserve(steps, batch, stateStride)
        layer.unprojectedGradient = reserve(kept, batch, stateStride)
      }
      if let first = layout.delayedWeights(layer: index).first {
        (layer.delayedWeight, layer.delayedCount) = (first.block.offset, h * h)
        layer.delayedDistance = layout.copies * h * h
        layer.delayedForward = reserve(delays.count, S.packedCount(k: h, n: h))
        layer.delayedBackward = reserve(delays.count, S.packedCount(k: h, n: h))
      }
      layers.append(layer)
    }
  }

  /// As many steps as make 128 rows: long enough for matrix products, short enough for the cache.
  static func blockSteps(steps: Int, batch: Int) -> Int { max(1, min(steps, 128 / max(1, batch))) }

  /// The distance between rows of `columns` elements.
  static func stride(_ columns: Int) -> Int { AlignedBuffer<S>.rowStride(columns) }

  /// The offset of a new array of the given shape, at a cache line.
  private mutating func reserve(_ shape: Int...) -> Int {
    guard let offset = count else { return 0 }
    var size = 1
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      if overflow { count = nil; return 0 }
      size = product
    }
    let line = 64 / MemoryLayout<S>.size
    let (end, overflow) = offset.addingReportingOverflow(size)
    count = overflow || end > Int.max / 64 ? nil : (end + line - 1) / line * line
    return offset
  }
}
