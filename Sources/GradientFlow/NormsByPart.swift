import RecurrentNetworks

/// A gradient that goes back over a graph whose states are made of equal parts, cells of a frame: where it is, and when.
public enum NormsByPart {
  /// log10 ‖∂l/∂s_t‖ of every part of the shown elements of every position of layer 0, [positions, parts]; -infinity where
  /// nothing arrives.
  ///
  /// - Parameters:
  ///   - graph: the graph.
  ///   - seeds: the losses that go back, added up by their weights.
  ///   - parts: how many parts a state has.
  public static func log10(_ graph: some GradientGraph, from seeds: [LossSite], parts: Int) -> [Double] {
    func run<Graph: GradientGraph>(_ graph: Graph) -> [Double] {
      let positions = graph.positions(layer: 0)
      var norms = [Double](repeating: -.infinity, count: positions * parts)
      let starts = seeds.map {
        ReverseAccumulation<Graph>.Seed(row: 0, site: $0.site, gradient: $0.gradient, factor: $0.weight)
      }
      ReverseAccumulation(graph: graph, rows: 1).run(starts) { site, block, _, _ in
        guard site.layer == 0 else { return }
        let row = block.row(0), size = graph.shownWidth(site.id) / parts
        for part in 0..<parts {
          let norm = Log10.norm(row[part * size..<(part + 1) * size])
          norms[site.position * parts + part] = norm + block.exponent(of: 0) * Log10.of(2)
        }
      }
      return norms
    }
    return run(graph)
  }
}
