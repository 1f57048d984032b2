import LinearAlgebra
import RecurrentNetworks

/// A place of a recorded computation that a gradient reaches: a state at a step, a position of a block, a node of a tree.
public struct Site: Hashable, Identifiable, Sendable {
  /// Its index in the graph's `sites`.
  public let id: Int
  /// Its layer, the lowest 0, and its place along the axis of that layer: a time step, a position.
  public let layer: Int, position: Int

  /// A site with the index `id`.
  public init(id: Int, layer: Int, position: Int) {
    (self.id, self.layer, self.position) = (id, layer, position)
  }
}

/// A step of a recurrent layer: what of which tape it is.
public struct RecurrentStep: Sendable {
  /// The pass, and the sequence of its batch.
  public let tape: Tape, sequence: Int
  /// The step, counted from the tape's first, and the layer.
  public let index: Int, layer: Int

  /// Step `index` of a layer of a tape.
  public init(tape: Tape, sequence: Int, index: Int, layer: Int) {
    (self.tape, self.sequence, self.index, self.layer) = (tape, sequence, index, layer)
  }
}

/// A site that another is computed from.
public struct Edge: Hashable, Sendable {
  /// The site that is read; nil for what stands before a chain's first site.
  public let from: Site.ID?
  /// The site that is computed.
  public let to: Site.ID

  /// `to` reads `from`.
  public init(from: Site.ID?, to: Site.ID) { (self.from, self.to) = (from, to) }
}

/// What a loss gives to one site: ∂l_i/∂site with all other sites held fixed.
public struct LossSite: Equatable, Sendable {
  /// i, the loss's place along the axis. A loss that several sites enter has several of these.
  public let loss: Int
  /// The site.
  public let site: Site.ID
  /// ∂l_i/∂site, by the site's first elements; [width] or fewer.
  public let gradient: ArraySlice<Double>
  /// The weight of l_i in the objective L; 0 where it is not injected.
  public let weight: Double

  /// The gradient of loss `loss` by `site`.
  public init(loss: Int, site: Site.ID, gradient: ArraySlice<Double>, weight: Double = 1) {
    (self.loss, self.site, self.gradient, self.weight) = (loss, site, gradient, weight)
  }
}

/// Numbers that a graph has at every site: φ′, a gate, attention weights.
public struct Track: Hashable, Sendable {
  /// What they are called.
  public let name: String
  /// The range that they lie in.
  public let range: ClosedRange<Double>
  /// What there is one of at a site.
  public let kind: Kind

  /// A number for each unit of the site, or for each position that it reads.
  public enum Kind: Sendable { case overUnits, overPositions }

  /// Numbers called `name`.
  public init(name: String, range: ClosedRange<Double>, kind: Kind = .overUnits) {
    (self.name, self.range, self.kind) = (name, range, kind)
  }
}

/// A recorded computation as its gradient sees it: sites, and a vector-Jacobian product along each edge between them.
///
/// With δ_s = ∂L/∂s the chain rule is δ_s = g_s (∂⁺L/∂s + Σ_{e: s → u} g_e δ_u ∂u/∂s), where ∂⁺ holds all other sites fixed and
/// g are the factors by which the pass rescaled the gradient, all 1 in plain backpropagation.
public protocol GradientGraph: Sendable {
  /// What multiplies row vectors by the Jacobians.
  associatedtype Pullback: GradientPullback

  /// All sites; an edge goes from an earlier to a later one, and `sites[k].id` is k.
  var sites: [Site] { get }
  /// The number of elements of a site.
  func width(_ site: Site.ID) -> Int
  /// How many of them, the first ones, make the norm that is shown: those of h where a state has more parts.
  func shownWidth(_ site: Site.ID) -> Int
  /// The edges by which a site is computed, one a site that is read.
  func predecessors(of site: Site.ID) -> [Edge]
  /// g_e: what multiplied the gradient on its way back along an edge.
  func gradientScale(along edge: Edge) -> Double
  /// g_s: what multiplied the whole gradient of a site before it went on.
  func gradientScale(at site: Site.ID) -> Double
  /// What each loss gives to the sites that it reads.
  var losses: [LossSite] { get }
  /// The named numbers that every site has.
  var tracks: [Track] { get }
  /// The numbers of one of `tracks` at a site.
  func values(of track: Track, at site: Site.ID) -> [Double]
  /// The site whose values of `tracks` tell how this one was made; nil where none do.
  func maker(of site: Site.ID) -> Site.ID?
  /// What a site is called where it is told where a gradient comes from.
  func name(of site: Site.ID) -> String
  /// The symbol of a site's state: h₄.
  func symbol(of site: Site.ID) -> String
  /// How a site is made of what it reads, its equations with their numbers in the order of computation.
  func equations(of site: Site.ID) -> [StepEquation]
  /// What comes back along an edge, in symbols: W₄ᵀ(φ′₄ ⊙ ∂L/∂h₄).
  func symbols(along edge: Edge) -> String
  /// The step of a recurrent layer that a site is, of which the cell itself says the equations; nil where it is none.
  func recurrentStep(of site: Site.ID) -> RecurrentStep?
  /// The line of sites that a layer is, and its number there; nil where its sites do not follow one another.
  func line(layer: Int) -> (chain: any GradientChain, layer: Int)?
  /// Whether a site only stands between others, so that a reader looks through it.
  func isPassage(_ site: Site.ID) -> Bool
  /// A pullback with scratch space of its own, for up to `capacity` rows.
  func makePullback(capacity: Int) -> Pullback
}

extension GradientGraph {
  /// All of a site's elements.
  public func shownWidth(_ site: Site.ID) -> Int { width(site) }
  /// By its layer and position, counted from 1.
  public func name(of site: Site.ID) -> String {
    sites.first { $0.id == site }.map { "layer \($0.layer + 1) at t = \($0.position + 1)" } ?? "site \(site + 1)"
  }
  /// s₄ at the fourth position.
  public func symbol(of site: Site.ID) -> String { "s" + sub((sites.first { $0.id == site }?.position ?? site) + 1) }
  /// None.
  public func equations(of site: Site.ID) -> [StepEquation] { [] }
  /// By the Jacobian.
  public func symbols(along edge: Edge) -> String {
    let to = wholeSymbol(of: edge.to)
    return "(∂\(to)/∂\(edge.from.map { symbol(of: $0) } ?? "s"))ᵀ ∂L/∂\(to)"
  }
  /// The symbol of all of a site's state: h₄, or [h₄; c₄] where there is more than the h that is shown.
  public func wholeSymbol(of site: Site.ID) -> String {
    let shown = symbol(of: site)
    return width(site) > shownWidth(site) ? "[\(shown); c\(shown.dropFirst())]" : shown
  }
  /// It is none.
  public func recurrentStep(of site: Site.ID) -> RecurrentStep? { nil }
  /// They do not.
  public func line(layer: Int) -> (chain: any GradientChain, layer: Int)? { nil }
  /// It does not.
  public func isPassage(_ site: Site.ID) -> Bool { false }
  /// 1: plain backpropagation.
  public func gradientScale(along edge: Edge) -> Double { 1 }
  /// 1: plain backpropagation.
  public func gradientScale(at site: Site.ID) -> Double { 1 }
  /// None.
  public var tracks: [Track] { [] }
  /// None.
  public func values(of track: Track, at site: Site.ID) -> [Double] { [] }
  /// The site itself.
  public func maker(of site: Site.ID) -> Site.ID? { site }

  /// Whether every layer has as many positions as the top one, so that each has a column of states.
  public var hasColumns: Bool {
    let counts = sites.reduce(into: [:]) { $0[$1.layer, default: 0] += 1 }
    return counts.count > 1 && Set(counts.values).count == 1
  }

  /// The highest layer.
  var topLayer: Int { sites.reduce(0) { max($0, $1.layer) } }

  /// The number of positions of a layer.
  func positions(layer: Int) -> Int { sites.reduce(0) { $1.layer == layer ? max($0, $1.position + 1) : $0 } }
}

/// Vector-Jacobian products of a graph, with scratch space of their own; used by one thread at a time.
public protocol GradientPullback: AnyObject {
  /// v ← v ∂to/∂from for the first `count` rows: rows at `edge.to` become rows at `edge.from`, their scales kept.
  ///
  /// `result` has the width of `edge.from`, and may be `rows` itself where that is the width of `edge.to`.
  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock)

  /// P ← P ∂to/∂from, for an edge between sites of one width.
  func extend(_ product: JacobianProduct, along edge: Edge) throws
}

extension GradientPullback {
  /// By way of the Jacobian itself; a pullback for fewer rows than the product has must have its own.
  public func extend(_ product: JacobianProduct, along edge: Edge) throws {
    let jacobian = RowBlock(unitRows: product.size, width: product.size)
    pullBack(jacobian, count: product.size, along: edge, into: jacobian)
    try product.extend(by: jacobian)
  }
}

/// A graph whose layers are lines of sites, position after position, each reading the one before: what products by lag, the
/// horizon, Lyapunov exponents and the memory path are of.
public protocol GradientChain: GradientGraph {
  /// The number T of positions of every layer.
  var steps: Int { get }
  /// The site at a position of a layer.
  func site(layer: Int, position: Int) -> Site.ID
  /// log10 of a bound of ‖∂s_t/∂s_{t-1}‖₂ that holds at all positions of a layer; nil where none is known.
  func log10BoundPerStep(layer: Int) throws -> Double?
  /// The path past all weights, where the layer has one.
  func memoryPath(layer: Int) -> MemoryPath?
}

extension GradientChain {
  /// The edge into a position of a layer from the position before it; from nil at position 0.
  public func step(into position: Int, layer: Int) -> Edge {
    Edge(
      from: position > 0 ? site(layer: layer, position: position - 1) : nil, to: site(layer: layer, position: position))
  }
  /// Itself.
  public func line(layer: Int) -> (chain: any GradientChain, layer: Int)? { (self, layer) }
  /// None is known.
  public func log10BoundPerStep(layer: Int) throws -> Double? { nil }
  /// There is none.
  public func memoryPath(layer: Int) -> MemoryPath? { nil }
}

/// The path on which a part of a state goes from step to step past all weights, unit by unit: m_t = factor_t ⊙ m_{t-1} + …
/// (the constant error carousel of Hochreiter & Schmidhuber 1997; c by f of an LSTM, h by z of a GRU).
public struct MemoryPath: Equatable, Sendable {
  /// The names of the part that is carried, and of the gate that carries it: c, f.
  public let component: String, gate: String
  /// The columns of a site that the part takes.
  public let columns: Range<Int>
  /// The factors by position and unit, [T][units].
  public let factors: [[Double]]

  /// A path of `component` by `gate`.
  public init(component: String, gate: String, columns: Range<Int>, factors: [[Double]]) {
    (self.component, self.gate, self.columns, self.factors) = (component, gate, columns, factors)
  }
}
