/// What each step is to give.
public enum Targets: Equatable, Sendable {
  /// A class at each step, [n, B].
  case classes([Int32])
  /// A vector at each step, [n, B, O].
  case values([Double])
}

/// A batch of sequences of one length, whole: inputs, targets, and where there are targets.
public struct SequenceBatch: Equatable, Sendable {
  /// The length n of every sequence.
  public var steps: Int
  /// The number B of sequences.
  public var batch: Int
  /// The size I of an input.
  public var inputs: Int
  /// The size O of the readout.
  public var outputs: Int
  /// The inputs, [n, B, I].
  public var x: [Double]
  /// The inputs' symbols, [n, B], where x is one-hot.
  public var symbols: [Int32]?
  /// The targets.
  public var target: Targets
  /// 1 where there is a target, [n, B].
  public var targetMask: [UInt8]
  /// 1 where an output has a target, [n, B, O], for targets that are values; nil where every output has at the steps of
  /// `targetMask`. A step has a target where one of its outputs has.
  public var outputMask: [UInt8]?
  /// Whether the targets are values of ∂l/∂y, not of y.
  public var givesGradients = false

  /// A batch from its parts.
  public init(
    steps: Int, batch: Int, inputs: Int, outputs: Int, x: [Double], symbols: [Int32]?, target: Targets,
    targetMask: [UInt8], outputMask: [UInt8]? = nil
  ) {
    self.steps = steps
    self.batch = batch
    self.inputs = inputs
    self.outputs = outputs
    self.x = x
    self.symbols = symbols
    self.target = target
    self.targetMask = targetMask
    self.outputMask = outputMask
  }

  /// The loss that goes with the targets.
  public var loss: LossKind {
    switch target {
    case .classes: .crossEntropy
    case .values: givesGradients ? .given : .squared
    }
  }
}

/// Which steps of a batch a pass runs over, and which of their losses enter the objective.
public struct Window: Equatable, Sendable {
  /// The steps τ of the window, counted from 0 in the sequence.
  public var steps: Range<Int>
  /// The steps, counted from 0 in the sequence, whose losses are injected (where the task has a target).
  public var injected: Range<Int>

  /// The steps `steps`, with the losses of `injected`.
  public init(steps: Range<Int>, injected: Range<Int>) {
    self.steps = steps
    self.injected = injected
  }
}
