import RecurrentNetworks

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
  }

  /// What may be handed in at the start in place of what the experiment gives.
  public struct Start: Sendable {
    /// The parameters, flat, in the order of the network's `ParameterLayout`; nil to draw them.
    public var parameters: [Double]?
    /// The state carried into the first sequence, [parts, B, H] a layer; nil for 0.
    public var carriedState: [[Double]]?
    /// Sequences that are trained on again and again in place of the task's; their length and batch replace the experiment's.
    public var data: SequenceBatch?
    /// Changes to be made again at their updates.
    public var journal: [JournalEntry] = []

    /// Everything as the experiment has it.
    public init() {}
  }

  /// The experiment that the run began with.
  public private(set) var initialExperiment: Experiment
  /// What stopped it, if something did.
  public private(set) var explosion: Explosion?
  /// Losses and gradient norms over the updates so far.
  public private(set) var history = LossHistory()
  /// The parameters' layout.
  public var layout: ParameterLayout { engine.layout }
  /// The experiment as it stands.
  public var experiment: Experiment { engine.experiment }
  /// Updates done.
  public var update: Int { engine.position.update }
  /// Every change made so far.
  public var journal: [JournalEntry] { Array(entries[..<appliedEntries]) }
  /// How many updates can be taken back.
  public var rewindable: Int { checkpoints.oldest.map { update - $0.position.update } ?? 0 }
  /// The parameters before the next update, flat.
  public var parameters: [Double] { engine.parameters }

  /// What was handed in at the start; a restart begins with it again.
  private(set) var start: Start
  let memory: Int
  var engine: any TrainingEngine
  /// The changes made, and behind them those that were taken back and will be made again at their updates.
  private var entries: [JournalEntry]
  private var appliedEntries = 0
  private var checkpoints = CheckpointRing()
  private var serial: UInt64 = 0
  /// What each step's own weights were at the start and after each rescaling of W_hh, by update; empty where all steps share them.
  private var origins: [(update: Int, parameters: [Double])] = []

  /// A run before its first update.
  ///
  /// - Parameters:
  ///   - experiment: what determines the run.
  ///   - start: what is given in place of what the experiment would draw.
  ///   - memory: the bytes that the run may take; asked before anything is allocated.
  /// - Throws: what is wrong with the experiment, the task's file or what was handed in, or how much memory it would need.
  public init(
    experiment: Experiment, start: Start = Start(), memory: Int = 16 << 30
  ) throws(TrainingError) {
    for entry in start.journal {
      do { _ = try ExperimentKey.named(entry.key) } catch { throw .key(error) }
    }
    self.start = start
    self.memory = memory
    entries = start.journal.sorted { $0.update < $1.update }
    engine = try makeEngine(experiment, start: start, memory: memory)
    initialExperiment = engine.experiment
    noteOrigin()
    try makeDueChanges()
  }

  /// Makes the next update, changes that are due before it included.
  @discardableResult
  public func trainOnce() -> Outcome {
    if explosion != nil { return .exploded }
    checkpoints.saveIfDue(engine, journalCount: appliedEntries)
    switch engine.train() {
    case .trained(let record):
      history.append(record)
      if appliedEntries < entries.count { remakeDueChanges() }
      return .trained
    case .nonFinite(let nonFinite):
      explode(nonFinite)
      return .exploded
    }
  }

  /// Records the explosion and puts everything back to what it was before the attempt.
  private func explode(_ nonFinite: NonFinite) {
    explosion = Explosion(update: update + 1, step: nonFinite.step + 1, factor: nonFinite.factor)
    returnTo(update)
  }

  // MARK: The way back

  /// Goes back by `count` updates, or as far as is possible; returns how many.
  ///
  /// What is trained from there is bit for bit what was trained before: changes that were made later are made again at their
  /// updates, until a new change is made.
  @discardableResult
  public func rewind(by count: Int) -> Int {
    let before = update
    let target = max(before - max(count, 0), before - rewindable)
    guard target < before || explosion != nil else { return 0 }
    explosion = nil
    returnTo(target)
    return before - update
  }

  /// Restores the checkpoint nearest before `target` and trains up to it.
  private func returnTo(_ target: Int) {
    guard let checkpoint = checkpoints.last(notAfter: target) else { return }
    // What was saved is what was running: it can be restored.
    guard (try? engine.restore(checkpoint)) != nil else { return }
    checkpoints.drop(after: target)
    origins.removeAll { $0.update > checkpoint.position.update }
    appliedEntries = checkpoint.journalCount
    remakeDueChanges()
    while engine.position.update < target, case .trained = engine.train() { remakeDueChanges() }
    history.truncate(after: target)
  }

  // MARK: Changes

  /// Sets a key of the experiment, in the place where training stands.
  ///
  /// - Returns: whether a new run begins at update 0 because of it.
  /// - Throws: what is wrong with the key, the value, or the experiment that it would make; then nothing has changed.
  @discardableResult
  public func apply(key: String, value: String) throws(TrainingError) -> Bool {
    let effect = try change(key: key, value: value)
    explosion = nil
    if effect == .newRun { return true }
    entries.removeLast(entries.count - appliedEntries)
    entries.append(JournalEntry(update: update, key: key, value: value))
    appliedEntries += 1
    return false
  }

  /// Sets several keys in one change that begins a new run: they are held against each other only together, so that a task
  /// can be chosen with the file that it needs.
  ///
  /// - Throws: what is wrong with a key, a value, or the experiment that they would make; then nothing has changed.
  public func begin(with settings: [Setting]) throws(TrainingError) {
    var changed = experiment
    for setting in settings {
      do { try changed.set(setting.key, setting.value) } catch { throw .key(error) }
      if start.data != nil, setting.key.hasPrefix("task.") { throw Self.dataWereHandedIn(setting.key) }
    }
    try validate(changed, givenData: start.data != nil, memory: memory)
    try begin(changed)
  }

  private static func dataWereHandedIn(_ key: String) -> TrainingError {
    .misfit("\(key): found data handed in, expected a task of the program's to change it in")
  }

  /// Begins again at update 0, under the experiment as it stands: with the same weights, or with those of another seed.
  public func restart(seed: UInt64? = nil) throws(TrainingError) {
    var changed = experiment
    if let seed {
      changed.seed = seed
      start.parameters = nil
    }
    try begin(changed)
  }

  /// Makes the change; returns what it does to a run.
  private func change(key: String, value: String) throws(TrainingError) -> ChangeEffect {
    var changed = experiment
    let effect: ChangeEffect
    do {
      let named = try ExperimentKey.named(key)
      effect = named.effect(in: experiment)
      try named.set(&changed, value)
    } catch { throw .key(error) }
    try validate(changed, givenData: start.data != nil, memory: memory)
    if start.data != nil, key == "training.batch" || key.hasPrefix("task.") {
      throw Self.dataWereHandedIn(key)
    }
    switch effect {
    case .nextUpdate: try engine.configure(changed)
    case .rescaleRecurrent:
      try engine.rescaleRecurrent(changed)
      noteOrigin()
    case .newSequence:
      try requireMemory(changed, inputs: layout.inputs, outputs: layout.outputs, limit: memory)
      try engine.beginSequence(changed)
    case .newRun: try begin(changed)
    }
    return effect
  }

  /// From here on the steps' own weights are seen to move.
  private func noteOrigin() {
    if layout.copies > 1 { origins.append((update, engine.parameters)) }
  }

  private func begin(_ changed: Experiment) throws(TrainingError) {
    var start = start
    start.journal = []
    if changed.network.hidden != experiment.network.hidden || changed.network.layers != experiment.network.layers
      || changed.network.cell != experiment.network.cell || changed.task != experiment.task
    {
      start.parameters = nil
      start.carriedState = nil
    }
    if changed.copies != experiment.copies, let parameters = start.parameters {
      start.parameters = layout.shared(parameters)
    }
    if changed.training.batch != initialExperiment.training.batch { start.carriedState = nil }
    engine = try makeEngine(changed, start: start, memory: memory)
    self.start = start
    initialExperiment = engine.experiment
    origins = []
    noteOrigin()
    entries = []
    appliedEntries = 0
    checkpoints = CheckpointRing()
    history = LossHistory()
    explosion = nil
  }

  /// Makes the changes of the journal that are due before the next update.
  private func makeDueChanges() throws(TrainingError) {
    while appliedEntries < entries.count, entries[appliedEntries].update <= update {
      let entry = entries[appliedEntries]
      guard try change(key: entry.key, value: entry.value) != .newRun else {
        throw .misfit("\(entry.key): found a change that begins a new run in a journal, expected one that goes on")
      }
      appliedEntries += 1
    }
  }

  /// The same; a change that cannot be made, which only a journal written by hand can bring, is struck out.
  private func remakeDueChanges() {
    while appliedEntries < entries.count, entries[appliedEntries].update <= update {
      if (try? makeDueChanges()) == nil, appliedEntries < entries.count { entries.remove(at: appliedEntries) }
    }
  }

  // MARK: To be seen

  /// The state before the next update, as others may see it.
  ///
  /// - Parameters:
  ///   - running: whether it trains by itself.
  ///   - updatesPerSecond: how fast.
  ///   - sampleLength: how many characters the network is to write, where the task is a text; 0 for none.
  public func snapshot(running: Bool = false, updatesPerSecond: Double = 0, sampleLength: Int = 0) -> Snapshot {
    serial += 1
    let engine = engine
    let data = engine.data
    var description = engine.task.description
    description.fileSummary = engine.task.fileSummary(
      sequence: engine.position.sequence, steps: data.steps, batch: data.batch)
    let parameters = engine.parameters
    let carried = engine.carriedState()
    return Snapshot(
      serial: serial, experiment: experiment, initialExperiment: initialExperiment, description: description,
      update: update, sequence: engine.position.sequence, data: data, window: engine.window, layout: layout,
      parameters: parameters, startParameters: origins.last?.parameters ?? [],
      carriedState: carried, sequenceState: engine.state(row: 0),
      storedHidden: engine.storedHidden(), position: engine.position, algorithmMemory: engine.algorithmMemory,
      history: history,
      newest: history.newest,
      untrainedLosses: engine.untrainedLosses, journal: journal, rewindable: rewindable, running: running,
      updatesPerSecond: updatesPerSecond, explosion: explosion,
      variant: engine.variant, chosenSchedule: engine.schedule,
      sample: sampleLength > 0 ? sample(length: sampleLength, parameters: parameters, carried: carried) : "")
  }

  /// What the network writes, going on from the place where lane 0 stands.
  private func sample(length: Int, parameters: [Double], carried: [[Double]]) -> String {
    let alphabet = engine.task.alphabet
    guard !alphabet.isEmpty, let symbols = engine.data.symbols else { return "" }
    return TextSampler(network: experiment.network, layout: layout, parameters: parameters, alphabet: alphabet)
      .write(
        length: length, from: carried, batch: engine.data.batch,
        first: Int(symbols[engine.window.steps.lowerBound * engine.data.batch]), seed: experiment.seed)
  }
}
