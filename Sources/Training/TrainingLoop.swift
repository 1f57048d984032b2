import LinearAlgebra
import RecurrentNetworks

/// The training loop in one precision: the gradient of the next window by the learning algorithm, clipping, the optimiser's
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
  /// Whether a step has a target in any sequence of the batch.
  private(set) var hasTarget: [Bool]
  private let isStream: Bool

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
    data = task.emptyBatch(steps: length, batch: batch)
    hasTarget = [Bool](repeating: false, count: length)
    loadSequence()
    try settle()
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
    guard let checkpointed else { return algorithm.gradient(of: window, at: position) }
    checkpointed.forward(data)
    return checkpointed.backward(data, reduction: experiment.training.reduction)
  }

  var untrainedLosses: Int { algorithm.schedule.untrainedLosses { hasTarget[$0] } }

  // MARK: Sequences and windows

  /// Runs forward the steps between the last update and the next window, which no window trains.
  func runUpToWindow() {
    if position.trained < window.steps.lowerBound { pass.forward(position.trained..<window.steps.lowerBound) }
  }

  /// Finds the next window with a loss; where the present sequence has none left, runs to its end and begins the next.
  func settle() throws(TrainingError) {
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
    window = nextWindow() ?? window
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
  func take(_ changed: Experiment) {
    experiment = changed
    pass.network = changed.network
    pass.flow = changed.training.flow
    algorithm.configure(changed)
    optimizer.configure(changed.training.optimizer)
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
    take(changed)
  }
}
