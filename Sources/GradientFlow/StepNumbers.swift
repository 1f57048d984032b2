import RecurrentNetworks

/// The numbers of one step's forward pass, of sequence 0 in one layer.
public struct ForwardNumbers: Equatable, Sendable {
  /// The mean of one gate over the units.
  public struct Gate: Equatable, Sendable {
    /// The gate's name, and its mean.
    public let name: String, mean: Double
  }

  /// ‖a_t‖ and the norms of what it is the sum of: W_ih x_t, W_hh h_{t-1}, b (0 where there is none).
  public let preactivation: Double, input: Double, recurrent: Double, bias: Double
  /// ‖h_t‖, and ‖c_t‖ of the part that a carousel carries beside it.
  public let state: Double, carried: Double?
  /// The mean and the least |φ′(a_t)| of the units.
  public let derivativeMean: Double, derivativeLeast: Double
  /// The gates' means; empty for cells without gates.
  public let gates: [Gate]
  /// l_t, where there is a target, and whether the update learns from it.
  public let loss: Double?, isInjected: Bool

  /// The numbers of layer `layer` (nil: the top one) at the tape's step `step`, counted from the window's first; nil when
  /// there is no such step or layer.
  public init?(_ tape: Tape, step: Int, layer index: Int? = nil) {
    let depth = index ?? tape.layers.count - 1
    guard tape.steps > step, step >= 0, tape.layers.indices.contains(depth) else { return nil }
    let layer = tape.layers[depth]
    let hidden = tape.hidden, batch = tape.batch
    let width = hidden * tape.network.cell.gates
    preactivation = euclideanNorm(layer.preactivation.row(step, of: batch * width, width: width))
    // What the layer reads: x_t, or the state of the layer below.
    let read =
      if depth == 0 {
        tape.x.row(step, of: batch * tape.inputs, width: tape.inputs)
      } else {
        tape.layers[depth - 1].state.row(step + 1, of: tape.layers[depth - 1].parts * batch * hidden, width: hidden)
      }
    let stateSize = layer.parts * batch * hidden
    let before = layer.state.row(step, of: stateSize, width: hidden)
    input = euclideanNorm(tape.product(tape.layout.inputWeights(layer: depth, step: step), read))
    recurrent = euclideanNorm(tape.product(tape.layout.recurrentWeights(layer: depth, step: step), before))
    bias = tape.layout.bias(layer: depth).map { euclideanNorm(tape.parameters[$0.copy(step).range]) } ?? 0
    state = euclideanNorm(layer.state.row(step + 1, of: stateSize, width: hidden))
    let cell = tape.network.cellDescription
    let part = cell.carousel?.part ?? 0
    carried =
      part > 0
      ? euclideanNorm(
        layer.state.row((step + 1) * layer.parts + part, of: batch * hidden, width: hidden)) : nil
    let derivative = layer.derivative.row(step, of: batch * width, width: width).map(abs)
    derivativeMean = derivative.reduce(0, +) / Double(max(1, derivative.count))
    derivativeLeast = derivative.min() ?? 0
    gates = zip(cell.gates, cell.gateFunctions ?? []).enumerated().map { gate, kind in
      let a = tape.gatePreactivations(layer: depth, gate: gate, step: step, sequence: 0)
      return Gate(name: kind.0, mean: a.reduce(0) { $0 + kind.1.value($1) } / Double(max(1, a.count)))
    }
    loss = tape.targetMask[step * batch] == 1 ? tape.loss[step * batch] : nil
    isInjected = tape.mask[step * batch] == 1
  }
}

/// The numbers of one step of the recursion δ_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1} in one layer, norms over the whole batch.
public struct BackwardNumbers: Equatable, Sendable {
  /// ‖∂L/∂h_t‖ and the norms of its two parts: from the step itself (its own loss, or the layer above), and from the steps
  /// after it.
  public let gradient: Double, local: Double, future: Double
  /// ‖∂L/∂c_t‖ of the part that a carousel carries beside h.
  public let carried: Double?
  /// ‖∂L/∂h_{t+1}‖; nil at the window's last step.
  public private(set) var next: Double?
  /// ‖∂L/∂a_{t+1}‖/‖δ_{t+1}‖, what φ′ (and β or α) makes of it, and ‖W_hhᵀ v‖/‖v‖ of v = ∂L/∂a_{t+1}; nil where nothing
  /// arrives, and for cells whose Jacobian has another form.
  public private(set) var derivativeFactor: Double?, recurrentFactor: Double?
  /// What goes on along the carousel, and what through the gates, over the norm of all that arrives at t+1; nil where
  /// nothing arrives, and for cells without a carousel.
  public private(set) var carouselFactor: Double?, gatedFactor: Double?

  /// The numbers of layer `layer` (nil: the top one) at the tape's step `step`, counted from the window's first; nil when
  /// there is no such step or layer.
  public init?(_ tape: Tape, step: Int, layer index: Int? = nil) {
    let index = index ?? tape.layers.count - 1
    guard tape.steps > step, step >= 0, tape.layers.indices.contains(index) else { return nil }
    let layer = tape.layers[index]
    let size = tape.batch * tape.hidden
    let cell = tape.network.cellDescription
    // δ of h: the first of the state's parts.
    func delta(_ step: Int, part: Int = 0) -> ArraySlice<Double> {
      layer.gradient.row(step * layer.parts + part, of: size, width: size)
    }
    gradient = euclideanNorm(delta(step))
    local = euclideanNorm(layer.localGradient.row(step, of: size, width: size))
    let fromFuture = layer.futureGradient.row(step, of: size, width: size)
    future = euclideanNorm(fromFuture)
    let part = cell.carousel?.part ?? 0
    carried = part > 0 ? euclideanNorm(delta(step, part: part)) : nil
    guard step + 1 < tape.steps else { return }
    let after = delta(step + 1)
    let length = euclideanNorm(after)
    next = length
    if let factors = CarouselStep(tape, step: step + 1, layer: index) {
      carouselFactor = Logarithm.powerOf10(factors.log10Carousel)
      gatedFactor = Logarithm.powerOf10(factors.log10Gated)
    }
    guard length > 0, let jacobian = tape.affineJacobian(layer: index) else { return }
    let inside = size * tape.network.cell.gates
    let inner = euclideanNorm(layer.preactivationGradient.row(step + 1, of: inside, width: inside))
    derivativeFactor = inner / length
    // W_hhᵀ ∂L/∂a_{t+1} is what arrives less what goes past φ: future - κ δ_{t+1}.
    if inner > 0 {
      let keep = jacobian.directPath
      let past = zip(fromFuture, after).enumerated().map { $1.0 - keep[$0 % tape.hidden] * $1.1 }
      recurrentFactor = euclideanNorm(past) / inner
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
  /// W v, W a block of the parameters with as many columns as v has elements.
  fileprivate func product(_ weights: ParameterLayout.Block, _ v: ArraySlice<Double>) -> [Double] {
    guard weights.columns == v.count else { return [] }
    return (0..<weights.rows).map { row in
      zip(parameters[weights.index(row, 0)..<weights.index(row, weights.columns)], v).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}

/// ‖v‖₂, scaled so that it neither underflows nor overflows; not finite where a component is not.
public func euclideanNorm(_ values: some Sequence<Double>) -> Double {
  var largest = 0.0
  for value in values {
    guard value.isFinite else { return value.isNaN ? .nan : .infinity }
    largest = max(largest, abs(value))
  }
  guard largest > 0 else { return 0 }
  return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
}
