import Architectures
import RecurrentNetworks

extension ExperimentKey {
  /// What kind of network it is, and what the kinds that are no recurrent ones have.
  static let architectureKeys: [ExperimentKey] = [
    ExperimentKey(
      "network.kind", .choice(\.architecture.kind), "recurrent, or what it is set against: a causal transformer",
      .newRun,
      steps: .choices),
    attention("heads", .integer(\.architecture.heads, 1...64), "the heads of attention", steps: .halfDoublings),
    attention(
      "norm", .choice(\.architecture.norm), "layer norm of what a sublayer reads, of the sum behind it, or none",
      steps: .choices),
    attention(
      "residual", .choice(\.architecture.residualSwitch), "whether each sublayer is added to what it reads",
      steps: .choices),
    attention(
      "positions", .choice(\.architecture.positions),
      "how attention is told positions: sines added, vectors that are learned, queries and keys turned", steps: .choices
    ),
    attention(
      "expansion", .integer(\.architecture.expansion, 1...16),
      "the width of a block's hidden layer, in widths of the network",
      steps: .halfDoublings),
    ExperimentKey(
      "network.init.variance", .number(\.architecture.variance, NumberRange(from: 0, to: NumberRange.largest)),
      "of kinds other than recurrent: σ² in N(0, σ²/fan-in) of their matrices", .newRun, steps: .linear(0.1),
      readWith: "a network.kind other than recurrent", isRead: { !$0.isRecurrent }),
  ]

  private static func attention(_ name: String, _ field: Field, _ summary: String, steps: KnobSteps) -> ExperimentKey {
    ExperimentKey(
      "network." + name, field, "transformer: " + summary, .newRun, steps: steps,
      readWith: "network.kind transformer", isRead: { $0.architecture.kind == .transformer })
  }
}

extension ArchitectureSpecification {
  fileprivate var residualSwitch: Switch {
    get { isResidual ? .on : .off }
    set { isResidual = newValue == .on }
  }
}
