import LinearAlgebra
import RecurrentNetworks

/// One sequence of a tape as a graph: a site is a layer's state s_t at a step, [components·H]; it reads s_{t-1} of its layer and h_t of
/// the layer below.
public struct TapeGraph: GradientChain {
  /// The pass.
  public let tape: Tape
  /// The sequence of its batch.
  public let sequence: Int
  private let stateWidth: Int, layers: Int

  init(_ tape: Tape, sequence: Int) {
    (self.tape, self.sequence) = (tape, sequence)
    (stateWidth, layers) = (tape.network.stateComponents * tape.hidden, tape.layers.count)
  }

  /// All layers at one step before those at the next.
  public var sites: [Site] {
    (0..<tape.steps * layers).map { Site(id: $0, layer: $0 % layers, position: $0 / layers) }
  }

  /// parts·H.
  public func width(_ site: Site.ID) -> Int { stateWidth }

  /// H.
  public func shownWidth(_ site: Site.ID) -> Int { tape.hidden }

  /// The layer below at the same step, then the step before.
  public func predecessors(of site: Site.ID) -> [Edge] {
    let below = Edge(from: site - 1, to: site), before = Edge(from: site - layers, to: site)
    if site % layers > 0 { return site >= layers ? [below, before] : [below] }
    return site >= layers ? [before] : []
  }

  /// Whether an edge goes down a layer, and not back through time.
  func goesDown(_ edge: Edge) -> Bool {
    guard let from = edge.from else { return false }
    return from / layers == edge.to / layers
  }

  /// Stochastic reweighting on the way from a step to the one before it; 1 down the layers.
  public func gradientScale(along edge: Edge) -> Double {
    tape.gradientScale.isEmpty || goesDown(edge) ? 1 : tape.gradientScale[edge.to / layers]
  }

  /// What clipping at every step multiplied δ_t by.
  public func gradientScale(at site: Site.ID) -> Double {
    tape.clipScale(step: site / layers, layer: site % layers)
  }

  /// ∂l_t/∂h_t of the top layer at every step with a target.
  public var losses: [LossSite] {
    (0..<tape.steps).compactMap { t in
      let row = t * tape.batch + sequence
      guard tape.targetMask[row] != 0 else { return nil }
      return LossSite(
        loss: t, site: site(layer: layers - 1, position: t),
        gradient: tape.lossGradient[row * tape.hidden..<(row + 1) * tape.hidden],
        weight: tape.mask[row] != 0 ? tape.injectionWeight : 0)
    }
  }

  /// The gates by their names; φ′ for cells without gates.
  public var tracks: [Track] {
    let cell = tape.network.cellDescription
    guard let functions = cell.gateFunctions, functions.count == cell.gates.count else {
      return [Track(name: "φ′", range: 0...tape.network.activation.maximumDerivative)]
    }
    return zip(cell.gates, functions).map { gate, function in
      let bound = function == .identity ? Double.infinity : 1
      return Track(name: gate, range: (function == .sigmoid ? 0 : -bound)...bound)
    }
  }

  /// H values.
  public func values(of track: Track, at site: Site.ID) -> [Double] {
    let (layer, t) = (site % layers, site / layers)
    guard let gate = tracks.firstIndex(of: track) else { return [] }
    guard let functions = tape.network.cellDescription.gateFunctions else {
      let start = (t * tape.batch + sequence) * tape.hidden
      return Array(tape.layers[layer].derivative[start..<start + tape.hidden])
    }
    return tape.gatePreactivations(layer: layer, gate: gate, step: t, sequence: sequence).map(functions[gate].value)
  }

  /// A pullback of all layers.
  public func makePullback(capacity: Int) -> TapePullback { TapePullback(self, capacity: capacity) }

  /// T.
  public var steps: Int { tape.steps }

  /// s_t of a layer.
  public func site(layer: Int, position: Int) -> Site.ID { position * layers + layer }

  /// log10(max κ + max |s| γ σ_max(W_hh)), where J = diag(κ) + diag(s) diag(φ′) W_hh and all steps share W_hh.
  public func log10BoundPerStep(layer: Int) throws -> Double? {
    try JacobianBounds(tape, layer: layer, sequence: sequence)?.log10PerStep
  }

  /// The part of the state that the cell carries past its weights.
  public func memoryPath(layer: Int) -> MemoryPath? {
    let cell = tape.network.cellDescription
    guard let path = cell.memoryPath, let functions = cell.gateFunctions, tape.layers.indices.contains(layer) else {
      return nil
    }
    return MemoryPath(
      component: cell.stateComponents[path.component],
      gate: (path.isComplement ? "1-" : "") + cell.gates[path.gate],
      columns: path.component * tape.hidden..<(path.component + 1) * tape.hidden,
      factors: (0..<tape.steps).map {
        tape.memoryFactors(path, functions[path.gate], layer: layer, step: $0, sequence: sequence)
      })
  }
}

extension Tape {
  /// Sequence `sequence` as the gradient sees it.
  public func graph(sequence: Int = 0) -> TapeGraph { TapeGraph(self, sequence: sequence) }
}

/// The vector-Jacobian products of a sequence of a tape: what a layer needs is made when it is first asked for.
public final class TapePullback: GradientPullback {
  private let graph: TapeGraph
  private let capacity: Int
  private var layers: [StatePullback?]
  private var bounds: [JacobianBounds??]
  /// A unit matrix, and room for a Jacobian.
  private lazy var unit = RowBlock(unitRows: capacity, width: graph.width(0))
  private lazy var jacobian = RowBlock(rows: capacity, width: graph.width(0))

  init(_ graph: TapeGraph, capacity: Int) {
    (self.graph, self.capacity) = (graph, capacity)
    layers = Array(repeating: nil, count: graph.tape.layers.count)
    bounds = Array(repeating: nil, count: graph.tape.layers.count)
  }

  /// A site's layer and step.
  private func place(_ site: Site.ID) -> (layer: Int, step: Int) {
    (site % graph.tape.layers.count, site / graph.tape.layers.count)
  }

  private func layer(_ index: Int) -> StatePullback {
    if let pullback = layers[index] { return pullback }
    let pullback = StatePullback(graph.tape, layer: index, sequence: graph.sequence, rows: capacity)
    layers[index] = pullback
    return pullback
  }

  /// v ← v J_t, or v ← v ∂s_t/∂h_t of the layer below.
  public func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    let (index, t) = place(edge.to)
    if graph.goesDown(edge) {
      layer(index).applyToLayerBelow(step: t, rows: count, from: rows, to: result)
    } else {
      layer(index).apply(step: t, rows: count, from: rows, to: result)
    }
  }

  /// P ← P J_t: P's own rows are pulled back where the Jacobian's rows are of like size, as is cheapest.
  public func extend(_ product: JacobianProduct, along edge: Edge) throws {
    let (index, t) = place(edge.to)
    let (rowRatio, condition) = try layerBounds(index)?.ratios(step: t) ?? (.infinity, .infinity)
    if rowRatio < JacobianProduct.largestRowRatio {
      try product.extend(by: layer(index), step: t, conditionBound: condition)
    } else {
      pullBack(unit, count: product.size, along: edge, into: jacobian)
      try product.extend(by: jacobian, conditionBound: condition)
    }
  }

  /// ∂·/∂a_t of a row at a site, without its scale.
  func preactivationGradient(_ rows: RowBlock, row: Int, at site: Site) -> (byInput: [Double], byState: [Double]) {
    layer(site.layer).preactivationGradient(step: site.position, row: row, of: rows)
  }

  private func layerBounds(_ index: Int) throws -> JacobianBounds? {
    if let known = bounds[index] { return known }
    let found = try JacobianBounds(graph.tape, layer: index, sequence: graph.sequence)
    bounds[index] = .some(found)
    return found
  }
}
