import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// Which nodes a binary tree over T leaves has, in the order in which they are computed: leaves, then nodes by height.
struct TreePlan {
  /// An inner node: its children, the place among the inputs between the leaves of the two, and its height.
  struct Node {
    var left: Int, right: Int, gap: Int, height: Int
  }

  let leaves: Int
  /// The inner nodes; node k is the (leaves + k)-th.
  private(set) var nodes: [Node] = []
  /// Ranges of inner nodes of one height, the lowest first.
  private(set) var levels: [Range<Int>] = []

  /// The tree over leaves 0 …: halves of halves, or one leaf after the other.
  init(_ shape: TreeShape, leaves: Int) {
    self.leaves = leaves
    var unsorted: [Node] = []
    /// The node over some leaves (inner ones as leaves + index in `unsorted`), and its height.
    func build(_ range: Range<Int>) -> (Int, Int) {
      if range.count == 1 { return (range.lowerBound, 0) }
      let middle = (range.lowerBound + range.upperBound + 1) / 2
      let (left, right) = (build(range.lowerBound..<middle), build(middle..<range.upperBound))
      unsorted.append(
        Node(left: left.0, right: right.0, gap: middle - 1, height: 1 + max(left.1, right.1)))
      return (leaves + unsorted.count - 1, 1 + max(left.1, right.1))
    }
    switch shape {
    case .balanced: _ = build(0..<leaves)
    case .chain:
      for leaf in 1..<max(leaves, 1) {
        unsorted.append(Node(left: leaf == 1 ? 0 : leaves + leaf - 2, right: leaf, gap: leaf - 1, height: leaf))
      }
    }
    let order = unsorted.indices.sorted { (unsorted[$0].height, $0) < (unsorted[$1].height, $1) }
    var place = [Int](repeating: 0, count: unsorted.count)
    for (new, old) in order.enumerated() { place[old] = new }
    func moved(_ node: Int) -> Int { node < leaves ? node : leaves + place[node - leaves] }
    nodes = order.map { old in
      let node = unsorted[old]
      return Node(left: moved(node.left), right: moved(node.right), gap: node.gap, height: node.height)
    }
    var start = 0
    for end in 1...max(1, nodes.count) where end >= nodes.count || nodes[end].height != nodes[start].height {
      if start < nodes.count { levels.append(start..<min(end, nodes.count)) }
      start = end
    }
  }

  /// Nodes of one height, at most so many at a time, inner nodes as leaves + index: each part as soon as its children are there.
  func parts(nodesAtOnce count: Int) -> [Range<Int>] {
    let heights = [0..<leaves] + levels.map { leaves + $0.lowerBound..<leaves + $0.upperBound }
    let parts = heights.flatMap { nodes in
      stride(from: nodes.lowerBound, to: nodes.upperBound, by: count).map { $0..<min($0 + count, nodes.upperBound) }
    }
    // When a node may be computed: after so many parts of leaves.
    var ready = (0..<leaves + nodes.count).map { $0 / count }
    for part in parts where part.lowerBound >= leaves {
      let last = part.map { max(ready[nodes[$0 - leaves].left], ready[nodes[$0 - leaves].right]) }.max() ?? 0
      for k in part { ready[k] = last }
    }
    // Of those of one moment the lower ones, which are numbered first.
    return parts.sorted { (ready[$0.lowerBound], $0.lowerBound) < (ready[$1.lowerBound], $1.lowerBound) }
  }
}

extension TreeShape {
  /// The last leaf under each inner node of a tree, node by node in the order in which they are computed.
  public static func lastLeaves(_ shape: TreeShape, leaves: Int) -> [Int] {
    let plan = TreePlan(shape, leaves: leaves)
    var last = Array(0..<leaves)
    for node in plan.nodes { last.append(last[node.right]) }
    return Array(last.dropFirst(leaves))
  }
}

/// A recursive network over a binary tree: node by node from the leaves to the root (Socher et al. 2011; Tai, Socher & Manning 2015).
///
/// Leaf t reads x_t; the node between leaves t and t + 1 reads x_t too, where the operator of an expression stands. With
/// a = W x + U_l h_left + U_r h_right + b, no children counting as 0:
/// plain: h = φ(a); lstm: i, f_l, f_r, o = σ(a), u = tanh a; c = i u + f_l c_left + f_r c_right; h = o tanh c.
final class TreeNetwork<S: Scalar>: ArchitectureBody {
  let plan: TreePlan
  let steps: Int, batch: Int, width: Int, isGated: Bool
  /// Gates and components: 5 and 2 of an LSTM.
  let gates: Int
  private let function: ElementwiseFunction
  /// What φ is called.
  let activation: String
  let inputs: Int
  let input: Dense<S>
  let left: Dense<S>, right: Dense<S>
  /// h and c of every node, [nodes·B, d], and their gradients.
  let h: UnsafeMutablePointer<S>, c: UnsafeMutablePointer<S>
  private let hGradient: UnsafeMutablePointer<S>, cGradient: UnsafeMutablePointer<S>
  /// The gradient of the children of some nodes; x of every node, and h of its children, one after the other, so that nodes of one
  /// height are one product.
  private let children: UnsafeMutablePointer<S>
  let x: UnsafeMutablePointer<S>
  private let lefts: UnsafeMutablePointer<S>, rights: UnsafeMutablePointer<S>
  /// The values of the gates, and φ′ or their derivatives, [nodes·B, gates·d]; ∂L/∂a of some nodes.
  let value: UnsafeMutablePointer<S>, slope: UnsafeMutablePointer<S>
  private let preactivationGradient: UnsafeMutablePointer<S>
  /// tanh c, and its derivative.
  let squashed: UnsafeMutablePointer<S>, squashedSlope: UnsafeMutablePointer<S>
  let top: UnsafeMutablePointer<S>
  /// Nodes of one height, so many at a time that what they read and write stays in the cache until their parents have it.
  private let parts: [Range<Int>]

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int,
    batch: Int, _ arena: Arena<S>
  ) {
    plan = TreePlan(specification.tree, leaves: steps)
    (self.steps, self.batch, width, inputs) = (steps, batch, network.hidden, weights.layout.inputs)
    isGated = specification.composition == .lstm
    gates = isGated ? 5 : 1
    function = network.activation.function
    activation = network.activation.rawValue
    let (d, rows, gated) = (network.hidden, (steps + plan.nodes.count) * batch, gates * network.hidden)
    input = Dense("input", weights, inputs: inputs, outputs: gated, arena)
    left = Dense(weights.offset("left.weight"), nil, weights, inputs: d, outputs: gated, arena)
    right = Dense(weights.offset("right.weight"), nil, weights, inputs: d, outputs: gated, arena)
    (h, hGradient) = (arena.take(rows, d), arena.take(rows, d))
    (c, cGradient) = (arena.take(isGated ? rows : 1, d), arena.take(isGated ? rows : 1, d))
    parts = plan.parts(nodesAtOnce: max(1, Self.rowsAtOnce / batch))
    let most = (parts.map(\.count).max() ?? 1) * batch
    (children, preactivationGradient) = (arena.take(most, d), arena.take(most, gated))
    (x, lefts, rights) = (arena.take(rows, inputs), arena.take(rows, d), arena.take(rows, d))
    (value, slope) = (arena.take(isGated ? rows : 1, gated), arena.take(rows, gated))
    (squashed, squashedSlope) = (arena.take(rows, d), arena.take(rows, d))
    top = arena.take(steps * batch, d)
  }

  /// The tensors before the readout.
  static func tensors(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, inputs: Int
  ) -> [(name: String, shape: [Int])] {
    let (d, gated) = (network.hidden, (specification.composition == .lstm ? 5 : 1) * network.hidden)
    return [
      ("input.weight", [gated, inputs]), ("input.bias", [gated]), ("left.weight", [gated, d]),
      ("right.weight", [gated, d]),
    ]
  }

  var root: Int { steps + plan.nodes.count - 1 }

  private static var rowsAtOnce: Int { 96 }

  /// Part by part, from the leaves to the root.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func forward(_ sequences: UnsafePointer<S>) {
    for dense in [input, left, right] { dense.pack(back: false) }
    let block = batch * width
    for part in parts {
      let (first, rows) = (part.lowerBound, part.count * batch)
      gather(part, sequences)
      let a = slope + first * gates * block
      input.forward(rows, x + first * batch * inputs, into: a)
      if first >= steps {
        left.addForward(rows, lefts + first * block, to: a)
        right.addForward(rows, rights + first * block, to: a)
      }
      compose(part)
    }
    (top + (steps - 1) * block).update(from: h + root * block, count: block)
  }

  /// What some nodes read, one after the other: x, and h of their children.
  private func gather(_ nodes: Range<Int>, _ sequences: UnsafePointer<S>) {
    let block = batch * width, row = batch * inputs
    guard nodes.lowerBound >= steps else {
      (x + nodes.lowerBound * row).update(from: sequences + nodes.lowerBound * row, count: nodes.count * row)
      return
    }
    for k in nodes {
      let node = plan.nodes[k - steps]
      (x + k * row).update(from: sequences + node.gap * row, count: row)
      (lefts + k * block).update(from: h + node.left * block, count: block)
      (rights + k * block).update(from: h + node.right * block, count: block)
    }
  }

  /// From a, in `slope`, to h and c of some nodes.
  private func compose(_ nodes: Range<Int>) {
    let rows = nodes.count * batch, start = nodes.lowerBound * batch
    let place = start * width, gated = start * gates * width
    guard isGated else {
      _ = S.activate(
        function, rows: 1, columns: rows * width, a: slope + gated, aStride: 0, value: h + place, valueStride: 0,
        derivative: slope + gated, derivativeStride: 0)
      return
    }
    // i, f_l, f_r, o, then u.
    let row = 5 * width
    for (first, count, function) in [(0, 4 * width, ElementwiseFunction.sigmoid), (4 * width, width, .tanh)] {
      _ = S.activate(
        function, rows: rows, columns: count, a: slope + gated + first, aStride: row, value: value + gated + first,
        valueStride: row, derivative: slope + gated + first, derivativeStride: row)
    }
    for k in nodes {
      let node = k >= steps ? plan.nodes[k - steps] : nil
      for sequence in 0..<batch {
        let own = k * batch + sequence, gate = value + own * row
        for j in 0..<width {
          var sum = gate[j] * gate[4 * width + j]
          if let node {
            sum += gate[width + j] * c[(node.left * batch + sequence) * width + j]
            sum += gate[2 * width + j] * c[(node.right * batch + sequence) * width + j]
          }
          c[own * width + j] = sum
        }
      }
    }
    // tanh c and, for the way back, its derivative.
    _ = S.activate(
      .tanh, rows: 1, columns: rows * width, a: c + place, aStride: 0, value: squashed + place, valueStride: 0,
      derivative: squashedSlope + place, derivativeStride: 0)
    S.multiplyElements(
      rows: rows, columns: width, scale: 1, x: value + gated + 3 * width, xStride: row, y: squashed + place,
      yStride: width, into: h + place, zStride: width)
  }

  /// With δ of a node: ∂L/∂a = φ′ δ (gates by the chain rule), δ_left += U_lᵀ ∂L/∂a, δ_right += U_rᵀ ∂L/∂a, from the root down.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func backward(_ sequences: UnsafePointer<S>) {
    let block = batch * width
    for dense in [left, right] { dense.pack(back: true) }
    if isGated { cGradient.update(repeating: 0, count: (steps + plan.nodes.count) * block) }
    (hGradient + root * block).update(from: topGradient + (steps - 1) * block, count: block)
    for part in parts.reversed() {
      let (first, rows) = (part.lowerBound, part.count * batch)
      decompose(part)
      let da = preactivationGradient
      input.addGradient(rows, x + first * batch * inputs, da)
      guard first >= steps else { continue }
      left.addGradient(rows, lefts + first * block, da)
      right.addGradient(rows, rights + first * block, da)
      // A node has one parent: what comes from it is all.
      for (dense, isLeft) in [(left, true), (right, false)] {
        dense.backward(rows, da, into: children)
        for k in part {
          let child = isLeft ? plan.nodes[k - steps].left : plan.nodes[k - steps].right
          (hGradient + child * block).update(from: children + (k - first) * block, count: block)
        }
      }
    }
  }

  /// ∂L/∂a of some nodes; what goes past the weights into the children's c.
  private func decompose(_ nodes: Range<Int>) {
    let (rows, start) = (nodes.count * batch, nodes.lowerBound * batch)
    guard isGated else {
      let place = start * width
      S.multiplyElements(
        rows: 1, columns: rows * width, scale: 1, x: slope + place, xStride: 0, y: hGradient + place, yStride: 0,
        into: preactivationGradient, zStride: 0)
      return
    }
    for k in nodes {
      let node = k >= steps ? plan.nodes[k - steps] : nil
      for sequence in 0..<batch {
        let own = k * batch + sequence, gate = value + own * 5 * width, derivative = slope + own * 5 * width
        let da = preactivationGradient + (own - start) * 5 * width
        for j in 0..<width {
          let at = own * width + j
          let dh = hGradient[at], dc = cGradient[at] + dh * gate[3 * width + j] * squashedSlope[at]
          da[j] = dc * gate[4 * width + j] * derivative[j]
          da[3 * width + j] = dh * squashed[at] * derivative[3 * width + j]
          da[4 * width + j] = dc * gate[j] * derivative[4 * width + j]
          guard let node else {
            (da[width + j], da[2 * width + j]) = (0, 0)
            continue
          }
          let l = (node.left * batch + sequence) * width + j, r = (node.right * batch + sequence) * width + j
          da[width + j] = dc * c[l] * derivative[width + j]
          da[2 * width + j] = dc * c[r] * derivative[2 * width + j]
          cGradient[l] += dc * gate[width + j]
          cGradient[r] += dc * gate[2 * width + j]
        }
      }
    }
  }

  /// The root's, until it is handed on: that of the leaves lies there afterwards.
  var topGradient: UnsafeMutablePointer<S> { hGradient }
  var topWidth: Int { width }
  var firstTopStep: Int { steps - 1 }
  var shownLayers: Int { 1 }
  var stateName: String { "leaf h" }
  func graphLayer(_ layer: Int) -> Int { 0 }
  func state(layer: Int) -> UnsafeMutablePointer<S> { h }
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { hGradient }
}

extension TreeNetwork: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    TreeGraph(network: self, sequence: sequence, losses: losses.filter { $0.step == steps - 1 }.map { $0.site(root) })
  }
}

/// One sequence of a tree's pass: layer 0 the leaves, then the nodes of each height, at their order in it; a node reads its two
/// children. A site of an LSTM is h and c, [2·d].
///
/// It may cross threads: the network is that of a `GraphRecording`, whose pass is made whole before anybody has it and which
/// nobody writes to any more; pullbacks have scratch space of their own.
struct TreeGraph: GradientGraph, @unchecked Sendable {
  let network: TreeNetwork<Double>
  let sequence: Int
  let losses: [LossSite]

  var sites: [Site] {
    (0..<network.steps).map { Site(id: $0, layer: 0, position: $0) }
      + network.plan.levels.enumerated().flatMap { height, level in
        level.map { Site(id: network.steps + $0, layer: height + 1, position: $0 - level.lowerBound) }
      }
  }

  func width(_ site: Site.ID) -> Int { network.isGated ? 2 * network.width : network.width }
  func shownWidth(_ site: Site.ID) -> Int { network.width }

  func predecessors(of site: Site.ID) -> [Edge] {
    guard site >= network.steps else { return [] }
    let node = network.plan.nodes[site - network.steps]
    return [Edge(from: node.left, to: site), Edge(from: node.right, to: site)]
  }

  /// φ′ of a node's units, of an LSTM that of tanh c.
  var tracks: [Track] { [Track(name: "φ′", range: 0...1)] }
  func values(of track: Track, at site: Site.ID) -> [Double] {
    let slopes = network.isGated ? network.squashedSlope : network.slope
    let row = slopes + (site * network.batch + sequence) * network.width
    return (0..<network.width).map { row[$0] }
  }

  func name(of site: Site.ID) -> String {
    guard site >= network.steps else { return "leaf \(site + 1)" }
    let leaves = leaves(under: site)
    return "the node over leaves \(leaves.lowerBound + 1) … \(leaves.upperBound)"
  }

  func leaves(under site: Site.ID) -> Range<Int> {
    guard site >= network.steps else { return site..<site + 1 }
    let node = network.plan.nodes[site - network.steps]
    return leaves(under: node.left).lowerBound..<leaves(under: node.right).upperBound
  }

  func makePullback(capacity: Int) -> TreePullback { TreePullback(self, capacity: capacity) }
}

/// Vector-Jacobian products of a tree's nodes.
final class TreePullback: GradientPullback {
  private let graph: TreeGraph
  private let atSum: RowScratch

  init(_ graph: TreeGraph, capacity: Int) {
    self.graph = graph
    atSum = RowScratch(capacity, graph.network.gates * graph.network.width)
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    guard let from = edge.from else { return }
    let network = graph.network, d = network.width
    let own = edge.to * network.batch + graph.sequence
    let node = network.plan.nodes[edge.to - network.steps], isLeft = node.left == from
    for row in 0..<count {
      let v = rows.elements + row * rows.stride, a = atSum.row(row)
      if network.isGated {
        gated(v, a, own, node, isLeft, memory: result.elements + row * result.stride + d)
      } else {
        for j in 0..<d { a[j] = v[j] * network.slope[own * d + j] }
      }
    }
    (isLeft ? network.left : network.right).backward(
      count, atSum.start, into: result.elements, dxStride: result.stride)
    result.copyExponents(of: rows, count: count)
  }

  /// A row at h and c of a node goes to its pre-activations, and past them to c of a child.
  private func gated(
    _ v: UnsafePointer<Double>, _ a: UnsafeMutablePointer<Double>, _ own: Int, _ node: TreePlan.Node, _ isLeft: Bool,
    memory: UnsafeMutablePointer<Double>
  ) {
    let network = graph.network, d = network.width
    let gate = network.value + own * 5 * d, slope = network.slope + own * 5 * d
    let l = network.c + (node.left * network.batch + graph.sequence) * d
    let r = network.c + (node.right * network.batch + graph.sequence) * d
    for j in 0..<d {
      let dh = v[j], dc = v[d + j] + dh * gate[3 * d + j] * network.squashedSlope[own * d + j]
      a[j] = dc * gate[4 * d + j] * slope[j]
      a[d + j] = dc * l[j] * slope[d + j]
      a[2 * d + j] = dc * r[j] * slope[2 * d + j]
      a[3 * d + j] = dh * network.squashed[own * d + j] * slope[3 * d + j]
      a[4 * d + j] = dc * gate[j] * slope[4 * d + j]
      memory[j] = dc * gate[(isLeft ? 1 : 2) * d + j]
    }
  }
}
