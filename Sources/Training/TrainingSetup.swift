import LinearAlgebra
import RecurrentNetworks

/// The engine of a run at its start.
func makeEngine(
  _ experiment: Experiment, start: TrainingRun.Start, memory: Int
) throws(TrainingError) -> any TrainingEngine {
  var experiment = experiment
  if let data = start.data {
    try check(data)
    experiment.task.length = data.steps
    experiment.training.batch = experiment.training.minibatch.resolved(
      length: experiment.task.heldOut.trained(of: data.batch))
  }
  try validate(experiment, givenData: start.data != nil, memory: memory)
  let task = try makeTask(experiment, data: start.data, memory: memory)
  let description = task.description
  try requireFrames(description, experiment)
  try requireMemory(experiment, inputs: description.inputs, outputs: description.outputs, limit: memory)

  let engine: any TrainingEngine =
    switch (experiment.isRecurrent, experiment.precision) {
    case (true, .float64): try TrainingLoop<Double>(experiment, task: task)
    case (true, .float32): try TrainingLoop<Float>(experiment, task: task)
    case (false, .float64): try GraphLoop<Double>(experiment, task: task)
    case (false, .float32): try GraphLoop<Float>(experiment, task: task)
    }
  try engine.setParameters(try parameters(experiment, layout: engine.layout, given: start.parameters))
  if let state = start.carriedState {
    let network = experiment.network
    let size = network.stateComponents * experiment.training.batch * network.hidden
    guard state.count == network.layers, state.allSatisfy({ $0.count == size && $0.allSatisfy(\.isFinite) }) else {
      throw .misfit(
        "carried state: found \(state.map(\.count)) numbers a layer, expected \(network.layers) layers of \(size) finite ones"
      )
    }
    try engine.setState(state)
  }
  return engine
}

/// Holds the experiment's keys against each other; where data were handed in, the task's own demands do not matter.
func validate(_ experiment: Experiment, givenData: Bool, memory: Int) throws(TrainingError) {
  var held = experiment
  if givenData {
    held.task = TaskSpecification()
    // A task that asks nothing of its own, and, as data do, begins every sequence anew.
    held.task.name =
      experiment.task.name.inputsStandStill
      ? experiment.task.name : experiment.architecture.kind == .convolutional ? .bar : .parity
    held.task.length = experiment.task.length
    held.task.heldOut = experiment.task.heldOut
    held.solved = SolvedSpecification()
  }
  do throws(ExperimentKeyError) {
    try held.validate(memory: memory)
    guard !givenData else { return }
    for rule in held.rules where rule.isOfTaskData { try rule.validate(held) }
  } catch {
    throw .key(error)
  }
}

/// The task of the experiment as its network can be asked it, or the data handed in.
func makeTask(
  _ experiment: Experiment, data: SequenceBatch? = nil, memory: Int
) throws(TrainingError) -> any SequenceTask {
  try requireUnits(taskOrData(experiment, data: data, memory: memory), experiment.network)
}

private func taskOrData(
  _ experiment: Experiment, data: SequenceBatch?, memory: Int
) throws(TrainingError) -> any SequenceTask {
  do {
    if let data {
      // The task's words where its sizes agree; its file is not needed.
      var specification = experiment.task
      specification.length = max(specification.length, specification.name.minimumLength)
      let model = specification.file == nil ? try? specification.makeTask(seed: experiment.seed, memory: memory) : nil
      return try GivenTask(data, experiment, words: model?.description)
    }
    return try experiment.task.makeTask(seed: experiment.seed, memory: memory)
  } catch { throw .task(error) }
}

/// The task as the network can be asked: where outputs are units, there are enough of them, and classes stand on units.
private func requireUnits(
  _ task: any SequenceTask, _ network: NetworkSpecification
) throws(TrainingError) -> any SequenceTask {
  guard network.cell.isFullyRecurrent else { return task }
  let description = task.description
  guard description.outputs <= network.hidden else {
    throw .key(
      ExperimentKeyError(
        key: "network.hidden",
        problem: "found \(network.hidden), expected at least \(description.outputs) with \(network.cell.rawValue): its "
          + "first units are the outputs of \(description.name)"))
  }
  return description.loss == .crossEntropy ? ClassesOnUnits(task: task) : task
}

/// Refuses a task whose inputs are no frames where the network reads frames, and states that frames do not divide.
private func requireFrames(_ description: TaskDescription, _ experiment: Experiment) throws(TrainingError) {
  guard experiment.architecture.kind == .convolutional else { return }
  let cells = description.inputs
  guard description.loss == .squared, description.outputs == cells, cells > 1 else {
    throw .key(
      ExperimentKeyError(
        key: "task.name",
        problem: "found \(description.name), which gives no next frame, expected bar or crossing with network.kind "
          + "convolutional, or csv with all of several columns predicted, which lie side by side"))
  }
  guard experiment.network.hidden % cells == 0 else {
    let below = max(1, experiment.network.hidden / cells) * cells
    throw .key(
      ExperimentKeyError(
        key: "network.hidden",
        problem: "found \(experiment.network.hidden), expected channels for each of the \(cells) cells of "
          + "\(description.name), so a multiple: \(below) or \(below + cells)"))
  }
}

/// The parameters that a run starts with: those given, or drawn, at the spectral radius that is asked for.
private func parameters(
  _ experiment: Experiment, layout: ParameterLayout, given: [Double]?
) throws(TrainingError) -> [Double] {
  if let given {
    // Weights that all steps share are where all copies begin.
    let given = given.count == layout.sharedCount ? layout.copied(given) : given
    guard given.count == layout.count else {
      throw .misfit("weights: found \(given.count) parameters, expected \(layout.count)")
    }
    for entry in layout.entries where given[entry.range].contains(where: { !$0.isFinite }) {
      throw .misfit("weights: found a number that is not finite in \(entry.name), expected finite numbers")
    }
    return given
  }
  guard experiment.isRecurrent else {
    return experiment.architecture.initialParameters(
      layout, experiment.network, seed: experiment.seed)
  }
  // Drawn once, whether all steps share them or begin with them.
  let shared = ParameterLayout(experiment.network, inputs: layout.inputs, outputs: layout.outputs)
  var drawn = initialParameters(experiment.network, shared, seed: experiment.seed)
  try rescale(&drawn, shared, network: experiment.network)
  return layout.copied(drawn)
}

/// Refuses data whose arrays do not have the shapes that they claim.
private func check(_ data: SequenceBatch) throws(TrainingError) {
  let positions = data.steps * data.batch
  guard data.steps > 0, data.batch > 0, data.inputs > 0, data.outputs > 0, data.x.count == positions * data.inputs,
    data.targetMask.count == positions
  else { throw .misfit("data: found x of \(data.x.count) numbers, expected [T, B, I] with a mask of [T, B]") }
  if let symbols = data.symbols {
    guard symbols.count == positions, symbols.allSatisfy({ $0 >= 0 && Int($0) < data.inputs }) else {
      throw .misfit("data: found symbols that are no [T, B] of inputs from 0 to \(data.inputs - 1)")
    }
  }
  if let mask = data.outputMask, mask.count != positions * data.outputs {
    throw .misfit("data: found an output_mask of \(mask.count) numbers, expected [T, B, \(data.outputs)]")
  }
  guard data.x.allSatisfy(\.isFinite) else { throw .misfit("data: found a number that is not finite in x") }
  switch data.target {
  case .classes(let classes):
    guard classes.count == positions, classes.allSatisfy({ $0 >= 0 && Int($0) < data.outputs }) else {
      throw .misfit("data: found targets that are no [T, B] of classes from 0 to \(data.outputs - 1)")
    }
  case .values(let values):
    guard values.count == positions * data.outputs, values.allSatisfy(\.isFinite) else {
      throw .misfit("data: found \(values.count) target numbers, expected [T, B, \(data.outputs)] finite ones")
    }
  }
  guard data.targetMask.contains(where: { $0 != 0 }) else {
    throw .misfit("data: found no target under target_mask, expected at least one")
  }
}

/// Refuses sizes that would not fit in `limit` bytes, before anything of them is allocated.
func requireMemory(
  _ experiment: Experiment, inputs: Int, outputs: Int, limit: Int
) throws(TrainingError) {
  let needed = MemoryEstimate(experiment, inputs: inputs, outputs: outputs).bytes
  guard needed <= limit, needed < .max else { throw .memory(needed: needed, limit: limit) }
}
