import Foundation
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import GradientFlow

@Suite("Units") struct UnitActivityTests {
  /// A network without recurrence at input 0: every unit stands at φ(bias).
  private func standing(_ biases: [Double], _ activation: Activation, cell: CellKind = .elman) -> Tape {
    var test = TestNetwork(
      cell: cell, activation: activation, hidden: biases.count, steps: 6, batch: 2,
      recurrent: Matrix(rows: biases.count, columns: biases.count), isZero: true)
    if let bias = test.layout["bias_ih_l0"] { test.parameters.replaceSubrange(bias.range, with: biases) }
    return test.tape()
  }

  @Test("saturated, dead and still units are told apart")
  func faults() throws {
    // φ′ = 1/cosh² a: 1, 0.0707, 1.7e-17; all stand still, and what is flat is called that.
    let tanh = UnitActivity(standing([0, 2, 20], .tanh))
    #expect(tanh.units.map(\.fault) == [.still, .saturated, .saturated])
    #expect(tanh.units.map(\.flatShare) == [0, 1, 1])
    #expect(abs(tanh.units[1].largestSlope - 1 / pow(cosh(2), 2)) < 1e-15)
    let relu = UnitActivity(standing([-1, 1], .relu))
    #expect(relu.units[0].fault == .dead && relu.units[0].gradientShare == 0)
    #expect(relu.count(.dead) == 1 && relu.count(.still) == 1)
    // The gradient of a sum over a batch goes through the unit that is alive.
    #expect(abs(relu.units[1].gradientShare - 1) < 1e-15)
    let moving = UnitActivity(TestNetwork(hidden: 4, steps: 20, batch: 3, scale: 0.5).tape())
    #expect(moving.faulty.isEmpty && moving.units.allSatisfy { $0.deviation > 0.05 })
    #expect(abs(moving.units.reduce(0) { $0 + $1.gradientShare } - 1) < 1e-12)
  }

  @Test("the listed ones begin with those that the gradient goes through; gates are named")
  func order() {
    let activity = UnitActivity(standing([2, 20, 1.9], .tanh))
    #expect(activity.faulty.map(\.index) == [2, 0, 1] || activity.faulty.map(\.index) == [0, 2, 1])
    #expect(activity.faulty[0].gradientShare >= activity.faulty[1].gradientShare)
    let lstm = UnitActivity(TestNetwork(cell: .lstm, hidden: 3, steps: 5).tape())
    #expect(lstm.units.map(\.gate) == ["i", "i", "i", "f", "f", "f", "g", "g", "g", "o", "o", "o"])
    #expect(lstm.units.map(\.index) == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
  }

  @Test("a histogram counts every finite value once")
  func histogram() {
    let values = [0.0, 0.1, 0.99, 1, 0.5, .nan, .infinity]
    let histogram = Histogram(values, bins: 10)
    #expect(histogram.counts == [1, 1, 0, 0, 0, 1, 0, 0, 0, 2] && histogram.nonFinite == 2)
    #expect(histogram.lower == 0 && histogram.upper == 1)
    #expect(Histogram([3.0, 3.0], bins: 4).counts == [2, 0, 0, 0])
    #expect(Histogram([Double](), bins: 3).counts == [0, 0, 0])
    // The whole range of doubles.
    #expect(Histogram([-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], bins: 2).counts == [1, 1])
  }

  @Test("Units with a clock are judged where it is their turn, and not at all where it never is")
  func clocks() {
    var test = TestNetwork(hidden: 4, steps: 6, scale: 0.1)
    test.network.periods = [2, 8]
    let activity = UnitActivity(test.tape())
    for unit in activity.units {
      #expect(unit.fault == nil && unit.flatShare == 0)
      #expect(unit.index < 2 ? unit.largestSlope > 0.9 : unit.largestSlope == 0)
    }
  }
}
