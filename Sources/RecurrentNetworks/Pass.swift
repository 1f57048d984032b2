import LinearAlgebra

/// A network's forward and backward passes over one batch of sequences, in one precision; owns its arenas.
///
/// The states of every step of the sequence are kept: row t+1 is the state after step t, row 0 the state carried in. A
/// window that reaches behind the last update is run forward again from the row before it. Nothing is allocated by
/// `forward` and `backward`. A pass is used by one thread at a time.
public final class Pass<S: Scalar> {
  /// The network; activation, β and α may be changed between passes.
  public var network: NetworkSpecification
  /// Where the tensors lie in `parameters` and `gradient`.
  public let layout: ParameterLayout
  /// The longest sequence, in steps, and the batch that fit.
  public let capacity: Int, batch: Int
  /// The loss.
  public let loss: LossKind
  /// The parameters, written by the caller, flat, as `layout` says.
  public let parameters: UnsafeMutableBufferPointer<S>
  /// The gradient of the objective that the last `backward` left, before clipping, flat, as `layout` says.
  public let gradient: UnsafeMutableBufferPointer<S>
  /// ‖∂L/∂h_t‖₂ over batch and units of the top layer, [capacity]; the last `backward` wrote its window's steps.
  public let gradientNorms: UnsafeMutableBufferPointer<Double>
  /// The length of the sequences loaded.
  public internal(set) var steps = 0

  let parameterBase: UnsafeMutablePointer<S>, gradientBase: UnsafeMutablePointer<S>
  let plan: PassPlan<S>
  let arena: UnsafeMutablePointer<S>
  let classes: UnsafeMutablePointer<Int32>
  /// The symbols of one-hot inputs, and whether the sequences loaded have them.
  let symbols: UnsafeMutablePointer<Int32>
  var hasSymbols = false
  let targetMask: UnsafeMutablePointer<UInt8>
  /// 1 where an output has a target, [n, B, O]; nil where every output has at a step with a target.
  private(set) var outputMask: UnsafeMutablePointer<UInt8>?
  /// The number of sequences with a target at each step.
  let targetCounts: UnsafeMutablePointer<Int>
  /// The first step of the last `forward` with a pre-activation that was not finite.
  var nonFiniteStep: Int?
  /// What multiplies the gradient on its way from a step of the window to the one before it; empty for 1 everywhere.
  var gradientScale: [Double] = []
  /// Whether the last `backward` was one at a fixed point; and what its steps inject, [components, B, H], where there was one.
  var isFixedPoint = false
  var fixedPointSource: UnsafeMutablePointer<S>?
  /// What stands in for W_ho, [O, H], on the way back from ∂L/∂y to h; empty: W_ho itself, as the chain rule has it.
  package var feedback: [S] = []
  /// Whether `backward` multiplies by a packed W_hh. Packing costs about what multiplying a row does: over a short window of
  /// few sequences it does not pay. The numbers are the same, bit for bit.
  var packsBackward = true
  /// Whether step 0 is the first of a sequence, before which a trained initial state stands; not where the steps loaded are some
  /// of a longer sequence.
  var beginsSequence = true
  /// Who looks on while the pass goes back; nil for nobody, as in bare training.
  package var observer: (any BackwardObserver)?
  /// The step of its sequence that step 0 of the pass is: units with a clock are updated by it.
  public var firstStep = 0
  /// What `backward` does with the gradient on its way; may be changed between passes.
  public var flow = FlowControl()
  /// What clipping at every step multiplied δ_t by in the last `backward`, [layers, capacity] or nothing, and the least; Ω.
  var stepScales: [Double] = []
  var leastStepScale = 1.0, omega = 0.0, flossed = 0.0
  /// Room to compute Ω in, where it is wanted.
  var omegaMemory: UnsafeMutablePointer<S>?

  /// Whether the last `backward` went back from step to step, and not to a fixed point.
  public var goesBackThroughTime: Bool { !isFixedPoint }

  /// Arenas for sequences of up to `steps` steps in batches of `batch`; all states 0.
  ///
  /// Ask `bytesNeeded` first where the sizes come from a user.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - layout: its parameters' layout.
  ///   - steps: the most steps.
  ///   - batch: the sequences.
  ///   - loss: the loss of a step.
  ///   - recordsTape: whether pre-activations and gradients of every step are kept, for `tape`; training does without, and
  ///     stays in the cache. The numbers are the same, bit for bit.
  public init(
    network: NetworkSpecification, layout: ParameterLayout, steps: Int, batch: Int, loss: LossKind,
    recordsTape: Bool = false
  ) {
    precondition(layout.copies == 1 || steps <= layout.copies, "each step has its copy")
    self.network = network
    self.layout = layout
    self.capacity = steps
    self.batch = batch
    self.loss = loss
    plan = PassPlan(network: network, layout: layout, steps: steps, batch: batch, recordsTape: recordsTape)
    // Experiments are held against `bytesNeeded` before a pass is made: no file or setting leads here.
    guard let count = plan.count else { preconditionFailure("a pass of this size overflows: ask bytesNeeded first") }
    arena = Self.zeroed(count)
    parameterBase = Self.zeroed(layout.count)
    gradientBase = Self.zeroed(layout.count)
    parameters = .init(start: parameterBase, count: layout.count)
    gradient = .init(start: gradientBase, count: layout.count)
    gradientNorms = .init(start: Pass<Double>.zeroed(steps), count: steps)
    classes = .allocate(capacity: steps * batch)
    classes.initialize(repeating: 0, count: steps * batch)
    symbols = .allocate(capacity: steps * batch)
    symbols.initialize(repeating: 0, count: steps * batch)
    targetMask = .allocate(capacity: steps * batch)
    targetMask.initialize(repeating: 0, count: steps * batch)
    targetCounts = .allocate(capacity: steps)
    targetCounts.initialize(repeating: 0, count: steps)
  }

  deinit {
    arena.deallocate()
    fixedPointSource?.deallocate()
    omegaMemory?.deallocate()
    parameterBase.deallocate()
    gradientBase.deallocate()
    gradientNorms.baseAddress?.deallocate()
    classes.deallocate()
    symbols.deallocate()
    targetMask.deallocate()
    outputMask?.deallocate()
    targetCounts.deallocate()
  }

  /// The numbers of its arena, parameters and gradient.
  package var numbers: Int { (plan.count ?? 0) + 2 * layout.count }

  /// The bytes that a pass of these sizes takes; nil when the number itself overflows.
  public static func bytesNeeded(
    network: NetworkSpecification, layout: ParameterLayout, steps: Int, batch: Int, recordsTape: Bool = false
  ) -> Int? {
    let plan = PassPlan<S>(
      network: network, layout: layout, steps: steps, batch: batch, recordsTape: recordsTape)
    // Beside the arena: parameters and gradient, and for each step a norm, a count, and a class, a symbol and masks a sequence.
    let (rows, overflow1) = steps.multipliedReportingOverflow(by: batch)
    let (perRow, overflow2) = rows.multipliedReportingOverflow(by: 9 + 16 + min(layout.outputs, 1 << 32))
    guard let count = plan.count, !overflow1, !overflow2 else { return nil }
    let (elements, overflow3) = count.addingReportingOverflow(2 * layout.count)
    let (bytes, overflow4) = elements.multipliedReportingOverflow(by: MemoryLayout<S>.size)
    let (total, overflow5) = bytes.addingReportingOverflow(perRow)
    return overflow3 || overflow4 || overflow5 ? nil : total
  }

  /// `count` zeros, at a cache line.
  static func zeroed(_ count: Int) -> UnsafeMutablePointer<S> { AlignedBuffer<S>.zeros(count) }

  /// Takes a batch of sequences: inputs and targets, converted once. It may be shorter than the capacity.
  public func load(_ data: SequenceBatch) { load(data, steps: 0..<data.steps) }

  /// Takes some steps of a batch of sequences, which become the steps 0, 1, … of this pass.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func load(_ data: SequenceBatch, steps range: Range<Int>) {
    precondition(range.count <= capacity && range.upperBound <= data.steps && data.batch == batch, "the sequences fit")
    precondition(data.inputs == layout.inputs && data.outputs == layout.outputs && data.loss == loss, "sizes agree")
    steps = range.count
    firstStep = range.lowerBound
    let first = range.lowerBound * batch, rows = range.count * batch
    hasSymbols = loadSymbols(data, first: first, rows: rows)
    if !hasSymbols || plan.recordsTape || plan.directWeight != nil {
      Self.spread(
        data.x, first: first, rows: rows, columns: data.inputs, into: arena + plan.x, stride: plan.inputStride)
    }
    switch data.target {
    case .classes(let targets):
      precondition(targets.count >= first + rows, "a class a step and sequence")
      targets.withUnsafeBufferPointer {
        if let base = $0.baseAddress { classes.update(from: base + first, count: rows) }
      }
    case .values(let targets):
      Self.spread(
        targets, first: first, rows: rows, columns: data.outputs, into: arena + plan.target, stride: plan.outputStride)
    }
    precondition(data.targetMask.count >= first + rows, "a mask a step and sequence")
    data.targetMask.withUnsafeBufferPointer {
      if let base = $0.baseAddress { targetMask.update(from: base + first, count: rows) }
    }
    loadOutputMask(data, first: first, rows: rows)
    for t in 0..<steps {
      var count = 0
      for row in t * batch..<(t + 1) * batch { count += Int(targetMask[row]) }
      targetCounts[t] = count
    }
  }

  /// Whether a step has a target in any sequence of the batch.
  public func hasTarget(step: Int) -> Bool { targetCounts[step] > 0 }

  /// Takes the mask of single outputs, if there is one.
  private func loadOutputMask(_ data: SequenceBatch, first: Int, rows: Int) {
    guard let given = data.outputMask else {
      outputMask?.deallocate()
      outputMask = nil
      return
    }
    let columns = data.outputs
    precondition(given.count >= (first + rows) * columns, "a mask an output, step and sequence")
    let mask = outputMask ?? .allocate(capacity: capacity * batch * columns)
    given.withUnsafeBufferPointer {
      if let base = $0.baseAddress { mask.initialize(from: base + first * columns, count: rows * columns) }
    }
    outputMask = mask
  }

  /// Takes the symbols of one-hot inputs, if there are any.
  private func loadSymbols(_ data: SequenceBatch, first: Int, rows: Int) -> Bool {
    guard let given = data.symbols, given.count == data.steps * batch else { return false }
    for row in 0..<rows {
      let symbol = given[first + row]
      guard symbol >= 0, symbol < data.inputs else { return false }
      symbols[row] = symbol
    }
    return true
  }

  /// Dense rows of doubles into strided rows.
  static func spread(
    _ dense: [Double], first: Int = 0, rows: Int, columns: Int, into padded: UnsafeMutablePointer<S>, stride: Int
  ) {
    precondition(dense.count >= (first + rows) * columns, "\(rows) rows of \(columns)")
    dense.withUnsafeBufferPointer { dense in
      guard let start = dense.baseAddress else { return }
      for row in 0..<rows {
        let (from, to) = (start + (first + row) * columns, padded + row * stride)
        for column in 0..<columns { to[column] = S(from[column]) }
      }
    }
  }

  /// Strided rows as dense doubles.
  static func gathered(_ padded: UnsafePointer<S>, rows: Int, columns: Int, stride: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows * columns) { dense, count in
      for row in 0..<rows {
        for column in 0..<columns { dense[row * columns + column] = Double(padded[row * stride + column]) }
      }
      count = rows * columns
    }
  }
}

// MARK: States

extension Pass {
  /// The distance between a layer's states of successive steps, and between the components of its state.
  var stateRow: Int { batch * plan.stateStride }
  var stateComponent: Int { (capacity + 1) * stateRow }

  /// Part `component` of a layer's state at row `row`.
  func statePointer(layer: Int, component: Int = 0, row: Int) -> UnsafeMutablePointer<S> {
    arena + plan.layers[layer].state + component * stateComponent + row * stateRow
  }

  /// Writes the state of a layer, [components, B, H], at row `row`: row t+1 is the state after step t.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func setState(at row: Int, layer: Int, from state: [Double]) {
    let stateComponents = network.stateComponents
    let size = batch * network.hidden
    precondition(state.count == stateComponents * size && row <= capacity, "a state is [stateComponents, B, H]")
    for component in 0..<stateComponents {
      Self.spread(
        Array(state[component * size..<(component + 1) * size]), rows: batch, columns: network.hidden,
        into: statePointer(layer: layer, component: component, row: row), stride: plan.stateStride)
    }
  }

  /// The state of a layer at row `row`, [components, B, H].
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func state(row: Int, layer: Int) -> [Double] {
    (0..<network.stateComponents).flatMap { component in
      Self.gathered(
        statePointer(layer: layer, component: component, row: row), rows: batch, columns: network.hidden,
        stride: plan.stateStride)
    }
  }

  /// The state at row 0 becomes 0, in all layers.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func resetState() {
    forEachStateComponent { $0.update(repeating: 0, count: stateRow) }
  }

  /// The state after the last step loaded becomes the state at row 0: a stream goes on.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func carryState() {
    forEachStateComponent { $0.update(from: $0 + steps * stateRow, count: stateRow) }
  }

  /// Runs `body` on row 0 of every part of every layer's state.
  private func forEachStateComponent(_ body: (UnsafeMutablePointer<S>) -> Void) {
    for layer in 0..<network.layers {
      for component in 0..<network.stateComponents {
        body(statePointer(layer: layer, component: component, row: 0))
      }
    }
  }
}
