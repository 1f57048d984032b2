import RecurrentNetworks

/// ‖∂L/∂h_t‖₂ of a layer over the whole batch, in logarithms: of the pass that trains, clipping at every step and stochastic
/// reweighting included.
public enum GradientNorms {
  /// log10 ‖∂L/∂h_t‖ of the tape's objective at every step of its window, [T], in layer `layer` (nil: the top one);
  /// -infinity where no gradient arrives.
  ///
  /// Right also where the pass itself under- or overflowed: then the recursion δ_t = s_t (∂l_t/∂h_t + J_{t+1}ᵀ δ_{t+1}), s_t the
  /// pass's own scales, is run again with a scale for each sequence and layer.
  public static func log10(_ tape: Tape, layer: Int? = nil) -> [Double] {
    let layer = layer ?? tape.layers.count - 1
    return (tape.isFixedPoint ? atLastStep(tape, layer) : inRange(tape, layer)) ?? rescaled(tape, downTo: layer)[0]
  }

  /// The norms of every layer, the lowest first, [layers][T].
  public static func log10ByLayer(_ tape: Tape) -> [[Double]] {
    let norms = tape.layers.indices.map { tape.isFixedPoint ? atLastStep(tape, $0) : inRange(tape, $0) }
    guard norms.contains(where: { $0 == nil }) else { return norms.compactMap { $0 } }
    return zip(norms, rescaled(tape, downTo: 0)).map { $0 ?? $1 }
  }

  /// log10 of the norm of ∂L/∂s_t by one part of the state of a layer (c of an LSTM) with the others held fixed, [T]: of
  /// ∂L/∂c_t what comes from c_{t+1}, for what goes through h_t is a part of ∂L/∂h_t. -infinity where none arrives.
  public static func log10(_ tape: Tape, component: Int, layer: Int) -> [Double] {
    guard !tape.isFixedPoint else { return [Double](repeating: -.infinity, count: tape.steps) }
    return rescaled(tape, downTo: layer, component: component)[0]
  }

  /// log10 ‖∂L/∂site‖ at every position of a layer of a graph (nil: the top one), [positions]; -infinity where no gradient
  /// arrives.
  public static func log10(_ graph: some GradientGraph, layer: Int? = nil) -> [Double] {
    let layer = layer ?? graph.topLayer
    var norms = [Double](repeating: -.infinity, count: graph.positions(layer: layer))
    ReverseAccumulation(graph: graph, rows: 1, lowestLayer: layer).run(seeds(graph)) { site, _, _, norm in
      if site.layer == layer { norms[site.position] = norm[0] }
    }
    return norms
  }

  /// log10 ‖∂L/∂site‖ at every site of a graph.
  public static func log10BySite(_ graph: some GradientGraph) -> [Double] {
    var norms = [Double](repeating: -.infinity, count: graph.sites.count)
    ReverseAccumulation(graph: graph, rows: 1).run(seeds(graph)) { site, _, _, norm in norms[site.id] = norm[0] }
    return norms
  }

  /// One row: the gradient of the objective L = Σ_i w_i l_i.
  static func seeds<Graph: GradientGraph>(_ graph: Graph) -> [ReverseAccumulation<Graph>.Seed] {
    graph.losses.filter { $0.weight != 0 }.map {
      .init(row: 0, site: $0.site, gradient: $0.gradient, factor: $0.weight)
    }
  }

  /// The norms of the pass's own δ_t; nil where they come near the ends of single precision's range.
  static func inRange(_ tape: Tape, _ index: Int) -> [Double]? {
    guard tape.layers.indices.contains(index) else { return [] }
    let layer = tape.layers[index]
    let block = tape.batch * tape.hidden
    var norms = [Double](repeating: -.infinity, count: tape.steps)
    guard let last = tape.mask.lastIndex(where: { $0 != 0 }) else { return norms }
    for t in 0...last / tape.batch {
      // A zero may be an underflow, too.
      var sum = 0.0
      for k in t * layer.stateComponents * block..<t * layer.stateComponents * block + block {
        sum += layer.gradient[k] * layer.gradient[k]
      }
      guard sum > 1e-50 && sum < 1e50 else { return nil }
      norms[t] = 0.5 * Log10.of(sum)
    }
    return norms
  }

  /// The norm of the adjoint of a fixed point, at the last step; none at those before.
  private static func atLastStep(_ tape: Tape, _ index: Int) -> [Double]? {
    guard tape.layers.indices.contains(index) else { return [] }
    let layer = tape.layers[index]
    let block = tape.batch * tape.hidden
    let start = (tape.steps - 1) * layer.stateComponents * block
    var norms = [Double](repeating: -.infinity, count: tape.steps)
    norms[tape.steps - 1] = Log10.norm(layer.gradient[start..<start + block])
    return norms
  }

  /// The recursion with scales of its own, from the top layer down to `lowest`: the norms of a part of the state,
  /// [layers from there][T].
  private static func rescaled(_ tape: Tape, downTo lowest: Int, component: Int = 0) -> [[Double]] {
    let layers = lowest..<max(lowest + 1, tape.layers.count)
    // 2 log10 of each sequence's norm.
    var logs = [[[Double]]](repeating: [[Double]](repeating: [], count: tape.steps), count: layers.count)
    for sequence in 0..<tape.batch {
      let graph = tape.graph(sequence: sequence)
      ReverseAccumulation(graph: graph, rows: 1, lowestLayer: lowest).run(seeds(graph)) { site, rows, _, norms in
        guard site.layer >= lowest else { return }
        var norm = norms[0]
        if component > 0 {
          let elements = rows.row(0)[component * tape.hidden..<(component + 1) * tape.hidden]
          norm = Log10.norm(elements) + rows.exponent(of: 0) * Log10.of2
        }
        logs[site.layer - lowest][site.position].append(2 * norm)
      }
    }
    return logs.map { $0.map { 0.5 * Log10.sum($0) } }
  }
}
