import LinearAlgebra
import Testing

@testable import RecurrentNetworks

/// Passes that leave the finite numbers: the step and the factor are named.
@Suite struct NonFiniteTests {
  /// Identity activation, two units, everything 0; `prepare` sets what it wants.
  func run<S: Scalar>(
    _: S.Type, loss: LossKind = .squared, steps: Int = 8, x: [Int: Double] = [:], last: Bool = true,
    state: [Double] = [0, 0], _ weights: [String: [Double]]
  ) -> (PassResult, [Double]) {
    var network = NetworkSpecification()
    network.activation = .identity
    network.hidden = 2
    let layout = ParameterLayout(network, inputs: 1, outputs: 1)
    let pass = Pass<S>(network: network, layout: layout, steps: steps, batch: 1, loss: loss)
    for (name, values) in weights {
      guard let entry = layout[name] else { continue }
      for (index, value) in values.enumerated() { pass.parameters[entry.offset + index] = S(value) }
    }
    pass.load(
      SequenceBatch(
        steps: steps, batch: 1, inputs: 1, outputs: 1, x: (0..<steps).map { x[$0] ?? 0 }, symbols: nil,
        target: loss == .squared
          ? .values(Array(repeating: 1, count: steps)) : .classes(Array(repeating: 0, count: steps)),
        targetMask: (0..<steps).map { $0 == steps - 1 || !last ? 1 : 0 }))
    pass.setState(at: 0, layer: 0, from: state)
    pass.forward(0..<steps)
    let result = pass.backward(Window(steps: 0..<steps, injected: 0..<steps), reduction: .sum)
    return (result, Array(pass.gradientNorms))
  }

  @Test func preactivationIsNamed() {
    let explosive = run(Double.self, state: [1e10, 0], ["weight_hh_l0": [1e80, 0, 0, 0]]).0
    // 1e10, 1e90, 1e170, 1e250, then over the range
    #expect(explosive.nonFinite == NonFinite(step: 3, factor: "pre-activation a"))
    let single = run(Float.self, state: [1e8, 0], ["weight_hh_l0": [1e10, 0, 0, 0]]).0
    #expect(single.nonFinite == NonFinite(step: 3, factor: "pre-activation a"))
    let given = run(Double.self, x: [5: .nan], ["weight_ih_l0": [1, 1]]).0
    #expect(given.nonFinite == NonFinite(step: 5, factor: "pre-activation a"))
  }

  @Test func lossIsNamed() {
    let result = run(Double.self, x: [4: 1e200], last: false, ["weight_ih_l0": [1, 0], "readout.weight": [1, 0]]).0
    #expect(result.nonFinite == NonFinite(step: 4, factor: "loss"))
    #expect(!result.objective.isFinite)
  }

  @Test func hiddenGradientIsNamed() {
    // δ_7 = -1, δ_6 = -1e200, δ_5 = -∞
    let result = run(Double.self, ["weight_hh_l0": [1e200, 0, 0, 0], "readout.weight": [1, 0]]).0
    #expect(result.nonFinite == NonFinite(step: 5, factor: "∂L/∂h"))
    #expect(result.objective == 0.5)
  }

  @Test func weightGradientIsNamed() {
    // h = (1e200, 0) all along, ∂L/∂a = (0, -1e200): their product is over the range.
    let result = run(
      Double.self, state: [1e200, 0], ["weight_hh_l0": [1, 0, 0, 0], "readout.weight": [0, 1e200]]
    ).0
    #expect(result.nonFinite?.factor == "gradient of weight_hh_l0")
    #expect(!result.gradientNorm.isFinite)
  }

  @Test func finitePassesNameNothing() {
    let (result, _) = run(Double.self, loss: .crossEntropy, x: [2: 3], last: false, ["weight_ih_l0": [1, -1]])
    #expect(result.nonFinite == nil && result.injected == 8)
  }

  /// Norms whose squares leave the range are still right.
  @Test func normsNeitherUnderflowNorOverflow() {
    for weight in [1e-40, 1e40] {
      let (result, norms) = run(Double.self, ["weight_hh_l0": [weight, 0, 0, 0], "readout.weight": [3, 4]])
      #expect(result.nonFinite == nil)
      for t in 0..<7 {
        var truth = 3.0
        for _ in t..<7 { truth *= weight }
        #expect(abs(norms[t] - truth) <= 1e-14 * truth)
      }
      #expect(norms[7] == 5)
    }
    let (_, norms) = run(Float.self, steps: 3, ["weight_hh_l0": [1e-15, 0, 0, 0], "readout.weight": [1, 0]])
    #expect(abs(norms[0] - 1e-30) < 1e-36 && abs(norms[1] - 1e-15) < 1e-21)
  }

  @Test func sizesThatOverflowAreRefused() {
    var network = NetworkSpecification()
    network.hidden = 64
    let layout = ParameterLayout(network, inputs: 8, outputs: 8)
    let bytes = Pass<Double>.bytesNeeded(network: network, layout: layout, steps: 100, batch: 1)
    #expect(bytes.map { $0 > 100 * 64 * 8 * 2 && $0 < 1 << 20 } == true)
    let many = [1, 2, 3].map {
      Pass<Double>.bytesNeeded(network: network, layout: layout, steps: $0 * 100_000, batch: 1) ?? 0
    }
    #expect(many[0] > 100_000 * 64 * 8 * 2 && many[2] - many[1] == many[1] - many[0])
    for (steps, batch) in [(Int.max, 1), (1, Int.max), (Int.max / 2, Int.max / 2), (1 << 40, 1 << 20)] {
      #expect(Pass<Float>.bytesNeeded(network: network, layout: layout, steps: steps, batch: batch) == nil)
    }
  }
}
