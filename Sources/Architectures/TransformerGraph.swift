import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// One sequence of a Transformer's pass as its gradient sees it.
///
/// Sites are positions: layer 2l is what block l + 1 reads, layer 2l + 1 the keys and values that it makes of it, [2·d]. A block's
/// output at t reads its own x_t (its query, and along the residual path), and the key and value of every s ≤ t. The last layer is
/// what the readout reads.
///
/// It may cross threads: the network is that of a `GraphRecording`, whose pass is made whole before anybody has it and which
/// nobody writes to any more; pullbacks have scratch space of their own.
struct TransformerGraph: GradientGraph, @unchecked Sendable {
  let transformer: Transformer<Double>
  let sequence: Int
  let losses: [LossSite]

  var steps: Int { transformer.steps }
  private var layers: Int { 2 * transformer.blocks.count + 1 }

  var sites: [Site] {
    (0..<layers * steps).map { Site(id: $0, layer: $0 / steps, position: $0 % steps) }
  }

  func width(_ site: Site.ID) -> Int { isKey(site) ? 2 * transformer.width : transformer.width }

  /// Whether a site is a key and its value.
  func isKey(_ site: Site.ID) -> Bool { site / steps % 2 == 1 }

  func predecessors(of site: Site.ID) -> [Edge] {
    let (layer, t) = (site / steps, site % steps)
    if layer == 0 { return [] }
    if isKey(site) { return [Edge(from: site - steps, to: site)] }
    // Keys and values, the newest first, then the position itself.
    return (0...t).reversed().map { Edge(from: (layer - 1) * steps + $0, to: site) }
      + [Edge(from: (layer - 2) * steps + t, to: site)]
  }

  /// The weights of attention of each head over the positions, a track a head.
  var tracks: [Track] {
    (0..<(transformer.blocks.first?.attention.heads ?? 0)).map {
      Track(name: "α head \($0 + 1)", range: 0...1, kind: .overPositions)
    }
  }

  /// α_ts over all s of the block that reads the site.
  func values(of track: Track, at site: Site.ID) -> [Double] {
    guard let head = tracks.firstIndex(of: track), !isKey(site), site / steps / 2 < transformer.blocks.count else {
      return []
    }
    let row =
      transformer.blocks[site / steps / 2].attention.weights(sequence: sequence, head: head) + site % steps * steps
    return (0..<steps).map { row[$0] }
  }

  /// A block's output is made with the weights of the block, which stand at what it reads.
  func maker(of site: Site.ID) -> Site.ID? { isKey(site) || site < 2 * steps ? nil : site - 2 * steps }

  func name(of site: Site.ID) -> String {
    let (layer, t) = (site / steps, site % steps + 1)
    return isKey(site) ? "key and value" : layer == 0 ? "x at t = \(t)" : "block \(layer / 2) at t = \(t)"
  }

  /// Keys and values stand between what a block reads and what it gives.
  func isPassage(_ site: Site.ID) -> Bool { isKey(site) }

  func makePullback(capacity: Int) -> TransformerPullback { TransformerPullback(self, capacity: capacity) }
}

extension Transformer: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    TransformerGraph(
      transformer: self, sequence: sequence, losses: losses.map { $0.site(2 * blocks.count * steps + $0.step) })
  }
}

/// Vector-Jacobian products of a Transformer's blocks. What a block's edges into one position share is computed at the first of
/// them.
final class TransformerPullback: GradientPullback {
  private let graph: TransformerGraph
  private let width: Int, hidden: Int
  /// Rows at y, at attention's output, at q, and at the hidden layer.
  private let atSum: RowScratch, atAttended: RowScratch, atQuery: RowScratch, atHidden: RowScratch
  /// What is prepared: rows that stand at a site, and the edge that came last.
  private var prepared: (rows: ObjectIdentifier, count: Int, site: Site.ID, from: Site.ID)?

  init(_ graph: TransformerGraph, capacity: Int) {
    self.graph = graph
    width = graph.transformer.width
    hidden = graph.transformer.blocks.first?.hiddenWidth ?? 0
    (atSum, atAttended) = (RowScratch(capacity, width), RowScratch(capacity, width))
    (atQuery, atHidden) = (RowScratch(capacity, 2 * width), RowScratch(capacity, hidden))
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    guard let from = edge.from else { return }
    let steps = graph.transformer.steps
    let block = graph.transformer.blocks[from / steps / 2]
    let (t, s) = (edge.to % steps, from % steps)
    if graph.isKey(edge.to) {
      pullBackKey(rows, count, block, at: t, into: result)
    } else {
      prepare(rows, count, block, edge, t)
      if graph.isKey(from) {
        sendToKey(count, block, t, s, into: result)
      } else {
        sendToQuery(count, block, t, into: result)
      }
    }
    result.copyExponents(of: rows, count: count)
  }

  /// Rows at z_t go back to y_t and to attention's output there, once for all edges into z_t.
  private func prepare(_ rows: RowBlock, _ count: Int, _ block: TransformerBlock<Double>, _ edge: Edge, _ t: Int) {
    let from = edge.from ?? 0, id = ObjectIdentifier(rows)
    // Keys come the newest first, the position itself last: it lies in the layer below theirs.
    if let last = prepared, last.rows == id, last.count == count, last.site == edge.to, from < last.from {
      prepared?.from = from
      return
    }
    prepared = (id, count, edge.to, from)
    block.pullBackToSums(
      rows.elements, stride: rows.stride, count, row: t * block.batch + graph.sequence,
      finalNorm: edge.to / graph.transformer.steps == 2 * graph.transformer.blocks.count
        ? graph.transformer.finalNorm : nil,
      sum: atSum, attended: atAttended, hidden: atHidden)
  }

  /// v ∂z_t/∂(k_s, v_s): α_ts (g_ts - Σ_r α_tr g_tr) q_t/√w, and α_ts v.
  private func sendToKey(
    _ count: Int, _ block: TransformerBlock<Double>, _ t: Int, _ s: Int, into result: RowBlock
  ) {
    let attention = block.attention, w = attention.headWidth
    let query = block.qkv + (t * block.batch + graph.sequence) * 3 * width
    for head in 0..<attention.heads {
      let q = query + head * w, alpha = attention.weights(sequence: graph.sequence, head: head)[t * attention.steps + s]
      for row in 0..<count {
        let v = atAttended.row(row) + head * w
        let score = scoreGradient(v, block, head, t, s)
        let keys = result.elements + row * result.stride + head * w
        for j in 0..<w {
          keys[j] = score * q[j]
          keys[width + j] = alpha * v[j]
        }
      }
    }
  }

  /// ∂/∂(q_t·k_s) of a head by a row at its output: α_ts/√w (v·v_s - v·o_t), for Σ_r α_tr v·v_r = v·o_t.
  private func scoreGradient(
    _ v: UnsafePointer<Double>, _ block: TransformerBlock<Double>, _ head: Int, _ t: Int, _ s: Int
  ) -> Double {
    let attention = block.attention, w = attention.headWidth
    let value = block.qkv + (s * block.batch + graph.sequence) * 3 * width + 2 * width + head * w
    let output = block.attended + (t * block.batch + graph.sequence) * width + head * w
    var sum = 0.0
    for j in 0..<w { sum += v[j] * (value[j] - output[j]) }
    return attention.weights(sequence: graph.sequence, head: head)[t * attention.steps + s] * sum * attention.scale
  }

  /// v ∂z_t/∂x_t by the query and along the residual path.
  private func sendToQuery(_ count: Int, _ block: TransformerBlock<Double>, _ t: Int, into result: RowBlock) {
    let attention = block.attention, w = attention.headWidth
    for row in 0..<count {
      let query = atQuery.row(row)
      query.update(repeating: 0, count: 2 * width)
      for head in 0..<attention.heads {
        for s in 0...t {
          let score = scoreGradient(atAttended.row(row) + head * w, block, head, t, s)
          let key = block.qkv + (s * block.batch + graph.sequence) * 3 * width + width + head * w
          for j in 0..<w { query[head * w + j] += score * key[j] }
        }
      }
      block.rotary?.turn(query, columns: width, position: t, inverse: true)
      let out = result.elements + row * result.stride
      if block.isResidual {
        out.update(from: atSum.row(row), count: width)
      } else {
        out.update(repeating: 0, count: width)
      }
    }
    block.pullBackProjection(
      atQuery, count, columns: 0..<width, row: t * block.batch + graph.sequence, into: result.elements,
      stride: result.stride, scratch: atAttended, accumulate: true)
    // What was prepared is overwritten.
    prepared = nil
  }

  /// v ∂(k_t, v_t)/∂x_t.
  private func pullBackKey(
    _ rows: RowBlock, _ count: Int, _ block: TransformerBlock<Double>, at t: Int, into result: RowBlock
  ) {
    for row in 0..<count {
      let turned = atQuery.row(row)
      turned.update(from: rows.elements + row * rows.stride, count: 2 * width)
      block.rotary?.turn(turned, columns: width, position: t, inverse: true)
    }
    block.pullBackProjection(
      atQuery, count, columns: width..<3 * width, row: t * block.batch + graph.sequence, into: result.elements,
      stride: result.stride, scratch: atAttended, accumulate: false)
    prepared = nil
  }
}

/// Rows of doubles that a pullback works on.
final class RowScratch {
  let width: Int
  private let buffer: AlignedBuffer<Double>

  init(_ rows: Int, _ width: Int) {
    self.width = width
    buffer = AlignedBuffer(max(1, rows * width))
  }

  var start: UnsafeMutablePointer<Double> { buffer.start }
  func row(_ row: Int) -> UnsafeMutablePointer<Double> { buffer.start + row * width }
}

extension TransformerBlock where S == Double {
  /// Rows at z_t become rows at x_t + attention (`sum`) and at attention's output (`attended`).
  func pullBackToSums(
    _ rows: UnsafePointer<Double>, stride: Int, _ count: Int, row: Int, finalNorm: LayerNorm<Double>?,
    sum: RowScratch, attended: RowScratch, hidden: RowScratch
  ) {
    // z's own norm, or the last block's.
    let behind = finalNorm ?? (placement == .post ? norm2 : nil)
    if let behind {
      behind.pullBack(
        count, row: row, rows, stride: stride, into: attended.start, resultStride: width, accumulate: false)
    } else {
      for k in 0..<count { attended.row(k).update(from: rows + k * stride, count: width) }
    }
    // y + W_2 φ(W_1 norm y): through the hidden layer, and past it.
    second.backward(count, attended.start, into: hidden.start)
    Double.multiplyElements(
      rows: count, columns: hiddenWidth, scale: 1, x: hidden.start, xStride: hiddenWidth, y: slope + row * hiddenWidth,
      yStride: 0, into: hidden.start, zStride: hiddenWidth)
    if isResidual {
      sum.start.update(from: attended.start, count: count * width)
    } else {
      sum.start.update(repeating: 0, count: count * width)
    }
    if placement == .pre, let norm2 {
      first.backward(count, hidden.start, into: attended.start)
      norm2.pullBack(
        count, row: row, attended.start, stride: width, into: sum.start, resultStride: width, accumulate: true)
    } else {
      first.backward(count, hidden.start, into: sum.start, accumulate: true)
    }
    if placement == .post, let norm1 {
      norm1.pullBack(
        count, row: row, sum.start, stride: width, into: attended.start, resultStride: width, accumulate: false)
      sum.start.update(from: attended.start, count: count * width)
    }
    output.backward(count, sum.start, into: attended.start)
  }

  /// Rows at some of q, k and v, each of `rows`' width, become rows at x of the same position.
  func pullBackProjection(
    _ rows: RowScratch, _ count: Int, columns: Range<Int>, row: Int, into result: UnsafeMutablePointer<Double>,
    stride: Int, scratch: RowScratch, accumulate: Bool
  ) {
    let reads = placement == .pre ? norm1 : nil
    guard let reads else {
      projection.backward(
        count, rows.start, dyStride: rows.width, outputRange: columns, into: result, dxStride: stride,
        accumulate: accumulate)
      return
    }
    projection.backward(
      count, rows.start, dyStride: rows.width, outputRange: columns, into: scratch.start, dxStride: width,
      accumulate: false)
    reads.pullBack(
      count, row: row, scratch.start, stride: width, into: result, resultStride: stride, accumulate: accumulate)
  }
}
