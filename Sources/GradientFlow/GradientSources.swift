import RecurrentNetworks

/// Where the gradient of one site comes from: the sites that are computed from it, and its own losses, with what each sends.
public struct GradientSources: Equatable, Sendable {
  /// What sends a part.
  public struct Source: Equatable, Sendable {
    /// The site, and its name; nil for the site's own losses.
    public let site: Site.ID?, name: String?
    /// The part in symbols: W₄ᵀ(φ′₄ ⊙ ∂L/∂h₄).
    public let symbols: String
    /// Its numbers, one a unit that is shown; and log10 of its norm, which is right where these underflow.
    public let values: [Double], log10Norm: Double
    /// Its share of the gradient: its projection on it, by the gradient's own norm. All shares add up to 1; a part that goes against
    /// the others has one below 0.
    public fileprivate(set) var share = 0.0
  }

  /// The gradient's numbers, one a unit that is shown, and log10 ‖∂L/∂site‖; -infinity where nothing arrives.
  public let values: [Double], log10Norm: Double
  /// The parts that are not 0, the largest first. Their sum is the gradient; their norms do not add up to its.
  public let sources: [Source]

  /// The sources of a site's gradient of the objective. Sites that only stand between others are looked through.
  public init<Graph: GradientGraph>(_ graph: Graph, site: Site.ID) {
    let ways = Ways(graph).from(site), ends = Set(ways.compactMap { $0.first?.to })
    var rows: [Site.ID: RowBlock] = [:]
    ReverseAccumulation(graph: graph, rows: 1).run(GradientNorms.seeds(graph)) { visited, block, _, _ in
      guard visited.id == site || ends.contains(visited.id) else { return }
      let copy = RowBlock(rows: 1, width: block.width)
      copy.add(row: 0, of: block, to: 0)
      rows[visited.id] = copy
    }
    let pullback = graph.makePullback(capacity: 1), width = graph.shownWidth(site)
    let scale = graph.gradientScale(at: site)
    var parts: [(source: Source, row: RowBlock)] = []
    func take(_ block: RowBlock, from end: Site.ID?, _ name: String?, _ symbols: String) {
      block.scale(by: scale, count: 1)
      let source = Source(
        site: end, name: name, symbols: symbols, values: block.numbers(width), log10Norm: block.log10Norm(width))
      if source.log10Norm > -.infinity { parts.append((source, block)) }
    }
    for way in ways {
      guard let first = way.first, var block = rows[first.to] else { continue }
      for edge in way {
        guard let from = edge.from else { continue }
        let next = RowBlock(rows: 1, width: graph.width(from))
        pullback.pullBack(block, count: 1, along: edge, into: next)
        next.scale(by: graph.gradientScale(along: edge), count: 1)
        block = next
      }
      let passage = way.dropFirst().first?.to
      take(
        block, from: first.to, graph.name(of: first.to) + (passage.map { ", by \(graph.name(of: $0))" } ?? ""),
        graph.symbols(along: Edge(from: site, to: first.to)) + (passage.map { " by \(graph.symbol(of: $0))" } ?? ""))
    }
    let loss = RowBlock(rows: 1, width: graph.width(site)),
      own = graph.losses.filter { $0.site == site && $0.weight != 0 }
    for seed in own { loss.add(seed.gradient, factor: seed.weight, to: 0) }
    let count = own.first.map { Int((1 / $0.weight).rounded()) } ?? 1
    take(
      loss, from: nil, nil,
      "∂l\(own.first.map { sub($0.loss + 1) } ?? "")/∂\(graph.symbol(of: site))" + (count > 1 ? " /\(count)" : ""))

    let total = rows[site]
    values = total?.numbers(width) ?? Array(repeating: 0, count: width)
    log10Norm = total?.log10Norm(width) ?? -.infinity
    sources = parts.map { part in
      var source = part.source
      source.share = total.map { part.row.projection(on: $0, width) } ?? 0
      return source
    }.sorted { $0.log10Norm > $1.log10Norm }
  }
}

/// The ways from a site to the next ones that are no passages.
private struct Ways<Graph: GradientGraph> {
  private let graph: Graph
  private var successors: [[Edge]]

  init(_ graph: Graph) {
    self.graph = graph
    successors = Array(repeating: [], count: graph.sites.count)
    for site in graph.sites {
      for edge in graph.predecessors(of: site.id) { if let from = edge.from { successors[from].append(edge) } }
    }
  }

  /// The edges of each way, the last edge first.
  func from(_ site: Site.ID) -> [[Edge]] {
    successors[site].flatMap { edge in
      graph.isPassage(edge.to) ? from(edge.to).map { $0 + [edge] } : [[edge]]
    }
  }
}

extension RowBlock {
  /// The first numbers of the first row.
  fileprivate func numbers(_ width: Int) -> [Double] {
    let scale = Self.power(exponent(of: 0))
    return row(0).prefix(width).map { $0 * scale }
  }

  fileprivate func log10Norm(_ width: Int) -> Double {
    var norms = [-Double.infinity]
    measure(count: 1, columns: width, into: &norms)
    return norms[0]
  }

  /// v·w/w·w of the first numbers of both first rows.
  fileprivate func projection(on total: RowBlock, _ width: Int) -> Double {
    let pairs = zip(row(0), total.row(0)).prefix(width)
    let square = pairs.reduce(0) { $0 + $1.1 * $1.1 }
    guard square > 0 else { return 0 }
    return pairs.reduce(0) { $0 + $1.0 * $1.1 } / square * Self.power(exponent(of: 0) - total.exponent(of: 0))
  }
}
