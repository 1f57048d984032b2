import Architectures
import RecurrentNetworks
import Training

/// The places of a pass in the order in which its numbers are complete: forward each site after those that it reads, backward each
/// after those that send it gradient, which is the same order from its end; then the update.
///
/// Of a recurrent network a site is a step. Blocks and directions come one after the other, each in its own time; over the leaves of
/// a tree come its nodes, and over attended states the answers.
struct PassWalk {
  /// A site, as the cursor stands on it.
  struct Place: Hashable {
    /// The step in the sequence, counted from 0; of a node that of its last leaf.
    var step: Int
    /// The layer that panels show; nil where there is one alone.
    var layer: Int?
    /// The site above the steps' own, by its number in the graph; nil for a step's own.
    var node: Int?
    /// Whether time runs from the sequence's end here.
    var isReversed = false
    /// Whether a loss may enter here.
    var takesLoss = true
  }

  /// The sites in their order forward.
  let sites: [Place]

  /// The walk through a pass over the steps of `window`.
  init(_ experiment: Experiment, _ window: Window) {
    let steps = Array(window.steps), network = experiment.network
    switch experiment.architecture.kind {
    case .recurrent, .feedforward, .convolutional: sites = steps.map { Place(step: $0) }
    case .attention:
      sites =
        steps.map { Place(step: $0, takesLoss: false) } + steps.map { Place(step: $0, node: steps.count + $0) }
    case .tree:
      let nodes = TreeShape.lastLeaves(experiment.architecture.tree, leaves: steps.count)
      sites =
        steps.map { Place(step: $0, takesLoss: false) }
        + nodes.enumerated().map { index, leaf in
          Place(step: leaf, node: steps.count + index, takesLoss: index == nodes.count - 1)
        }
    case .transformer:
      sites = (0..<network.layers).flatMap { layer in
        steps.map {
          Place(step: $0, layer: network.layers > 1 ? layer : nil, takesLoss: layer == network.layers - 1)
        }
      }
    case .bidirectional:
      // What is shown as the lower of two is the backward direction.
      sites = (0..<network.layers).flatMap { layer in
        let isTop = layer == network.layers - 1
        return steps.map { Place(step: $0, layer: 2 * layer + 1, takesLoss: isTop) }
          + steps.reversed().map { Place(step: $0, layer: 2 * layer, isReversed: true, takesLoss: isTop) }
      }
    }
  }

  /// The number of the last place, which is the update.
  var last: Int { 2 * sites.count }

  /// The site at a place before the update, and its phase; nil outside.
  subscript(_ place: Int) -> (phase: Cursor.Phase, site: Place)? {
    switch place {
    case 0..<sites.count: (.forward, sites[place])
    case sites.count..<last: (.backward, sites[last - 1 - place])
    default: nil
    }
  }

  /// The number of the place where a cursor stands that looks into `layer`.
  func place(of cursor: Cursor, layer: Int) -> Int {
    guard cursor.phase != .update else { return last }
    let site = sites.firstIndex { $0.step == cursor.step && $0.node == cursor.node && ($0.layer ?? layer) == layer }
    guard let site else { return last }
    return cursor.phase == .forward ? site : last - 1 - site
  }
}

extension DashboardState {
  /// The walk through a pass of the focused lane.
  func walk(_ window: Window) -> PassWalk { PassWalk(shown?.experiment ?? experiment, window) }

  /// The layer that was asked for, counted from 0, whether its readings are there or not.
  private var wantedLayer: Int {
    let top = (shown?.experiment?.shownLayers ?? 1) - 1
    return min(max(0, layer ?? top), top)
  }

  /// The number of the cursor's place in the pass over `window`.
  func place(in window: Window) -> Int { walk(window).place(of: cursor, layer: wantedLayer) }

  /// What is at a place of that pass: "h₃₇", "δ₃₇", "update"; nil behind the update.
  func cursor(at place: Int, in window: Window) -> Cursor? {
    let walk = walk(window)
    if place == walk.last { return .end(of: window) }
    return walk[place].map { Cursor($0.phase, $0.site) }
  }

  /// Puts the cursor there, into the layer that it belongs to; whether there is such a place. At the update the top layer is shown.
  mutating func move(to place: Int, in window: Window) -> Bool {
    guard let next = cursor(at: place, in: window) else { return false }
    let walk = walk(window), top = (shown?.experiment?.shownLayers ?? 1) - 1
    if let layer = walk[place]?.site.layer { self.layer = layer == top ? nil : layer }
    if place == walk.last, walk.sites.contains(where: { $0.layer != nil }) { layer = nil }
    cursor = next
    return true
  }

  /// The cursor at its step in the layer that panels show now, whose time may run from the sequence's end.
  mutating func turnCursor() {
    guard cursor.phase != .update, let window else { return }
    cursor.isReversed = walk(window).sites.contains { $0.layer == wantedLayer && $0.isReversed }
  }
}
