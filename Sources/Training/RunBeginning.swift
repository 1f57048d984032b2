import RecurrentNetworks

/// What a run began from.
public struct RunBeginning: Sendable {
  /// The experiment before any change.
  public let experiment: Experiment
  /// What was handed in.
  public let start: TrainingRun.Start
  /// Where in the data and among the updates it began: nowhere, but for a lane that goes on beside another.
  let position: TrainingPosition
  /// The updates that count as done at the beginning.
  public var update: Int { position.update }
}

extension RunBeginning {
  /// The engine of a run at its beginning.
  func makeEngine(memory: Int) throws(TrainingError) -> any TrainingEngine {
    let engine = try Training.makeEngine(experiment, start: start, memory: memory)
    if position != TrainingPosition() { try engine.begin(at: position) }
    return engine
  }

  /// What was handed in, as far as it fits a run under `changed`.
  ///
  /// - Parameters:
  ///   - changed: the experiment of the new run.
  ///   - experiment: that of the run before it, whose weights have this `layout`.
  func given(fitting changed: Experiment, before experiment: Experiment, layout: ParameterLayout) -> TrainingRun.Start {
    var start = start
    if !changed.hasWeights(of: experiment) {
      start.parameters = nil
      start.carriedState = nil
    }
    if changed.copies != experiment.copies, let parameters = start.parameters {
      start.parameters = layout.shared(parameters)
    }
    if changed.training.batch != self.experiment.training.batch { start.carriedState = nil }
    return start
  }
}

extension Experiment {
  /// Whether its weights have the names and shapes of those of `other`.
  fileprivate func hasWeights(of other: Experiment) -> Bool {
    network.hidden == other.network.hidden && network.layers == other.network.layers
      && network.cell == other.network.cell && network.unitTensors == other.network.unitTensors
      && network.projection == other.network.projection && network.delays == other.network.delays
      && network.periods == other.network.periods && network.learnsInitialState == other.network.learnsInitialState
      && network.readsInputDirectly == other.network.readsInputDirectly && task == other.task
      && architecture == other.architecture
  }
}

extension TrainingPosition {
  /// The place where a run under `changed` goes on: where the data stay the same, the same; else at a sequence's start.
  func under(_ changed: Experiment, before experiment: Experiment) -> TrainingPosition {
    guard
      changed.task != experiment.task || changed.seed != experiment.seed
        || changed.training.batch != experiment.training.batch
    else { return self }
    var position = self
    position.stepsBefore += position.trained
    position.trained = 0
    return position
  }
}
