import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

/// The truncated gradient where the recursion is not linear, and in either precision.
@Suite struct BiasUnderFlowTests {
  @Test(arguments: [nil, 0.05], [0, 0.5]) func itIsTheSumOfWhatEachUpdateUses(clip: Double?, omega: Double) {
    for (k1, k2, reduction) in [(2, 12, Reduction.sum), (3, 6, .sum), (4, 4, .mean), (2, 12, .mean)] {
      var test = TestNetwork(hidden: 4, steps: 12, batch: 2, seed: 5)
      test.flow.clipThreshold = clip
      test.flow.omega = omega
      test.reduction = reduction
      check(test, windows(12, k1, k2), Double.self, 1e-12)
      test.precision = .float32
      check(test, windows(12, k1, k2), Float.self, 2e-5)
    }
  }

  private func check<S: Scalar>(_ test: TestNetwork, _ windows: [Window], _: S.Type, _ tolerance: Double) {
    let pass = test.pass(of: S.self)
    /// The gradient of the sum of the window's losses by a tape of its own.
    func gradient(_ window: Window) -> [Double] {
      let tape = Tape.compute(
        network: test.network, layout: test.layout, parameters: test.parameters, data: test.data, window: window,
        carriedState: [pass.state(row: window.steps.lowerBound, layer: 0)], reduction: test.reduction,
        precision: test.precision, flow: test.flow)
      return tape.gradient.map { $0 / tape.injectionWeight }
    }
    var sum = [Double](repeating: 0, count: test.layout.count)
    for window in windows { for (k, value) in gradient(window).enumerated() { sum[k] += value } }
    let full = gradient(Window(steps: 0..<12, injected: 0..<12))
    let bias = TruncationBias(pass, windows: windows, reduction: test.reduction)
    #expect(relativeDifference(bias.truncatedGradient, sum) < tolerance)
    #expect(relativeDifference(bias.fullGradient, full) < tolerance)
    // Windows that begin at one step go back as one only where the recursion is linear.
    let back = TruncationBias.stepsBack(windows, flow: test.flow)
    let all = windows.reduce(0) { $0 + $1.steps.count }
    if test.flow != FlowControl() { #expect(back == all) }
    if test.flow == FlowControl(), windows.allSatisfy({ $0.steps.lowerBound == 0 }) { #expect(back == 12 && all > 12) }
  }
}
