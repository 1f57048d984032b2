import LinearAlgebra
import RecurrentNetworks

// The fields of a checkpoint beside its arrays, as JSON has them.

/// A key and its value.
struct PairFields: Codable, Equatable, Sendable {
  var key: String, value: String
}

extension Setting {
  init(_ pair: PairFields) { self.init(key: pair.key, value: pair.value) }
  var pair: PairFields { PairFields(key: key, value: value) }
}

/// An experiment by its keys, those that are not as by default.
struct ExperimentFields: Codable, Equatable, Sendable {
  var settings: [PairFields]

  init(_ experiment: Experiment) {
    settings = experiment.differences(from: Experiment()).map { PairFields(key: $0.key.name, value: $0.value) }
  }

  func experiment() throws(TrainingError) -> Experiment {
    let experiment: Experiment
    do { experiment = try Experiment().setting(settings.map(Setting.init)) } catch { throw .key(error) }
    guard Self(experiment) == self else {
      throw .misfit("checkpoint: found settings that contradict each other, expected an experiment")
    }
    return experiment
  }
}

struct PositionFields: Codable, Equatable, Sendable {
  var update: Int, sequence: Int, trained: Int, stepsBefore: Int

  init(_ position: TrainingPosition) {
    (update, sequence) = (position.update, position.sequence)
    (trained, stepsBefore) = (position.trained, position.stepsBefore)
  }

  func position() throws(TrainingError) -> TrainingPosition {
    guard update >= 0, sequence >= 0, trained >= 0, stepsBefore >= 0,
      max(update, sequence, trained, stepsBefore) < 1 << 53
    else { throw .misfit("checkpoint: found a position below 0, expected counts") }
    return TrainingPosition(update: update, sequence: sequence, trained: trained, stepsBefore: stepsBefore)
  }
}

/// What a run began from, its arrays aside.
struct BeginningFields: Codable, Equatable, Sendable {
  var experiment: ExperimentFields
  var position: PositionFields
  var carriedLayers: Int?
  /// n, B, I, O of data that were handed in.
  var dataSizes: [Int]?

  init(_ beginning: RunBeginning) {
    experiment = ExperimentFields(beginning.experiment)
    position = PositionFields(beginning.position)
    carriedLayers = beginning.start.carriedState?.count
    dataSizes = beginning.start.data.map { [$0.steps, $0.batch, $0.inputs, $0.outputs] }
  }

  func read(_ reader: CheckpointArrayReader, prefix: String = "") throws(TrainingError) -> RunBeginning {
    var start = TrainingRun.Start()
    start.parameters = try reader.optional(prefix + "start.parameters")
    if let carriedLayers {
      var state: [[Double]] = []
      for layer in 0..<min(max(carriedLayers, 0), 1000) {
        state.append(try reader.float64(prefix + "start.state.\(layer)"))
      }
      start.carriedState = state
    }
    if let sizes = dataSizes { start.data = try Self.data(sizes, reader, prefix + "data.") }
    return RunBeginning(experiment: try experiment.experiment(), start: start, position: try position.position())
  }

  private static func data(
    _ sizes: [Int], _ reader: CheckpointArrayReader, _ name: String
  ) throws(TrainingError) -> SequenceBatch {
    guard sizes.count == 4, sizes.allSatisfy({ (1..<1 << 31).contains($0) }) else {
      throw .misfit("checkpoint: found sizes of data \(sizes), expected four of 1 or more")
    }
    let target: Targets =
      reader.has(name + "classes")
      ? .classes(try reader.int32(name + "classes")) : .values(try reader.float64(name + "values"))
    return SequenceBatch(
      steps: sizes[0], batch: sizes[1], inputs: sizes[2], outputs: sizes[3], x: try reader.float64(name + "x"),
      symbols: reader.has(name + "symbols") ? try reader.int32(name + "symbols") : nil, target: target,
      targetMask: try reader.uint8(name + "target_mask"),
      outputMask: reader.has(name + "output_mask") ? try reader.uint8(name + "output_mask") : nil)
  }
}

struct ChangeFields: Codable, Equatable, Sendable {
  var update: Int
  var settings: [PairFields]
  var kind: JournalEntry.Kind
  var before: ExperimentFields
}

struct MarkFields: Codable, Equatable, Sendable {
  var update: Int, value: Double
}

struct HistoryFields: Codable, Equatable, Sendable {
  var bucketWidth: Int
  var firstClipped: Int?
  var largestNorm: MarkFields?
  var nextLoss: Int
  var isInSpike: Bool
  /// The least held-out loss.
  var bestValidation: MarkFields?

  init(_ history: LossHistory) {
    bucketWidth = history.bucketWidth
    firstClipped = history.firstClipped
    largestNorm = history.largestNorm.map { MarkFields(update: $0.update, value: $0.value) }
    nextLoss = history.losses.next
    isInSpike = history.isInSpike
    bestValidation = history.bestValidation.map { MarkFields(update: $0.update, value: $0.value) }
  }

  func read(_ reader: CheckpointArrayReader) throws(TrainingError) -> LossHistory {
    var history = LossHistory()
    history.buckets = try reader.buckets("history.buckets")
    history.records = try reader.records("history.records")
    history.spikes = try reader.marks("history.spikes")
    guard bucketWidth > 0, let losses = RecentLosses(inTime: try reader.float64("history.losses"), next: nextLoss)
    else {
      throw .misfit("checkpoint: found a history that makes no sense, expected one that was written here")
    }
    history.losses = losses
    history.bucketWidth = bucketWidth
    history.firstClipped = firstClipped
    history.largestNorm = largestNorm.map { LossHistory.Mark(update: $0.update, value: $0.value) }
    history.isInSpike = isInSpike
    if reader.has("history.validations") { history.validations = try reader.marks("history.validations") }
    history.bestValidation = bestValidation.map { LossHistory.Mark(update: $0.update, value: $0.value) }
    return history
  }
}

/// A run and its place, their arrays aside.
struct CourseFields: Codable, Equatable, Sendable {
  var beginning: BeginningFields
  var changes: [ChangeFields]
  var made: Int
  var history: HistoryFields
  var explosion: ExplosionFields?
  var experiment: ExperimentFields
  var position: PositionFields
  var optimizerSteps: Int
  var originUpdates: [Int]
  var keptSteps: Int?
  /// The update and the held-out loss of the best weights.
  var best: MarkFields?

  struct ExplosionFields: Codable, Equatable, Sendable {
    var update: Int, step: Int, factor: String
  }

  init(_ course: RunCourse, _ place: Checkpoint) {
    beginning = BeginningFields(course.beginning)
    changes = course.changes.map { change in
      ChangeFields(
        update: change.entry.update, settings: change.entry.settings.map(\.pair), kind: change.entry.kind,
        before: ExperimentFields(change.before))
    }
    made = course.made
    history = HistoryFields(course.history)
    explosion = course.explosion.map { ExplosionFields(update: $0.update, step: $0.step, factor: $0.factor) }
    experiment = ExperimentFields(place.experiment)
    position = PositionFields(place.position)
    optimizerSteps = place.optimizerSteps
    originUpdates = place.origins.map(\.update)
    keptSteps = place.kept?.steps
    best = course.best.map { MarkFields(update: $0.update, value: $0.loss) }
  }

  func read(_ reader: CheckpointArrayReader) throws(TrainingError) -> (RunCourse, Checkpoint) {
    let place = Checkpoint()
    place.experiment = try experiment.experiment()
    place.position = try position.position()
    place.optimizerSteps = optimizerSteps
    place.states = try reader.float64("states")
    switch place.experiment.precision {
    case .float64: try readNumbers(into: place) { name throws(TrainingError) in try reader.float64(name) }
    case .float32: try readNumbers(into: place) { name throws(TrainingError) in try reader.float32(name) }
    }
    if reader.has("algorithm") {
      try reader.uint8("algorithm").withUnsafeBytes { place.saveAlgorithm($0) }
    }
    place.kept = try kept(reader, layers: place.experiment.network.layers)
    for (index, update) in originUpdates.enumerated() {
      place.origins.append(WeightOrigin(update: update, parameters: try reader.float64("origin.\(index)")))
    }
    var course = RunCourse(beginning: try beginning.read(reader))
    guard (0...changes.count).contains(made) else {
      throw .misfit("checkpoint: found \(made) changes made, expected at most \(changes.count)")
    }
    for (index, change) in changes.enumerated() {
      let entry = JournalEntry(
        update: change.update, settings: change.settings.map(Setting.init), kind: change.kind)
      let factors = try reader.optional("change.\(index).factors") ?? []
      course.changes.append(Change(entry: entry, before: try change.before.experiment(), factors: factors))
    }
    course.made = made
    place.changeCount = made
    course.history = try history.read(reader)
    course.explosion = explosion.map { Explosion(update: $0.update, step: $0.step, factor: $0.factor) }
    course.origins = place.origins
    if let best, let parameters = try reader.optional("best.parameters") {
      course.best = TrainingRun.BestWeights(update: best.update, loss: best.value, parameters: parameters)
    }
    return (course, place)
  }

  private func readNumbers<S: Scalar>(
    into place: Checkpoint, _ read: (String) throws(TrainingError) -> [S]
  ) throws(TrainingError) {
    var numbers = try read("parameters")
    let count = numbers.count
    for index in place.experiment.training.optimizer.name.rule.memories.indices {
      let memory = try read("optimizer.\(index)")
      guard memory.count == count else {
        throw .misfit("checkpoint: found \(memory.count) numbers under optimizer.\(index), expected \(count)")
      }
      numbers += memory
    }
    place.reserve(numbers.count * MemoryLayout<S>.stride)
    numbers.withUnsafeBytes { place.numbers.copyMemory(from: $0) }
  }

  private func kept(_ reader: CheckpointArrayReader, layers: Int) throws(TrainingError) -> KeptActivations? {
    guard let keptSteps else { return nil }
    var kept: [KeptActivations.Layer] = []
    for layer in 0..<layers {
      kept.append(
        KeptActivations.Layer(
          state: try reader.float64("kept.\(layer).state"),
          preactivation: try reader.float64("kept.\(layer).preactivation"),
          derivative: try reader.float64("kept.\(layer).derivative"),
          recurrentInput: try reader.float64("kept.\(layer).recurrent_input")))
    }
    return KeptActivations(steps: keptSteps, layers: kept)
  }
}

struct FormerFields: Codable, Equatable, Sendable {
  var course: CourseFields
  var settings: [PairFields]
  var restart: PointFields?
}

struct PointFields: Codable, Equatable, Sendable {
  var name: String
  var seed: UInt64?

  init(_ point: RestartPoint) {
    switch point {
    case .loaded: name = "loaded"
    case .present: name = "present"
    case .seed(let value): (name, seed) = ("seed", value)
    }
  }

  func point() throws(TrainingError) -> RestartPoint {
    switch (name, seed) {
    case ("loaded", _): return .loaded
    case ("present", _): return .present
    case ("seed", let seed?): return .seed(seed)
    default: throw .misfit("checkpoint: found a restart from \(name), expected loaded, present or seed")
    }
  }
}

struct EventFields: Codable, Equatable, Sendable {
  var kind: String
  var update: Int
  var to: Int?
  var experiment: ExperimentFields?
  var settings: [PairFields]?
  var effect: String?
  var point: PointFields?

  private static let effects: [(name: String, effect: ChangeEffect)] = [
    ("next update", .nextUpdate), ("new sequence", .newSequence), ("rescale", .rescaleRecurrent), ("new run", .newRun),
  ]

  init(_ event: TimelineEvent) {
    switch event {
    case .begin(let update, let experiment):
      (kind, self.update, self.experiment) = ("begin", update, ExperimentFields(experiment))
    case .change(let update, let settings, let effect):
      (kind, self.update, self.settings) = ("change", update, settings.map(\.pair))
      self.effect = Self.effects.first { $0.effect == effect }?.name
    case .undo(let update, let settings, let returnedTo):
      (kind, self.update, self.settings, to) = ("undo", update, settings.map(\.pair), returnedTo)
    case .rewind(let from, let to): (kind, update, self.to) = ("rewind", from, to)
    case .restart(let update, let point): (kind, self.update, self.point) = ("restart", update, PointFields(point))
    case .fork(let update): (kind, self.update) = ("fork", update)
    }
  }

  func event() throws(TrainingError) -> TimelineEvent {
    let settings = (settings ?? []).map(Setting.init)
    switch kind {
    case "begin":
      if let experiment { return .begin(update: update, try experiment.experiment()) }
    case "change":
      if let effect = Self.effects.first(where: { $0.name == effect })?.effect {
        return .change(update: update, settings: settings, effect: effect)
      }
    case "undo": return .undo(update: update, settings: settings, returnedTo: to)
    case "rewind":
      if let to { return .rewind(from: update, to: to) }
    case "restart":
      if let point { return .restart(update: update, from: try point.point()) }
    case "fork": return .fork(update: update)
    default: break
    }
    throw .misfit("checkpoint: found an event \(kind) that is cut short, expected one that was written here")
  }
}
