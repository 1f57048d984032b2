import Architectures
import LinearAlgebra
import RecurrentNetworks

/// The training loop of a network that is no recurrent one, in one precision: an update is a whole sequence, forward and back.
///
/// No state goes from one sequence to the next, so that a place is the weights, the optimizer and the sequence's index.
final class GraphLoop<S: Scalar>: TrainingEngine {
  private(set) var experiment: Experiment
  private(set) var task: any SequenceTask
  let layout: ParameterLayout
  var position = TrainingPosition()
  private(set) var data: SequenceBatch
  private var pass: GraphPass<S>
  private let optimizer: Optimizer<S>
  /// Those that train in place of the whole batch, where there are some.
  private var clients: FederatedClients<S>?
  private let gradientStep: GradientStep<S>
  private(set) var windowNorms: (first: Double, last: Double)?

  /// The loop before its first update, with weights of 0.
  init(_ experiment: Experiment, task: any SequenceTask) throws(TrainingError) {
    let description = task.description
    (self.experiment, self.task) = (experiment, task)
    layout = experiment.architecture.layout(
      experiment.network, inputs: description.inputs, outputs: description.outputs, steps: experiment.task.length)
    pass = Self.makePass(experiment, layout, description.loss)
    optimizer = Optimizer(experiment.training.optimizer, count: layout.count)
    gradientStep = GradientStep(optimizer, layout)
    data = task.emptyBatch(steps: experiment.task.length, batch: experiment.training.batch)
    clients = .made(for: experiment, layout: layout, data: data, keeping: nil)
    try loadSequence()
  }

  private static func makePass(_ experiment: Experiment, _ layout: ParameterLayout, _ loss: LossKind) -> GraphPass<S> {
    GraphPass(
      experiment.architecture, experiment.network, layout: layout, steps: experiment.task.length,
      batch: experiment.training.batch, loss: loss)
  }

  var window: Window { Window(steps: 0..<data.steps, injected: 0..<data.steps) }
  var untrainedLosses: Int { 0 }
  var parameters: [Double] { widened(pass.parameters) }
  var gradient: [Double] { widened(pass.gradient) }
  var validationInterval: Int { experiment.task.heldOut == .none ? 0 : experiment.validation.every }
  var variant: PassVariant { PassVariant() }
  var algorithmMemory: [UInt8] { [] }
  var algorithmBytes: Int { 0 }
  var moments: OptimizerMoments { OptimizerMoments(optimizer) }
  var schedule: TruncationSchedule {
    TruncationSchedule(length: data.steps, k1: data.steps, k2: data.steps, inject: .newest)
  }

  /// Writes the data of the present sequence and hands them to the pass.
  private func loadSequence() throws(TrainingError) {
    task.write(sequence: position.sequence, into: &data)
    pass.load(data)
    guard data.targetMask.contains(where: { $0 != 0 }) else { throw .noLosses(key: "task.name") }
    let beforeLast = (data.steps - 1) * data.batch
    if experiment.architecture.kind == .tree, let row = data.targetMask[..<beforeLast].firstIndex(where: { $0 != 0 }) {
      throw .key(
        ExperimentKeyError(
          key: "task.name",
          problem:
            "found \(experiment.task.name.rawValue), which asks at step \(row / data.batch + 1) of \(data.steps), expected "
            + "a task that asks at the last step alone with network.kind tree, which answers at its root: boolean, "
            + "temporal-order, adding or recall"))
    }
  }

  /// The gradient of the present sequence, into `pass.gradient`.
  private func makeGradient() -> PassResult {
    if let clients {
      windowNorms = nil
      return clients.round(pass.parameters, data, window, after: position.update, into: pass.gradient)
    }
    pass.forward()
    let result = pass.backward(experiment.training.reduction)
    let top = pass.body.shownLayers - 1
    windowNorms = (pass.gradientNorm(layer: top, step: 0), pass.gradientNorm(layer: top, step: data.steps - 1))
    return result
  }

  func train(_ observer: (any UpdateObserver)?) -> TrainingOutcome {
    let result = makeGradient()
    if let nonFinite = result.nonFinite { return .nonFinite(nonFinite) }
    var record = UpdateRecord()
    switch gradientStep(pass.parameters, pass.gradient, result, experiment, after: position.update) {
    case .moved(let moved): record = moved
    case .nonFinite(let tensor):
      return .nonFinite(NonFinite(step: data.steps - 1, factor: "\(tensor) after the optimizer's step"))
    }
    position.update += 1
    position.stepsBefore += data.steps
    position.sequence += 1
    (record.update, record.step) = (position.update, position.stepsBefore)
    (record.k1, record.k2) = (data.steps, data.steps)
    do throws(TrainingError) { try loadSequence() } catch { return .noNextWindow(record, error) }
    return .trained(record)
  }

  // MARK: Changes

  func configure(_ changed: Experiment) {
    experiment = changed
    optimizer.configure(changed.training.optimizer)
    clients = .made(for: changed, layout: layout, data: data, keeping: clients)
  }

  func beginSequence(_ changed: Experiment) throws(TrainingError) {
    try resize(changed)
    position.sequence += 1
    try loadSequence()
  }

  /// New arenas for another batch; the weights move over.
  private func resize(_ changed: Experiment) throws(TrainingError) {
    do { task = try task.resized(length: changed.task.length) } catch { throw .task(error) }
    let resized = Self.makePass(changed, layout, pass.loss)
    UnsafeMutableRawBufferPointer(resized.parameters).copyMemory(from: UnsafeRawBufferPointer(pass.parameters))
    pass = resized
    data = task.emptyBatch(steps: changed.task.length, batch: changed.training.batch)
    configure(changed)
  }

  func rescaleRecurrent(_ changed: Experiment) throws(TrainingError) -> [Double] {
    configure(changed)
    return []
  }

  func scaleRecurrent(by factors: [Double]) throws(TrainingError) {
    throw .misfit("weight_hh: found \(factors.count) factors for a network that has no such matrix, expected none")
  }

  func setParameters(_ parameters: [Double]) { narrow(parameters, into: pass.parameters) }

  func begin(at position: TrainingPosition) throws(TrainingError) {
    self.position = position
    self.position.trained = 0
    try loadSequence()
  }

  // MARK: States, of which there are none

  func setState(_ state: [[Double]]) throws(TrainingError) {
    throw .misfit("carried state: found one for a network that carries none, expected none")
  }

  func state(row: Int) -> [[Double]] { [] }
  func carriedState() -> [[Double]] { [] }
  func storedHidden() -> [Double] { [] }

  // MARK: Checkpoints

  func copy() throws(TrainingError) -> any TrainingEngine {
    let copy = try GraphLoop(experiment, task: task)
    let checkpoint = Checkpoint()
    save(into: checkpoint)
    try copy.restore(checkpoint)
    return copy
  }

  func save(into checkpoint: Checkpoint) {
    (checkpoint.experiment, checkpoint.position) = (experiment, position)
    checkpoint.optimizerSteps = optimizer.steps
    checkpoint.save([pass.parameters] + optimizer.memories)
    checkpoint.saveAlgorithm(UnsafeRawBufferPointer(start: nil, count: 0))
    checkpoint.states.removeAll(keepingCapacity: true)
    checkpoint.kept = nil
  }

  func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    let saved = checkpoint.experiment
    if saved.task.length == data.steps, saved.training.batch == data.batch {
      configure(saved)
    } else {
      try resize(saved)
    }
    let found = checkpoint.numbers.count / MemoryLayout<S>.stride
    let expected = (1 + optimizer.memories.count) * layout.count
    guard found == expected, checkpoint.position.update >= 0, checkpoint.position.sequence >= 0 else {
      throw .misfit("checkpoint: found \(found) numbers of weights and moments, expected \(expected)")
    }
    position = checkpoint.position
    position.trained = 0
    optimizer.steps = checkpoint.optimizerSteps
    checkpoint.restore([pass.parameters] + optimizer.memories)
    try loadSequence()
  }
}

extension Experiment {
  /// Whether it is a network whose states follow one another.
  public var isRecurrent: Bool { architecture.kind == .recurrent }

  /// The layers that a reader can look into: of a bidirectional network twice as many as it has.
  public var shownLayers: Int { network.layers * (architecture.kind == .bidirectional ? 2 : 1) }

  /// What a layer is called that a reader looks into, the lowest 0 of `count`, and in two or three characters; of a bidirectional
  /// network the directions count as layers.
  public func layerName(_ layer: Int, of count: Int) -> (long: String, short: String) {
    guard architecture.kind == .bidirectional else { return ("layer \(layer + 1)", "l\(layer + 1)") }
    let arrow = layer % 2 == 1 ? "→" : "←"
    guard count > 2 else { return ((layer % 2 == 1 ? "forward " : "backward ") + arrow, arrow) }
    return ("layer \(layer / 2 + 1) \(arrow)", "l\(layer / 2 + 1)\(arrow)")
  }

  /// Whether the network reads the whole sequence before it answers at any step, and the task asks for what comes next in it.
  public var seesItsAnswers: Bool {
    [.bidirectional, .feedforward].contains(architecture.kind)
      && [.text, .csv, .sine, .reber].contains(task.name)
  }

  /// What is to be said of such a network; nil for others.
  public var foresight: String? {
    guard seesItsAnswers else { return nil }
    return
      "the whole sequence before each answer: network.kind \(architecture.kind.rawValue) has seen what comes next, "
      + "which \(task.name.rawValue) asks for, so its loss tells no skill; transformer and recurrent see the past alone"
  }

  /// What kind of network it is with its own settings, in few words; nil for a recurrent one.
  public var architectureWords: String? { kindWords.map { $0 + (seesItsAnswers ? " sees ahead" : "") } }

  private var kindWords: String? {
    switch architecture.kind {
    case .recurrent: nil
    case .transformer:
      "transformer \(architecture.heads) head\(architecture.heads == 1 ? "" : "s") \(network.activation.rawValue)"
        + (architecture.norm == .none ? "" : " \(architecture.norm.rawValue)-norm")
        + (architecture.isResidual ? "" : " no residual")
    case .bidirectional:
      "bidirectional \(network.cell.rawValue)"
        + (network.cellDescription.takesActivation ? " \(network.activation.rawValue)" : "")
    case .attention: "\(architecture.scoring.rawValue) attention over \(network.activation.rawValue) states"
    case .tree:
      "\(architecture.tree.rawValue) tree " + (architecture.composition == .lstm ? "lstm" : network.activation.rawValue)
    case .feedforward:
      "\(architecture.isResidual ? "residual" : "plain") depth \(task.length) \(network.activation.rawValue)"
        + (architecture.norm == .none ? "" : " \(architecture.norm.rawValue)-norm")
        + (architecture.isTied ? " tied" : "")
    case .convolutional: "convolutional lstm k=\(architecture.kernel)"
    }
  }
}

extension Snapshot {
  /// The next pass of a network that is no recurrent one, whole; nil for a recurrent network, which has a tape.
  public func recording() -> GraphRecording? {
    guard !experiment.isRecurrent else { return nil }
    return GraphRecording(
      experiment.architecture, experiment.network, layout: layout, parameters: parameters, data: data,
      reduction: experiment.training.reduction)
  }
}
