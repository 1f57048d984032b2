/// What an optimizer remembers between two updates, widened.
public struct OptimizerMoments: Equatable, Sendable {
  /// The steps made since the memory began.
  public var steps = 0
  /// m and v of every parameter; empty where the optimizer has none, and of large networks, where nobody reads them number by
  /// number.
  public var first: [Double] = [], second: [Double] = []

  /// The most parameters whose memories are handed out.
  private static let most = 65_536

  /// No memory.
  public init() {}

  init<S>(_ optimizer: Optimizer<S>) {
    steps = optimizer.steps
    let kinds = optimizer.specification.name.rule.memories
    for (kind, memory) in zip(kinds, optimizer.memories) where memory.count <= Self.most {
      switch kind {
      case .first: first = memory.map(Double.init)
      case .second: second = memory.map(Double.init)
      }
    }
  }
}
