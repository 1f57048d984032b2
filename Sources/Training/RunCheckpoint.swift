import RecurrentNetworks

/// Everything that going on with a run from a place between two updates depends on, as a value: settings, weights, the
/// optimizer's memory, the place in the data, states, what the learning algorithm carries, histories, and what `undo` needs.
///
/// A run made from it goes on with the same numbers as the run that it was taken from, bit for bit.
public struct RunCheckpoint: Sendable {
  var course: RunCourse
  var place: Checkpoint
  var formers: [FormerCourse]
  var loaded: RunBeginning
  /// Everything that was done to the run.
  public internal(set) var timeline: [TimelineEvent]

  /// The experiment as it stands.
  public var experiment: Experiment { place.experiment }
  /// Updates done.
  public var update: Int { place.position.update }
}

extension TrainingRun {
  /// The run as it stands. The checkpoints of its past are not taken along: they are made again where they are needed.
  public func checkpoint() -> RunCheckpoint {
    var course = course
    course.checkpoints = CheckpointRing()
    var formers = formers
    for index in formers.indices { formers[index].course.checkpoints = CheckpointRing() }
    return RunCheckpoint(course: course, place: place(), formers: formers, loaded: loaded, timeline: timeline)
  }

  /// A run that goes on from `checkpoint`.
  ///
  /// - Parameters:
  ///   - checkpoint: where the run stood.
  ///   - memory: the bytes that the run may take.
  /// - Throws: what of the checkpoint does not fit together, or what is wrong with the task's file.
  public convenience init(resuming checkpoint: RunCheckpoint, memory: Int = 16 << 30) throws(TrainingError) {
    let engine = try checkpoint.course.engine(at: checkpoint.place, memory: memory)
    self.init(
      course: checkpoint.course, engine: engine, formers: checkpoint.formers, timeline: checkpoint.timeline,
      loaded: checkpoint.loaded, memory: memory)
  }

  /// A run of its own that goes on from here with the same weights, data order, random numbers and optimizer's memory, and
  /// can go back as far.
  public func fork() throws(TrainingError) -> TrainingRun {
    var course = course
    course.checkpoints = course.checkpoints.shared
    var formers = formers
    for index in formers.indices { formers[index].course.checkpoints = formers[index].course.checkpoints.shared }
    return TrainingRun(
      course: course, engine: try engine.copy(), formers: formers, timeline: timeline + [.fork(update: update)],
      loaded: loaded, memory: memory)
  }
}

extension RunCourse {
  /// The engine of the course, put to a place of it.
  ///
  /// - Throws: what of the place, which may have come from a file, the course cannot have come to.
  func engine(at place: Checkpoint, memory: Int) throws(TrainingError) -> any TrainingEngine {
    let engine = try makeEngine(beginning.experiment, start: beginning.start, memory: memory)
    // A change of such a key would have begun another course, whose arenas are others.
    for experiment in [place.experiment] + changes[..<made].map(\.before) {
      for (key, value) in experiment.differences(from: engine.experiment)
      where key.effect(in: engine.experiment) == .newRun {
        throw .misfit(
          "checkpoint: found \(key.name) \(value), expected \(key.get(engine.experiment)) as at the run's beginning")
      }
    }
    try validate(place.experiment, givenData: beginning.start.data != nil, memory: memory)
    try requireMemory(
      place.experiment, inputs: engine.layout.inputs, outputs: engine.layout.outputs, limit: memory)
    try engine.restore(place)
    return engine
  }
}

extension RunCheckpoint {
  /// How the run can be made again from its settings alone; nil where weights, states or data were handed in, or where it goes on
  /// beside another run.
  public var replay: TimelineReplay? {
    let beginning = course.beginning
    guard beginning.start == TrainingRun.Start(), beginning.position == TrainingPosition() else { return nil }
    return TimelineReplay(beginning: beginning, entries: course.changes.prefix(course.made).map(\.entry))
  }
}
