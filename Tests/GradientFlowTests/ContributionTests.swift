import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// Every step's own contribution to the gradient by the shared weights.
@Suite struct ContributionTests {
  private func norm(_ v: some Sequence<Double>) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(arguments: CellKind.allCases, [nil, 0.05]) func theSumOfTheContributionsIsTheGradient(
    _ cell: CellKind, _ clip: Double?
  ) throws {
    var test = TestNetwork(cell: cell, hidden: 4, layers: cell.isFullyRecurrent ? 1 : 2, steps: 8, batch: 3)
    test.flow.clipThreshold = clip
    let tape = test.tape(Window(steps: 0..<8, injected: 3..<8))
    let contributions = try #require(WeightContributions(tape))
    #expect(contributions.tensors == tape.layout.entries.map(\.name))
    #expect(abs(contributions.log10Sum[0] - Log10.of(norm(tape.gradient))) < 1e-12)
    for (k, entry) in tape.layout.entries.enumerated() {
      #expect(abs(contributions.log10SumByTensor[k][0] - Log10.of(norm(tape.gradient[entry.range]))) < 1e-11)
    }
    // Step by step the outer products, flat.
    var (sum, norms) = ([Double](repeating: 0, count: tape.layout.count), 0.0)
    for t in (0..<8).reversed() {
      let own = tape.weightGradientContribution(step: t)
      for (k, value) in own.enumerated() { sum[k] += value }
      norms += norm(own)
      #expect(abs(contributions.log10Norm[t] - Log10.of(norm(own))) < 1e-12)
      #expect(abs(contributions.log10Sum[t] - Log10.of(norm(sum))) < 1e-12)
    }
    #expect(abs(contributions.remainingShare - norm(sum) / norms) < 1e-12)
    let lower = try #require(WeightContributions(tape, layer: 0))
    for (name, found) in zip(lower.tensors, lower.log10NormByTensor) {
      let k = try #require(contributions.tensors.firstIndex(of: name))
      #expect(found == contributions.log10NormByTensor[k])
    }
    #expect(lower.tensors.allSatisfy { $0.hasSuffix("_l0") || $0 == "weight" } && !lower.tensors.isEmpty)
  }

  @Test func trainedRatesAreAmongThem() throws {
    var test = TestNetwork(cell: .leaky, hidden: 3, steps: 6, batch: 2)
    test.network.learnsBeta = true
    test.layout = ParameterLayout(test.network, inputs: 2, outputs: 3)
    var random = TestRandom(9)
    test.parameters = (0..<test.layout.count).map { _ in random.next() }
    let tape = test.tape()
    let contributions = try #require(WeightContributions(tape))
    let entry = try #require(tape.layout.betaLogit(layer: 0))
    let k = try #require(contributions.tensors.firstIndex(of: entry.name))
    #expect(abs(contributions.log10SumByTensor[k][0] - Log10.of(norm(tape.gradient[entry.range]))) < 1e-11)
  }

  /// One linear unit, h_t = a h_{t-1} + w x_t, one loss at the end: g_t by w is e a^(T-t) x_t, by a e a^(T-t) h_{t-1}.
  @Test(arguments: [0.5, -0.5, 0.01]) func ofOneLinearUnit(a: Double) throws {
    let steps = a == 0.01 ? 400 : 20
    var test = TestNetwork(
      activation: .identity, hidden: 1, steps: steps, inputs: 1, outputs: 2, hasTarget: { $0 == steps - 1 })
    for (name, value) in [("weight_hh_l0", a), ("weight_ih_l0", 1), ("bias_ih_l0", 0)] {
      if let entry = test.layout[name] { test.parameters[entry.offset] = value }
    }
    test.data.x = test.data.x.map { _ in 1 }
    test.carried = [[0]]
    let tape = test.tape()
    let contributions = try #require(WeightContributions(tape))
    let k = try #require(contributions.tensors.firstIndex(of: "weight_ih_l0"))
    let e = contributions.log10NormByTensor[k][steps - 1]
    // At lag 399 this is 1e-798: below what a double holds.
    for t in 0..<steps {
      let wanted = e + Double(steps - 1 - t) * Log10.of(a.magnitude)
      #expect(abs(contributions.log10NormByTensor[k][t] - wanted) < 1e-9)
    }
    // Σ a^k = (1 - a^n)/(1 - a) against Σ |a|^k: terms of both signs cancel.
    func geometric(_ a: Double) -> Double { (1 - (0..<steps).reduce(1.0) { p, _ in p * a }) / (1 - a) }
    #expect(abs(contributions.remainingShare(tensor: k) - geometric(a).magnitude / geometric(a.magnitude)) < 1e-12)
    // h_{t-1} of the first step is 0.
    let hh = try #require(contributions.tensors.firstIndex(of: "weight_hh_l0"))
    #expect(contributions.log10NormByTensor[hh][0] == -.infinity)
  }
}
