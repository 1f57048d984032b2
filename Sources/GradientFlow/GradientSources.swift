import RecurrentNetworks

/// Where the gradient of one site comes from: the sites that are computed from it, and its own losses, with what each sends.
public struct GradientSources: Equatable, Sendable {
  /// What sends a part.
  public struct Source: Equatable, Sendable {
    /// Its name; nil for the site's own losses.
    public let name: String?
    /// log10 of the norm of the part.
    public let log10Norm: Double
  }

  /// log10 ‖∂L/∂site‖; -infinity where nothing arrives.
  public let log10Norm: Double
  /// The parts that are not 0, the largest first. Their sum is the gradient; their norms do not add up to its.
  public let sources: [Source]

  /// The sources of a site's gradient of the objective. Sites that only stand between others are looked through.
  public init<Graph: GradientGraph>(_ graph: Graph, site: Site.ID) {
    var successors = [[Edge]](repeating: [], count: graph.sites.count)
    for other in graph.sites {
      for edge in graph.predecessors(of: other.id) { if let from = edge.from { successors[from].append(edge) } }
    }
    /// The edges of each way from the site to the next that is no passage, the last edge first.
    func ways(from site: Site.ID) -> [[Edge]] {
      successors[site].flatMap { edge in
        graph.isPassage(edge.to) ? ways(from: edge.to).map { $0 + [edge] } : [[edge]]
      }
    }
    let ways = ways(from: site), ends = Set(ways.compactMap { $0.first?.to })
    var rows: [Site.ID: RowBlock] = [:], own = -Double.infinity
    ReverseAccumulation(graph: graph, rows: 1).run(GradientNorms.seeds(graph)) { visited, block, _, norms in
      if visited.id == site { own = norms[0] }
      guard ends.contains(visited.id) else { return }
      let copy = RowBlock(rows: 1, width: block.width)
      copy.add(row: 0, of: block, to: 0)
      rows[visited.id] = copy
    }
    let pullback = graph.makePullback(capacity: 1)
    var parts: [Source] = ways.compactMap { way in
      guard let end = way.first?.to, var block = rows[end] else { return nil }
      for edge in way {
        guard let from = edge.from else { return nil }
        let next = RowBlock(rows: 1, width: graph.width(from))
        pullback.pullBack(block, count: 1, along: edge, into: next)
        next.scale(by: graph.gradientScale(along: edge), count: 1)
        block = next
      }
      let passage = way.dropFirst().first.map { ", by \(graph.name(of: $0.to))" } ?? ""
      return Source(name: graph.name(of: end) + passage, log10Norm: Self.norm(block, graph.shownWidth(site)))
    }
    let loss = RowBlock(rows: 1, width: graph.width(site))
    for seed in graph.losses where seed.site == site && seed.weight != 0 {
      loss.add(seed.gradient, factor: seed.weight, to: 0)
    }
    parts.append(Source(name: nil, log10Norm: Self.norm(loss, graph.shownWidth(site))))
    log10Norm = own
    sources = parts.filter { $0.log10Norm > -.infinity }.sorted { $0.log10Norm > $1.log10Norm }
  }

  private static func norm(_ block: RowBlock, _ width: Int) -> Double {
    var norms = [-Double.infinity]
    block.measure(count: 1, columns: width, into: &norms)
    return norms[0]
  }

  /// Each part's share of the sum of the norms, from 0 to 1.
  public var shares: [Double] {
    let sum = Log10.sum(sources.map(\.log10Norm))
    return sources.map { Log10.power($0.log10Norm - sum) }
  }
}
