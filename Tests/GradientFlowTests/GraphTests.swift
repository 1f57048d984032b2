import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// A graph given by its Jacobians: whatever is computed from whatever, as long as a site reads earlier ones.
struct MatrixGraph: GradientGraph {
  var sites: [Site] = []
  var widths: [Int] = []
  /// ∂to/∂from, [width of to, width of from].
  var jacobians: [Edge: Matrix] = [:]
  var losses: [LossSite] = []
  var edgeScales: [Edge: Double] = [:]
  var siteScales: [Int: Double] = [:]

  func width(_ site: Int) -> Int { widths[site] }
  func predecessors(of site: Int) -> [Edge] {
    jacobians.keys.filter { $0.to == site }.sorted { ($0.from ?? 0) < ($1.from ?? 0) }
  }
  func gradientScale(along edge: Edge) -> Double { edgeScales[edge] ?? 1 }
  func gradientScale(at site: Int) -> Double { siteScales[site] ?? 1 }
  func makePullback(capacity: Int) -> MatrixPullback { MatrixPullback(jacobians) }

  @discardableResult
  mutating func add(layer: Int = 0, position: Int, width: Int, reading inputs: [Int: Matrix] = [:]) -> Int {
    let id = sites.count
    sites.append(Site(id: id, layer: layer, position: position))
    widths.append(width)
    for (from, matrix) in inputs { jacobians[Edge(from: from, to: id)] = matrix }
    return id
  }

  mutating func addLoss(_ loss: Int, at site: Int, _ gradient: [Double], weight: Double = 1) {
    losses.append(LossSite(loss: loss, site: site, gradient: gradient[...], weight: weight))
  }

  /// ∂l_i/∂site by explicit sums over all paths, each the product of its Jacobians.
  func byAllPaths(loss: Int, site: Int, isScaled: Bool = true) -> [Double] {
    var sum = [Double](repeating: 0, count: widths[site])
    for own in losses where own.loss == loss && own.site == site {
      for (k, value) in own.gradient.enumerated() { sum[k] += value }
    }
    for (edge, matrix) in jacobians where edge.from == site {
      let above = byAllPaths(loss: loss, site: edge.to, isScaled: isScaled)
      for k in sum.indices {
        let through = above.indices.reduce(0) { $0 + above[$1] * matrix[$1, k] }
        sum[k] += (isScaled ? gradientScale(along: edge) : 1) * through
      }
    }
    return isScaled ? sum.map { $0 * gradientScale(at: site) } : sum
  }
}

final class MatrixPullback: GradientPullback {
  private let jacobians: [Edge: Matrix]

  init(_ jacobians: [Edge: Matrix]) { self.jacobians = jacobians }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    if let matrix = jacobians[edge] { result.assign(rows, count: count, times: matrix) }
  }
}

/// One line of sites with a Jacobian a step, the one into position 0 included.
struct MatrixChain: GradientChain {
  var matrices: [Matrix]
  var loss: [Double]
  var path: MemoryPath?

  var steps: Int { matrices.count }
  func memoryPath(layer: Int) -> MemoryPath? { path }
  var sites: [Site] { matrices.indices.map { Site(id: $0, layer: 0, position: $0) } }
  var losses: [LossSite] { [LossSite(loss: steps - 1, site: steps - 1, gradient: loss[...])] }
  func width(_ site: Int) -> Int { matrices[site].rows }
  func site(layer: Int, position: Int) -> Int { position }
  func predecessors(of site: Int) -> [Edge] { site > 0 ? [step(into: site, layer: 0)] : [] }
  func makePullback(capacity: Int) -> MatrixPullback {
    MatrixPullback(
      Dictionary(uniqueKeysWithValues: matrices.indices.map { (step(into: $0, layer: 0), matrices[$0]) }))
  }
}

/// The gradient's graph where it is no chain, against closed forms and against sums over all paths.
@Suite struct GraphTests {
  private func log10(_ x: Double) -> Double { Log10.of(x) }

  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Every entry of the flow and of the norms, in every layer, is what all paths together make.
  private func expectAllPaths(_ graph: MatrixGraph) {
    for layer in Set(graph.sites.map(\.layer)) {
      let flow = FlowMatrix(graph, layer: layer)
      let norms = GradientNorms.log10(graph, layer: layer)
      for site in graph.sites where site.layer == layer {
        var gradient = [Double](repeating: 0, count: graph.widths[site.id])
        for (row, loss) in flow.rows.enumerated() {
          let term = graph.byAllPaths(loss: loss, site: site.id)
          let wanted = norm(term)
          #expect(
            wanted == 0
              ? flow[row, site.position] == -.infinity : abs(flow[row, site.position] - log10(wanted)) < 1e-12)
          let weight = graph.losses.first { $0.loss == loss }?.weight ?? 0
          for k in gradient.indices { gradient[k] += weight * term[k] }
        }
        let wanted = norm(gradient)
        #expect(
          wanted == 0 ? norms[site.position] == -.infinity : abs(norms[site.position] - log10(wanted)) < 1e-11)
      }
    }
  }

  private func one(_ x: Double) -> Matrix { Matrix(rows: 1, columns: 1, elements: [x]) }

  @Test func twoPathsOfADiamondAdd() {
    // x → a = 2x, b = 3x; y = 5a + 7b: ∂y/∂x = 10 + 21 = 31.
    var graph = MatrixGraph()
    let x = graph.add(position: 0, width: 1)
    let a = graph.add(position: 1, width: 1, reading: [x: one(2)])
    let b = graph.add(position: 2, width: 1, reading: [x: one(3)])
    let y = graph.add(position: 3, width: 1, reading: [a: one(5), b: one(7)])
    graph.addLoss(3, at: y, [1])
    let flow = FlowMatrix(graph)
    #expect(flow.rows == [3] && flow.steps == 4)
    for (t, wanted) in [31.0, 5, 7, 1].enumerated() { #expect(abs(flow[0, t] - log10(wanted)) < 1e-14) }
    // Opposite paths cancel exactly: 2·21 - 3·14 = 0.
    var none = graph
    none.jacobians[Edge(from: a, to: y)] = one(21)
    none.jacobians[Edge(from: b, to: y)] = one(-14)
    #expect(FlowMatrix(none)[0, 0] == -.infinity && GradientNorms.log10(none)[0] == -.infinity)
    // Rescaled on its way: 2·5·½ + 3·7·(¼·2), and 10 at y.
    graph.edgeScales[Edge(from: a, to: y)] = 0.5
    graph.edgeScales[Edge(from: b, to: y)] = 0.25
    graph.siteScales = [b: 2, y: 10]
    #expect(abs(FlowMatrix(graph)[0, 0] - log10(10 * (2 * 5 * 0.5 + 3 * 7 * 0.5))) < 1e-14)
    expectAllPaths(graph)
  }

  @Test func widthsMayDiffer() {
    var random = TestRandom(3)
    var graph = MatrixGraph()
    let x = graph.add(position: 0, width: 3)
    let a = graph.add(layer: 1, position: 0, width: 5, reading: [x: random.matrix(5, 3)])
    let b = graph.add(layer: 1, position: 1, width: 2, reading: [x: random.matrix(2, 3), a: random.matrix(2, 5)])
    let c = graph.add(
      layer: 1, position: 2, width: 5,
      reading: [x: random.matrix(5, 3), a: random.matrix(5, 5), b: random.matrix(5, 2)])
    graph.addLoss(2, at: c, [1, -1, 2, 0.5, 0.25])
    graph.addLoss(0, at: a, [0.5, 1, 0, 0, 1], weight: 0.25)
    // One loss that reads two sites.
    graph.addLoss(1, at: b, [2, 3])
    graph.addLoss(1, at: a, [1, 1])
    expectAllPaths(graph)
    #expect(FlowMatrix(graph, layer: 1, maximumRows: 2).rows == [0, 2])
  }

  /// A complete binary tree of 15 nodes, leaves first; losses at the leaves, or at the root.
  @Test(arguments: [true, false]) func aTree(lossesAtTheLeaves: Bool) {
    var random = TestRandom(4)
    var graph = MatrixGraph()
    // From the root down where losses stand at the leaves, from the leaves up where one stands at the root.
    if lossesAtTheLeaves {
      for node in 0..<15 {
        let parent = (node - 1) / 2
        graph.add(position: node, width: 3, reading: node == 0 ? [:] : [parent: random.matrix(3, 3)])
      }
      for leaf in 7..<15 {
        graph.addLoss(leaf, at: leaf, [random.next(), random.next(), random.next()], weight: 0.125)
      }
    } else {
      for node in 0..<8 { graph.add(position: node, width: 3) }
      for node in 8..<15 {
        let first = 2 * (node - 8)
        graph.add(position: node, width: 3, reading: [first: random.matrix(3, 3), first + 1: random.matrix(3, 3)])
      }
      graph.addLoss(14, at: 14, [1, 2, -1])
    }
    expectAllPaths(graph)
  }

  @Test func aTreeOfEqualBranchesIsAPower() {
    // Every node reads its two children by ½: from the root a leaf at depth d has 2^-d.
    var graph = MatrixGraph()
    for node in 0..<64 { graph.add(position: node, width: 1) }
    var (level, next) = (Array(0..<64), 64)
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { k in
        next += 1
        return graph.add(position: next - 1, width: 1, reading: [level[k]: one(0.5), level[k + 1]: one(0.5)])
      }
    }
    graph.addLoss(next - 1, at: next - 1, [1])
    let flow = FlowMatrix(graph)
    for leaf in 0..<64 { #expect(abs(flow[0, leaf] - 6 * log10(0.5)) < 1e-14) }
  }

  @Test func causalAttentionReachesEveryEarlierPosition() {
    // Two blocks of 6 positions: each reads all positions s ≤ t of the block below, the lower ones their inputs.
    var random = TestRandom(5)
    var graph = MatrixGraph()
    var below = (0..<6).map { graph.add(layer: 0, position: $0, width: 4) }
    for layer in 1...2 {
      below = (0..<6).map { t in
        graph.add(
          layer: layer, position: t, width: 4,
          reading: Dictionary(uniqueKeysWithValues: (0...t).map { (below[$0], random.matrix(4, 4)) }))
      }
    }
    for t in 0..<6 { graph.addLoss(t, at: below[t], (0..<4).map { _ in random.next() }, weight: 1 / 6) }
    expectAllPaths(graph)
    let flow = FlowMatrix(graph, layer: 0)
    #expect(flow.rows == Array(0..<6) && flow.steps == 6)
    for i in 0..<6 { for t in 0..<6 { #expect(flow[i, t].isFinite == (t <= i)) } }
  }

  @Test func uniformAttentionHasAClosedForm() {
    // Position t of the block is the mean of positions 0 … t: ∂l_i/∂x_s = 1/(i+1) for s ≤ i.
    var graph = MatrixGraph()
    for t in 0..<20 { graph.add(layer: 0, position: t, width: 1) }
    for t in 0..<20 {
      let id = graph.add(
        layer: 1, position: t, width: 1,
        reading: Dictionary(uniqueKeysWithValues: (0...t).map { ($0, one(1 / Double(t + 1))) }))
      graph.addLoss(t, at: id, [1])
    }
    let flow = FlowMatrix(graph, layer: 0)
    for i in 0..<20 { for s in 0...i { #expect(abs(flow[i, s] + log10(Double(i + 1))) < 1e-13) } }
    // Σ_{i≥s} 1/(i+1)
    let norms = GradientNorms.log10(graph, layer: 0)
    for s in 0..<20 {
      #expect(abs(norms[s] - log10((s..<20).reduce(0) { $0 + 1 / Double($1 + 1) })) < 1e-14)
    }
  }

  @Test func depthBelowTheRangeOfDoubles() {
    // A ladder of 500 diamonds, each 0.04 · 0.1 + 0.06 · 0.1 = 0.01 as a whole: 1e-1000 at the bottom.
    var graph = MatrixGraph()
    var last = graph.add(position: 0, width: 1)
    for k in 0..<500 {
      let a = graph.add(position: 3 * k + 1, width: 1, reading: [last: one(0.04)])
      let b = graph.add(position: 3 * k + 2, width: 1, reading: [last: one(0.06)])
      last = graph.add(position: 3 * k + 3, width: 1, reading: [a: one(0.1), b: one(0.1)])
    }
    graph.addLoss(1500, at: last, [1])
    let flow = FlowMatrix(graph)
    for k in [0, 1, 250, 499] { #expect(abs(flow[0, 3 * k] + 2 * Double(500 - k)) < 1e-10) }
    #expect(abs(flow[0, 0] + 1000) < 1e-10)
    #expect(abs(GradientNorms.log10(graph)[0] + 1000) < 1e-10)
    // And above it.
    for edge in graph.jacobians.keys { graph.jacobians[edge] = (edge.to % 3 == 0) ? one(1000) : one(50) }
    #expect(abs(FlowMatrix(graph)[0, 0] - 500 * 5) < 1e-9)
  }

  @Test func pathsOfVeryDifferentSizeKeepTheLarger() {
    // x → 1e-200 · 1e-200 beside x → 1e-300 · 1e-50: the sum is 1e-350 (1 + 1e-50).
    var graph = MatrixGraph()
    let x = graph.add(position: 0, width: 1)
    let a = graph.add(position: 1, width: 1, reading: [x: one(1e-200)])
    let b = graph.add(position: 2, width: 1, reading: [x: one(1e-300)])
    let y = graph.add(position: 3, width: 1, reading: [a: one(1e-200), b: one(1e-50)])
    graph.addLoss(3, at: y, [1])
    #expect(abs(FlowMatrix(graph)[0, 0] + 350) < 1e-12)
  }

  @Test func productsOfAnyChain() throws {
    var random = TestRandom(6)
    let chain = MatrixChain(matrices: (0..<7).map { _ in random.matrix(3, 3) }, loss: [1, 2, 3])
    let product = try ProductByLag(chain, layer: 0)
    var explicit = Matrix.identity(3)
    for lag in 1...7 {
      explicit = explicit * chain.matrices[7 - lag]
      for (value, wanted) in zip(product.spectra[lag - 1].log10, try explicit.singularValues()) {
        #expect(abs(value - log10(wanted)) < 1e-8)
      }
    }
    #expect(product.log10BoundPerStep == nil && product.steps == 7)
    let flow = FlowMatrix(chain)
    var row = chain.loss
    for t in (0..<7).reversed() {
      #expect(abs(flow[0, t] - log10(norm(row))) < 1e-12)
      row = chain.matrices[t].transposed * row
    }
  }

  @Test func theMemoryPathOfAnyChain() throws {
    // J_t = diag(f_t) in columns 1 and 2 of 4, and small weights everywhere.
    var random = TestRandom(7)
    let factors = (0..<6).map { _ in [0.9 + 0.05 * random.next(), 0.7 + 0.1 * random.next()] }
    let matrices = factors.map { f in
      var matrix = 0.1 * random.matrix(4, 4)
      for k in 0..<2 { matrix[1 + k, 1 + k] += f[k] }
      return matrix
    }
    var chain = MatrixChain(matrices: matrices, loss: [1, 1, 1, 1])
    #expect(try MemoryPathByLag(chain, layer: 0) == nil)
    chain.path = MemoryPath(component: "m", gate: "f", columns: 1..<3, factors: factors)
    let paths = try #require(try MemoryPathByLag(chain, layer: 0))
    var (product, kept) = (Matrix.identity(4), [1.0, 1])
    for lag in 1...6 {
      product = product * matrices[6 - lag]
      for k in 0..<2 { kept[k] *= factors[6 - lag][k] }
      var block = Matrix(rows: 2, columns: 2)
      for i in 0..<2 { for j in 0..<2 { block[i, j] = product[1 + i, 1 + j] } }
      #expect(abs(paths.log10MemoryPath[lag - 1] - log10(max(kept[0], kept[1]))) < 1e-13)
      #expect(abs(paths.log10Block[lag - 1] - log10(try block.singularValues()[0])) < 1e-10)
      for k in 0..<2 { block[k, k] -= kept[k] }
      #expect(abs(paths.log10Gated[lag - 1] - log10(try block.singularValues()[0])) < 1e-9)
    }
  }

  @Test(arguments: CellKind.allCases.filter { !$0.isFullyRecurrent }) func aTapesTracksAreItsOwn(_ cell: CellKind) {
    let tape = TestNetwork(cell: cell, hidden: 3, layers: 2, steps: 4, batch: 2).tape()
    let graph = tape.graph(sequence: 1)
    #expect(
      graph.sites.map(\.id) == Array(0..<8)
        && graph.tracks.map(\.name)
          == (tape.network.cellDescription.gateFunctions == nil ? ["φ′"] : tape.network.cellDescription.gates)
    )
    for site in graph.sites {
      #expect(graph.predecessors(of: site.id).allSatisfy { ($0.from ?? -1) < site.id && $0.to == site.id })
      for track in graph.tracks {
        let values = graph.values(of: track, at: site.id)
        #expect(values.count == tape.hidden && values.allSatisfy(track.range.contains))
      }
    }
  }
}
