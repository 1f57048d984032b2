import RecurrentNetworks

/// ‖∂L/∂h_t‖₂ of the top layer over the whole batch, in logarithms.
public enum GradientNorms {
  /// log10 ‖∂L/∂h_t‖ of the tape's objective at every step of its window, [T]; -infinity where no gradient arrives.
  ///
  /// Right also where the pass itself under- or overflowed: then the recursion δ_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1} is
  /// run again with a scale for each sequence.
  public static func log10(_ tape: Tape) -> [Double] {
    plain(tape) ?? rescaled(tape)
  }

  /// The norms of the pass's own δ_t; nil where they come near the ends of single precision's range.
  private static func plain(_ tape: Tape) -> [Double]? {
    guard let layer = tape.layers.last else { return [] }
    let block = tape.batch * tape.hidden
    var norms = [Double](repeating: -.infinity, count: tape.steps)
    guard let last = tape.mask.lastIndex(where: { $0 != 0 }) else { return norms }
    let isInRange = layer.gradient.withUnsafeBufferPointer { gradient in
      for t in 0...last / tape.batch {
        // A zero may be an underflow, too.
        var sum = 0.0
        for k in t * layer.parts * block..<t * layer.parts * block + block { sum += gradient[k] * gradient[k] }
        guard sum > 1e-50 && sum < 1e50 else { return false }
        norms[t] = 0.5 * Logarithm.base10(sum)
      }
      return true
    }
    return isInRange ? norms : nil
  }

  private static func rescaled(_ tape: Tape) -> [Double] {
    var logs = [[Double]](repeating: [], count: tape.steps)
    for sequence in 0..<tape.batch {
      let delta = RowVectors(tape, layer: tape.layers.count - 1, sequence: sequence, capacity: 1)
      tape.lossGradient.withUnsafeBufferPointer { lossGradient in
        guard let base = lossGradient.baseAddress else { return }
        for t in (0..<tape.steps).reversed() {
          // δ_t = ∂L/∂h_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1}
          if t < tape.steps - 1 { delta.pullBack(step: t + 1, count: 1) }
          let row = t * tape.batch + sequence
          if tape.mask[row] != 0 { delta.add(base + row * tape.hidden, factor: tape.injectionWeight, to: 0) }
          delta.measure(count: 1) { logs[t].append(2 * $1) }
        }
      }
    }
    return logs.map { 0.5 * Logarithm.sum($0) }
  }
}
