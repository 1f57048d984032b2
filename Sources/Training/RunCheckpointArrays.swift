import LinearAlgebra
import RecurrentNetworks

/// An array of a checkpoint, in the precision in which it is kept.
public enum CheckpointArray: Equatable, Sendable {
  case float64([Double]), float32([Float]), int32([Int32]), uint8([UInt8])
}

/// A checkpoint taken apart into named arrays and plain fields, from which an equal one can be made again.
///
/// Of the run as it stands (P is float32 or float64, the run's precision; B sequences, H units):
///
/// | name | numbers |
/// |---|---|
/// | `parameters` | P, flat, in the layout's order |
/// | `optimizer.0`, `optimizer.1` | P, the optimiser's memories that it uses, in the same order |
/// | `states` | float64, [steps trained + 1, layers, parts, B, H] |
/// | `kept.L.state`, `.preactivation`, `.derivative`, `.recurrent_input` | float64, what layer L kept of steps that are not run again |
/// | `algorithm` | uint8, what the learning algorithm carries, as raw bytes |
/// | `origin.I` | float64, untied weights where they are seen to move from |
/// | `history.buckets` | float64, [n, 10]: first update, count, least, greatest and mean loss and norm, clipped, least clip scale |
/// | `history.records` | float64, [n, 8]: update, step, loss, norm, clip scale, η, k1, k2 |
/// | `history.losses`, `history.spikes` | float64, the last 32 losses; [n, 2]: update, loss |
/// | `change.I.factors` | float64, what change I multiplied the square matrices of weight_hh by |
/// | `start.parameters`, `start.state.L` | float64, handed in at the beginning |
/// | `data.x`, `data.values` | float64; `data.symbols`, `data.classes` int32; `data.target_mask`, `data.output_mask` uint8: data handed in |
///
/// What is not there is left out. `loaded.` before a name of the last two rows is of the run as it was loaded, where that differs;
/// `former.I.` before any name is of the I-th run that `undo` can bring back, the oldest first.
extension RunCheckpoint {
  /// What a checkpoint holds beside its arrays: numbers and text.
  public struct Fields: Codable, Equatable, Sendable {
    /// The form of a checkpoint that is written here.
    public static let version = 1

    /// The form of this one.
    public var version = Self.version
    var course: CourseFields
    var formers: [FormerFields]
    var loaded: BeginningFields?
    var timeline: [EventFields]
  }

  /// The fields.
  public var fields: Fields {
    Fields(
      course: CourseFields(course, place),
      formers: formers.map { former in
        FormerFields(
          course: CourseFields(former.course, former.place), settings: former.settings.map(\.pair),
          restart: former.restart.map(PointFields.init))
      },
      loaded: isLoadedHere ? nil : BeginningFields(loaded), timeline: timeline.map(EventFields.init))
  }

  private var isLoadedHere: Bool {
    loaded.experiment == course.beginning.experiment && loaded.position == course.beginning.position
      && loaded.start == course.beginning.start
  }

  /// The arrays by name.
  public var arrays: [String: CheckpointArray] {
    var arrays = ArrayWriter()
    arrays.write(course, place)
    if !isLoadedHere { arrays.write(loaded.start, prefix: "loaded.") }
    for (index, former) in formers.enumerated() {
      arrays.prefix = "former.\(index)."
      arrays.write(former.course, former.place)
    }
    return arrays.arrays
  }

  /// The checkpoint that was taken apart into `fields` and `arrays`.
  ///
  /// - Throws: the first array that is missing or of another kind, or the field that makes no sense. Whether the sizes fit the
  ///   network is seen when a run is resumed.
  public init(fields: Fields, arrays: [String: CheckpointArray]) throws(TrainingError) {
    guard fields.version == Fields.version else {
      throw .misfit("checkpoint: found version \(fields.version), expected \(Fields.version)")
    }
    let reader = ArrayReader(arrays: arrays)
    (course, place) = try fields.course.read(reader)
    formers = []
    for (index, former) in fields.formers.enumerated() {
      var reader = reader
      reader.prefix = "former.\(index)."
      let (course, place) = try former.course.read(reader)
      formers.append(
        TrainingRun.FormerCourse(
          course: course, place: place, settings: former.settings.map(Setting.init),
          restart: try former.restart?.point()))
    }
    loaded = try fields.loaded?.read(reader, prefix: "loaded.") ?? course.beginning
    timeline = []
    for event in fields.timeline { timeline.append(try event.event()) }
  }
}

// MARK: Arrays

private struct ArrayWriter {
  var arrays: [String: CheckpointArray] = [:]
  var prefix = ""

  mutating func write(_ name: String, _ numbers: [Double]?) {
    if let numbers { arrays[prefix + name] = .float64(numbers) }
  }

  mutating func write(_ course: TrainingRun.Course, _ place: Checkpoint) {
    switch place.experiment.precision {
    case .float64: writeNumbers(place, { .float64($0) })
    case .float32: writeNumbers(place, { .float32($0) })
    }
    write("states", place.states)
    if place.algorithm.count > 0 { arrays[prefix + "algorithm"] = .uint8(Array(place.algorithm)) }
    for (index, layer) in (place.kept?.layers ?? []).enumerated() {
      write("kept.\(index).state", layer.state)
      write("kept.\(index).preactivation", layer.preactivation)
      write("kept.\(index).derivative", layer.derivative)
      write("kept.\(index).recurrent_input", layer.recurrentInput)
    }
    for (index, origin) in place.origins.enumerated() { write("origin.\(index)", origin.parameters) }
    for (index, change) in course.changes.enumerated() where !change.factors.isEmpty {
      write("change.\(index).factors", change.factors)
    }
    write(course.history)
    write(course.beginning.start, prefix: "")
  }

  /// Parameters and memories, each as many numbers as there are parameters.
  private mutating func writeNumbers<S: Scalar>(_ place: Checkpoint, _ array: ([S]) -> CheckpointArray) {
    let numbers = place.numbers.bindMemory(to: S.self)
    let memories = place.experiment.training.optimizer.name.rule.memories.count
    let count = numbers.count / (1 + memories)
    for index in 0...memories {
      let part = Array(numbers[index * count..<(index + 1) * count])
      arrays[prefix + (index == 0 ? "parameters" : "optimizer.\(index - 1)")] = array(part)
    }
  }

  mutating func write(_ start: TrainingRun.Start, prefix own: String) {
    write(own + "start.parameters", start.parameters)
    for (layer, state) in (start.carriedState ?? []).enumerated() { write(own + "start.state.\(layer)", state) }
    guard let data = start.data else { return }
    write(own + "data.x", data.x)
    let name = prefix + own + "data."
    switch data.target {
    case .classes(let classes): arrays[name + "classes"] = .int32(classes)
    case .values(let values): arrays[name + "values"] = .float64(values)
    }
    arrays[name + "symbols"] = data.symbols.map { .int32($0) }
    arrays[name + "target_mask"] = .uint8(data.targetMask)
    arrays[name + "output_mask"] = data.outputMask.map { .uint8($0) }
  }

  private mutating func write(_ history: LossHistory) {
    write("history.buckets", history.buckets.flatMap(\.numbers))
    write("history.records", history.records.flatMap(\.numbers))
    write("history.losses", history.losses.inTime)
    write("history.spikes", history.spikes.flatMap { [Double($0.update), $0.value] })
  }
}

private struct ArrayReader {
  let arrays: [String: CheckpointArray]
  var prefix = ""

  func has(_ name: String) -> Bool { arrays[prefix + name] != nil }

  private func wrong(_ name: String, _ kind: String) -> TrainingError {
    let found = arrays[prefix + name] == nil ? "nothing" : "other numbers"
    return .misfit("checkpoint: found \(found) under \(prefix + name), expected \(kind)")
  }

  func float64(_ name: String) throws(TrainingError) -> [Double] {
    guard case .float64(let numbers)? = arrays[prefix + name] else { throw wrong(name, "float64") }
    return numbers
  }

  func optional(_ name: String) throws(TrainingError) -> [Double]? { has(name) ? try float64(name) : nil }

  func float32(_ name: String) throws(TrainingError) -> [Float] {
    guard case .float32(let numbers)? = arrays[prefix + name] else { throw wrong(name, "float32") }
    return numbers
  }

  func int32(_ name: String) throws(TrainingError) -> [Int32] {
    guard case .int32(let numbers)? = arrays[prefix + name] else { throw wrong(name, "int32") }
    return numbers
  }

  func uint8(_ name: String) throws(TrainingError) -> [UInt8] {
    guard case .uint8(let numbers)? = arrays[prefix + name] else { throw wrong(name, "uint8") }
    return numbers
  }

  /// Rows of `columns` numbers.
  func rows(_ name: String, _ columns: Int) throws(TrainingError) -> [ArraySlice<Double>] {
    let numbers = try float64(name)
    guard numbers.count % columns == 0 else { throw wrong(name, "rows of \(columns)") }
    return stride(from: 0, to: numbers.count, by: columns).map { numbers[$0..<$0 + columns] }
  }

  /// Whole numbers of a row.
  func whole(_ row: ArraySlice<Double>, _ column: Int, _ name: String) throws(TrainingError) -> Int {
    guard let number = Int(exactly: row[row.startIndex + column]), number >= 0 else {
      throw wrong(name, "whole numbers")
    }
    return number
  }

  func marks(_ name: String) throws(TrainingError) -> [LossHistory.Mark] {
    var marks: [LossHistory.Mark] = []
    for row in try rows(name, 2) {
      marks.append(LossHistory.Mark(update: try whole(row, 0, name), value: row[row.startIndex + 1]))
    }
    return marks
  }

  func records(_ name: String) throws(TrainingError) -> [UpdateRecord] {
    var records: [UpdateRecord] = []
    for row in try rows(name, 8) {
      let first = row.startIndex
      var record = UpdateRecord()
      (record.update, record.step) = (try whole(row, 0, name), try whole(row, 1, name))
      (record.loss, record.gradientNorm) = (row[first + 2], row[first + 3])
      (record.clipScale, record.learningRate) = (row[first + 4], row[first + 5])
      (record.k1, record.k2) = (try whole(row, 6, name), try whole(row, 7, name))
      records.append(record)
    }
    for (record, next) in zip(records, records.dropFirst()) where next.update != record.update + 1 {
      throw wrong(name, "updates in order")
    }
    return records
  }

  func buckets(_ name: String) throws(TrainingError) -> [LossHistory.Bucket] {
    var buckets: [LossHistory.Bucket] = []
    for row in try rows(name, 10) {
      let first = row.startIndex
      buckets.append(
        LossHistory.Bucket(
          firstUpdate: try whole(row, 0, name), count: try whole(row, 1, name), lossMinimum: row[first + 2],
          lossMaximum: row[first + 3], lossMean: row[first + 4], normMinimum: row[first + 5],
          normMaximum: row[first + 6],
          normMean: row[first + 7], clippedCount: try whole(row, 8, name), clipScaleMinimum: row[first + 9]))
    }
    guard buckets.count <= LossHistory.bucketLimit else { throw wrong(name, "at most 512 rows") }
    return buckets
  }
}

extension LossHistory.Bucket {
  fileprivate var numbers: [Double] {
    [
      Double(firstUpdate), Double(count), lossMinimum, lossMaximum, lossMean, normMinimum, normMaximum, normMean,
      Double(clippedCount), clipScaleMinimum,
    ]
  }
}

extension UpdateRecord {
  fileprivate var numbers: [Double] {
    [Double(update), Double(step), loss, gradientNorm, clipScale, learningRate, Double(k1), Double(k2)]
  }
}

// MARK: Fields

/// A key and its value.
struct PairFields: Codable, Equatable, Sendable {
  var key: String, value: String
}

extension Setting {
  fileprivate init(_ pair: PairFields) { self.init(key: pair.key, value: pair.value) }
  fileprivate var pair: PairFields { PairFields(key: key, value: value) }
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

  fileprivate func read(_ reader: ArrayReader, prefix: String = "") throws(TrainingError) -> RunBeginning {
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
    _ sizes: [Int], _ reader: ArrayReader, _ name: String
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

  init(_ history: LossHistory) {
    bucketWidth = history.bucketWidth
    firstClipped = history.firstClipped
    largestNorm = history.largestNorm.map { MarkFields(update: $0.update, value: $0.value) }
    nextLoss = history.losses.next
    isInSpike = history.isInSpike
  }

  fileprivate func read(_ reader: ArrayReader) throws(TrainingError) -> LossHistory {
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

  struct ExplosionFields: Codable, Equatable, Sendable {
    var update: Int, step: Int, factor: String
  }

  init(_ course: TrainingRun.Course, _ place: Checkpoint) {
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
  }

  fileprivate func read(_ reader: ArrayReader) throws(TrainingError) -> (TrainingRun.Course, Checkpoint) {
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
    var course = TrainingRun.Course(beginning: try beginning.read(reader))
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

  private func kept(_ reader: ArrayReader, layers: Int) throws(TrainingError) -> KeptActivations? {
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
