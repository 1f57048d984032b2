import Architectures
import Canvas
import Dashboard
import Instruments

/// The tree that joins the sequence, with the gradient on its branches.
struct TreePanel: Panel {
  let id: PanelID = "tree"
  let title = "Tree"
  let size = PanelSize(24, 6, widthWeight: 5, heightWeight: 16)
  let help = [
    "The root above, the sequence's leaves below, of the batch's first sequence. A branch has the color of log10 ‖∂L/∂h‖ at its lower end; without colors the closed lines have most, the dotted ones least.",
    "The way from the leaf or node under the cursor to the root is brought out: the gradient passes each of its nodes. Steps go from leaf to leaf and then from node to node, lower ones first; back from the root down, and what the gradient has not reached yet is dim.",
    "Look for: how many nodes a way has in a balanced tree and in a chain, and what each takes away.",
  ]
  let reads: [any Instrument.Type] = [TreeInstrument.self]

  let needs = "network.kind tree"

  func applies(to state: DashboardState) -> Bool { state.lanes.contains { $0.experiment.architecture.joinsPositions } }

  func notes(_ state: DashboardState) -> [String] {
    let way = state.cursor.node.map { "the way of node \($0 + 1)" } ?? "the way of leaf \(state.cursor.step + 1)"
    return ["\(state.lanePrefix)‖∂L/∂h‖ · \(way)", way]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("the tree", from: TreeInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let cursor = state.cursor, way = Set(reading.way(from: cursor.node ?? cursor.step))
    let finite = reading.nodes.map(\.log10Norm).filter(\.isFinite)
    let top = finite.max() ?? 0
    TreeDrawing(
      reading.nodes.enumerated().map { index, node in
        TreeDrawing.Node(
          parent: node.parent, place: node.place, height: Double(node.height),
          value: cursor.hasReached(site: index) ? node.log10Norm : -.infinity,
          label: reading.symbols.indices.contains(index) ? reading.symbols[index] : "", isMarked: way.contains(index))
      }, range: max(finite.min() ?? 0, top - 8)...top
    ).draw(in: rect.inset(left: 1, right: 1), into: &buffer, theme: theme)
  }
}
