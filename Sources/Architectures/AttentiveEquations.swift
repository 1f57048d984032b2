import GradientFlow

extension AttentiveGraph {
  func symbol(of site: Site.ID) -> String { site < steps ? "h" + sub(site + 1) : "o" + sub(site - steps + 1) }

  /// h_t = φ(W_ih x_t + W_hh h_{t-1} + b); c_t = Σ_s α_ts h_s, o_t = tanh(W_c [h_t; c_t] + b_c)
  func equations(of site: Site.ID) -> [StepEquation] {
    let d = network.width, t = site % steps
    func row(_ numbers: UnsafeMutablePointer<Double>, _ t: Int, _ width: Int) -> [Double] {
      (numbers + (t * network.batch + sequence) * width).numbers(width)
    }
    func state(_ t: Int) -> [Double] { row(network.h, t, d) }
    guard site >= steps else {
      let count = network.input.inputs
      let x = network.inputs.map { ($0 + (t * network.batch + sequence) * count).numbers(count) } ?? []
      let before = t > 0 ? [network.recurrent.term("W_hh", "h" + sub(t), state(t - 1))] : []
      let a = StepEquation(
        "a" + sub(t + 1),
        sumOf: [network.input.term("W_ih", "x" + sub(t + 1), x)] + before + network.input.shiftTerm("b"))
      return [a, StepEquation(symbol(of: site), state(t), [[.operand(a.result)].inside(network.activation)])]
    }
    let alpha = values(of: tracks[0], at: site), h = symbol(of: t), c = "c" + sub(t + 1)
    let context = StepEquation(
      c,
      sumOfMany: (0...t).map { s in
        ([.scalar("α" + sub(s + 1), alpha[s]), .vector(symbol(of: s), state(s))], state(s).map { alpha[s] * $0 })
      })
    let joined = [network.combine.term("W_c", "[\(h); \(c)]", row(network.joined, t, 2 * d))]
    return [
      context,
      StepEquation(
        symbol(of: site), row(network.top, t, d),
        [(joined + network.combine.shiftTerm("b_c")).joinedBySigns.inside("tanh")]),
    ]
  }

  /// Through time by W_hh.
  func symbols(along edge: Edge) -> String {
    let to = symbol(of: edge.to)
    return edge.to < steps
      ? "W_hhᵀ(φ′\(sub(edge.to + 1)) ⊙ ∂L/∂\(to))"
      : "(∂\(to)/∂\(edge.from.map { symbol(of: $0) } ?? "h"))ᵀ ∂L/∂\(to)"
  }

  /// The states follow one another.
  func line(layer: Int) -> (chain: any GradientChain, layer: Int)? {
    layer == 0 ? (SiteLine(self, sites: 0..<steps), 0) : nil
  }
}
