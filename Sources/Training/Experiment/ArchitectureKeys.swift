import Architectures
import RecurrentNetworks

extension ExperimentKey {
  /// What kind of network it is, and what the kinds that are no recurrent ones have.
  static let architectureKeys: [ExperimentKey] = [
    ExperimentKey(
      "network.kind", .choice(\.architecture.kind), "recurrent, or one of those that it is set against",
      .newRun,
      steps: .choices),
    key("heads", .integer(\.architecture.heads, 1...64), "the heads of attention", of: [.transformer], .halfDoublings),
    key(
      "norm", .choice(\.architecture.norm), "layer norm of what a layer reads, of the sum behind it, or none",
      of: [.transformer, .feedforward]),
    key(
      "residual", .choice(\.architecture.residualSwitch), "whether what a layer gives is added to what it reads",
      of: [.transformer, .feedforward]),
    key(
      "positions", .choice(\.architecture.positions),
      "how attention is told positions: sines added, vectors learned, queries and keys turned", of: [.transformer]),
    key(
      "expansion", .integer(\.architecture.expansion, 1...16),
      "the width of a block's hidden layer, in widths of the network", of: [.transformer], .halfDoublings),
    key(
      "scoring", .choice(\.architecture.scoring), "how states are scored: h_t·h_s/√H, or v·tanh(W_q h_t + W_k h_s)",
      of: [.attention]),
    key(
      "tree", .choice(\.architecture.tree), "the tree over the steps: halves of halves, or one step after the other",
      of: [.tree]),
    key(
      "composition", .choice(\.architecture.composition), "how a node is made of its children: φ(…), or an LSTM",
      of: [.tree]),
    key(
      "kernel", .integer(\.architecture.kernel, 1...63),
      "k, the cells that a cell reads, odd; hidden is cells times channels", of: [.convolutional], .linear(2)),
    key(
      "tied", .choice(\.architecture.tiedSwitch), "whether all layers have the same weights", of: [.feedforward]),
    ExperimentKey(
      "network.init.variance", .number(\.architecture.variance, NumberRange(from: 0, to: NumberRange.largest)),
      "of kinds other than recurrent: σ² in N(0, σ²/fan-in) of their matrices", .newRun, steps: .linear(0.1),
      readWith: "a network.kind other than recurrent and bidirectional",
      isRead: { !$0.isRecurrent && $0.architecture.kind != .bidirectional }),
  ]

  /// A key of some kinds only.
  private static func key(
    _ name: String, _ field: Field, _ summary: String, of kinds: [NetworkKind], _ steps: KnobSteps = .choices
  ) -> ExperimentKey {
    let names = kinds.map(\.rawValue).joined(separator: " or ")
    return ExperimentKey(
      "network." + name, field, "\(names): \(summary)", .newRun, steps: steps,
      readWith: "network.kind \(names)", isRead: { kinds.contains($0.architecture.kind) })
  }
}

extension ArchitectureSpecification {
  fileprivate var residualSwitch: Switch {
    get { isResidual ? .on : .off }
    set { isResidual = newValue == .on }
  }
  fileprivate var tiedSwitch: Switch {
    get { isTied ? .on : .off }
    set { isTied = newValue == .on }
  }
}
