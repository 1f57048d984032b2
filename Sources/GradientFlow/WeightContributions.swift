import RecurrentNetworks

/// What every time step contributes to the gradient by the shared weights, before the steps' terms are summed:
/// ∂L/∂W = Σ_t g_t, g_t = Σ_b ∂L/∂a_t ∂⁺a_t/∂W over the sequences b of the batch, ∂⁺ with h_{t-1} held fixed.
///
/// Norms are logarithms, exact also where the pass itself under- or overflowed. Clipping at every step and stochastic reweighting
/// are in them; Ω, which is no part of L, and clipping of the whole gradient are not.
public struct WeightContributions: Equatable, Sendable {
  /// The names of the tensors, in the layout's order.
  public let tensors: [String]
  /// log10 ‖g_t‖ over all tensors, [T]; -infinity where a step contributes nothing.
  public let log10Norm: [Double]
  /// log10 ‖g_t‖ of each tensor, [tensors][T].
  public let log10NormByTensor: [[Double]]
  /// log10 ‖Σ_{τ≥t} g_τ‖ over all tensors, [T]: the sum from the newest step back to t.
  public let log10Sum: [Double]
  /// The same of each tensor, [tensors][T].
  public let log10SumByTensor: [[Double]]

  /// ‖Σ_t g_t‖/Σ_t ‖g_t‖, 0 … 1: what is left when the steps' contributions are added; 1 where all have one direction, NaN where
  /// there are none.
  public var remainingShare: Double { Self.remaining(log10Sum, log10Norm) }

  /// The same of one tensor, by its index in `tensors`.
  public func remainingShare(tensor: Int) -> Double {
    Self.remaining(log10SumByTensor[tensor], log10NormByTensor[tensor])
  }

  private static func remaining(_ sum: [Double], _ terms: [Double]) -> Double {
    guard let whole = sum.first else { return .nan }
    return Log10.power(whole - Log10.sum(terms))
  }
}

extension WeightContributions {
  /// The contributions to the tensors of layer `layer`, or to all of them, the readout's among them.
  ///
  /// nil where each step has weights of its own, which are not summed (`CopyDrift`), and at a fixed point, where one step is all.
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for all, and the readout.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  public init?(_ tape: Tape, layer: Int? = nil, progress: (Double) throws -> Void) rethrows {
    guard tape.layout.copies == 1, !tape.isFixedPoint else { return nil }
    let layers = layer.map { [$0] } ?? Array(tape.layers.indices)
    guard layers.allSatisfy(tape.layers.indices.contains) else { return nil }
    var terms = StepTerms(tape, layers: layers, hasReadout: layer == nil)
    var sums = terms.tensors
    var (norms, sumNorms): ([[Double]], [[Double]]) = ([], [])
    for t in (0..<tape.steps).reversed() {
      terms.take(step: t)
      for k in sums.indices { sums[k].add(terms.tensors[k]) }
      norms.append(terms.tensors.map(\.log10Norm))
      sumNorms.append(sums.map(\.log10Norm))
      try progress(Double(tape.steps - t) / Double(tape.steps))
    }
    /// [tensors][T] of the steps in order.
    func byTensor(_ norms: [[Double]]) -> [[Double]] {
      terms.tensors.indices.map { tensor in norms.reversed().map { $0[tensor] } }
    }
    /// log10 √Σ 10^(2x)
    func overall(_ norms: [[Double]]) -> [Double] {
      norms.reversed().map { 0.5 * Log10.sum($0.map { 2 * $0 }) }
    }
    tensors = terms.names
    (log10Norm, log10NormByTensor) = (overall(norms), byTensor(norms))
    (log10Sum, log10SumByTensor) = (overall(sumNorms), byTensor(sumNorms))
  }

  /// The same without a report of the progress.
  public init?(_ tape: Tape, layer: Int? = nil) {
    self.init(tape, layer: layer) { _ in }
  }
}

/// The contributions of one step, tensor by tensor.
private struct StepTerms {
  private(set) var tensors: [ScaledTensor] = []
  private(set) var names: [String] = []
  private let tape: Tape
  private let layers: [(index: Int, gradients: LayerGradients)]
  /// Where each tensor lies in the flat array of parameters.
  private var ranges: [Range<Int>] = []

  init(_ tape: Tape, layers: [Int], hasReadout: Bool) {
    self.tape = tape
    let gradients = LayerGradients.all(tape, layers: layers)
    self.layers = Array(zip(layers, gradients))
    for entry in tape.layout.entries {
      let isReadout = entry.name.hasPrefix("readout.")
      guard
        isReadout ? hasReadout : layers.contains(where: { entry.name.hasSuffix("_l\($0)") || entry.name == "weight" })
      else { continue }
      names.append(entry.name)
      ranges.append(entry.range)
      tensors.append(ScaledTensor(count: entry.count))
    }
  }

  /// The contributions of step t take the place of those before.
  mutating func take(step t: Int) {
    for k in tensors.indices { tensors[k].clear() }
    let (batch, layout) = (tape.batch, tape.layout)
    let ones = ArraySlice([1.0])
    for (index, gradients) in layers {
      if t == 0, let initial = layout.initialState(layer: index) {
        add(tape.gradient[initial.range], ones, to: initial, 0)
      }
      let kept = tape.layers[index]
      for b in 0..<batch {
        let own = gradients.at(step: t, sequence: b)
        let below =
          index == 0
          ? tape.x[(t * batch + b) * tape.inputs..<(t * batch + b + 1) * tape.inputs]
          : state(tape.layers[index - 1], after: t, b)
        // ∂L/∂W_ih: ∂L/∂a_t x_tᵀ;  ∂L/∂W_hh: ∂L/∂(W_hh h_{t-1}) h_{t-1}ᵀ;  ∂L/∂b: ∂L/∂a_t
        let read = layout.inputWeights(layer: index)
        add(own.byInput, below.prefix(read.columns), to: read, own.exponent)
        let recurrent = layout.recurrentWeights(layer: index)
        if recurrent.rows > 0 { addRecurrent(own.byState, state(kept, after: t - 1, b), to: recurrent, own.exponent) }
        for delayed in layout.delayedWeights(layer: index) {
          let before = state(kept, after: t - 1, b, component: delayed.delay - 1)
          addRecurrent(own.byState, before, to: delayed.block, own.exponent)
        }
        if let bias = layout.bias(layer: index) { add(own.byInput, ones, to: bias, own.exponent) }
        if let bias = layout["bias_hh_l\(index)"] { add(own.byState, ones, to: bias, own.exponent) }
        if let projection = layout.projection(layer: index) {
          let m = tape.unprojected(layer: index, step: t, sequence: b)
          add(own.delta.prefix(projection.rows), m[...], to: projection, own.exponent)
        }
        let units = layout.unitTensors(layer: index)
        guard !units.isEmpty else { continue }
        let term = tape.unitContribution(layer: index, step: t, sequence: b, delta: own.delta, byInput: own.byInput)
        for entry in layout.entries where units.contains(entry.offset) {
          let start = entry.offset - units.lowerBound
          add(term[start..<start + entry.count], ones, to: entry, own.exponent)
        }
      }
    }
    if let top = tape.layers.last, let weight = layout["readout.weight"], let bias = layout["readout.bias"],
      names.contains(weight.name)
    {
      let dy = tape.outputGradient(step: t)
      for b in 0..<batch {
        // ∂L/∂W_ho: ∂L/∂y_t h_tᵀ;  ∂L/∂b_o: ∂L/∂y_t
        let own = dy[b * tape.outputs..<(b + 1) * tape.outputs]
        let seen = tape.network.outputUnits
        add(own, state(top, after: t, b).prefix(seen), offset: weight.offset, rowStride: seen, 0)
        add(own, ones, to: bias, 0)
        if let direct = layout["readout.direct"] {
          let row = (t * batch + b) * tape.inputs
          add(own, tape.x[row..<row + tape.inputs], offset: direct.offset, rowStride: tape.inputs, 0)
        }
      }
    }
  }

  /// h of a sequence after step t, -1 being the state carried in, or another component of the state.
  private func state(
    _ layer: LayerTape, after t: Int, _ sequence: Int, component: Int = 0
  ) -> ArraySlice<Double> {
    let start = (((t + 1) * layer.stateComponents + component) * tape.batch + sequence) * tape.hidden
    return layer.state[start..<start + tape.hidden]
  }

  /// The same of a matrix between units, of which some may not be connected.
  private mutating func addRecurrent(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, to block: ParameterLayout.Block, _ exponent: Double
  ) {
    for (rows, columns) in tape.network.connectedBlocks(rows: block.rows) {
      add(
        left[left.startIndex + rows.lowerBound..<left.startIndex + rows.upperBound],
        right[right.startIndex + columns.lowerBound..<right.startIndex + columns.upperBound],
        offset: block.index(rows.lowerBound, columns.lowerBound), rowStride: block.rowStride, exponent)
    }
  }

  /// block += 2^exponent left rightᵀ
  private mutating func add(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, to block: ParameterLayout.Block, _ exponent: Double
  ) {
    add(left, right, offset: block.offset, rowStride: block.rowStride, exponent)
  }

  /// A vector += 2^exponent left, `right` being 1.
  private mutating func add(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, to vector: ParameterLayout.Entry, _ exponent: Double
  ) {
    add(left, right, offset: vector.offset, rowStride: 1, exponent)
  }

  private mutating func add(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, offset: Int, rowStride: Int, _ exponent: Double
  ) {
    guard let k = ranges.firstIndex(where: { $0.contains(offset) }) else { return }
    tensors[k].add(left, right, offset: offset - ranges[k].lowerBound, rowStride: rowStride, exponent: exponent)
  }
}

/// The gradients that a layer's steps multiply their inputs by, with a scale for each step and sequence.
private struct LayerGradients {
  /// ∂L/∂a_t and ∂L/∂(W_hh h_{t-1}), [T, B, G·H]; δ_t of h, [T, B, H], or of all parts.
  var byInput: [Double], byState: [Double], delta: [Double]
  /// Exponents of 2, [T, B]; none where the pass's own numbers are in range.
  var exponents: [Double]
  let batch: Int, gates: Int, hidden: Int, stateComponents: Int

  func at(
    step t: Int, sequence b: Int
  ) -> (byInput: ArraySlice<Double>, byState: ArraySlice<Double>, delta: ArraySlice<Double>, exponent: Double) {
    let row = t * batch + b
    let place = (t * stateComponents * batch + b) * hidden
    return (
      byInput[row * gates..<(row + 1) * gates], byState[row * gates..<(row + 1) * gates],
      delta[place..<place + hidden], exponents.isEmpty ? 0 : exponents[row]
    )
  }

  /// Those of some layers: the pass's own, or, where one of them leaves the range, by the recursion with scales of its own.
  static func all(_ tape: Tape, layers: [Int]) -> [LayerGradients] {
    let (gates, h) = (tape.network.cell.gates * tape.hidden, tape.hidden)
    guard layers.contains(where: { GradientNorms.inRange(tape, $0) == nil }) else {
      return layers.map {
        let kept = tape.layers[$0]
        return LayerGradients(
          byInput: kept.preactivationGradient, byState: kept.recurrentGradient, delta: kept.gradient, exponents: [],
          batch: tape.batch, gates: gates, hidden: h, stateComponents: kept.stateComponents)
      }
    }
    let rows = tape.steps * tape.batch
    let none = LayerGradients(
      byInput: .init(repeating: 0, count: rows * gates), byState: .init(repeating: 0, count: rows * gates),
      delta: .init(repeating: 0, count: rows * h), exponents: .init(repeating: 0, count: rows), batch: tape.batch,
      gates: gates, hidden: h, stateComponents: 1)
    var result = layers.map { _ in none }
    for sequence in 0..<tape.batch {
      let graph = tape.graph(sequence: sequence)
      let pullback = graph.makePullback(capacity: 1)
      let back = ReverseAccumulation(graph: graph, rows: 1, lowestLayer: layers.min() ?? 0)
      back.run(GradientNorms.seeds(graph)) { site, block, _, _ in
        guard let k = layers.firstIndex(of: site.layer) else { return }
        let row = site.position * tape.batch + sequence
        let own = pullback.preactivationGradient(block, row: 0, at: site)
        result[k].byInput.replaceSubrange(row * gates..<(row + 1) * gates, with: own.byInput)
        result[k].byState.replaceSubrange(row * gates..<(row + 1) * gates, with: own.byState)
        result[k].delta.replaceSubrange(row * h..<(row + 1) * h, with: block.row(0)[..<h])
        result[k].exponents[row] = block.exponent(of: 0)
      }
    }
    return result
  }
}

/// A tensor times 2^exponent.
private struct ScaledTensor {
  private var elements: [Double]
  private var exponent = 0.0
  private var isZero = true

  init(count: Int) { elements = [Double](repeating: 0, count: count) }

  mutating func clear() {
    guard !isZero else { return }
    for k in elements.indices { elements[k] = 0 }
    (exponent, isZero) = (0, true)
  }

  /// log10 of the Frobenius norm.
  var log10Norm: Double { isZero ? -.infinity : Log10.norm(elements) + exponent * Log10.of2 }

  /// += 2^exponent left rightᵀ, at `offset`.
  mutating func add(
    _ left: ArraySlice<Double>, _ right: ArraySlice<Double>, offset: Int, rowStride: Int, exponent: Double
  ) {
    guard left.contains(where: { $0 != 0 }) else { return }
    let scale = admit(exponent)
    for (i, l) in left.enumerated() where l != 0 {
      let factor = l * scale
      var place = offset + i * rowStride
      for r in right {
        elements[place] += factor * r
        place += 1
      }
    }
  }

  mutating func add(_ other: ScaledTensor) {
    guard !other.isZero else { return }
    let scale = admit(other.exponent)
    for k in elements.indices { elements[k] += scale * other.elements[k] }
  }

  /// Makes room for numbers times 2^exponent; what they are to be multiplied by.
  private mutating func admit(_ exponent: Double) -> Double {
    if isZero {
      (self.exponent, isZero) = (exponent, false)
    } else if exponent > self.exponent {
      let scale = RowBlock.power(self.exponent - exponent)
      for k in elements.indices { elements[k] *= scale }
      self.exponent = exponent
    }
    return RowBlock.power(exponent - self.exponent)
  }
}
