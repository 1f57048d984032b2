import Foundation
import RecurrentNetworks
import Testing

@testable import Training

@Suite("UORO's expectation")
struct UOROTests {
  /// One sequence, many times over: each copy in the batch has its own signs.
  private static func data(copies: Int, steps: Int) -> SequenceBatch {
    var random = CounterRandom(seed: 3, stream: 0)
    let x = (0..<steps * 2).map { _ in random.normal() }
    let target = (0..<steps * 2).map { _ in random.normal() }
    func repeated(_ values: [Double]) -> [Double] {
      (0..<steps).flatMap { t in (0..<copies).flatMap { _ in values[2 * t..<2 * t + 2] } }
    }
    return SequenceBatch(
      steps: steps, batch: copies, inputs: 2, outputs: 2, x: repeated(x), symbols: nil,
      target: .values(repeated(target)),
      targetMask: Array(repeating: 1, count: steps * copies))
  }

  /// The gradient of every draw, and the exact one, of a small network.
  private func draws(_ cell: CellKind, delays: [Int] = [1], count: Int) throws -> (draws: [[Double]], exact: [Double]) {
    let steps = 5
    var experiment = Experiment()
    experiment.network.cell = cell
    experiment.network.hidden = 3
    experiment.network.delays = delays
    experiment.network.initialization.scale = 1.2
    if cell == .leaky { experiment.network.beta = 0.6 }
    experiment.task.length = steps
    experiment.training.batch = count
    experiment.training.algorithm = .uoro
    experiment.training.reduction = .sum
    let layout = ParameterLayout(experiment.network, inputs: 2, outputs: 2)
    let parameters = initialParameters(experiment.network, layout, seed: 5)
    func pass(_ copies: Int) -> Pass<Double> {
      let pass = Pass<Double>(
        network: experiment.network, layout: layout, steps: steps, batch: copies, loss: .squared, recordsTape: true)
      for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
      pass.load(Self.data(copies: copies, steps: steps))
      pass.forward(0..<steps)
      return pass
    }
    let window = Window(steps: 0..<steps, injected: 0..<steps)
    let recurrent = 0..<layout.end(ofLayer: 0)
    let single = pass(1)
    _ = single.backward(window, reduction: .sum)
    let many = pass(count)
    let uoro = UORO(experiment, pass: many)
    many.injectLosses(window, reduction: .sum)
    let draws = (0..<count).map { sequence in
      many.gradient.update(repeating: 0)
      for t in window.steps {
        uoro.advance(sequence: sequence, step: t, isFirst: t == 0, position: TrainingPosition())
        uoro.addGradient(sequence: sequence, lossGradient: many.lossGradient(step: t, sequence: sequence))
      }
      return Array(many.gradient[recurrent])
    }
    // The readout's gradient is made elsewhere.
    for entry in layout.entries where entry.name.hasPrefix("readout.") {
      for index in entry.range { single.gradient[index] = 0 }
    }
    return (draws, Array(single.gradient[recurrent]))
  }

  @Test(
    "its mean over 10,000 draws is RTRL's gradient within five standard errors",
    arguments: CellKind.allCases.filter(\.hasRecurrentWeights).map { ($0, [1]) } + [(.elman, [1, 2, 4])])
  func unbiased(cell: CellKind, delays: [Int]) throws {
    let (draws, exact) = try draws(cell, delays: delays, count: 10_000)
    let count = Double(draws.count)
    for (index, expected) in exact.enumerated() {
      let values = draws.map { $0[index] }
      let mean = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
      #expect(abs(mean - expected) <= 5 * (variance / count).squareRoot() + 1e-12)
    }
    // One draw is far from the mean.
    let distance = zip(draws[0], exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let size = exact.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(distance > 0.05 * size)
  }

  @Test("the mean of N draws nears RTRL's gradient as 1/√N")
  func rate() throws {
    let (draws, exact) = try draws(.elman, count: 8192)
    /// The root mean square distance of the means of blocks of N draws.
    func distance(_ n: Int) -> Double {
      let blocks = draws.count / n
      var sum = 0.0
      for block in 0..<blocks {
        for (index, expected) in exact.enumerated() {
          let mean = draws[block * n..<(block + 1) * n].reduce(0) { $0 + $1[index] } / Double(n)
          sum += (mean - expected) * (mean - expected)
        }
      }
      return (sum / Double(blocks)).squareRoot()
    }
    let slope = (log2(distance(256)) - log2(distance(1))) / 8
    #expect(abs(slope + 0.5) < 0.05)
  }
}
