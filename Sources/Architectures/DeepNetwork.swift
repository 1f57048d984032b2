import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// A deep feed-forward network whose depth plays time: it reads the whole sequence at the bottom, and layer t answers for step t.
///
/// h_0 = W_e [x_1 … x_T] + b_e; h_t = φ(W_t h_{t-1} + b_t), with the residual path h_t = h_{t-1} + φ(…), with layer norm of what W_t
/// reads (He et al. 2016; Xiong et al. 2020). Tied, all layers have one W and b: a recurrent network without inputs.
final class DeepNetwork<S: Scalar>: ArchitectureBody {
  let depth: Int, batch: Int, width: Int, isResidual: Bool, isTied: Bool
  private let inputs: Int
  private let function: ElementwiseFunction
  /// What φ is called.
  let activation: String
  private let embedding: Dense<S>
  let layers: [Dense<S>], norms: [LayerNorm<S>]
  /// The sequences of the batch, [B, T·I]; h_0, and its gradient.
  private let flat: UnsafeMutablePointer<S>, bottom: UnsafeMutablePointer<S>, bottomGradient: UnsafeMutablePointer<S>
  /// h_t, what W_t reads where that is normalized, and φ′, [T·B, d].
  let top: UnsafeMutablePointer<S>, topGradient: UnsafeMutablePointer<S>
  let read: UnsafeMutablePointer<S>?
  let slope: UnsafeMutablePointer<S>
  /// [B, d] each.
  private let back: UnsafeMutablePointer<S>, normed: UnsafeMutablePointer<S>

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int,
    batch: Int, _ arena: Arena<S>
  ) {
    let (d, i) = (network.hidden, weights.layout.inputs)
    (depth, self.batch, width, inputs) = (steps, batch, d, i)
    (isResidual, isTied) = (specification.isResidual, specification.isTied)
    function = network.activation.function
    activation = network.activation.rawValue
    embedding = Dense("embedding", weights, inputs: steps * i, outputs: d, arena)
    let (weight, bias) = (weights.offset("layers.weight"), weights.offset("layers.bias"))
    let tied = specification.isTied ? Dense(weight, bias, weights, inputs: d, outputs: d, arena) : nil
    layers = (0..<steps).map {
      tied ?? Dense(weight + $0 * d * d, bias + $0 * d, weights, inputs: d, outputs: d, arena)
    }
    norms = (specification.norm == .pre ? 0..<steps : 0..<0).map {
      let place = specification.isTied ? 0 : $0 * d
      return LayerNorm(
        weights.offset("norm.weight") + place, weights.offset("norm.bias") + place, weights, rows: batch, width: d,
        arena)
    }
    (flat, bottom, bottomGradient) = (arena.take(batch, steps * i), arena.take(batch, d), arena.take(batch, d))
    let rows = steps * batch
    (top, topGradient, slope) = (arena.take(rows, d), arena.take(rows, d), arena.take(rows, d))
    read = specification.norm == .pre ? arena.take(rows, d) : nil
    (back, normed) = (arena.take(batch, d), arena.take(batch, d))
  }

  /// The tensors before the readout.
  static func tensors(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, inputs: Int, steps: Int
  ) -> [(name: String, shape: [Int])] {
    let d = network.hidden
    let copies = specification.isTied ? [] : [steps]
    let norms = specification.norm == .pre ? [("norm.weight", copies + [d]), ("norm.bias", copies + [d])] : []
    return [
      ("embedding.weight", [d, steps * inputs]), ("embedding.bias", [d]), ("layers.weight", copies + [d, d]),
      ("layers.bias", copies + [d]),
    ] + norms
  }

  func h(_ t: Int) -> UnsafeMutablePointer<S> { t == 0 ? bottom : top + (t - 1) * batch * width }
  private func gradient(_ t: Int) -> UnsafeMutablePointer<S> {
    t == 0 ? bottomGradient : topGradient + (t - 1) * batch * width
  }

  /// h_t = φ(W_t h_{t-1} + b_t), h_{t-1} normalized first and added, where it is.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func forward(_ input: UnsafePointer<S>) {
    for t in 0..<depth {
      for sequence in 0..<batch {
        (flat + sequence * depth * inputs + t * inputs).update(
          from: input + (t * batch + sequence) * inputs, count: inputs)
      }
    }
    embedding.pack(back: false)
    embedding.forward(batch, flat, into: bottom)
    for t in 1...depth {
      let layer = layers[t - 1], place = (t - 1) * batch * width
      if t == 1 || !isTied { layer.pack(back: false) }
      var u = UnsafePointer(h(t - 1))
      if let read {
        norms[t - 1].forward(batch, u, into: read + place)
        u = UnsafePointer(read + place)
      }
      layer.forward(batch, u, into: slope + place)
      _ = S.activate(
        function, rows: 1, columns: batch * width, a: slope + place, aStride: 0, value: h(t), valueStride: 0,
        derivative: slope + place, derivativeStride: 0)
      if isResidual { add(h(t - 1), to: h(t)) }
    }
  }

  /// With δ_t = ∂L/∂h_t: δ_{t-1} += W_tᵀ (φ′ ⊙ δ_t), through the norm where there is one, and + δ_t along the residual path.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func backward(_ input: UnsafePointer<S>) {
    bottomGradient.update(repeating: 0, count: batch * width)
    embedding.pack(back: true)
    for t in (1...depth).reversed() {
      let layer = layers[t - 1], place = (t - 1) * batch * width
      if t == depth || !isTied { layer.pack(back: true) }
      S.multiplyElements(
        rows: 1, columns: batch * width, scale: 1, x: gradient(t), xStride: 0, y: slope + place, yStride: 0, into: back,
        zStride: 0)
      layer.addGradient(batch, read.map { UnsafePointer($0 + place) } ?? UnsafePointer(h(t - 1)), back)
      if read != nil {
        layer.backward(batch, back, into: normed)
        norms[t - 1].backward(batch, normed, into: gradient(t - 1), accumulate: true)
      } else {
        layer.backward(batch, back, into: gradient(t - 1), accumulate: true)
      }
      if isResidual { add(gradient(t), to: gradient(t - 1)) }
    }
    embedding.addGradient(batch, flat, bottomGradient)
  }

  private func add(_ x: UnsafePointer<S>, to y: UnsafeMutablePointer<S>) {
    S.scaleAdd(rows: 1, columns: batch * width, alpha: 1, x: x, xStride: 0, beta: 1, y: y, yStride: 0)
  }

  var topWidth: Int { width }
  var shownLayers: Int { 1 }
  var stateName: String { "h" }
  func graphLayer(_ layer: Int) -> Int { 0 }
  func state(layer: Int) -> UnsafeMutablePointer<S> { top }
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { topGradient }
}

extension DeepNetwork: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    DeepGraph(network: self, sequence: sequence, losses: losses.map { $0.site($0.step) })
  }

  /// v ∂h_t/∂h_{t-1} for rows v; t counts from 1.
  fileprivate func pullBack(
    _ rows: RowBlock, _ count: Int, t: Int, sequence: Int, _ sloped: RowScratch, _ normed: RowScratch,
    into result: RowBlock
  ) {
    let row = (t - 1) * batch + sequence
    Double.multiplyElements(
      rows: count, columns: width, scale: 1, x: rows.elements, xStride: rows.stride, y: slope + row * width, yStride: 0,
      into: sloped.start, zStride: width)
    if rows !== result {
      for k in 0..<count {
        let to = result.elements + k * result.stride
        if isResidual { to.update(from: rows.elements + k * rows.stride, count: width) }
      }
    }
    if norms.isEmpty {
      layers[t - 1].backward(
        count, sloped.start, into: result.elements, dxStride: result.stride, accumulate: isResidual)
    } else {
      layers[t - 1].backward(count, sloped.start, into: normed.start)
      norms[t - 1].pullBack(
        count, row: sequence, normed.start, stride: width, into: result.elements, resultStride: result.stride,
        accumulate: isResidual)
    }
    result.copyExponents(of: rows, count: count)
  }
}

/// One sequence of a deep network's pass: a chain of layers, position t - 1 being h_t.
///
/// It may cross threads: the network is that of a `GraphRecording`, whose pass is made whole before anybody has it and which
/// nobody writes to any more; pullbacks have scratch space of their own.
struct DeepGraph: GradientChain, @unchecked Sendable {
  let network: DeepNetwork<Double>
  let sequence: Int
  let losses: [LossSite]

  var sites: [Site] { (0..<network.depth).map { Site(id: $0, layer: 0, position: $0) } }
  var steps: Int { network.depth }
  func width(_ site: Site.ID) -> Int { network.width }
  func predecessors(of site: Site.ID) -> [Edge] { site > 0 ? [Edge(from: site - 1, to: site)] : [] }
  func site(layer: Int, position: Int) -> Site.ID { position }

  /// φ′ of each unit.
  var tracks: [Track] { [Track(name: "φ′", range: 0...1)] }
  func values(of track: Track, at site: Site.ID) -> [Double] {
    let row = network.slope + (site * network.batch + sequence) * network.width
    return (0..<network.width).map { row[$0] }
  }

  func name(of site: Site.ID) -> String { "layer \(site + 1)" }
  func makePullback(capacity: Int) -> DeepPullback { DeepPullback(self, capacity: capacity) }
}

/// Vector-Jacobian products of a deep network's layers.
final class DeepPullback: GradientPullback {
  private let graph: DeepGraph
  private let sloped: RowScratch, normed: RowScratch

  init(_ graph: DeepGraph, capacity: Int) {
    self.graph = graph
    (sloped, normed) = (RowScratch(capacity, graph.network.width), RowScratch(capacity, graph.network.width))
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    guard edge.from != nil else { return }
    graph.network.pullBack(
      rows, count, t: edge.to + 1, sequence: graph.sequence, sloped, normed, into: result)
  }
}
