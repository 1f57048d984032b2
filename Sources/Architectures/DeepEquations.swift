import GradientFlow

extension DeepGraph {
  func symbol(of site: Site.ID) -> String { "h" + sub(site + 1) }

  /// h_t = φ(W_t h_{t-1} + b_t), h_{t-1} normalized first and added, where it is.
  func equations(of site: Site.ID) -> [StepEquation] {
    let d = network.width, t = site + 1, own = network.isTied ? "" : sub(t)
    func state(_ t: Int) -> [Double] { (network.h(t) + sequence * d).numbers(d) }
    let before = "h" + sub(t - 1)
    let read = network.read.map { ($0 + (site * network.batch + sequence) * d).numbers(d) }
    let layer = network.layers[site]
    let sum =
      [layer.term("W" + own, read == nil ? before : "u" + sub(t), read ?? state(t - 1))] + layer.shiftTerm("b" + own)
    let residual: [[StepEquation.Part]] = network.isResidual ? [[.vector(before, state(t - 1))]] : []
    let norm = read.map {
      [StepEquation("u" + sub(t), $0, [[StepEquation.Part.vector(before, state(t - 1))].inside("norm")])]
    }
    return (norm ?? [])
      + [StepEquation(symbol(of: site), state(t), residual + [sum.joinedBySigns.inside(network.activation)])]
  }

  /// Through the layer, and past it along the residual path.
  func symbols(along edge: Edge) -> String {
    let t = edge.to + 1, own = network.isTied ? "" : sub(t)
    let through = "W\(own)ᵀ(φ′\(sub(t)) ⊙ ∂L/∂h\(sub(t)))"
    let way = network.norms.isEmpty ? through : "norm′(\(through))"
    return network.isResidual ? "∂L/∂h\(sub(t)) + \(way)" : way
  }
}
