import LinearAlgebra
import RecurrentNetworks

/// The training loop in one precision: the gradient of the next window by the learning algorithm, clipping, the optimizer's
/// step, the next sequence.
///
/// Nothing is allocated by an update once the arenas stand. Every state between two updates is a pure function of the
/// experiment and of the changes made at earlier updates.
final class TrainingLoop<S: Scalar>: TrainingEngine {
  private(set) var experiment: Experiment
  private(set) var task: any SequenceTask
  let layout: ParameterLayout
  var position = TrainingPosition()
  private(set) var data: SequenceBatch
  private(set) var window = Window(steps: 0..<0, injected: 0..<0)
  private(set) var pass: Pass<S>
  /// The whole sequence in segments, where states are kept at checkpoints only; `pass` is then its one segment's.
  private(set) var checkpointed: CheckpointedPass<S>?
  private(set) var algorithm: any GradientAlgorithm<S>
  let optimizer: Optimizer<S>
  private let gradientStep: GradientStep<S>
  /// Whether a step has a target in any sequence of the batch.
  private(set) var hasTarget: [Bool]
  private let isStream: Bool
  /// Those that train in place of the whole batch, where there are some.
  private var clients: FederatedClients<S>?
  private(set) var windowNorms: (first: Double, last: Double)?

  /// The loop before its first update, with weights of 0.
  init(_ experiment: Experiment, task: any SequenceTask) throws(TrainingError) {
    let description = task.description
    self.experiment = experiment
    self.task = task
    isStream = description.isStream
    layout = ParameterLayout(
      experiment.network, inputs: description.inputs, outputs: description.outputs, copies: experiment.copies)
    let (length, batch) = (experiment.task.length, experiment.training.batch)
    (pass, checkpointed) = Self.makePass(experiment, layout: layout, loss: description.loss)
    algorithm = experiment.training.algorithm.type(S.self).init(experiment, pass: pass)
    optimizer = Optimizer(experiment.training.optimizer, count: layout.count)
    gradientStep = GradientStep(optimizer, layout)
    data = task.emptyBatch(steps: length, batch: batch)
    hasTarget = [Bool](repeating: false, count: length)
    clients = .made(for: experiment, layout: layout, data: data, keeping: nil)
    loadSequence()
    try findNextWindow()
  }

  /// The pass that the experiment's algorithm wants.
  private static func makePass(
    _ experiment: Experiment, layout: ParameterLayout, loss: LossKind
  ) -> (Pass<S>, CheckpointedPass<S>?) {
    let (length, batch) = (experiment.task.length, experiment.training.batch)
    if experiment.training.checkpoints == .sqrt {
      let checkpointed = CheckpointedPass<S>(
        network: experiment.network, layout: layout, length: length, batch: batch, loss: loss)
      checkpointed.pass.flow = experiment.training.flow
      return (checkpointed.pass, checkpointed)
    }
    let pass = Pass<S>(
      network: experiment.network, layout: layout, steps: length, batch: batch, loss: loss,
      recordsTape: experiment.training.algorithm.type(S.self).keepsEveryStep(experiment))
    pass.flow = experiment.training.flow
    return (pass, nil)
  }

  /// The gradient of the next window, into `pass.gradient`.
  func makeGradient() -> PassResult {
    if let clients {
      windowNorms = nil
      return clients.round(pass.parameters, data, window, after: position.update, into: pass.gradient)
    }
    guard let checkpointed else {
      let result = algorithm.gradient(of: window, at: position)
      windowNorms =
        pass.goesBackThroughTime && experiment.training.algorithm.description.isTape
        ? (pass.gradientNorms[window.steps.lowerBound], pass.gradientNorms[window.steps.upperBound - 1]) : nil
      return result
    }
    windowNorms = nil
    checkpointed.forward(data)
    return checkpointed.backward(data, reduction: experiment.training.reduction)
  }

  var validationInterval: Int { experiment.task.heldOut == .none ? 0 : experiment.validation.every }

  var untrainedLosses: Int { algorithm.schedule.untrainedLosses { hasTarget[$0] } }

  // MARK: Sequences and windows

  /// Runs forward the steps between the last update and the next window, which no window trains.
  func runUpToWindow() {
    if position.trained < window.steps.lowerBound { pass.forward(position.trained..<window.steps.lowerBound) }
  }

  /// Finds the next window with a loss; where the present sequence has none left, runs to its end and begins the next.
  func findNextWindow() throws(TrainingError) {
    if let next = nextWindow() {
      window = next
      return
    }
    try requireLosses(algorithm.schedule)
    if isStream {
      if position.trained < data.steps { pass.forward(position.trained..<data.steps) }
      if let checkpointed { checkpointed.carryState() } else { pass.carryState() }
    } else {
      if let checkpointed { checkpointed.resetState() } else { pass.resetState() }
    }
    nextSequence()
    guard let first = nextWindow() else { throw .noLosses(key: "training.inject") }
    window = first
  }

  private func nextWindow() -> Window? {
    algorithm.schedule.trainedWindow(after: position.trained) { hasTarget[$0] }
  }

  /// Refuses a schedule under which no update of a sequence injects a loss.
  func requireLosses(_ schedule: TruncationSchedule) throws(TrainingError) {
    guard schedule.trainedWindow(after: 0, hasTarget: { hasTarget[$0] }) != nil else {
      throw .noLosses(key: "training.inject")
    }
  }

  private func nextSequence() {
    position.stepsBefore += data.steps
    position.sequence += 1
    position.trained = 0
    loadSequence()
  }

  /// Moves to `position`, where another run stands, with the weights as they are: the steps of the sequence that are behind
  /// it are run forward from the state at row 0.
  func begin(at position: TrainingPosition) throws(TrainingError) {
    self.position = position
    loadSequence()
    // States that are kept at checkpoints only stand between whole sequences.
    self.position.trained = checkpointed == nil ? min(position.trained, data.steps) : 0
    if self.position.trained > 0 { pass.forward(0..<self.position.trained) }
    try findNextWindow()
  }

  /// Writes the data of the present sequence and hands them to the pass.
  func loadSequence() {
    task.write(sequence: position.sequence, into: &data)
    if checkpointed == nil { pass.load(data) }
    let batch = data.batch
    data.targetMask.withUnsafeBufferPointer { mask in
      for step in hasTarget.indices { hasTarget[step] = mask[step * batch..<(step + 1) * batch].contains { $0 != 0 } }
    }
    algorithm.beginSequence()
  }

  // MARK: Arenas

  /// Takes settings as they are; the window is not looked for.
  func adopt(_ changed: Experiment) {
    experiment = changed
    pass.network = changed.network
    pass.flow = changed.training.flow
    algorithm.configure(changed)
    optimizer.configure(changed.training.optimizer)
    clients = .made(for: changed, layout: layout, data: data, keeping: clients)
  }

  /// Whether the arenas that stand serve other settings too.
  func arenasFit(_ changed: Experiment) -> Bool {
    let algorithm = changed.training.algorithm
    return changed.task.length == data.steps && changed.training.batch == data.batch
      && algorithm == experiment.training.algorithm && changed.training.checkpoints == experiment.training.checkpoints
      && algorithm.type(S.self).keepsEveryStep(changed) == algorithm.type(S.self).keepsEveryStep(experiment)
  }

  /// New arenas for another length, batch or algorithm; the weights move over, the states are 0.
  func resize(_ changed: Experiment) throws(TrainingError) {
    let (length, batch) = (changed.task.length, changed.training.batch)
    do {
      task = try task.resized(length: length)
    } catch {
      throw .task(error)
    }
    let (resized, segments) = Self.makePass(changed, layout: layout, loss: pass.loss)
    UnsafeMutableRawBufferPointer(resized.parameters).copyMemory(from: UnsafeRawBufferPointer(pass.parameters))
    (pass, checkpointed) = (resized, segments)
    algorithm = changed.training.algorithm.type(S.self).init(changed, pass: pass)
    data = task.emptyBatch(steps: length, batch: batch)
    hasTarget = [Bool](repeating: false, count: length)
    adopt(changed)
  }
}

// MARK: An update

extension TrainingLoop {
  func train(_ observer: (any UpdateObserver)?) -> TrainingOutcome {
    runUpToWindow()
    pass.observer = observer
    let result = makeGradient()
    pass.observer = nil
    if let nonFinite = result.nonFinite { return .nonFinite(nonFinite) }
    observer?.seeGradient(of: pass, norm: result.gradientNorm)
    var record = UpdateRecord()
    switch gradientStep(pass.parameters, pass.gradient, result, experiment, after: position.update) {
    case .moved(let moved): record = moved
    case .nonFinite(let tensor):
      return .nonFinite(NonFinite(step: window.steps.upperBound - 1, factor: "\(tensor) after the optimizer's step"))
    }
    position.update += 1
    position.trained = window.steps.upperBound
    record.update = position.update
    record.step = position.stepsBefore + position.trained
    record.k1 = algorithm.schedule.k1
    record.k2 = algorithm.schedule.k2
    do throws(TrainingError) { try findNextWindow() } catch { return .noNextWindow(record, error) }
    return .trained(record)
  }
}

// MARK: Changes

extension TrainingLoop {
  func configure(_ changed: Experiment) throws(TrainingError) {
    try requireLosses(changed.training.algorithm.type(S.self).schedule(changed))
    adopt(changed)
    beginAlgorithmAnew()
    try findNextWindow()
  }

  /// What the algorithm found out at the sequence's start, under other settings or weights, it finds out anew.
  private func beginAlgorithmAnew() {
    if position.trained == 0 { algorithm.beginSequence() }
  }

  func beginSequence(_ changed: Experiment) throws(TrainingError) {
    let stepsBefore = position.stepsBefore + position.trained
    try resize(changed)
    position.stepsBefore = stepsBefore
    position.sequence += 1
    position.trained = 0
    loadSequence()
    try findNextWindow()
  }

  func rescaleRecurrent(_ changed: Experiment) throws(TrainingError) -> [Double] {
    var parameters = parameters
    let factors = try rescale(&parameters, layout, network: changed.network)
    narrow(parameters, into: pass.parameters)
    adopt(changed)
    beginAlgorithmAnew()
    try findNextWindow()
    return factors
  }

  func scaleRecurrent(by factors: [Double]) throws(TrainingError) {
    var parameters = parameters
    let matrices = recurrentMatrices(layout, experiment.network)
    guard matrices.count == factors.count else {
      throw .misfit("weight_hh: found \(factors.count) factors, expected \(matrices.count)")
    }
    for (matrix, factor) in zip(matrices, factors) { matrix.multiply(&parameters, by: factor) }
    narrow(parameters, into: pass.parameters)
    beginAlgorithmAnew()
    try findNextWindow()
  }

  func setParameters(_ parameters: [Double]) throws(TrainingError) {
    narrow(parameters, into: pass.parameters)
    beginAlgorithmAnew()
    try findNextWindow()
  }

  var parameters: [Double] { widened(pass.parameters) }

  var gradient: [Double] { widened(pass.gradient) }

  // MARK: States

  func setState(_ state: [[Double]]) throws(TrainingError) {
    for (layer, values) in state.enumerated() { setState(at: 0, layer: layer, from: values) }
    beginAlgorithmAnew()
    try findNextWindow()
  }

  func setState(at row: Int, layer: Int, from state: [Double]) {
    if let checkpointed {
      // Between two updates a whole sequence is done, or none of it.
      if row == 0 { checkpointed.setState(layer: layer, from: state) }
    } else {
      pass.setState(at: row, layer: layer, from: state)
    }
  }

  func state(row: Int) -> [[Double]] {
    (0..<experiment.network.layers).map { layer in
      checkpointed?.state(layer: layer, atEnd: row > 0) ?? pass.state(row: row, layer: layer)
    }
  }

  var variant: PassVariant {
    var variant = experiment.training.algorithm.type(S.self)
      .variant(experiment, window: window, update: position.update)
    if experiment.training.history == .stale, window.steps.lowerBound < position.trained {
      variant.kept = pass.keptActivations(window.steps.lowerBound..<position.trained)
    }
    return variant
  }

  var schedule: TruncationSchedule { algorithm.schedule }

  func carriedState() -> [[Double]] {
    runUpToWindow()
    return state(row: window.steps.lowerBound)
  }

  func storedHidden() -> [Double] {
    let hidden = experiment.network.hidden
    return (0..<window.steps.lowerBound).flatMap { step in
      pass.state(row: step + 1, layer: experiment.network.layers - 1).prefix(hidden)
    }
  }
}

// MARK: Checkpoints

extension TrainingLoop {
  func copy() throws(TrainingError) -> any TrainingEngine {
    let copy = try TrainingLoop(experiment, task: task)
    let checkpoint = Checkpoint()
    save(into: checkpoint)
    try copy.restore(checkpoint)
    return copy
  }

  func save(into checkpoint: Checkpoint) {
    checkpoint.experiment = experiment
    checkpoint.position = position
    checkpoint.optimizerSteps = optimizer.steps
    checkpoint.save([pass.parameters] + optimizer.memories)
    checkpoint.saveAlgorithm(carriedMemory)
    checkpoint.states.removeAll(keepingCapacity: true)
    for row in 0...position.trained {
      for state in state(row: row) { checkpoint.states.append(contentsOf: state) }
    }
    let keeps = experiment.training.history == .stale && position.trained > 0
    checkpoint.kept = keeps ? pass.keptActivations(0..<position.trained) : nil
  }

  func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    let saved = checkpoint.experiment
    if arenasFit(saved) { adopt(saved) } else { try resize(saved) }
    try requireFit(checkpoint)
    position = checkpoint.position
    loadSequence()
    optimizer.steps = checkpoint.optimizerSteps
    checkpoint.restore([pass.parameters] + optimizer.memories)
    let size = stateSize
    var start = 0
    for row in 0...position.trained {
      for layer in 0..<saved.network.layers {
        setState(at: row, layer: layer, from: Array(checkpoint.states[start..<start + size]))
        start += size
      }
    }
    if let kept = checkpoint.kept { pass.restore(kept) }
    if position.trained > 0, checkpoint.algorithm.count == algorithm.memory.count {
      algorithm.memory.copyMemory(from: UnsafeRawBufferPointer(checkpoint.algorithm))
    }
    try findNextWindow()
  }

  /// The numbers of a layer's state, [parts, B, H].
  private var stateSize: Int { experiment.network.stateComponents * data.batch * experiment.network.hidden }

  /// Refuses a checkpoint, which may have come from a file, whose arrays are of other sizes than the arenas.
  private func requireFit(_ checkpoint: Checkpoint) throws(TrainingError) {
    func require(_ what: String, _ found: Int, _ expected: Int) throws(TrainingError) {
      guard found == expected else {
        throw .misfit("checkpoint: found \(found) numbers of \(what), expected \(expected)")
      }
    }
    let trained = checkpoint.position.trained, network = experiment.network
    guard (0...data.steps).contains(trained), checkpointed == nil || trained == 0, checkpoint.position.update >= 0,
      checkpoint.position.sequence >= 0
    else { throw .misfit("checkpoint: found \(trained) steps trained, expected at most \(data.steps)") }
    let memories = 1 + optimizer.memories.count
    try require(
      "weights and moments", checkpoint.numbers.count / MemoryLayout<S>.stride, memories * layout.count)
    try require("states", checkpoint.states.count, (trained + 1) * network.layers * stateSize)
    if trained > 0 { try require("the algorithm's memory", checkpoint.algorithm.count, algorithm.memory.count) }
    guard let kept = checkpoint.kept else { return }
    guard experiment.training.history == .stale else {
      throw .misfit("checkpoint: found kept activations, expected none with training.history recompute")
    }
    try require("kept steps", kept.steps, trained)
    let rows = trained * data.batch * network.hidden
    try require("kept layers", kept.layers.count, network.layers)
    for layer in kept.layers {
      try require("kept states", layer.state.count, trained * stateSize)
      try require("kept pre-activations", layer.preactivation.count, rows * network.cell.gates)
      if !layer.derivative.isEmpty { try require("kept φ′", layer.derivative.count, rows * network.cell.gates) }
      try require("kept recurrent inputs", layer.recurrentInput.count, rows * network.cell.resetGatedInputs)
    }
  }

  var algorithmMemory: [UInt8] { Array(carriedMemory) }
  var algorithmBytes: Int { algorithm.memory.count }
  var moments: OptimizerMoments { OptimizerMoments(optimizer) }

  /// What the algorithm carries into the next update: nothing at the start of a sequence, where it begins anew by itself.
  private var carriedMemory: UnsafeRawBufferPointer {
    position.trained > 0 ? .init(algorithm.memory) : .init(start: nil, count: 0)
  }
}
