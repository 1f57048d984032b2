import LinearAlgebra
import RecurrentNetworks

/// The products of Jacobians down the layers at one step, ∂h^{top}_t/∂h^{l}_t with all states before t held fixed, of one
/// sequence: what depth does to the gradient, beside what time does.
///
/// A factor is ∂h^{l+1}_t/∂h^{l}_t = (∂h^{l+1}_t/∂a_t) W_ih; the top layer's stands on the left.
public struct ProductByDepth: Equatable, Sendable {
  /// The products at one step of the tape.
  public struct Step: Equatable, Sendable {
    /// The step, counted from the tape's first.
    public let step: Int
    /// log10 of every singular value of ∂h^{top}/∂h^{top-d}, descending, by depth d = 1, 2, … (index d - 1).
    public let log10: [[Double]]
  }

  /// The steps that were computed, ascending.
  public let steps: [Step]
  /// The number of layers.
  public let layers: Int

  /// The products at `step`, or at the computed step nearest to it; nil where there are none.
  public func at(_ step: Int) -> Step? {
    steps.min { ($0.step - step).magnitude < ($1.step - step).magnitude }
  }
}

extension ProductByDepth {
  /// The products of sequence `sequence` at `maximumSteps` steps at most, spread evenly, the last one among them.
  ///
  /// - Parameters:
  ///   - tape: the pass.
  ///   - sequence: the sequence of the batch.
  ///   - maximumSteps: how many steps at most.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(
    _ tape: Tape, sequence: Int = 0, maximumSteps: Int = .max, progress: (Double) throws -> Void = { _ in }
  ) throws {
    let (h, count) = (tape.hidden, tape.layers.count)
    layers = count
    guard count > 1 else {
      steps = []
      return
    }
    let graph = tape.graph(sequence: sequence)
    let pullback = graph.makePullback(capacity: h)
    let unit = RowBlock(unitRows: h, width: graph.width(0)), jacobian = RowBlock(rows: h, width: graph.width(0))
    let product = JacobianProduct(size: h)
    let chosen = EvenSpread.choose(maximumSteps, of: Array(0..<tape.steps))
    steps = try chosen.enumerated().map { index, t in
      product.reset()
      let log10 = try (1..<count).reversed().map { layer in
        let edge = Edge(
          from: graph.site(layer: layer - 1, position: t), to: graph.site(layer: layer, position: t))
        pullback.pullBack(unit, count: h, along: edge, into: jacobian)
        try product.extend(by: jacobian)
        try progress((Double(index) + Double(count - layer) / Double(count)) / Double(chosen.count))
        return try product.log10SingularValues()
      }
      return Step(step: t, log10: log10)
    }
  }
}

extension ProductByDepth {
  /// The products of a graph of blocks that see no later positions: down its layers at one position, as many positions as
  /// `maximumSteps`, spread evenly.
  ///
  /// - Parameters:
  ///   - graph: the graph; its highest layer is the top.
  ///   - shown: the layers down to which the products are formed, the lowest first.
  ///   - maximumSteps: how many positions at most, the last one among them.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(
    _ graph: some GradientGraph, shown: [Int], maximumSteps: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let top = graph.sites.filter { $0.layer == graph.topLayer }
    layers = shown.count + 1
    let chosen = EvenSpread.choose(maximumSteps, of: Array(top.indices))
    steps = try chosen.enumerated().map { index, t in
      let width = graph.width(top[t].id)
      let unit = (0..<width).map { i in (0..<width).map { $0 == i ? 1.0 : 0 } }
      let product = JacobianProduct(size: width)
      var log10: [[Double]] = []
      try ReverseAccumulation(graph: graph, rows: width, isRescaled: false, firstPosition: top[t].position).run(
        unit.indices.map { .init(row: $0, site: top[t].id, gradient: unit[$0][...]) }
      ) { site, rows, _, _ in
        guard site.position == top[t].position, site.layer < graph.topLayer, shown.contains(site.layer) else { return }
        log10.append(try rows.log10SingularValues(product))
        try progress((Double(index) + Double(log10.count) / Double(shown.count)) / Double(chosen.count))
      }
      return Step(step: top[t].position, log10: log10)
    }
  }
}
