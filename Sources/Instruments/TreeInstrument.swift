import Architectures
import GradientFlow

/// A tree with the gradient at each of its nodes, of the batch's first sequence: in networks that join states into fewer and fewer.
public enum TreeInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "tree"
  /// It reads networks whose layers become shorter.
  public static let readsAnyNetwork = true

  /// The tree.
  public struct Reading: Equatable, Sendable {
    /// A node; leaves come first, and the root last.
    public struct Node: Equatable, Sendable {
      /// The node above; nil at the root.
      public let parent: Int?
      /// Where it stands over its leaves, counted from 0, and its height, 0 of a leaf.
      public let place: Double, height: Int
      /// log10 ‖∂L/∂h‖.
      public let log10Norm: Double
    }

    /// All nodes.
    public let nodes: [Node]
    /// What each leaf reads, where inputs are symbols.
    public let symbols: [String]

    /// The nodes from one up to the root.
    public func way(from node: Int) -> [Int] {
      Array(sequence(first: node) { nodes.indices.contains($0) ? nodes[$0].parent : nil })
    }
  }

  /// The reading of a pass; nil where there is no tree.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard pass.snapshot.experiment.architecture.joinsPositions, let graph = pass.graph(budget) else {
      budget.hasNothing(because: "Its states are not joined into nodes. network.kind tree has some.")
      return nil
    }
    let symbols = TimeInstrument.symbols(pass.snapshot.data, pass.snapshot.description)
    return Reading(nodes: nodes(graph), symbols: symbols?.map(\.text) ?? [])
  }

  private static func nodes(_ graph: some GradientGraph) -> [Reading.Node] {
    var parents = [Int?](repeating: nil, count: graph.sites.count), places = graph.sites.map { Double($0.position) }
    for site in graph.sites {
      let children = graph.predecessors(of: site.id).compactMap(\.from)
      for child in children { parents[child] = site.id }
      if !children.isEmpty { places[site.id] = children.reduce(0) { $0 + places[$1] } / Double(children.count) }
    }
    let norms = GradientNorms.log10BySite(graph)
    return graph.sites.map {
      Reading.Node(parent: parents[$0.id], place: places[$0.id], height: $0.layer, log10Norm: norms[$0.id])
    }
  }

  /// Of every node.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("parents", reading.nodes.map { Double($0.parent ?? -1) }),
      ReadingArray("log10_norm", reading.nodes.map(\.log10Norm)),
    ]
  }
}
