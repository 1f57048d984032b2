import RecurrentNetworks

/// A change that was made while the network trained: several keys set at once, or the last such change taken back.
public struct JournalEntry: Equatable, Sendable {
  /// What it did.
  public enum Kind: String, Codable, Sendable {
    /// It set keys.
    case change
    /// It took back the last change that was not taken back before; `settings` are what its keys went back to.
    case undo
  }

  /// The number of updates done when the change was made.
  public var update: Int
  /// The keys and their new values, as the experiment file would write them.
  public var settings: [Setting]
  /// What it did.
  public var kind: Kind

  /// `settings` after `update` updates.
  public init(update: Int, settings: [Setting], kind: Kind = .change) {
    self.update = update
    self.settings = settings
    self.kind = kind
  }
}

/// Something that was done to a run. A run's timeline is only ever added to.
public enum TimelineEvent: Equatable, Sendable {
  /// A run began after `update` updates (0, but for a lane that goes on beside another).
  case begin(update: Int, Experiment)
  /// Keys were set after `update` updates. A change that begins a new run is followed by `begin`.
  case change(update: Int, settings: [Setting], effect: ChangeEffect)
  /// The change that had set `settings` was taken back after `update` updates. Where it had begun a new run, the one before
  /// stands again, after `returnedTo` updates.
  case undo(update: Int, settings: [Setting], returnedTo: Int?)
  /// Training was taken back.
  case rewind(from: Int, to: Int)
  /// The run was begun again; `begin` follows.
  case restart(update: Int, from: RestartPoint)
  /// The run was made as a copy of another.
  case fork(update: Int)
}

/// Where a restart begins again.
public enum RestartPoint: Hashable, Sendable {
  /// As the run was loaded: its experiment, with the weights, the state and the data handed in.
  case loaded
  /// Under the settings as they stand, with the weights that the run began with.
  case present
  /// Under the settings as they stand, with weights and data of another seed.
  case seed(UInt64)
}

/// What a change did.
public struct ChangeReport: Equatable, Sendable {
  /// The keys and values that were set.
  public let settings: [Setting]
  /// What they did to the run, all together; the strongest of their effects.
  public let effect: ChangeEffect
  /// The updates done before the first one under the change.
  public let update: Int
  /// The tensors that have the values that they had before.
  public let kept: [String]
  /// The tensors that were drawn anew.
  public let drawn: [String]
  /// The tensors that have the values handed in at the start again.
  public let given: [String]
}

/// What an undo did.
public struct UndoReport: Equatable, Sendable {
  /// The settings of the change that was taken back; of a restart none.
  public let undone: [Setting]
  /// What their keys, and others that had changed with them, are again.
  public let restored: [Setting]
  /// The updates done now.
  public let update: Int
  /// The restart that was taken back, if it was one.
  public let restart: RestartPoint?
  /// Whether a run from before the change stands again, whole.
  public let isFormerRun: Bool
}

/// A run as it can be made again: what it began from, and the changes at their updates. Bit for bit the same run.
public struct TimelineReplay: Sendable {
  /// What it began from.
  public let beginning: RunBeginning
  /// The changes that hold, and what took others back, in order.
  public let entries: [JournalEntry]

  init(beginning: RunBeginning, entries: [JournalEntry]) {
    self.beginning = beginning
    self.entries = entries
  }

  /// The run that begins under `experiment` and makes `entries`, in order.
  public init(experiment: Experiment, entries: [JournalEntry]) {
    self.init(
      beginning: RunBeginning(
        experiment: experiment, start: TrainingRun.Start(), position: TrainingPosition()), entries: entries)
  }

  /// The run after `update` updates.
  ///
  /// - Parameters:
  ///   - update: how many updates the run has made.
  ///   - memory: the bytes that it may take.
  public func run(to update: Int, memory: Int = 16 << 30) throws(TrainingError) -> TrainingRun {
    let run = try TrainingRun(beginning: beginning, memory: memory)
    for entry in entries where entry.update <= update {
      _ = try run.go(to: entry.update)
      switch entry.kind {
      case .change: _ = try run.change(entry.settings)
      case .undo: _ = try run.undo()
      }
    }
    _ = try run.go(to: update)
    return run
  }
}

/// A change of a run's journal, and what it takes to take it back.
struct Change: Equatable, Sendable {
  var entry: JournalEntry
  /// The experiment before it.
  var before = Experiment()
  /// What it multiplied each square matrix of W_hh by; empty where it did not.
  var factors: [Double] = []
}
