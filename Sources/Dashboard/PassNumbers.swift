import RecurrentNetworks
import Training

/// The numbers of one step's forward pass, of sequence 0 in the top layer.
struct ForwardNumbers: Equatable {
  /// ‖a_t‖ and the norms of what it is the sum of: W_ih x_t, W_hh h_{t-1}, b.
  var preactivation: Double, input: Double, recurrent: Double, bias: Double
  /// ‖h_t‖.
  var state: Double
  /// The mean and the least |φ′(a_t)| of the units.
  var derivativeMean: Double, derivativeLeast: Double
  /// l_t, where there is a target, and whether the update learns from it.
  var loss: Double?
  var isInjected: Bool

  /// The numbers of the tape's step `step`, counted from the window's first; nil when there is no such step.
  init?(_ tape: Tape, step: Int) {
    guard tape.steps > step, step >= 0, let layer = tape.layers.last else { return nil }
    let hidden = tape.hidden, batch = tape.batch, depth = tape.layers.count - 1
    let gates = hidden * tape.network.cell.gates
    preactivation = norm(layer.preactivation.row(step, of: batch * gates, width: gates))
    // What the top layer reads: x_t, or the state of the layer below.
    let read =
      if depth == 0 {
        tape.x.row(step, of: batch * tape.inputs, width: tape.inputs)
      } else {
        tape.layers[depth - 1].state.row(step + 1, of: tape.layers[depth - 1].parts * batch * hidden, width: hidden)
      }
    let stateSize = layer.parts * batch * hidden
    input = norm(tape.product("weight_ih_l\(depth)", read))
    recurrent = norm(tape.product("weight_hh_l\(depth)", layer.state.row(step, of: stateSize, width: hidden)))
    bias = norm(tape.parameter("bias_ih_l\(depth)") ?? [])
    state = norm(layer.state.row(step + 1, of: stateSize, width: hidden))
    let derivative = layer.derivative.row(step, of: batch * gates, width: gates).map(abs)
    derivativeMean = derivative.reduce(0, +) / Double(max(1, derivative.count))
    derivativeLeast = derivative.min() ?? 0
    let index = step * batch
    loss = tape.targetMask[index] == 1 ? tape.loss[index] : nil
    isInjected = tape.mask[index] == 1
  }
}

/// The numbers of one step's backward pass, norms over the whole batch, in the top layer.
struct BackwardNumbers: Equatable {
  /// ‖δ_t‖ and the norms of its two parts: from the step's own loss, and from the steps after it.
  var gradient: Double, local: Double, future: Double
  /// What clipping at every step multiplied the sum of the two by: 1 where it did nothing.
  var clipScale = 1.0
  /// ‖δ_{t+1}‖; nil at the window's last step.
  var next: Double?
  /// ‖∂L/∂a_{t+1}‖/‖δ_{t+1}‖, what φ′ (and β or α) makes of it, and ‖W_hhᵀ v‖/‖v‖ of v = ∂L/∂a_{t+1}; nil where
  /// nothing arrives.
  var derivativeFactor: Double?, recurrentFactor: Double?

  /// The numbers of the tape's step `step`, counted from the window's first; nil when there is no such step.
  init?(_ tape: Tape, step: Int) {
    guard tape.steps > step, step >= 0, let layer = tape.layers.last else { return nil }
    let size = tape.batch * tape.hidden
    // δ of h: the first of the state's parts.
    func delta(_ step: Int) -> ArraySlice<Double> { layer.gradient.row(step, of: layer.parts * size, width: size) }
    gradient = norm(delta(step))
    local = norm(layer.localGradient.row(step, of: size, width: size))
    let fromFuture = layer.futureGradient.row(step, of: size, width: size)
    future = norm(fromFuture)
    let scales = tape.clipScales.suffix(tape.steps)
    if scales.count == tape.steps { clipScale = scales[scales.startIndex + step] }
    guard step + 1 < tape.steps else { return }
    let after = delta(step + 1)
    let length = norm(after)
    next = length
    guard length > 0 else { return }
    let inside = size * tape.network.cell.gates
    let inner = norm(layer.preactivationGradient.row(step + 1, of: inside, width: inside))
    derivativeFactor = inner / length
    // W_hhᵀ ∂L/∂a_{t+1} is what arrives less what goes past φ: future - κ δ_{t+1}.
    let keep = CellEquations(tape.network).keep
    if inner > 0 { recurrentFactor = norm(zip(fromFuture, after).map { $0 - keep * $1 }) / inner }
  }
}

/// The numbers of the update that a window's gradient makes.
struct UpdateNumbers: Equatable {
  /// ‖g‖ before and after clipping, and ‖w‖.
  var raw: Double, clipped: Double, weights: Double

  /// The share that clipping leaves: 1 where it does nothing.
  var scale: Double { raw > 0 ? clipped / raw : 1 }

  /// The numbers of the tape's gradient under `clip`.
  init(_ tape: Tape, _ clip: ClipSpecification) {
    raw = norm(tape.gradient)
    weights = norm(tape.parameters)
    switch clip.kind {
    case .none, .step, .weight: clipped = raw
    case .norm: clipped = min(raw, clip.threshold)
    case .value: clipped = norm(tape.gradient.map { min(max($0, -clip.threshold), clip.threshold) })
    }
  }
}

extension [Double] {
  /// The first `width` numbers of row `index`, in rows of `size`.
  fileprivate func row(_ index: Int, of size: Int, width: Int) -> ArraySlice<Double> {
    let start = index * size
    return start >= 0 && start + width <= count ? self[start..<start + width] : []
  }
}

extension Tape {
  /// W v, W the parameter called `name`, [rows, v.count].
  fileprivate func product(_ name: String, _ v: ArraySlice<Double>) -> [Double] {
    guard let weights = parameter(name), !v.isEmpty, weights.count % v.count == 0 else { return [] }
    return (0..<weights.count / v.count).map { row in
      zip(weights[row * v.count..<(row + 1) * v.count], v).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}

/// ‖v‖₂, scaled so that it neither underflows nor overflows; not finite where a component is not.
func norm(_ values: some Sequence<Double>) -> Double {
  var largest = 0.0
  for value in values {
    guard value.isFinite else { return value.isNaN ? .nan : .infinity }
    largest = max(largest, abs(value))
  }
  guard largest > 0 else { return 0 }
  return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
}
