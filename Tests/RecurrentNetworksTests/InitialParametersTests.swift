import Testing

@testable import RecurrentNetworks

@Suite struct InitialParametersTests {
  func draw(_ recurrent: RecurrentInitialization, scale: Double, hidden: Int = 40, seed: UInt64 = 1) -> [String:
    [Double]]
  {
    var network = NetworkSpecification()
    network.hidden = hidden
    network.initialization.recurrent = recurrent
    network.initialization.scale = scale
    network.initialization.diffusion = 0.25
    network.initialization.input = 2
    network.initialization.readout = 0.5
    let layout = ParameterLayout(network, inputs: 50, outputs: 60)
    let parameters = initialParameters(network, layout, seed: seed)
    #expect(parameters == initialParameters(network, layout, seed: seed))
    return Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, Array(parameters[$0.range])) })
  }

  @Test func orthogonalRowsAreOrthogonal() {
    let weight = draw(.orthogonal, scale: 0.9)["weight_hh_l0"] ?? []
    for i in 0..<40 {
      for j in 0..<40 {
        let dot = (0..<40).reduce(0) { $0 + weight[i * 40 + $1] * weight[j * 40 + $1] }
        #expect(abs(dot - (i == j ? 0.81 : 0)) < 1e-14)
      }
    }
  }

  @Test func variancesAreAsAsked() {
    let drawn = draw(.gaussian, scale: 1.5)
    for (name, variance) in [
      ("weight_hh_l0", 1.5 * 1.5 / 40), ("weight_ih_l0", 4.0 / 50), ("readout.weight", 0.25 / 40),
    ] {
      let values = drawn[name] ?? []
      let n = Double(values.count)
      let square = values.reduce(0) { $0 + $1 * $1 } / n
      // Six standard errors of the variance.
      #expect(abs(square / variance - 1) < 6 * (2 / n).squareRoot())
      #expect(abs(values.reduce(0, +) / n) < 6 * (variance / n).squareRoot())
    }
    #expect(
      drawn["bias_ih_l0"]?.allSatisfy { $0 == 0 } == true && drawn["readout.bias"]?.allSatisfy { $0 == 0 } == true)
  }

  @Test func boundedAndFixedKinds() {
    let uniform = draw(.uniform, scale: 2)["weight_hh_l0"] ?? []
    let bound = 2 / 40.0.squareRoot()
    #expect(uniform.allSatisfy { abs($0) <= bound } && (uniform.max() ?? 0) > 0.99 * bound)
    #expect(draw(.zero, scale: 2)["weight_hh_l0"]?.allSatisfy { $0 == 0 } == true)
    let identity = draw(.identity, scale: 2, hidden: 3)["weight_hh_l0"]
    #expect(identity == [2, 0, 0, 0, 2, 0, 0, 0, 2])
  }

  /// W_ij = -W_ji off the diagonal, of variance scale²/H; the diffusion stands on the diagonal.
  @Test func antisymmetricWeights() {
    let weight = draw(.antisymmetric, scale: 1.5)["weight_hh_l0"] ?? []
    var squares = 0.0
    for i in 0..<40 {
      for j in 0..<40 {
        #expect(weight[i * 40 + j] == (i == j ? -0.25 : -weight[j * 40 + i]))
        if j > i { squares += weight[i * 40 + j] * weight[i * 40 + j] }
      }
    }
    let n = 40.0 * 39 / 2
    // Six standard errors of the variance.
    #expect(abs(squares / n / (1.5 * 1.5 / 40) - 1) < 6 * (2 / n).squareRoot())
    #expect(draw(.antisymmetric, scale: 2, hidden: 1)["weight_hh_l0"] == [-0.25])
  }

  @Test func seedsDiffer() {
    #expect(
      draw(.orthogonal, scale: 1, seed: 1)["weight_hh_l0"] != draw(.orthogonal, scale: 1, seed: 2)["weight_hh_l0"])
  }
}
