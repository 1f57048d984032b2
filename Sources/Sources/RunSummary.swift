import Instruments
import RecurrentNetworks
import Training

/// Where a run stands: what header, knobs and cursor need of it, beside the readings.
public struct RunSummary: Sendable {
  /// The pass that the run stands before.
  public var pass: PassIdentity
  /// The settings, every change taken; nil where a source has none.
  public var experiment: Experiment?
  /// The window of that pass, and n.
  public var window: Window, length: Int
  /// The steps of the sequence that have a target in any sequence of the batch.
  public var targetSteps: [Int]
  /// The truncation schedule in force.
  public var schedule: TruncationSchedule
  /// Whether it trains by itself, and how fast.
  public var isRunning: Bool, updatesPerSecond: Double
  /// What stopped it, if something did.
  public var explosion: Explosion?
  /// How far back it can go, in updates.
  public var rewindable: Int
  /// Losses and norms over the updates.
  public var history: LossHistory
  /// Every change of a setting, in order.
  public var journal: [JournalEntry]
  /// Whether the task reads a file.
  public var hasFile: Bool
  /// Whether it is trained on data that were handed in.
  public var hasOwnData = false
  /// What the run is called and what is to be known of it, where it has no settings to tell; what is least missed comes last.
  public var title: [String] = []

  /// Updates done.
  public var update: Int { pass.update }
  /// A newer summary has a larger one.
  public var serial: UInt64 { pass.serial }

  /// The summary of a run's state.
  public init(_ snapshot: Snapshot) {
    pass = PassIdentity(snapshot)
    experiment = snapshot.experiment
    window = snapshot.window
    length = snapshot.data.steps
    let batch = snapshot.data.batch, mask = snapshot.data.targetMask
    targetSteps = (0..<snapshot.data.steps).filter { t in mask[t * batch..<(t + 1) * batch].contains { $0 != 0 } }
    schedule = snapshot.schedule
    (isRunning, updatesPerSecond) = (snapshot.running, snapshot.updatesPerSecond)
    explosion = snapshot.explosion
    rewindable = snapshot.rewindable
    history = snapshot.history
    journal = snapshot.journal
    hasFile = snapshot.description.fileSummary != nil
    hasOwnData = snapshot.description.name == TaskDescription.ownData
  }

  /// The summary of a run that is trained elsewhere, of which losses and norms are known and perhaps a pass of `length` steps.
  public init(title: [String] = [], pass: PassIdentity, history: LossHistory, length: Int, isRunning: Bool) {
    self.title = title
    self.pass = pass
    self.history = history
    self.length = length
    self.isRunning = isRunning
    window = Window(steps: 0..<length, injected: 0..<length)
    targetSteps = []
    schedule = TruncationSchedule(length: max(1, length), k1: max(1, length), k2: max(1, length), inject: .newest)
    (experiment, explosion, journal) = (nil, nil, [])
    (updatesPerSecond, rewindable, hasFile) = (0, 0, false)
  }

  /// Whether the pass that it stands before is the one that blew up.
  public var isBeforeExplosion: Bool { explosion.map { $0.update == update + 1 } ?? false }
}
