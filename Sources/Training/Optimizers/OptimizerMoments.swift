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

  /// The parameters after one more step of the optimizer along a gradient, which is clipped already; nil where the memory that it
  /// needs was not handed out.
  public func stepped(
    _ parameters: [Double], along gradient: [Double], _ specification: OptimizerSpecification, rate: Double
  ) -> [Double]? {
    let optimizer = Optimizer<Double>(specification, count: parameters.count)
    optimizer.steps = steps
    for (kind, memory) in zip(specification.name.rule.memories, optimizer.memories) {
      let kept = kind == .first ? first : second
      guard kept.count == memory.count else { return nil }
      _ = memory.update(fromContentsOf: kept)
    }
    var (weights, slopes) = (parameters, gradient)
    weights.withUnsafeMutableBufferPointer { weights in
      slopes.withUnsafeMutableBufferPointer { slopes in
        optimizer.step(weights, gradient: slopes, rate: rate)
      }
    }
    return weights
  }
}
