import GradientFlow

extension ConvolutionalGraph {
  func symbol(of site: Site.ID) -> String { "h" + sub(site + 1) }

  /// c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh c_t, cell by cell; the gates are made of convolutions.
  func equations(of site: Site.ID) -> [StepEquation] {
    let d = network.width, t = site + 1
    func row(_ numbers: UnsafeMutablePointer<Double>, _ site: Int) -> [Double] {
      (numbers + (site * network.batch + sequence) * d).numbers(d)
    }
    let names = ["i", "f", "g", "o"].map { $0 + sub(t) }
    func gate(_ k: Int) -> StepEquation.Part { .vector(names[k], self.gate(k, at: site)) }
    let c = "c" + sub(t), own = row(network.c, site)
    let kept: [[StepEquation.Part]] =
      site > 0 ? [[gate(1), .sign("⊙"), .vector("c" + sub(t - 1), row(network.c, site - 1))]] : []
    return [
      StepEquation(c, own, kept + [[gate(0), .sign("⊙"), gate(2)]]),
      StepEquation(
        symbol(of: site), row(network.top, site), [[gate(3), .sign("⊙")] + [.vector(c, own)].inside("tanh")]),
    ]
  }
}
