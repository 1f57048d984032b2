import LinearAlgebra

/// Causal attention of several heads over a batch: position t reads all positions s ≤ t.
///
/// Per head of width w = d/heads: score_ts = q_t·k_s/√w, α_t = softmax(score_t), o_t = Σ_{s ≤ t} α_ts v_s.
/// Rows are ordered [T, B]; q, k and v of a row lie behind one another, [3·d], as PyTorch's `in_proj_weight` gives them.
final class CausalAttention<S: Scalar> {
  let steps: Int, batch: Int, width: Int, heads: Int
  /// w.
  let headWidth: Int
  /// 1/√w.
  let scale: S
  /// α, [B, heads, T, T]; 0 where s > t.
  let weights: UnsafeMutablePointer<S>
  /// The scores' gradient of one head, [T, T], and a packed matrix.
  private let scores: UnsafeMutablePointer<S>, panels: UnsafeMutablePointer<S>
  /// Positions that are taken together: what no position of a block sees is not computed.
  private let blocks: [Range<Int>]

  init(steps: Int, batch: Int, width: Int, heads: Int, _ arena: Arena<S>) {
    (self.steps, self.batch, self.width, self.heads) = (steps, batch, width, heads)
    headWidth = width / heads
    blocks = stride(from: 0, to: steps, by: 32).map { $0..<min($0 + 32, steps) }
    scale = 1 / S(headWidth).squareRoot()
    weights = arena.take(batch * heads * steps, steps)
    scores = arena.take(steps, steps)
    panels = arena.take(max(S.packedCount(k: headWidth, n: steps), S.packedCount(k: steps, n: headWidth)))
  }

  /// α of a sequence and head, [T, T].
  func weights(sequence: Int, head: Int) -> UnsafeMutablePointer<S> {
    weights + (sequence * heads + head) * steps * steps
  }

  /// α_t = softmax(q_t·k_s/√w), o_t = Σ_s α_ts v_s
  func forward(_ qkv: UnsafePointer<S>, into output: UnsafeMutablePointer<S>) {
    weigh(qkv)
    mix(qkv, into: output)
  }

  /// α_t = softmax(q_t·k_s/√w)
  func weigh(_ qkv: UnsafePointer<S>) {
    let row = 3 * width * batch
    for sequence in 0..<batch {
      for head in 0..<heads {
        let q = qkv + sequence * 3 * width + head * headWidth, k = q + width
        let alpha = weights(sequence: sequence, head: head)
        S.pack(k: headWidth, n: steps, b: k, rowStride: 1, columnStride: row, into: panels)
        for block in blocks {
          let rows = alpha + block.lowerBound * steps
          S.multiplyPacked(
            m: block.count, n: block.upperBound, k: headWidth, a: q + block.lowerBound * row, aRowStride: row,
            aColumnStride: 1, packedB: panels, c: rows, cRowStride: steps, accumulate: false)
          S.softmaxRows(
            rows: block.count, columns: block.upperBound, visible: block.lowerBound + 1, scale: scale, y: rows,
            yStride: steps)
        }
      }
    }
  }

  /// o_t = Σ_s α_ts v_s
  func mix(_ qkv: UnsafePointer<S>, into output: UnsafeMutablePointer<S>) {
    let (row, outputRow) = (3 * width * batch, width * batch)
    for sequence in 0..<batch {
      for head in 0..<heads {
        let v = qkv + sequence * 3 * width + head * headWidth + 2 * width
        let alpha = weights(sequence: sequence, head: head)
        let o = output + sequence * width + head * headWidth
        for block in blocks {
          S.multiply(
            m: block.count, n: headWidth, k: block.upperBound, a: alpha + block.lowerBound * steps, aRowStride: steps,
            aColumnStride: 1, b: v, bRowStride: row, c: o + block.lowerBound * outputRow, cRowStride: outputRow,
            accumulate: false)
        }
      }
    }
  }

  /// With g_ts = ∂L/∂o_t·v_s: ∂L/∂score_ts = α_ts (g_ts - Σ_r α_tr g_tr);
  /// ∂L/∂q_t = Σ_s ∂L/∂score_ts k_s/√w, ∂L/∂k_s = Σ_t ∂L/∂score_ts q_t/√w, ∂L/∂v_s = Σ_t α_ts ∂L/∂o_t
  func backward(
    _ qkv: UnsafePointer<S>, outputGradient: UnsafePointer<S>, into gradient: UnsafeMutablePointer<S>
  ) {
    let (row, outputRow) = (3 * width * batch, width * batch)
    for sequence in 0..<batch {
      for head in 0..<heads {
        let start = sequence * 3 * width + head * headWidth
        let q = qkv + start, k = q + width, v = k + width
        let dq = gradient + start, dk = dq + width, dv = dk + width
        let d = outputGradient + sequence * width + head * headWidth
        let alpha = weights(sequence: sequence, head: head)
        S.pack(k: headWidth, n: steps, b: v, rowStride: 1, columnStride: row, into: panels)
        for block in blocks {
          let rows = block.lowerBound * steps
          S.multiplyPacked(
            m: block.count, n: block.upperBound, k: headWidth, a: d + block.lowerBound * outputRow,
            aRowStride: outputRow, aColumnStride: 1, packedB: panels, c: scores + rows, cRowStride: steps,
            accumulate: false)
          S.softmaxRowsBackward(
            rows: block.count, columns: block.upperBound, visible: block.lowerBound + 1, scale: scale,
            alpha: alpha + rows, alphaStride: steps, g: scores + rows, gStride: steps)
          S.multiply(
            m: block.count, n: headWidth, k: block.upperBound, a: scores + rows, aRowStride: steps, aColumnStride: 1,
            b: k, bRowStride: row, c: dq + block.lowerBound * row, cRowStride: row, accumulate: false)
        }
        // Position s is read by those from its own block on.
        for block in blocks {
          let (first, rest) = (block.lowerBound, steps - block.lowerBound)
          let corner = first * steps + first
          S.multiply(
            m: block.count, n: headWidth, k: rest, a: scores + corner, aRowStride: 1, aColumnStride: steps,
            b: q + first * row, bRowStride: row, c: dk + first * row, cRowStride: row, accumulate: false)
          S.multiply(
            m: block.count, n: headWidth, k: rest, a: alpha + corner, aRowStride: 1, aColumnStride: steps,
            b: d + first * outputRow, bRowStride: outputRow, c: dv + first * row, cRowStride: row, accumulate: false)
        }
      }
    }
  }
}

extension CausalAttention {
  /// The way back where scores are made otherwise: ∂L/∂v_s, and, a sequence and head at a time, ∂L/∂score, [T, T].
  func backwardOfMix(
    _ qkv: UnsafePointer<S>, outputGradient: UnsafePointer<S>, into gradient: UnsafeMutablePointer<S>,
    _ take: (_ scoreGradient: UnsafePointer<S>, _ sequence: Int) -> Void
  ) {
    let (row, outputRow) = (3 * width * batch, width * batch)
    for sequence in 0..<batch {
      let v = qkv + sequence * 3 * width + 2 * width, d = outputGradient + sequence * width
      let alpha = weights(sequence: sequence, head: 0)
      S.pack(k: width, n: steps, b: v, rowStride: 1, columnStride: row, into: panels)
      S.multiplyPacked(
        m: steps, n: steps, k: width, a: d, aRowStride: outputRow, aColumnStride: 1, packedB: panels, c: scores,
        cRowStride: steps, accumulate: false)
      S.softmaxRowsBackward(
        rows: steps, columns: steps, visible: 1, scale: 1, alpha: alpha, alphaStride: steps, g: scores, gStride: steps)
      S.multiply(
        m: steps, n: width, k: steps, a: alpha, aRowStride: 1, aColumnStride: steps, b: d, bRowStride: outputRow,
        c: gradient + sequence * 3 * width + 2 * width, cRowStride: row, accumulate: false)
      take(scores, sequence)
    }
  }
}

/// Rotary positions: the pair (x_2i, x_2i+1) of each head turned by t · 10000^(-2i/w).
struct RotaryTable<S: Scalar> {
  /// cos and sin, [T, w/2].
  private let cosine: [S], sine: [S]
  private let pairs: Int

  init(steps: Int, headWidth: Int) {
    pairs = headWidth / 2
    let angles = (0..<steps).flatMap { t in
      (0..<headWidth / 2).map { Double(t) * PositionTable.frequency(pair: $0, width: headWidth) }
    }
    (cosine, sine) = (angles.map { S(PositionTable.cosine($0)) }, angles.map { S(PositionTable.sine($0)) })
  }

  /// Turns the pairs of `columns` numbers, whole heads of them, by position t; back where `inverse`.
  func turn(_ x: UnsafeMutablePointer<S>, columns: Int, position t: Int, inverse: Bool) {
    for pair in 0..<columns / 2 {
      let (c, s) = (cosine[t * pairs + pair % pairs], sine[t * pairs + pair % pairs])
      let turned = inverse ? -s : s
      let (a, b) = (x[2 * pair], x[2 * pair + 1])
      x[2 * pair] = a * c - b * turned
      x[2 * pair + 1] = a * turned + b * c
    }
  }
}
