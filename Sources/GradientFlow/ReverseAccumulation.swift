import RecurrentNetworks

/// Row vectors ∂·/∂site that are carried back over a graph together, from the last site to the first.
///
/// What reaches a site by all its edges is added there before it goes on: one product an edge. A site's rows are no longer needed
/// once they have gone on, so that the last of its edges takes their place in memory: on a chain all is done in one block.
struct ReverseAccumulation<Graph: GradientGraph> {
  /// What a row has at a site of its own: factor · gradient, in the site's first elements.
  struct Seed {
    var row: Int, site: Site.ID
    var gradient: ArraySlice<Double>
    var factor = 1.0
  }

  let graph: Graph
  /// The number of rows.
  let rows: Int
  /// Whether the gradient is rescaled on its way as the pass did; else every Jacobian counts as it is.
  var isRescaled = true
  /// The lowest layer that is asked for, and the first position: sites that none of these lead to are left out.
  var lowestLayer = 0, firstPosition = 0

  /// Goes back over the graph.
  ///
  /// Fast where rows that begin at later sites have lower numbers.
  /// - Parameters:
  ///   - seeds: what the rows begin with.
  ///   - visit: takes site by site, the last first: the rows there, how many of them are under way, and, row by row,
  ///     log10 ‖∂·/∂site‖ over the site's shown elements. Rows after those are 0.
  func run(
    _ seeds: [Seed], visit: (Site, RowBlock, _ count: Int, _ log10Norms: [Double]) throws -> Void
  ) rethrows {
    let sites = graph.sites
    let isNeeded = neededSites(sites)
    // The last of these is the next one.
    var waiting = seeds.indices.filter { isNeeded[seeds[$0].site] }
    if !zip(waiting, waiting.dropFirst()).allSatisfy({ seeds[$0].site <= seeds[$1].site }) {
      waiting.sort { seeds[$0].site < seeds[$1].site }
    }
    var norms = [Double](repeating: -.infinity, count: rows)
    var arrived = Arrivals(sites: sites.count, rows: rows)
    let pullback = graph.makePullback(capacity: rows)
    for site in sites.reversed() where isNeeded[site.id] {
      while let next = waiting.last, seeds[next].site == site.id {
        waiting.removeLast()
        let seed = seeds[next]
        arrived.block(at: site.id, width: graph.width(site.id), row: seed.row)
          .add(seed.gradient, factor: seed.factor, to: seed.row)
      }
      guard let (block, count) = arrived.take(site.id) else { continue }
      if isRescaled { block.scale(by: graph.gradientScale(at: site.id), count: count) }
      block.measure(count: count, columns: graph.shownWidth(site.id), into: &norms)
      try visit(site, block, count, norms)
      send(block, count, from: site, isNeeded, pullback, &arrived)
    }
  }

  /// v_from += g_e v_to ∂to/∂from, along each edge of a site.
  private func send(
    _ block: RowBlock, _ count: Int, from site: Site, _ isNeeded: [Bool], _ pullback: Graph.Pullback,
    _ arrived: inout Arrivals
  ) {
    let edges = graph.predecessors(of: site.id)
    let last = edges.lastIndex { $0.from.map { isNeeded[$0] } ?? false }
    var isTaken = false
    for (index, edge) in edges.enumerated() {
      guard let from = edge.from, isNeeded[from] else { continue }
      let scale = isRescaled ? graph.gradientScale(along: edge) : 1
      // Exactly nothing, whatever the rows are.
      guard scale != 0 else { continue }
      let width = graph.width(from)
      let mayBeTaken = index == last && width == block.width
      let room = mayBeTaken ? block : arrived.room(width)
      pullback.pullBack(block, count: count, along: edge, into: room)
      room.scale(by: scale, count: count)
      if arrived.join(room, count, at: from) {
        if !mayBeTaken { arrived.giveBack(room) }
      } else {
        isTaken = isTaken || mayBeTaken
      }
    }
    if !isTaken { arrived.giveBack(block) }
  }

  /// Whether each site has been asked for, or lies on the way back from a loss to one that has.
  private func neededSites(_ sites: [Site]) -> [Bool] {
    var isNeeded = [Bool](repeating: lowestLayer == 0 && firstPosition == 0, count: sites.count)
    guard lowestLayer > 0 || firstPosition > 0 else { return isNeeded }
    for site in sites {
      isNeeded[site.id] =
        site.layer >= lowestLayer && site.position >= firstPosition
        || graph.predecessors(of: site.id).contains { $0.from.map { isNeeded[$0] } ?? false }
    }
    return isNeeded
  }
}

/// The rows that have arrived at each site, and blocks that are free for others.
private struct Arrivals {
  private var blocks: [RowBlock?]
  /// How many rows are under way at each site: those after them are 0.
  private var counts: [Int]
  private var free: [Int: [RowBlock]] = [:]
  private let rows: Int

  init(sites: Int, rows: Int) {
    blocks = Array(repeating: nil, count: sites)
    counts = Array(repeating: 0, count: sites)
    self.rows = rows
  }

  /// The block of a site, zeros where nothing has arrived, for one more row.
  mutating func block(at site: Int, width: Int, row: Int) -> RowBlock {
    counts[site] = max(counts[site], row + 1)
    if let block = blocks[site] { return block }
    let block = room(width)
    blocks[site] = block
    return block
  }

  /// What has arrived at a site, which has nothing then.
  mutating func take(_ site: Int) -> (RowBlock, Int)? {
    guard let block = blocks[site] else { return nil }
    blocks[site] = nil
    return (block, counts[site])
  }

  /// Adds rows to those of a site; false where there were none, and the block itself is the site's from now on.
  mutating func join(_ room: RowBlock, _ count: Int, at site: Int) -> Bool {
    counts[site] = max(counts[site], count)
    guard let block = blocks[site] else {
      blocks[site] = room
      return false
    }
    block.add(room, count: count)
    return true
  }

  /// A block of zeros.
  mutating func room(_ width: Int) -> RowBlock {
    guard let block = free[width]?.popLast() else { return RowBlock(rows: rows, width: width) }
    block.clear(count: rows)
    return block
  }

  mutating func giveBack(_ block: RowBlock) { free[block.width, default: []].append(block) }
}
