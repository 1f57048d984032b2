import RecurrentNetworks

/// The flow matrix F[i, t] = ‖∂l_i/∂h_t‖₂ of one sequence and layer, in logarithms: every term of the double sum
/// ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_t)(∂⁺h_t/∂W) as a picture.
///
/// Lower triangular: a loss reaches no later state. Steps count from the tape's first.
public struct FlowMatrix: Equatable, Sendable {
  /// The number T of steps, the width of the matrix.
  public let steps: Int
  /// The loss steps i that were computed, ascending: all that have a target, or fewer where a limit was set.
  public let rows: [Int]
  /// log10 F, [rows.count, T]; -infinity where nothing flows (t > i, an exact zero on the way).
  public let log10: [Double]

  /// log10 F[rows[row], t].
  public subscript(row: Int, t: Int) -> Double { log10[row * steps + t] }
}

extension FlowMatrix {
  /// The flow of a layer of a sequence, whether or not its losses are injected.
  ///
  /// All rows i ≥ t go back together, one matrix product a step and layer, each with its own scale.
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for the top one.
  ///   - sequence: the sequence of the batch.
  ///   - maximumRows: at most so many loss steps, spread evenly, the newest among them.
  public init(_ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumRows: Int = .max) {
    let withTarget = (0..<tape.steps).filter { tape.targetMask[$0 * tape.batch + sequence] != 0 }
    let (steps, chosen) = (tape.steps, EvenSpread.choose(maximumRows, of: withTarget))
    guard !chosen.isEmpty else {
      self.init(steps: steps, rows: [], log10: [])
      return
    }
    let lowest = layer ?? tape.layers.count - 1
    let layers = (lowest..<tape.layers.count).map {
      RowVectors(tape, layer: $0, sequence: sequence, capacity: chosen.count)
    }
    let log10 = [Double](unsafeUninitializedCapacity: chosen.count * steps) { log10, count in
      log10.initialize(repeating: -.infinity)
      tape.lossGradient.withUnsafeBufferPointer { lossGradient in
        guard let base = lossGradient.baseAddress, let top = layers.last else { return }
        // The newest loss is the first vector, so that those under way are always the first ones.
        var active = 0
        for t in (0..<steps).reversed() {
          if active > 0 { for vectors in layers { vectors.pullBack(step: t + 1, count: active) } }
          if active < chosen.count, chosen[chosen.count - 1 - active] == t {
            top.add(base + (t * tape.batch + sequence) * tape.hidden, to: active)
            active += 1
          }
          for index in layers.indices.reversed() {
            layers[index].measure(count: active) { row, norm in
              if index == 0 { log10[(chosen.count - 1 - row) * steps + t] = norm }
            }
            if index > 0 { layers[index].sendDown(step: t, count: active, to: layers[index - 1]) }
          }
        }
      }
      count = chosen.count * steps
    }
    self.init(steps: steps, rows: chosen, log10: log10)
  }

  /// log10 F as a whole T×T matrix, row i, column t; NaN in rows that have a target and were left out.
  public func dense(_ tape: Tape, sequence: Int = 0) -> [Double] {
    var dense = [Double](repeating: -.infinity, count: steps * steps)
    for i in 0..<steps where tape.targetMask[i * tape.batch + sequence] != 0 {
      for t in 0...i { dense[i * steps + t] = .nan }
    }
    for (row, i) in rows.enumerated() {
      dense.replaceSubrange(i * steps..<(i + 1) * steps, with: log10[row * steps..<(row + 1) * steps])
    }
    return dense
  }
}

/// A choice of some of many, evenly spread.
public enum EvenSpread {
  /// At most `count` of `all`, in order, evenly spread, the last one among them.
  public static func choose(_ count: Int, of all: [Int]) -> [Int] {
    guard count < all.count else { return all }
    guard count > 0, let last = all.last else { return [] }
    guard count > 1 else { return [last] }
    return (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
  }
}
