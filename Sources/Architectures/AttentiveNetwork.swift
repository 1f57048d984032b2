import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// A recurrent network whose readout attends to all of its past states (Bahdanau, Cho & Bengio 2015; Luong, Pham & Manning 2015).
///
/// h_t = φ(W_ih x_t + b + W_hh h_{t-1}); score_ts = h_t·h_s/√H, or v·tanh(W_q h_t + W_k h_s); α_t = softmax(score_t) over s ≤ t;
/// c_t = Σ_s α_ts h_s; o_t = tanh(W_c [h_t; c_t] + b_c), which the readout reads.
final class AttentiveNetwork<S: Scalar>: ArchitectureBody {
  let steps: Int, batch: Int, width: Int, isAdditive: Bool
  private let function: ElementwiseFunction
  /// What φ is called.
  let activation: String
  let input: Dense<S>, recurrent: Dense<S>, combine: Dense<S>
  /// Of additive scores.
  fileprivate let query: Dense<S>?, key: Dense<S>?
  private let scoreOffset: Int?
  private let weights: Weights<S>
  let attention: CausalAttention<S>
  /// φ(a), φ′(a), and the gradient of h by all paths and by attention and readout alone, [T·B, H].
  let h: UnsafeMutablePointer<S>, slope: UnsafeMutablePointer<S>
  private let hGradient: UnsafeMutablePointer<S>, direct: UnsafeMutablePointer<S>
  /// h three times, as queries, keys and values, [T·B, 3·H]; and the gradient.
  private let qkv: UnsafeMutablePointer<S>, qkvGradient: UnsafeMutablePointer<S>
  /// [h_t; c_t], [T·B, 2·H]; and its gradient.
  let joined: UnsafeMutablePointer<S>
  private let joinedGradient: UnsafeMutablePointer<S>
  /// c_t alone.
  private let context: UnsafeMutablePointer<S>
  let top: UnsafeMutablePointer<S>, topGradient: UnsafeMutablePointer<S>
  /// What the pass read, [T·B, I].
  private(set) var inputs: UnsafePointer<S>?
  /// 1 - o².
  let topSlope: UnsafeMutablePointer<S>
  private let room: UnsafeMutablePointer<S>
  /// W_q h and W_k h, their gradients, and tanh of a position's sums with all before it.
  fileprivate let queries: UnsafeMutablePointer<S>, keys: UnsafeMutablePointer<S>
  private let queryGradient: UnsafeMutablePointer<S>, keyGradient: UnsafeMutablePointer<S>
  private let sums: UnsafeMutablePointer<S>, sumSlopes: UnsafeMutablePointer<S>

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int,
    batch: Int, _ arena: Arena<S>
  ) {
    let (d, rows) = (network.hidden, steps * batch)
    (self.steps, self.batch, width, self.weights) = (steps, batch, d, weights)
    (isAdditive, function) = (specification.scoring == .additive, network.activation.function)
    activation = network.activation.rawValue
    input = Dense(
      weights.offset("weight_ih_l0"), weights.offset("bias_ih_l0"), weights, inputs: weights.layout.inputs, outputs: d,
      arena)
    recurrent = Dense(weights.offset("weight_hh_l0"), nil, weights, inputs: d, outputs: d, arena)
    combine = Dense("combine", weights, inputs: 2 * d, outputs: d, arena)
    func score(_ name: String) -> Dense<S>? {
      specification.scoring == .dot
        ? nil : Dense(weights.offset("attention.\(name).weight"), nil, weights, inputs: d, outputs: d, arena)
    }
    (query, key) = (score("query"), score("key"))
    scoreOffset = specification.scoring == .dot ? nil : weights.offset("attention.score.weight")
    attention = CausalAttention(steps: steps, batch: batch, width: d, heads: 1, arena)
    (h, slope, hGradient, direct) = (arena.take(rows, d), arena.take(rows, d), arena.take(rows, d), arena.take(rows, d))
    (qkv, qkvGradient) = (arena.take(rows, 3 * d), arena.take(rows, 3 * d))
    (joined, joinedGradient) = (arena.take(rows, 2 * d), arena.take(rows, 2 * d))
    (context, room) = (arena.take(rows, d), arena.take(rows, d))
    (top, topGradient, topSlope) = (arena.take(rows, d), arena.take(rows, d), arena.take(rows, d))
    let scored = specification.scoring == .dot ? 1 : rows
    (queries, keys) = (arena.take(scored, d), arena.take(scored, d))
    (queryGradient, keyGradient) = (arena.take(scored, d), arena.take(scored, d))
    (sums, sumSlopes) = (arena.take(steps, d), arena.take(steps, d))
  }

  /// The tensors before the readout.
  static func tensors(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, inputs: Int
  ) -> [(name: String, shape: [Int])] {
    let d = network.hidden
    let scores = [
      ("attention.query.weight", [d, d]), ("attention.key.weight", [d, d]), ("attention.score.weight", [1, d]),
    ]
    return [("weight_ih_l0", [d, inputs]), ("weight_hh_l0", [d, d]), ("bias_ih_l0", [d])]
      + (specification.scoring == .dot ? [] : scores) + [("combine.weight", [d, 2 * d]), ("combine.bias", [d])]
  }

  /// The states one after the other, then all positions at once.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func forward(_ x: UnsafePointer<S>) {
    let (rows, block) = (steps * batch, batch * width)
    inputs = x
    for dense in [input, recurrent, combine] { dense.pack(back: false) }
    input.forward(rows, x, into: slope)
    for t in 0..<steps {
      let place = t * block
      if t > 0 { recurrent.addForward(batch, h + place - block, to: slope + place) }
      _ = S.activate(
        function, rows: 1, columns: block, a: slope + place, aStride: 0, value: h + place, valueStride: 0,
        derivative: slope + place, derivativeStride: 0)
    }
    for part in 0..<3 { copy(h, stride: width, to: qkv + part * width, stride: 3 * width) }
    if isAdditive { scoreByTanh() } else { attention.weigh(qkv) }
    attention.mix(qkv, into: context)
    copy(h, stride: width, to: joined, stride: 2 * width)
    copy(context, stride: width, to: joined + width, stride: 2 * width)
    combine.forward(rows, joined, into: topSlope)
    _ = S.activate(
      .tanh, rows: 1, columns: rows * width, a: topSlope, aStride: 0, value: top, valueStride: 0, derivative: topSlope,
      derivativeStride: 0)
  }

  private func copy(_ x: UnsafePointer<S>, stride: Int, to y: UnsafeMutablePointer<S>, stride to: Int) {
    S.scaleAdd(rows: steps * batch, columns: width, alpha: 1, x: x, xStride: stride, beta: 0, y: y, yStride: to)
  }

  /// score_ts = v·tanh(W_q h_t + W_k h_s), α_t = softmax(score_t)
  private func scoreByTanh() {
    guard let query, let key, let scoreOffset else { return }
    for (dense, into) in [(query, queries), (key, keys)] {
      dense.pack(back: false)
      dense.forwardWithoutBias(steps * batch, h, into: into)
    }
    let v = weights.parameters + scoreOffset
    for sequence in 0..<batch {
      let alpha = attention.weights(sequence: sequence, head: 0)
      for t in 0..<steps {
        sum(t, sequence)
        WorkCounter.add((t + 1) * width)
        for s in 0...t {
          var score: S = 0
          for j in 0..<width { score += v[j] * sums[s * width + j] }
          alpha[t * steps + s] = score
        }
      }
      S.softmaxRows(rows: steps, columns: steps, visible: 1, scale: 1, y: alpha, yStride: steps)
    }
  }

  /// tanh(W_q h_t + W_k h_s) and its derivative, for all s ≤ t.
  private func sum(_ t: Int, _ sequence: Int) {
    let row = batch * width
    S.scaleAdd(
      rows: t + 1, columns: width, alpha: 1, x: queries + (t * batch + sequence) * width, xStride: 0, beta: 0,
      y: sumSlopes, yStride: width)
    S.scaleAdd(
      rows: t + 1, columns: width, alpha: 1, x: keys + sequence * width, xStride: row, beta: 1, y: sumSlopes,
      yStride: width)
    _ = S.activate(
      .tanh, rows: 1, columns: (t + 1) * width, a: sumSlopes, aStride: 0, value: sums, valueStride: 0,
      derivative: sumSlopes, derivativeStride: 0)
  }

  /// From ∂L/∂o_t to what attention and readout give to each h_t, then back through time: δ_{t-1} += W_hhᵀ (φ′ ⊙ δ_t).
  @specialized(where S == Double)
  @specialized(where S == Float)
  func backward(_ x: UnsafePointer<S>) {
    let (rows, block) = (steps * batch, batch * width)
    for dense in [input, recurrent, combine] { dense.pack(back: true) }
    S.multiplyElements(
      rows: 1, columns: rows * width, scale: 1, x: topGradient, xStride: 0, y: topSlope, yStride: 0, into: room,
      zStride: 0)
    combine.addGradient(rows, joined, room)
    combine.backward(rows, room, into: joinedGradient)
    copy(joinedGradient, stride: 2 * width, to: hGradient, stride: width)
    copy(joinedGradient + width, stride: 2 * width, to: context, stride: width)
    if isAdditive {
      attention.backwardOfMix(qkv, outputGradient: context, into: qkvGradient) { scores, sequence in
        self.scoreBackward(scores, sequence)
      }
      sendScoresDown()
      add(qkvGradient + 2 * width, stride: 3 * width)
    } else {
      attention.backward(qkv, outputGradient: context, into: qkvGradient)
      for part in 0..<3 { add(qkvGradient + part * width, stride: 3 * width) }
    }
    direct.update(from: hGradient, count: rows * width)
    for t in (0..<steps).reversed() {
      let place = t * block
      S.multiplyElements(
        rows: 1, columns: block, scale: 1, x: hGradient + place, xStride: 0, y: slope + place, yStride: 0,
        into: room + place, zStride: 0)
      guard t > 0 else { break }
      recurrent.backward(batch, room + place, into: hGradient + place - block, accumulate: true)
    }
    if steps > 1 { recurrent.addGradient(rows - batch, h, room + block) }
    input.addGradient(rows, x, room)
  }

  private func add(_ x: UnsafePointer<S>, stride: Int) {
    S.scaleAdd(
      rows: steps * batch, columns: width, alpha: 1, x: x, xStride: stride, beta: 1, y: hGradient, yStride: width)
  }

  /// From ∂L/∂score_ts of a sequence, [T, T], to those of W_q h_t, W_k h_s and v.
  private func scoreBackward(_ scores: UnsafePointer<S>, _ sequence: Int) {
    guard let scoreOffset else { return }
    let v = weights.parameters + scoreOffset, dv = weights.gradient + scoreOffset
    if sequence == 0 { keyGradient.update(repeating: 0, count: steps * batch * width) }
    for t in 0..<steps {
      sum(t, sequence)
      WorkCounter.add(3 * (t + 1) * width)
      let dq = queryGradient + (t * batch + sequence) * width
      dq.update(repeating: 0, count: width)
      for s in 0...t {
        let g = scores[t * steps + s], dk = keyGradient + (s * batch + sequence) * width
        for j in 0..<width {
          dv[j] += g * sums[s * width + j]
          let d = g * v[j] * sumSlopes[s * width + j]
          dq[j] += d
          dk[j] += d
        }
      }
    }
  }

  private func sendScoresDown() {
    for (dense, gradient) in [(query, queryGradient), (key, keyGradient)] {
      guard let dense else { continue }
      dense.pack(back: true)
      dense.addGradient(steps * batch, h, gradient)
      dense.backward(steps * batch, gradient, into: hGradient, accumulate: true)
    }
  }

  var topWidth: Int { width }
  var shownLayers: Int { 1 }
  var stateName: String { "h" }
  func graphLayer(_ layer: Int) -> Int { 0 }
  func state(layer: Int) -> UnsafeMutablePointer<S> { h }
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { hGradient }
  /// What attention and readout give to h_t past time: paths of length 1.
  func directGradient(layer: Int) -> UnsafeMutablePointer<S>? { direct }
}

extension AttentiveNetwork: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    AttentiveGraph(network: self, sequence: sequence, losses: losses.map { $0.site(steps + $0.step) })
  }

  /// Rows at h_t become rows at h_{t-1}: v diag(φ′) W_hh.
  fileprivate func pullBackInTime(
    _ rows: RowBlock, _ count: Int, row: Int, _ scratch: RowScratch, into result: RowBlock
  ) {
    Double.multiplyElements(
      rows: count, columns: width, scale: 1, x: rows.elements, xStride: rows.stride, y: slope + row * width, yStride: 0,
      into: scratch.start, zStride: width)
    recurrent.backward(count, scratch.start, into: result.elements, dxStride: result.stride)
  }

  /// Rows at o_t become rows at [h_t; c_t].
  fileprivate func pullBackCombined(
    _ rows: RowBlock, _ count: Int, row: Int, _ scratch: RowScratch, into joined: RowScratch
  ) {
    Double.multiplyElements(
      rows: count, columns: width, scale: 1, x: rows.elements, xStride: rows.stride, y: topSlope + row * width,
      yStride: 0, into: scratch.start, zStride: width)
    combine.backward(count, scratch.start, into: joined.start)
  }

  /// ∂score_ts/∂h_s by the key, or ∂score_ts/∂h_t by the query, added to `to` times a factor.
  fileprivate func addScoreSlope(
    _ factor: Double, _ t: Int, _ s: Int, sequence: Int, byKey: Bool, _ scratch: UnsafeMutablePointer<Double>,
    to result: UnsafeMutablePointer<Double>
  ) {
    let (at, from) = ((t * batch + sequence) * width, (s * batch + sequence) * width)
    guard let query, let key, let scoreOffset else {
      let other = h + (byKey ? at : from)
      for j in 0..<width { result[j] += factor * attention.scale * other[j] }
      return
    }
    let v = weights.parameters + scoreOffset
    for j in 0..<width {
      scratch[j] = factor * v[j] * Activation.tanh.derivative(queries[at + j] + keys[from + j])
    }
    (byKey ? key : query).backward(1, scratch, into: result, accumulate: true)
  }
}

/// One sequence of such a pass: layer 0 the states, which follow one another, layer 1 what the readout reads; o_t reads h_t and,
/// by attention, every h_s before it: paths of length 1 beside those through time.
///
/// It may cross threads: the network is that of a `GraphRecording`, whose pass is made whole before anybody has it and which
/// nobody writes to any more; pullbacks have scratch space of their own.
struct AttentiveGraph: GradientGraph, @unchecked Sendable {
  let network: AttentiveNetwork<Double>
  let sequence: Int
  let losses: [LossSite]

  var steps: Int { network.steps }
  var sites: [Site] { (0..<2 * steps).map { Site(id: $0, layer: $0 / steps, position: $0 % steps) } }
  func width(_ site: Site.ID) -> Int { network.width }

  func predecessors(of site: Site.ID) -> [Edge] {
    if site < steps { return site > 0 ? [Edge(from: site - 1, to: site)] : [] }
    return (0...site - steps).reversed().map { Edge(from: $0, to: site) }
  }

  /// α_t over the states.
  var tracks: [Track] { [Track(name: "α", range: 0...1, kind: .overPositions)] }
  func values(of track: Track, at site: Site.ID) -> [Double] {
    let row = network.attention.weights(sequence: sequence, head: 0) + site % steps * steps
    return (0..<steps).map { row[$0] }
  }

  func name(of site: Site.ID) -> String {
    site < steps ? "h at t = \(site + 1)" : "the answer at t = \(site - steps + 1), by attention"
  }

  func makePullback(capacity: Int) -> AttentivePullback { AttentivePullback(self, capacity: capacity) }
}

/// Vector-Jacobian products of such a pass.
final class AttentivePullback: GradientPullback {
  private let graph: AttentiveGraph
  private let scratch: RowScratch, joined: RowScratch
  /// The rows that `joined` holds the way back of, and the edge that came last: edges into a site come the newest state first.
  private var prepared: (rows: ObjectIdentifier, count: Int, edge: Edge)?

  init(_ graph: AttentiveGraph, capacity: Int) {
    self.graph = graph
    (scratch, joined) = (RowScratch(capacity, graph.network.width), RowScratch(capacity, 2 * graph.network.width))
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    let network = graph.network, (steps, batch, d) = (network.steps, network.batch, network.width)
    guard let s = edge.from else { return }
    guard edge.to >= steps else {
      network.pullBackInTime(rows, count, row: edge.to * batch + graph.sequence, scratch, into: result)
      result.copyExponents(of: rows, count: count)
      return
    }
    let t = edge.to - steps
    let isPrepared = prepared.map {
      $0.rows == ObjectIdentifier(rows) && $0.count == count && $0.edge.to == edge.to && s < ($0.edge.from ?? 0)
    }
    if isPrepared != true {
      network.pullBackCombined(rows, count, row: t * batch + graph.sequence, scratch, into: joined)
    }
    prepared = (ObjectIdentifier(rows), count, edge)
    for row in 0..<count {
      let v = joined.row(row), out = result.elements + row * result.stride
      let alpha = network.attention.weights(sequence: graph.sequence, head: 0)[t * steps + s]
      for j in 0..<d { out[j] = alpha * v[d + j] + (s == t ? v[j] : 0) }
      add(scoreGradient(v + d, t, s), t, s, byKey: true, row, to: out)
      guard s == t else { continue }
      for other in 0...t { add(scoreGradient(v + d, t, other), t, other, byKey: false, row, to: out) }
    }
    result.copyExponents(of: rows, count: count)
  }

  private func add(_ g: Double, _ t: Int, _ s: Int, byKey: Bool, _ row: Int, to out: UnsafeMutablePointer<Double>) {
    graph.network.addScoreSlope(g, t, s, sequence: graph.sequence, byKey: byKey, scratch.row(row), to: out)
  }

  /// α_ts (v·h_s - v·c_t), v a row at c_t.
  private func scoreGradient(_ v: UnsafePointer<Double>, _ t: Int, _ s: Int) -> Double {
    let network = graph.network, d = network.width
    let state = network.h + (s * network.batch + graph.sequence) * d
    let context = network.joined + (t * network.batch + graph.sequence) * 2 * d + d
    var sum = 0.0
    for j in 0..<d { sum += v[j] * (state[j] - context[j]) }
    return network.attention.weights(sequence: graph.sequence, head: 0)[t * network.steps + s] * sum
  }
}
