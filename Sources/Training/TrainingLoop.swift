import LinearAlgebra
import RecurrentNetworks

/// The training loop in one precision: the next window forward and back, clipping, the optimiser's step, the next sequence.
///
/// Nothing is allocated by an update once the arenas stand. Every state between two updates is a pure function of the
/// experiment and of the changes made at earlier updates.
final class TrainingLoop<S: Scalar>: TrainingEngine {
  private(set) var experiment: Experiment
  private(set) var task: any SequenceTask
  let layout: ParameterLayout
  private(set) var position = TrainingPosition()
  private(set) var data: SequenceBatch
  private(set) var window = Window(steps: 0..<0, injected: 0..<0)
  private var pass: Pass<S>
  private let optimizer: Optimizer<S>
  private var schedule: TruncationSchedule
  /// Whether a step has a target in any sequence of the batch.
  private var hasTarget: [Bool]
  private let isStream: Bool

  /// The loop before its first update, with weights of 0.
  init(_ experiment: Experiment, task: any SequenceTask) throws(TrainingError) {
    let description = task.description
    self.experiment = experiment
    self.task = task
    isStream = description.isStream
    layout = ParameterLayout(experiment.network, inputs: description.inputs, outputs: description.outputs)
    let (length, batch) = (experiment.task.length, experiment.training.batch)
    pass = Pass(
      network: experiment.network, layout: layout, steps: length, batch: batch, loss: description.loss)
    pass.flow = experiment.training.flow
    optimizer = Optimizer(experiment.training.optimizer, count: layout.count)
    data = task.emptyBatch(steps: length, batch: batch)
    schedule = Self.schedule(experiment)
    hasTarget = [Bool](repeating: false, count: length)
    loadSequence()
    try settle()
  }

  private static func schedule(_ experiment: Experiment) -> TruncationSchedule {
    TruncationSchedule(
      length: experiment.task.length, k1: experiment.training.k1, k2: experiment.training.k2,
      inject: experiment.training.inject)
  }

  var untrainedLosses: Int { schedule.untrainedLosses { hasTarget[$0] } }

  // MARK: An update

  func train() -> TrainingOutcome {
    runUpToWindow()
    pass.forward(window.steps)
    let training = experiment.training
    let result = pass.backward(window, reduction: training.reduction)
    if let nonFinite = result.nonFinite { return .nonFinite(nonFinite) }
    let scale = training.clip.apply(to: pass.gradient, norm: result.gradientNorm)
    let noise = training.noise(seed: experiment.seed).add(to: pass.gradient, after: position.update)
    let rate = training.learningRate(after: position.update)
    optimizer.step(pass.parameters, gradient: pass.gradient, rate: rate)
    if let tensor = optimizer.poisonedTensor(
      pass.parameters, layout: layout, rate: rate, gradientNorm: result.gradientNorm * scale + noise)
    {
      return .nonFinite(NonFinite(step: window.steps.upperBound - 1, factor: "\(tensor) after the optimiser's step"))
    }
    var record = UpdateRecord()
    position.update += 1
    position.trained = window.steps.upperBound
    record.update = position.update
    record.step = position.stepsBefore + position.trained
    record.loss = result.objective
    record.gradientNorm = result.gradientNorm
    record.clipScale = result.leastStepScale * scale * training.clip.apply(toWeights: pass.parameters)
    record.learningRate = rate
    record.k1 = schedule.k1
    record.k2 = schedule.k2
    // That a sequence has losses was made sure of when the settings were taken.
    try? settle()
    return .trained(record)
  }

  /// Runs forward the steps between the last update and the next window, which no window trains.
  private func runUpToWindow() {
    if position.trained < window.steps.lowerBound { pass.forward(position.trained..<window.steps.lowerBound) }
  }

  /// Finds the next window with a loss; where the present sequence has none left, runs to its end and begins the next.
  private func settle() throws(TrainingError) {
    if let next = nextWindow() {
      window = next
      return
    }
    guard schedule.trainedWindow(after: 0, hasTarget: { hasTarget[$0] }) != nil else {
      throw .noLosses(key: "training.inject")
    }
    if isStream {
      if position.trained < data.steps { pass.forward(position.trained..<data.steps) }
      pass.carryState()
    } else {
      pass.resetState()
    }
    nextSequence()
    window = nextWindow() ?? window
  }

  private func nextWindow() -> Window? {
    schedule.trainedWindow(after: position.trained) { hasTarget[$0] }
  }

  private func nextSequence() {
    position.stepsBefore += data.steps
    position.sequence += 1
    position.trained = 0
    loadSequence()
  }

  /// Writes the data of the present sequence and hands them to the pass.
  private func loadSequence() {
    task.write(sequence: position.sequence, into: &data)
    pass.load(data)
    let batch = data.batch
    data.targetMask.withUnsafeBufferPointer { mask in
      for step in hasTarget.indices { hasTarget[step] = mask[step * batch..<(step + 1) * batch].contains { $0 != 0 } }
    }
  }

  // MARK: Changes

  func configure(_ changed: Experiment) throws(TrainingError) {
    let changedSchedule = Self.schedule(changed)
    guard changedSchedule.trainedWindow(after: 0, hasTarget: { hasTarget[$0] }) != nil else {
      throw .noLosses(key: "training.inject")
    }
    take(changed)
    try settle()
  }

  /// Takes settings as they are; the window is not looked for.
  private func take(_ changed: Experiment) {
    experiment = changed
    schedule = Self.schedule(changed)
    pass.network = changed.network
    pass.flow = changed.training.flow
    optimizer.configure(changed.training.optimizer)
  }

  func beginSequence(_ changed: Experiment) throws(TrainingError) {
    let stepsBefore = position.stepsBefore + position.trained
    try resize(changed)
    position.stepsBefore = stepsBefore
    position.sequence += 1
    position.trained = 0
    loadSequence()
    try settle()
  }

  /// New arenas for another length or batch; the weights move over, the states are 0.
  private func resize(_ changed: Experiment) throws(TrainingError) {
    let (length, batch) = (changed.task.length, changed.training.batch)
    do {
      task = try task.resized(length: length)
    } catch {
      throw .task(error)
    }
    let resized = Pass<S>(network: changed.network, layout: layout, steps: length, batch: batch, loss: pass.loss)
    UnsafeMutableRawBufferPointer(resized.parameters).copyMemory(from: UnsafeRawBufferPointer(pass.parameters))
    pass = resized
    data = task.emptyBatch(steps: length, batch: batch)
    hasTarget = [Bool](repeating: false, count: length)
    take(changed)
  }

  func rescaleRecurrent(_ changed: Experiment) throws(TrainingError) {
    var parameters = parameters
    try rescale(&parameters, layout, network: changed.network)
    setParameters(parameters)
    take(changed)
  }

  func setParameters(_ parameters: [Double]) { narrow(parameters, into: pass.parameters) }

  var parameters: [Double] { widened(pass.parameters) }

  var gradient: [Double] { widened(pass.gradient) }

  // MARK: States

  func setState(_ state: [[Double]]) {
    for (layer, values) in state.enumerated() { pass.setState(at: 0, layer: layer, from: values) }
  }

  func state(row: Int) -> [[Double]] {
    (0..<experiment.network.layers).map { pass.state(row: row, layer: $0) }
  }

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

  // MARK: Checkpoints

  func save(into checkpoint: Checkpoint) {
    let arrays = [pass.parameters] + optimizer.memories
    checkpoint.experiment = experiment
    checkpoint.position = position
    checkpoint.optimizerSteps = optimizer.steps
    // As bytes: a copy element by element would go through the generic type's witnesses.
    let size = layout.count * MemoryLayout<S>.stride
    checkpoint.reserve(arrays.count * size)
    for (part, source) in arrays.enumerated() {
      UnsafeMutableRawBufferPointer(rebasing: checkpoint.numbers[part * size..<(part + 1) * size])
        .copyMemory(from: UnsafeRawBufferPointer(source))
    }
    checkpoint.states.removeAll(keepingCapacity: true)
    for row in 0...position.trained {
      for layer in 0..<experiment.network.layers {
        checkpoint.states.append(contentsOf: pass.state(row: row, layer: layer))
      }
    }
  }

  func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    let saved = checkpoint.experiment
    if saved.task.length != data.steps || saved.training.batch != data.batch {
      try resize(saved)
    } else {
      take(saved)
    }
    position = checkpoint.position
    loadSequence()
    optimizer.steps = checkpoint.optimizerSteps
    let bytes = layout.count * MemoryLayout<S>.stride
    for (part, target) in ([pass.parameters] + optimizer.memories).enumerated() {
      UnsafeMutableRawBufferPointer(target)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: checkpoint.numbers[part * bytes..<(part + 1) * bytes]))
    }
    let size = saved.network.cell.parts * data.batch * saved.network.hidden
    var start = 0
    for row in 0...position.trained {
      for layer in 0..<saved.network.layers {
        pass.setState(at: row, layer: layer, from: Array(checkpoint.states[start..<start + size]))
        start += size
      }
    }
    try settle()
  }
}

/// Rescales each layer's weight_hh to the spectral radius that `network` asks for, if it asks for one.
func rescale(
  _ parameters: inout [Double], _ layout: ParameterLayout, network: NetworkSpecification
) throws(TrainingError) {
  guard let wanted = network.initialization.spectralRadius else { return }
  let h = network.hidden
  for entry in layout.entries where entry.name.hasPrefix("weight_hh") {
    // One square matrix a gate.
    for gate in 0..<entry.shape[0] / h {
      let range = entry.offset + gate * h * h..<entry.offset + (gate + 1) * h * h
      let matrix = Matrix(rows: h, columns: h, elements: Array(parameters[range]))
      guard let radius = try? matrix.spectralRadius(), radius.isFinite, radius > 0 else {
        throw .noSpectralRadius(tensor: entry.name)
      }
      for index in range { parameters[index] *= wanted / radius }
    }
  }
}

/// Doubles in the precision of training.
@_specialize(where S == Double)
@_specialize(where S == Float)
private func narrow<S: Scalar>(_ values: [Double], into numbers: UnsafeMutableBufferPointer<S>) {
  for index in 0..<values.count { numbers[index] = S(values[index]) }
}

/// Numbers of the precision of training as doubles.
@_specialize(where S == Double)
@_specialize(where S == Float)
private func widened<S: Scalar>(_ numbers: UnsafeMutableBufferPointer<S>) -> [Double] {
  [Double](unsafeUninitializedCapacity: numbers.count) { values, count in
    for index in 0..<numbers.count { values[index] = Double(numbers[index]) }
    count = numbers.count
  }
}
