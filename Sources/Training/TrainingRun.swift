import RecurrentNetworks
import Synchronization

/// One run of training: updates, changes while it runs, and the way back.
///
/// The same experiment and the same changes give the same numbers, bit for bit. A run is used by one thread at a time.
public final class TrainingRun {
  /// What an update came to.
  public enum Outcome: Equatable, Sendable {
    /// An update was made.
    case trained
    /// A number was not finite, now or at the last attempt: no update was made, and none will be until something is
    /// changed or rewound.
    case exploded
    /// There is no next update: `failure` says why.
    case failed
  }

  /// What may be handed in at the start in place of what the experiment gives.
  public struct Start: Equatable, Sendable {
    /// The parameters, flat, in the order of the network's `ParameterLayout`; nil to draw them.
    public var parameters: [Double]?
    /// The state carried into the first sequence, [parts, B, H] a layer; nil for 0.
    public var carriedState: [[Double]]?
    /// Sequences that are trained on again and again in place of the task's; their length and batch replace the experiment's.
    public var data: SequenceBatch?
    /// Everything as the experiment has it.
    public init() {}
  }

  /// What was loaded at first.
  let loaded: RunBeginning
  let memory: Int
  var engine: any TrainingEngine
  var course: RunCourse
  var formers: [FormerCourse] = []
  /// Everything that was done to the run, in order.
  public internal(set) var timeline: [TimelineEvent]
  /// Why the last rewind could not be made, or there is no next update; nil where nothing is wrong.
  public internal(set) var failure: TrainingError?
  /// What measures the held-out loss, once it was asked for.
  var validator: Validator?
  /// Whether there is no next update until something is changed or rewound.
  private var isEnded = false
  /// Where training stood before each of the last changes, while no update has been made since.
  private(set) var placesBefore = PlacesBeforeChanges()
  /// The serial of the newest snapshot of all runs: one that takes another's place goes on counting.
  static let serials = Atomic<UInt64>(0)

  /// A run before its first update.
  ///
  /// - Parameters:
  ///   - experiment: what determines the run.
  ///   - start: what is given in place of what the experiment would draw.
  ///   - memory: the bytes that the run may take; asked before anything is allocated.
  /// - Throws: what is wrong with the experiment, the task's file or what was handed in, or how much memory it would need.
  public convenience init(
    experiment: Experiment, start: Start = Start(), memory: Int = 16 << 30
  ) throws(TrainingError) {
    try self.init(
      beginning: RunBeginning(experiment: experiment, start: start, position: TrainingPosition()), memory: memory)
  }

  init(beginning: RunBeginning, memory: Int) throws(TrainingError) {
    engine = try beginning.makeEngine(memory: memory)
    loaded = RunBeginning(experiment: engine.experiment, start: beginning.start, position: beginning.position)
    self.memory = memory
    course = RunCourse(beginning: loaded)
    timeline = [.begin(update: engine.position.update, engine.experiment)]
    noteOrigin()
  }

  /// A run that goes on from where another stands.
  init(
    course: RunCourse, engine: any TrainingEngine, formers: [FormerCourse], timeline: [TimelineEvent],
    loaded: RunBeginning, memory: Int
  ) {
    self.course = course
    self.engine = engine
    self.formers = formers
    self.timeline = timeline
    self.loaded = loaded
    self.memory = memory
  }

  // MARK: What it is

  /// The experiment that the run began with.
  public var initialExperiment: Experiment { course.beginning.experiment }
  /// What stopped it, if something did.
  public var explosion: Explosion? { course.explosion }
  /// The updates before the explosion, where they are kept.
  public var blackBox: BlackBox? { course.blackBox }
  /// Losses and gradient norms over the updates so far.
  public var history: LossHistory { course.history }
  /// The newest update's record.
  public var newest: UpdateRecord? { course.history.newest }
  /// The parameters' layout.
  public var layout: ParameterLayout { engine.layout }
  /// The experiment as it stands.
  public var experiment: Experiment { engine.experiment }
  /// Updates done.
  public var update: Int { engine.position.update }
  /// Every change made so far that holds, and what took others back.
  public var journal: [JournalEntry] { course.journal }
  /// How many updates can be taken back.
  public var rewindable: Int { update - course.beginning.update }
  /// What of the user's file was read as what, what was left out and why, in one line; nil where none was read.
  public var reading: String? { engine.task.reading }
  /// The bytes that the learning algorithm carries from step to step.
  public var algorithmBytes: Int { engine.algorithmBytes }
  /// The parameters before the next update, flat.
  public var parameters: [Double] { engine.parameters }
  /// The run as it can be made again.
  public var replay: TimelineReplay { TimelineReplay(beginning: course.beginning, entries: journal) }

  /// Whether no update will be made until something is changed or rewound.
  public var isStopped: Bool { course.explosion != nil || isEnded }

  // MARK: Updates

  /// Makes the next update, changes that are due before it included.
  @discardableResult
  public func trainOnce() -> Outcome { trainOnce(observer: nil) }

  /// The same under the eyes of an observer.
  @discardableResult
  package func trainOnce(observer: (any UpdateObserver)?) -> Outcome {
    if course.explosion != nil { return .exploded }
    if isEnded { return .failed }
    switch advance(observer) {
    case .trained: return .trained
    case .noNextWindow(_, let error):
      failure = error
      isEnded = true
      return .failed
    case .nonFinite(let nonFinite):
      let explosion = Explosion(update: update + 1, step: nonFinite.step + 1, factor: nonFinite.factor)
      // Everything is put back to what it was before the attempt.
      attempt { () throws(TrainingError) in try returnTo(update) }
      course.explosion = explosion
      return .exploded
    }
  }

  /// Makes an update, and the changes that are due after it.
  private func advance(_ observer: (any UpdateObserver)? = nil) -> TrainingOutcome {
    if !course.checkpoints.isQuiet(at: update), course.checkpoints.isDue(engine) {
      course.checkpoints.save(
        engine, changeCount: course.made, history: course.history, origins: course.origins)
    }
    let outcome = engine.train(observer)
    switch outcome {
    case .trained(let record), .noNextWindow(let record, _):
      course.history.append(record)
      let interval = engine.validationInterval
      if interval > 0, record.update.isMultiple(of: interval) { measureHeldOut() }
      if !placesBefore.isEmpty { placesBefore.removeAll() }
      if course.made < course.changes.count { remakeDueChanges() }
    case .nonFinite: break
    }
    return outcome
  }

  /// Does what may fail; a failure is recorded.
  private func attempt(_ body: () throws(TrainingError) -> Void) {
    do throws(TrainingError) { try body() } catch { failure = error }
  }

  // MARK: The way back

  /// Goes back by `count` updates, or to the beginning; returns how many. Where that fails, `failure` says why.
  ///
  /// What is trained from there is bit for bit what was trained before: changes that were made later are made again at their
  /// updates, until a new change is made.
  @discardableResult
  public func rewind(by count: Int) -> Int {
    let before = update
    let target = max(before - max(count, 0), course.beginning.update)
    guard target < before || course.explosion != nil else { return 0 }
    attempt { () throws(TrainingError) in _ = try go(to: target) }
    return before - update
  }

  /// Goes to the place after `target` updates: back by rewinding, on by training, changes that lie there made again.
  ///
  /// - Parameters:
  ///   - target: the number of updates.
  ///   - isCancelled: asked between updates; where it says so, the run stays at the update where it is.
  /// - Returns: the updates done at the place that was reached: fewer than `target` where training exploded or was cancelled.
  /// - Throws: why the place before could not be restored; the run is then as it was, or makes no update (`.failed`).
  @discardableResult
  public func go(to target: Int, isCancelled: () -> Bool = { false }) throws(TrainingError) -> Int {
    let before = update
    let target = max(target, course.beginning.update)
    if isFar(from: target) {
      try returnTo(target, isCancelled: isCancelled)
      course.explosion = nil
      if target < before { timeline.append(.rewind(from: before, to: target)) }
    }
    while update < target, !isCancelled() {
      guard trainOnce() == .trained else { break }
    }
    return update
  }

  /// Whether the place after `target` lies behind, or a checkpoint on the way to it ahead.
  func isFar(from target: Int) -> Bool {
    let isExplodedAtBeginning = course.explosion != nil && target == course.beginning.update
    return target < update || isExplodedAtBeginning || course.checkpoints.hasAny(after: update, upTo: target)
  }

  /// Restores the nearest place before `target`, or else the beginning, and trains up to it.
  private func returnTo(_ target: Int, isCancelled: () -> Bool = { false }) throws(TrainingError) {
    if let (checkpoint, history) = course.checkpoints.last(notAfter: target, present: course.history) {
      try restore(checkpoint)
      course.history = history
      course.made = checkpoint.changeCount
    } else {
      try returnToBeginning()
    }
    clearFailure()
    if let best = course.best, best.update > target { course.best = nil }
    if update != target { placesBefore.removeAll() }
    remakeDueChanges()
    while update < target, !isCancelled() {
      guard case .trained = advance() else { break }
    }
  }

  /// Goes back, makes the same updates again up to where it stands, and looks at every place on the way, the last included.
  ///
  /// - Returns: whether it got there; where `isCancelled` or an error stopped it, it stands where it stood all the same.
  func revisit(from first: Int, isCancelled: () -> Bool, visit: () -> Void) -> Bool {
    let (here, history, made, wasEnded, places) = (place(), course.history, course.made, isEnded, placesBefore)
    defer { placesBefore = places }
    attempt { () throws(TrainingError) in
      try returnTo(first, isCancelled: isCancelled)
      while update < here.position.update, !isCancelled() {
        visit()
        guard case .trained = advance() else { break }
      }
    }
    isEnded = wasEnded
    if update == here.position.update {
      visit()
      return true
    }
    attempt { () throws(TrainingError) in try restore(here) }
    (course.history, course.made) = (history, made)
    return false
  }

  private func returnToBeginning() throws(TrainingError) {
    engine = try course.beginning.makeEngine(memory: memory)
    course.history = LossHistory()
    course.made = 0
    course.origins = []
    noteOrigin()
  }

  /// Where training stands, in memory of its own.
  func place() -> Checkpoint {
    let place = Checkpoint()
    engine.save(into: place)
    place.origins = course.origins
    place.changeCount = course.made
    return place
  }

  private func restore(_ place: Checkpoint) throws(TrainingError) {
    do throws(TrainingError) { try engine.restore(place) } catch {
      isEnded = true
      failure = error
      throw error
    }
    course.origins = place.origins
  }

  private func clearFailure() {
    failure = nil
    isEnded = false
  }

  // MARK: Changes

  /// Sets keys of the experiment in one change, in the place where training stands: all of them, or none.
  ///
  /// - Parameters:
  ///   - settings: the keys and their values, in any order.
  ///   - keepsPlace: whether a change that begins a new run goes on at the same update and, where the data stay the same, in
  ///     the same place of them, with the weights whose name and shape stay: as a lane beside another does.
  ///   - beginsAnew: whether a new run begins, whatever the keys are.
  /// - Returns: what it did.
  /// - Throws: what is wrong with a key, a value, or the experiment that they would make; then nothing has changed.
  @discardableResult
  public func change(
    _ settings: [Setting], keepsPlace: Bool = false, beginsAnew: Bool = false
  ) throws(TrainingError) -> ChangeReport {
    let planned = try plan(settings)
    guard planned.effect != .newRun, !beginsAnew else {
      return try beginAnew(planned.experiment, settings: settings, keepsPlace: keepsPlace)
    }
    let place = place()
    let factors: [Double]
    do throws(TrainingError) { factors = try make(planned) } catch {
      attempt { () throws(TrainingError) in try restore(place) }
      throw error
    }
    let entry = JournalEntry(update: place.position.update, settings: settings)
    record(Change(entry: entry, before: place.experiment, factors: factors))
    placesBefore.append(place, before: course.made - 1)
    timeline.append(.change(update: update, settings: settings, effect: planned.effect))
    return ChangeReport(
      settings: settings, effect: planned.effect, update: update, kept: layout.entries.map(\.name), drawn: [],
      given: [])
  }

  /// Adds a change that was made; those that were taken back before are not made again.
  private func record(_ change: Change) {
    clearFailure()
    course.record(change, at: update)
  }

  /// Makes a change in the engine, or as much of it as succeeds.
  ///
  /// - Returns: what each square matrix of W_hh was multiplied by, where it was rescaled.
  private func make(_ planned: PlannedChange) throws(TrainingError) -> [Double] {
    if planned.effects.contains(.newSequence) {
      try requireMemory(planned.experiment, inputs: layout.inputs, outputs: layout.outputs, limit: memory)
      try engine.beginSequence(planned.experiment)
    }
    guard planned.effects.contains(.rescaleRecurrent) else {
      if !planned.effects.contains(.newSequence) { try engine.configure(planned.experiment) }
      return []
    }
    let factors = try engine.rescaleRecurrent(planned.experiment)
    noteOrigin()
    return factors
  }

  /// From here on the steps' own weights are seen to move.
  private func noteOrigin() {
    if layout.copies > 1 { course.origins.append(WeightOrigin(update: update, parameters: engine.parameters)) }
  }

  /// Makes the changes of the journal that are due before the next update.
  private func makeDueChanges() throws(TrainingError) {
    while course.made < course.changes.count, course.changes[course.made].entry.update <= update {
      let index = course.made
      course.changes[index].before = experiment
      switch course.changes[index].entry.kind {
      case .change:
        let settings = course.changes[index].entry.settings
        let planned = try plan(settings)
        guard planned.effect != .newRun else {
          let keys = settings.map(\.key).joined(separator: ", ")
          throw .misfit("\(keys): found a change that begins a new run in a journal, expected one that goes on")
        }
        course.changes[index].factors = try make(planned)
      case .undo:
        guard let last = course.lastUndoable else {
          throw .misfit("journal: found an undo without a change before it, expected a change")
        }
        try takeBack(course.changes[last])
      }
      course.made += 1
    }
  }

  /// The same; a change that cannot be made, which only a journal written by hand can bring, is struck out.
  private func remakeDueChanges() {
    while course.made < course.changes.count, course.changes[course.made].entry.update <= update {
      if (try? makeDueChanges()) == nil, course.made < course.changes.count { course.changes.remove(at: course.made) }
    }
  }

  // MARK: Undo

  /// The settings that `undo` would take back; empty where there is nothing to undo, or a restart.
  public var undoable: [Setting] {
    course.lastUndoable.map { course.changes[$0].entry.settings } ?? formers.last?.settings ?? []
  }

  /// Takes back the last change of settings, and only that: updates made since stay.
  ///
  /// All settings of the change go back to what they were. A W_hh that it rescaled is scaled back. Where no update was made
  /// since, everything is exactly what it was before the change. Where the change began a new run, or it was a restart, the run
  /// before it stands again, whole. Called again it goes further back.
  /// - Returns: what was done; nil where there is nothing to undo.
  /// - Throws: why it could not be done; then nothing has changed.
  @discardableResult
  public func undo() throws(TrainingError) -> UndoReport? {
    guard let index = course.lastUndoable else { return try returnToFormer() }
    let undone = course.changes[index].entry, changed = experiment
    if undone.update == update, index == course.made - 1 {
      try strikeOut(index)
    } else {
      try undoLater(index)
    }
    timeline.append(.undo(update: update, settings: undone.settings, returnedTo: nil))
    return UndoReport(
      undone: undone.settings, restored: Self.settings(of: experiment, unlike: changed), update: update, restart: nil,
      isFormerRun: false)
  }

  private static func settings(of experiment: Experiment, unlike other: Experiment) -> [Setting] {
    experiment.differences(from: other).map { Setting(key: $0.key.name, value: $0.value) }
  }

  /// Takes a change out of the journal that no update followed, as if it had never been.
  private func strikeOut(_ index: Int) throws(TrainingError) {
    let (changes, update) = (course.changes, update)
    course.changes.removeSubrange(index...)
    course.checkpoints.drop(after: update, changeCount: index)
    if let place = placesBefore.place(before: index) {
      try restore(place)
      course.made = index
      placesBefore.removeLast()
    } else {
      do throws(TrainingError) { try returnTo(update) } catch {
        course.changes = changes
        throw error
      }
    }
    (course.explosion, course.blackBox) = (nil, nil)
  }

  /// Takes a change back that updates followed: another change, the other way.
  private func undoLater(_ index: Int) throws(TrainingError) {
    let place = place()
    do throws(TrainingError) { try takeBack(course.changes[index]) } catch {
      attempt { () throws(TrainingError) in try restore(place) }
      throw error
    }
    let entry = JournalEntry(
      update: update, settings: Self.settings(of: experiment, unlike: place.experiment), kind: .undo)
    record(Change(entry: entry, before: place.experiment))
    placesBefore.removeAll()
  }

  /// Sets everything that `change` set back to what it was.
  private func takeBack(_ change: Change) throws(TrainingError) {
    let target = change.before
    let effects = Set(experiment.differences(from: target).map { $0.key.effect(in: experiment) })
    if effects.contains(.newSequence) {
      try requireMemory(target, inputs: layout.inputs, outputs: layout.outputs, limit: memory)
      try engine.beginSequence(target)
    } else {
      try engine.configure(target)
    }
    guard !change.factors.isEmpty else { return }
    try engine.scaleRecurrent(by: change.factors.map { 1 / $0 })
    noteOrigin()
  }

  // MARK: New runs

  /// Begins again; `undo` takes it back.
  ///
  /// - Parameters:
  ///   - point: from where.
  ///   - keepsPlace: whether it goes on at the same update, as a lane beside another does.
  public func restart(_ point: RestartPoint, keepsPlace: Bool = false) throws(TrainingError) {
    var beginning = RunBeginning(
      experiment: experiment, start: course.beginning.given(fitting: experiment, before: experiment, layout: layout),
      position: TrainingPosition())
    switch point {
    case .loaded: beginning = RunBeginning(experiment: loaded.experiment, start: loaded.start, position: .init())
    case .present: break
    case .seed(let seed):
      var (changed, start) = (experiment, beginning.start)
      changed.seed = seed
      start.parameters = nil
      beginning = RunBeginning(experiment: changed, start: start, position: .init())
    }
    if keepsPlace {
      let position = engine.position.under(beginning.experiment, before: experiment)
      beginning = RunBeginning(experiment: beginning.experiment, start: beginning.start, position: position)
    }
    let event = TimelineEvent.restart(update: update, from: point)
    try begin(beginning, settings: [], restart: point, event: event)
  }

  /// Begins a new run because of `settings`.
  private func beginAnew(
    _ changed: Experiment, settings: [Setting], keepsPlace: Bool
  ) throws(TrainingError) -> ChangeReport {
    let event = TimelineEvent.change(update: update, settings: settings, effect: .newRun)
    guard keepsPlace else {
      let beginning = RunBeginning(
        experiment: changed, start: course.beginning.given(fitting: changed, before: experiment, layout: layout),
        position: TrainingPosition())
      try begin(beginning, settings: settings, restart: nil, event: event)
      let names = layout.entries.map(\.name)
      let isGiven = course.beginning.start.parameters != nil
      return ChangeReport(
        settings: settings, effect: .newRun, update: update, kept: [], drawn: isGiven ? [] : names,
        given: isGiven ? names : [])
    }
    let (former, formerLayout) = (parameters, layout)
    let isDrawnAnew =
      changed.seed != experiment.seed || changed.network.initialization != experiment.network.initialization
    var start = course.beginning.given(fitting: changed, before: experiment, layout: layout)
    start.parameters = nil
    start.carriedState = nil
    let drawn = try Training.makeEngine(changed, start: start, memory: memory)
    let (weights, kept) =
      isDrawnAnew ? (drawn.parameters, []) : drawn.layout.taking(former, of: formerLayout, into: drawn.parameters)
    start.parameters = weights
    try begin(
      RunBeginning(experiment: changed, start: start, position: engine.position.under(changed, before: experiment)),
      settings: settings,
      restart: nil, event: event)
    let names = layout.entries.map(\.name)
    return ChangeReport(
      settings: settings, effect: .newRun, update: update, kept: kept, drawn: names.filter { !kept.contains($0) },
      given: [])
  }

  private func begin(
    _ beginning: RunBeginning, settings: [Setting], restart: RestartPoint?, event: TimelineEvent
  ) throws(TrainingError) {
    let begun = try beginning.makeEngine(memory: memory)
    formers.keep(FormerCourse(course: course, place: place(), settings: settings, restart: restart))
    engine = begun
    validator = nil
    course = RunCourse(
      beginning: RunBeginning(
        experiment: begun.experiment, start: beginning.start, position: beginning.position))
    clearFailure()
    placesBefore.removeAll()
    noteOrigin()
    timeline += [event, .begin(update: update, experiment)]
  }

  /// The run from before the present one stands again, where it stood.
  private func returnToFormer() throws(TrainingError) -> UndoReport? {
    guard let former = formers.last else { return nil }
    let (left, changed) = (update, experiment)
    engine = try former.course.engine(at: former.place, memory: memory)
    formers.removeLast()
    course = former.course
    validator = nil
    placesBefore.removeAll()
    clearFailure()
    timeline.append(.undo(update: left, settings: former.settings, returnedTo: update))
    return UndoReport(
      undone: former.settings, restored: Self.settings(of: experiment, unlike: changed), update: update,
      restart: former.restart, isFormerRun: true)
  }

  // MARK: To be seen

  /// The state before the next update, as others may see it.
  ///
  /// - Parameters:
  ///   - running: whether it trains by itself.
  ///   - updatesPerSecond: how fast.
  ///   - sampleLength: how many characters the network is to write, where the task is a text; 0 for none.
  public func snapshot(running: Bool = false, updatesPerSecond: Double = 0, sampleLength: Int = 0) -> Snapshot {
    let serial = Self.serials.add(1, ordering: .relaxed).newValue
    let engine = engine
    let data = engine.data
    var description = engine.task.description
    description.fileSummary = engine.task.fileSummary(
      sequence: engine.position.sequence, steps: data.steps, batch: data.batch)
    description.fileReading = reading
    let parameters = engine.parameters
    let carried = engine.carriedState()
    return Snapshot(
      serial: serial, experiment: experiment, initialExperiment: initialExperiment, description: description,
      update: update, sequence: engine.position.sequence, data: data, window: engine.window, layout: layout,
      parameters: parameters, startParameters: course.origins.last?.parameters ?? [],
      carriedState: carried, sequenceState: engine.state(row: 0),
      storedHidden: engine.storedHidden(), position: engine.position, algorithmMemory: engine.algorithmMemory,
      moments: engine.moments, history: history,
      newest: history.newest,
      untrainedLosses: engine.untrainedLosses, journal: journal, timeline: timeline, undoable: undoable,
      rewindable: rewindable, running: running,
      updatesPerSecond: updatesPerSecond, explosion: explosion, blackBox: course.blackBox,
      variant: engine.variant, chosenSchedule: engine.schedule,
      sample: sampleLength > 0 ? sample(length: sampleLength, parameters: parameters, carried: carried) : "")
  }

}
