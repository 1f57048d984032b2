import GradientFlow

extension TransformerGraph {
  /// x₇ of what the first block reads, x₇[l2] of what the second gives.
  func symbol(of site: Site.ID) -> String {
    let (layer, t) = (site / steps, sub(site % steps + 1))
    if isKey(site) { return "(k\(t), v\(t))" }
    return "x" + t + (layer == 0 ? "" : "[l\(layer / 2)]")
  }

  /// x_t = W_e x_t + b_e + p_t; of a block o_t = Σ_s α_ts v_s, y_t = x_t + W_o o_t + b_o, z_t = y_t + W_2 φ(W_1 y_t + b_1) + b_2,
  /// with norms where it has some.
  func equations(of site: Site.ID) -> [StepEquation] {
    guard !isKey(site) else { return [] }
    let layer = site / steps / 2, t = site % steps, d = transformer.width
    func row(_ numbers: UnsafePointer<Double>, _ t: Int, _ width: Int) -> [Double] {
      (numbers + (t * transformer.batch + sequence) * width).numbers(width)
    }
    let x = row(transformer.x[layer], t, d)
    guard layer > 0 else { return [embedded(t, x, row)] }
    let block = transformer.blocks[layer - 1], at = sub(t + 1)
    let below = StepEquation.Part.vector(symbol(of: site - 2 * steps), row(transformer.x[layer - 1], t, d))
    let o = attended(t, block, row)
    let isPost = block.placement == .post
    let y = row(block.y, t, d), m = row(block.hidden, t, block.hiddenWidth)
    func closed(_ sublayer: [[StepEquation.Part]], _ read: StepEquation.Part, _ isNormed: Bool) -> [[StepEquation.Part]]
    {
      let terms = (block.isResidual ? [[read]] : []) + sublayer
      return isNormed ? [terms.joinedBySigns.inside("norm")] : terms
    }
    let first = [block.output.term("W_o", o.result.name, row(block.attended, t, d))] + block.output.shiftTerm("b_o")
    let second = [block.second.term("W_2", "m" + at, m)] + block.second.shiftTerm("b_2")
    let isLast = layer == transformer.blocks.count && transformer.finalNorm != nil
    return [
      o, StepEquation("y" + at, y, closed(first, below, isPost)),
      StepEquation(symbol(of: site), x, closed(second, .vector("y" + at, y), isPost || isLast)),
    ]
  }

  private typealias Rows = (UnsafePointer<Double>, Int, Int) -> [Double]

  /// Input and position.
  private func embedded(_ t: Int, _ x: [Double], _ row: Rows) -> StepEquation {
    let embedding = transformer.embedding
    let input = transformer.inputs.map { row($0, t, embedding.inputs) } ?? []
    let parts = [embedding.term("W_e", "in" + sub(t + 1), input)] + embedding.shiftTerm("b_e")
    let sum = StepEquation("", sumOf: parts).result.values
    let position = zip(x, sum).map { $0 - $1 }
    return StepEquation(
      symbol(of: t), x, parts + (transformer.hasPositions ? [[.vector("p" + sub(t + 1), position)]] : []))
  }

  /// Σ_s α_ts v_s, each unit by its own head.
  private func attended(_ t: Int, _ block: TransformerBlock<Double>, _ row: Rows) -> StepEquation {
    let d = block.width, attention = block.attention
    return StepEquation(
      "o" + sub(t + 1),
      sumOfMany: (0...t).map { s in
        let v = Array(row(block.qkv, s, 3 * d)[2 * d..<3 * d])
        let alpha = (0..<d).map {
          attention.weights(sequence: sequence, head: $0 / attention.headWidth)[t * steps + s]
        }
        return (
          [.vector("α" + sub(s + 1), alpha), .sign("⊙"), .vector("v" + sub(s + 1), v)], zip(alpha, v).map { $0 * $1 }
        )
      })
  }
}
