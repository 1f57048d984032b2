import RecurrentNetworks

/// ‖∂L/∂h_t‖₂ of a layer over the whole batch, in logarithms.
public enum GradientNorms {
  /// log10 ‖∂L/∂h_t‖ of the tape's objective at every step of its window, [T], in layer `layer` (nil: the top one);
  /// -infinity where no gradient arrives.
  ///
  /// Right also where the pass itself under- or overflowed: then the recursion δ_t = ∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1} is
  /// run again with a scale for each sequence and layer.
  public static func log10(_ tape: Tape, layer: Int? = nil) -> [Double] {
    let layer = layer ?? tape.layers.count - 1
    return (tape.isFixedPoint ? atLastStep(tape, layer) : plain(tape, layer)) ?? rescaled(tape, downTo: layer)[0]
  }

  /// The norms of every layer, the lowest first, [layers][T].
  public static func log10ByLayer(_ tape: Tape) -> [[Double]] {
    let norms = tape.layers.indices.map { tape.isFixedPoint ? atLastStep(tape, $0) : plain(tape, $0) }
    guard norms.contains(where: { $0 == nil }) else { return norms.compactMap { $0 } }
    return zip(norms, rescaled(tape, downTo: 0)).map { $0 ?? $1 }
  }

  /// log10 of the norm of ∂L/∂s_t by one part of the state of a layer (c of an LSTM) with the others held fixed, [T]: of
  /// ∂L/∂c_t what comes from c_{t+1}, for what goes through h_t is a part of ∂L/∂h_t. -infinity where none arrives.
  public static func log10(_ tape: Tape, part: Int, layer: Int) -> [Double] {
    guard !tape.isFixedPoint else { return [Double](repeating: -.infinity, count: tape.steps) }
    return rescaled(tape, downTo: layer, part: part)[0]
  }

  /// The norms of the pass's own δ_t; nil where they come near the ends of single precision's range.
  private static func plain(_ tape: Tape, _ index: Int) -> [Double]? {
    guard tape.layers.indices.contains(index) else { return [] }
    let layer = tape.layers[index]
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

  /// The norm of the adjoint of a fixed point, at the last step; none at those before.
  private static func atLastStep(_ tape: Tape, _ index: Int) -> [Double]? {
    guard tape.layers.indices.contains(index) else { return [] }
    let layer = tape.layers[index]
    let block = tape.batch * tape.hidden
    let last = layer.gradient[(tape.steps - 1) * layer.parts * block..<((tape.steps - 1) * layer.parts + 1) * block]
    let largest = last.reduce(0) { max($0, $1.magnitude) }
    var norms = [Double](repeating: -.infinity, count: tape.steps)
    let sum = last.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
    if largest > 0 { norms[tape.steps - 1] = 0.5 * Logarithm.base10(sum) + Logarithm.base10(largest) }
    return norms
  }

  /// The recursion with scales of its own, from the top layer down to `lowest`: the norms of a part of the state,
  /// [layers from there][T].
  private static func rescaled(_ tape: Tape, downTo lowest: Int, part: Int = 0) -> [[Double]] {
    let layers = lowest..<max(lowest + 1, tape.layers.count)
    var logs = [[[Double]]](repeating: [[Double]](repeating: [], count: tape.steps), count: layers.count)
    for sequence in 0..<tape.batch {
      let deltas = layers.map { RowVectors(tape, layer: $0, sequence: sequence, capacity: 1) }
      tape.lossGradient.withUnsafeBufferPointer { lossGradient in
        guard let base = lossGradient.baseAddress, let top = deltas.last else { return }
        for t in (0..<tape.steps).reversed() {
          // δ_t = ∂L/∂h_t = ∂l_t/∂h_t + ξ_{t+1} J_{t+1}ᵀ δ_{t+1}, and below the top W_ihᵀ ∂L/∂a_t of the layer above for ∂l_t/∂h_t
          if t < tape.steps - 1 { for delta in deltas { delta.pullBack(step: t + 1, count: 1) } }
          if t < tape.steps - 1, !tape.passage.isEmpty {
            for delta in deltas { delta.multiply(by: tape.passage[t + 1], count: 1) }
          }
          let row = t * tape.batch + sequence
          if tape.mask[row] != 0 { top.add(base + row * tape.hidden, factor: tape.injectionWeight, to: 0) }
          for index in deltas.indices.reversed() {
            deltas[index].measure(count: 1) {
              logs[index][t].append(2 * (part == 0 ? $1 : deltas[index].log10Norm($0, part: part)))
            }
            if index > 0 { deltas[index].sendDown(step: t, count: 1, to: deltas[index - 1]) }
          }
        }
      }
    }
    return logs.map { $0.map { 0.5 * Logarithm.sum($0) } }
  }
}
