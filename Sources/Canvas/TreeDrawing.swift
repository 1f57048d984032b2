/// A tree, its root above and its leaves in a row below, each branch in the color of a number of its lower end; without colors in a
/// line that is closed, dashed or dotted.
public struct TreeDrawing: Sendable {
  /// A node, by its index.
  public struct Node: Sendable {
    let parent: Int?, place: Double, height: Double, value: Double, label: String, isMarked: Bool

    /// A node under `parent`, nil for the root.
    /// - Parameters:
    ///   - parent: the index of the node above.
    ///   - place: where it stands, from 0, the first leaf, to the last.
    ///   - height: how high, a leaf 0.
    ///   - value: the number; -infinity for none.
    ///   - label: what stands under a leaf.
    ///   - isMarked: whether the branch above it is brought out.
    public init(parent: Int?, place: Double, height: Double, value: Double, label: String = "", isMarked: Bool = false)
    {
      (self.parent, self.place, self.height, self.value) = (parent, place, height, value)
      (self.label, self.isMarked) = (label, isMarked)
    }
  }

  private let nodes: [Node]
  private let range: ClosedRange<Double>
  private static let shades = 8

  /// A tree of these nodes, its numbers drawn over a range.
  public init(_ nodes: [Node], range: ClosedRange<Double>) { (self.nodes, self.range) = (nodes, range) }

  /// Draws it.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    let parts = rect.rows([.flexible(), .fixed(1)])
    var canvas = DotCanvas(columns: rect.width, rows: parts[0].height, tier: theme.characters)
    let last = max(1, nodes.map(\.place).max() ?? 1), top = max(1, nodes.map(\.height).max() ?? 1)
    func dot(_ node: Node) -> (x: Int, y: Int) {
      (
        Int((node.place + 0.5) / (last + 1) * Double(canvas.width)),
        Int((1 - node.height / top) * Double(canvas.height - 1))
      )
    }
    // What is drawn first keeps its cells.
    let order = nodes.indices.sorted { rank(nodes[$0]) < rank(nodes[$1]) }
    for index in order {
      let node = nodes[index]
      guard let parent = node.parent, nodes.indices.contains(parent) else { continue }
      canvas.line(from: dot(nodes[parent]), to: dot(node), owner: owner(node), pattern: pattern(node, theme))
    }
    let colors = ColorMap.sequential(theme)
    let styles =
      [theme[.accent]]
      + (0..<Self.shades).map { shade in
        let color = colors[1 - Double(shade) / Double(Self.shades - 1)]
        return color.map { Style($0, on: theme[.text].background) } ?? theme[.text]
      } + [theme[.dimText]]
    canvas.draw(
      at: parts[0].x, parts[0].y, into: &buffer, styles: styles, symbols: Array("#@%#*+=-:.".unicodeScalars))
    drawLabels(in: parts[1], across: canvas.across, dot, &buffer, theme)
  }

  private func drawLabels(
    in row: Rect, across: Int, _ dot: (Node) -> (x: Int, y: Int), _ buffer: inout Buffer, _ theme: Theme
  ) {
    var free = row.x
    // The marked leaf's label goes before its neighbors'.
    for node in nodes where node.isMarked && !node.label.isEmpty {
      buffer.put(node.label, x: row.x + dot(node).x / across, y: row.y, style: theme[.accent])
    }
    for node in nodes where !node.label.isEmpty {
      let x = row.x + dot(node).x / across
      guard x >= free, !node.isMarked, buffer[x, row.y].character == " " else { continue }
      buffer.put(node.label, x: x, y: row.y, style: theme[.text])
      free = x + node.label.columns
    }
  }

  private func share(_ node: Node) -> Double {
    let width = range.upperBound - range.lowerBound
    return width > 0 ? min(max((node.value - range.lowerBound) / width, 0), 1) : 1
  }

  private func rank(_ node: Node) -> Double { node.isMarked ? -1 : node.value == -.infinity ? 2 : 1 - share(node) }

  private func owner(_ node: Node) -> UInt8 {
    if node.isMarked { return 0 }
    guard node.value > -.infinity else { return UInt8(Self.shades + 1) }
    return UInt8(1 + Int((1 - share(node)) * Double(Self.shades - 1)))
  }

  private func pattern(_ node: Node, _ theme: Theme) -> LinePattern {
    guard node.value > -.infinity else { return .dotted }
    return theme.colors == .mono && !node.isMarked
      ? share(node) > 2 / 3 ? .solid : share(node) > 1 / 3 ? .dashed : .dotted : .solid
  }
}
