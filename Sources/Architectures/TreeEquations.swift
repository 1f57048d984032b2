import GradientFlow

extension TreeGraph {
  /// h₅ of a leaf, h₁…₄ of the node over four leaves.
  func symbol(of site: Site.ID) -> String { "h" + subscripts(site) }

  private func subscripts(_ site: Site.ID) -> String {
    let leaves = leaves(under: site)
    return leaves.count == 1 ? sub(site + 1) : sub(leaves.lowerBound + 1) + "…" + sub(leaves.upperBound)
  }

  /// h = φ(W x + U_l h_left + U_r h_right + b); of an LSTM i, f_l, f_r, o = σ(…), u = tanh(…), c = i u + f_l c_left + f_r c_right,
  /// h = o tanh c.
  func equations(of site: Site.ID) -> [StepEquation] {
    let d = network.width, h = row(network.h, of: site)
    guard network.isGated else {
      return [
        StepEquation(symbol(of: site), h, [sum(site, gate: 0..<d, "").joinedBySigns.inside(network.activation)])
      ]
    }
    let values = (network.value + (site * network.batch + sequence) * 5 * d).numbers(5 * d)
    let node = site >= network.steps ? network.plan.nodes[site - network.steps] : nil
    // A leaf has no children to forget.
    let names = ["i", "f_l", "f_r", "o", "u"], used = node == nil ? [0, 3, 4] : [0, 1, 2, 3, 4]
    func gate(_ k: Int) -> [Double] { Array(values[k * d..<(k + 1) * d]) }
    let gates = used.map { k in
      StepEquation(
        names[k], gate(k), [sum(site, gate: k * d..<(k + 1) * d, names[k]).joinedBySigns.inside(k == 4 ? "tanh" : "σ")])
    }
    func kept(_ gateIndex: Int, _ child: Int) -> [StepEquation.Part] {
      [
        .vector(names[gateIndex], gate(gateIndex)), .sign("⊙"),
        .vector("c" + subscripts(child), row(network.c, of: child)),
      ]
    }
    let c = "c" + subscripts(site), own = row(network.c, of: site)
    return gates + [
      StepEquation(
        c, own,
        [[.vector("i", gate(0)), .sign("⊙"), .vector("u", gate(4))]]
          + (node.map { [kept(1, $0.left), kept(2, $0.right)] } ?? [])),
      StepEquation(symbol(of: site), h, [[.vector("o", gate(3)), .sign("⊙")] + [.vector(c, own)].inside("tanh")]),
    ]
  }

  private func row(_ numbers: UnsafeMutablePointer<Double>, of site: Site.ID) -> [Double] {
    (numbers + (site * network.batch + sequence) * network.width).numbers(network.width)
  }

  /// W x + U_l h_left + U_r h_right + b of some rows.
  private func sum(_ site: Site.ID, gate rows: Range<Int>, _ name: String) -> [[StepEquation.Part]] {
    let x = (network.x + (site * network.batch + sequence) * network.inputs).numbers(network.inputs)
    func product(_ dense: Dense<Double>, _ matrix: String, _ vector: String, _ numbers: [Double]) -> [StepEquation.Part]
    {
      .product(matrix + (name.isEmpty ? "" : "_" + name), Array(dense.matrix[rows]), vector, numbers)
    }
    let bias: [StepEquation.Part] = [
      .vector(name.isEmpty ? "b" : "b_" + name, Array(network.input.shift[rows]))
    ]
    guard site >= network.steps else { return [product(network.input, "W", "x" + sub(site + 1), x), bias] }
    let node = network.plan.nodes[site - network.steps]
    return [
      product(network.input, "W", "x" + sub(node.gap + 1), x),
      product(network.left, "U_l", symbol(of: node.left), row(network.h, of: node.left)),
      product(network.right, "U_r", symbol(of: node.right), row(network.h, of: node.right)), bias,
    ]
  }

  /// Of a plain node through its slope and the matrix of the child.
  func symbols(along edge: Edge) -> String {
    let to = symbol(of: edge.to)
    guard !network.isGated, let from = edge.from else {
      return "(∂\(to)/∂\(edge.from.map { symbol(of: $0) } ?? "h"))ᵀ ∂L/∂\(to)"
    }
    let isLeft = network.plan.nodes[edge.to - network.steps].left == from
    return "U_\(isLeft ? "l" : "r")ᵀ(φ′ ⊙ ∂L/∂\(to))"
  }
}
