import LinearAlgebra

/// Backpropagation through a whole sequence in the memory of some √T steps: the state is kept only at the start of every
/// segment, and a segment's steps are run forward again when the backward pass comes to it.
///
/// The gradient is that of a `Pass`, bit for bit: a segment is a whole number of the blocks that a pass goes back over
/// (⌈√T⌉ steps, rounded up), so that all sums are formed in the same order. (Chen, Xu, Zhang & Guestrin, "Training deep
/// nets with sublinear memory cost", 2016.)
public final class CheckpointedPass<S: Scalar> {
  /// The pass of one segment, which has the parameters and the gradient; its row 0 is not the sequence's.
  public let pass: Pass<S>
  /// T, the steps of a sequence, and s, those of a segment.
  public let length: Int, segmentSteps: Int

  /// The states before each segment and after the last one, [segments + 1] rows of all layers' parts.
  private let checkpoints: UnsafeMutablePointer<S>
  private let segments: [Range<Int>]
  /// The first step of the last `forward` with a pre-activation that was not finite.
  private var nonFiniteStep: Int?

  /// Arenas for sequences of `length` steps in batches of `batch`; all states 0.
  public init(
    network: NetworkSpecification, layout: ParameterLayout, length: Int, batch: Int, loss: LossKind
  ) {
    self.length = length
    segmentSteps = Self.segmentSteps(length: length, batch: batch)
    segments = Self.segments(length: length, segmentSteps: segmentSteps)
    pass = Pass(network: network, layout: layout, steps: segmentSteps, batch: batch, loss: loss)
    checkpoints = Pass<S>.zeroed(
      (segments.count + 1) * network.layers * network.stateComponents * batch * PassPlan<S>.stride(network.hidden))
  }

  deinit { checkpoints.deallocate() }

  /// s = ⌈√T⌉, rounded up to whole blocks of the backward pass.
  public static func segmentSteps(length: Int, batch: Int) -> Int {
    let root = Int(Double(length).squareRoot().rounded(.up))
    let block = PassPlan<S>.blockSteps(steps: length, batch: batch)
    return min(length, (root + block - 1) / block * block)
  }

  /// The segments of a sequence, counted from its end, where a backward pass begins.
  private static func segments(length: Int, segmentSteps: Int) -> [Range<Int>] {
    stride(from: length, to: 0, by: -segmentSteps).map { max(0, $0 - segmentSteps)..<$0 }.reversed()
  }

  /// The bytes that such a pass takes; nil when the number itself overflows.
  public static func bytesNeeded(
    network: NetworkSpecification, layout: ParameterLayout, length: Int, batch: Int
  ) -> Int? {
    let steps = segmentSteps(length: length, batch: batch)
    guard let pass = Pass<S>.bytesNeeded(network: network, layout: layout, steps: steps, batch: batch) else {
      return nil
    }
    let rows = segments(length: length, segmentSteps: steps).count + 1
    let sizes = [
      network.layers, network.stateComponents, batch, PassPlan<S>.stride(network.hidden), MemoryLayout<S>.size,
    ]
    var bytes = rows
    for size in sizes {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      bytes = product
    }
    let (sum, overflow) = pass.addingReportingOverflow(bytes)
    return overflow ? nil : sum
  }

  // MARK: States

  private var checkpointRow: Int { pass.network.layers * pass.network.stateComponents * pass.stateRow }

  /// The state of a layer, [components, B, H], before the sequence's first step.
  public func setState(layer: Int, from state: [Double]) {
    pass.setState(at: 0, layer: layer, from: state)
    save(0, row: 0)
  }

  /// The state of a layer before the first step of the sequence, or after its last one.
  public func state(layer: Int, atEnd: Bool = false) -> [Double] {
    load(atEnd ? segments.count : 0)
    return pass.state(row: 0, layer: layer)
  }

  /// The state before the sequence becomes 0.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func resetState() { checkpoints.update(repeating: 0, count: checkpointRow) }

  /// The state after the sequence becomes the one before it: a stream goes on.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func carryState() {
    checkpoints.update(from: checkpoints + segments.count * checkpointRow, count: checkpointRow)
  }

  /// Checkpoint `index` becomes the state at row 0 of the segment's pass.
  private func load(_ index: Int) {
    forEachPart(row: 0) { state, component in
      state.update(from: checkpoints + index * checkpointRow + component * pass.stateRow, count: pass.stateRow)
    }
  }

  /// The state at row `row` of the segment's pass becomes checkpoint `index`.
  private func save(_ index: Int, row: Int) {
    forEachPart(row: row) { state, component in
      (checkpoints + index * checkpointRow + component * pass.stateRow).update(from: state, count: pass.stateRow)
    }
  }

  private func forEachPart(row: Int, _ body: (UnsafeMutablePointer<S>, Int) -> Void) {
    let stateComponents = pass.network.stateComponents
    for layer in 0..<pass.network.layers {
      for component in 0..<stateComponents {
        body(pass.statePointer(layer: layer, component: component, row: row), layer * stateComponents + component)
      }
    }
  }

  // MARK: Passes

  /// Runs the whole sequence forward, keeping a state a segment.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward(_ data: SequenceBatch) {
    precondition(data.steps == length, "the sequence fits")
    nonFiniteStep = nil
    for (index, segment) in segments.enumerated() {
      runForward(data, index, segment)
      if let step = pass.nonFiniteStep, nonFiniteStep == nil { nonFiniteStep = segment.lowerBound + step }
      save(index + 1, row: segment.count)
    }
  }

  private func runForward(_ data: SequenceBatch, _ index: Int, _ segment: Range<Int>) {
    load(index)
    pass.load(data, steps: segment)
    pass.forward(0..<segment.count)
  }

  /// Runs back over the sequence that was run forward, all its losses injected: leaves the gradient in `pass.gradient`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backward(_ data: SequenceBatch, reduction: Reduction) -> PassResult {
    let count = data.targetMask.reduce(0) { $0 + Int($1) }
    let weight = pass.injectionWeight(reduction, injected: count)
    var sum = 0.0
    var found: NonFinite?
    pass.gradientScale = []
    for (index, segment) in segments.enumerated().reversed() {
      let isNewest = index == segments.count - 1
      // The newest segment still lies in the arenas.
      if !isNewest { runForward(data, index, segment) }
      let steps = 0..<segment.count
      pass.sweepBack(
        BackwardSegment(steps: steps, injected: steps, weight: weight, isNewest: isNewest, isOldest: index == 0))
      sum = pass.addLosses(of: steps, to: sum)
      let isFinite = sum.isFinite && steps.allSatisfy { pass.gradientNorms[$0].isFinite }
      // In the order of computation: the first loss, or else the newest gradient.
      if !isFinite, let next = pass.firstNonFinite(steps), found == nil || next.factor == "loss" {
        found = NonFinite(step: segment.lowerBound + next.step, factor: next.factor)
      }
    }
    var result = pass.result(objective: weight * sum, count: count)
    if let step = nonFiniteStep, found?.factor != "loss" || step <= found?.step ?? step {
      found = NonFinite(step: step, factor: "pre-activation a")
    }
    result.nonFinite = found ?? (result.gradientNorm.isFinite ? nil : pass.firstNonFinite(0..<segments[0].count))
    return result
  }
}
