import RecurrentNetworks

/// The flow matrix F[i, t] = ‖∂l_i/∂h_t‖₂ of one sequence and layer, in logarithms: every term of the double sum
/// ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_t)(∂⁺h_t/∂W) as a picture.
///
/// Lower triangular in a recurrent network: a loss reaches no later state. Steps count from the tape's first. Where the pass
/// rescaled the gradient on its way (clipping at every step, stochastic reweighting), so does the flow: the rows' vectors, each by
/// its loss's weight, add up to the gradient δ_t that trains.
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
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for the top one.
  ///   - sequence: the sequence of the batch.
  ///   - maximumRows: at most so many loss steps, spread evenly, the newest among them.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  public init(
    _ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumRows: Int = .max, progress: (Double) throws -> Void
  ) rethrows {
    try self.init(tape.graph(sequence: sequence), layer: layer, maximumRows: maximumRows, progress: progress)
  }

  /// The same without a report of the progress.
  public init(_ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumRows: Int = .max) {
    self.init(tape, layer: layer, sequence: sequence, maximumRows: maximumRows) { _ in }
  }

  /// The same without a report of the progress.
  public init(_ graph: some GradientGraph, layer: Int? = nil, maximumRows: Int = .max) {
    self.init(graph, layer: layer, maximumRows: maximumRows) { _ in }
  }

  /// The flow of a graph from every loss, unweighted, to every position of a layer.
  ///
  /// All rows go back together, one matrix product an edge, each with its own scale.
  /// - Parameters:
  ///   - graph: the graph.
  ///   - layer: the layer; nil for the top one.
  ///   - maximumRows: at most so many losses, spread evenly, the last among them.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  public init(
    _ graph: some GradientGraph, layer: Int? = nil, maximumRows: Int = .max, progress: (Double) throws -> Void
  ) rethrows {
    let layer = layer ?? graph.topLayer
    let steps = graph.positions(layer: layer)
    let losses = graph.losses
    let chosen = EvenSpread.choose(maximumRows, of: Self.distinct(losses.map(\.loss)))
    // The losses of the last sites are the first rows, so that those under way are always the first ones.
    var index = [Int](repeating: -1, count: (chosen.last ?? -1) + 1)
    for (k, loss) in chosen.enumerated() { index[loss] = k }
    var begins = [Int](repeating: 0, count: chosen.count)
    for loss in losses where loss.loss < index.count && index[loss.loss] >= 0 {
      begins[index[loss.loss]] = max(begins[index[loss.loss]], loss.site)
    }
    let order = chosen.indices.sorted { begins[$0] > begins[$1] }
    var place = [Int](repeating: 0, count: chosen.count)
    for (row, k) in order.enumerated() { place[k] = row }
    let starts = order.map { $0 * steps }
    let back = ReverseAccumulation(graph: graph, rows: chosen.count, lowestLayer: layer)
    var log10 = [Double](repeating: -.infinity, count: chosen.count * steps)
    try back.run(
      losses.compactMap {
        guard $0.loss < index.count, index[$0.loss] >= 0 else { return nil }
        return .init(row: place[index[$0.loss]], site: $0.site, gradient: $0.gradient)
      }
    ) { site, _, count, norms in
      guard site.layer == layer else { return }
      for row in 0..<count { log10[starts[row] + site.position] = norms[row] }
      // A step costs what the rows under way cost: half of it all is done when 0.7 of the steps are.
      let done = Double(steps - site.position) / Double(steps)
      try progress(done * done)
    }
    self.init(steps: steps, rows: chosen, log10: log10)
  }

  /// The numbers in order, each once.
  private static func distinct(_ numbers: [Int]) -> [Int] {
    numbers.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
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
