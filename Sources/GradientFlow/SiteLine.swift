/// Some sites of a graph that follow one another, as a chain of one layer.
public struct SiteLine<Graph: GradientGraph>: GradientChain {
  private let graph: Graph
  private let ids: Range<Site.ID>

  /// The sites with these numbers, each of which reads the one before; the first of them is the graph's first.
  public init(_ graph: Graph, sites: Range<Site.ID>) { (self.graph, ids) = (graph, sites) }

  /// Those of the line.
  public var sites: [Site] { graph.sites.filter { ids.contains($0.id) } }
  /// The number of them.
  public var steps: Int { ids.count }
  /// At a position.
  public func site(layer: Int, position: Int) -> Site.ID { ids.lowerBound + position }
  /// As in the graph.
  public func width(_ site: Site.ID) -> Int { graph.width(site) }
  /// As in the graph.
  public func shownWidth(_ site: Site.ID) -> Int { graph.shownWidth(site) }
  /// The one before it.
  public func predecessors(of site: Site.ID) -> [Edge] {
    graph.predecessors(of: site).filter { $0.from.map { ids.contains($0) } ?? false }
  }
  /// None: the line is that of products.
  public var losses: [LossSite] { [] }
  /// That of the graph.
  public func makePullback(capacity: Int) -> Graph.Pullback { graph.makePullback(capacity: capacity) }
}
