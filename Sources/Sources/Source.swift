import Instruments
import Training

/// Where readings come from: a trainer, another process, a recording, a script.
///
/// A source takes commands and gives frames, whenever it has them. Nothing that is sent waits, and nothing that is taken makes
/// the sender wait. Used by one thread.
public protocol Source: AnyObject {
  /// What it has, and what it can be told.
  var capabilities: Capabilities { get }
  /// Tells it to do something.
  func send(_ command: Trainer.Command)
  /// What is wanted of each lane's pass from now on.
  func look(_ requests: [LaneID: ReadingRequest])
  /// Asks for the newest state of its runs.
  func requestFrame()
  /// What has come since the last call, in order.
  func takeNews() -> [SourceNews]
  /// Asks for all that going on with the runs depends on: after the steps that were asked for before, or as the runs stand now.
  /// `body` may be called on another thread, and never where a source has no runs of its own.
  func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void)
  /// Ends what it does, at once.
  func end()
}

/// What a source has and what it takes.
public struct Capabilities: Hashable, Sendable {
  /// Instruments that need more have no reading.
  public var offers: InstrumentNeeds
  /// What it can be told.
  public var commands: Commands

  /// The kinds of commands.
  public struct Commands: OptionSet, Hashable, Sendable {
    /// One bit for each element.
    public let rawValue: Int

    /// The set with these bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Run, pause, and go from update to update.
    public static let control = Commands(rawValue: 1)
    /// Change settings, undo and restart.
    public static let change = Commands(rawValue: 2)
    /// Fork a second lane.
    public static let fork = Commands(rawValue: 4)
  }

  /// A source with these offers and commands.
  public init(offers: InstrumentNeeds, commands: Commands) {
    self.offers = offers
    self.commands = commands
  }

  /// Everything: a trainer's.
  public static let all = Capabilities(
    offers: .all, commands: [.control, .change, .fork])
}

/// What a source tells.
public enum SourceNews: Sendable {
  /// Runs as they stand now, of all lanes at one moment.
  case frame(Frame)
  /// A command was refused: the keys that it was to set, and why.
  case refused(LaneID, keys: [String], reason: String)
  /// A command was done that is worth a word.
  case report(TrainerReport)
  /// A command means nothing here, and why.
  case ignored(String)
}

/// The state of a source's lanes at one moment.
public struct Frame: Sendable {
  /// The lanes.
  public var lanes: [LaneID: LaneFrame]
  /// How the second lane's gradient and weights differ from the first's, where it was read.
  public var difference: LaneDifference?

  /// A frame of some lanes.
  public init(lanes: [LaneID: LaneFrame], difference: LaneDifference? = nil) {
    self.lanes = lanes
    self.difference = difference
  }
}

/// One lane's part of a frame.
public struct LaneFrame: Sendable {
  /// Where the run stands.
  public var summary: RunSummary
  /// What was read of the pass it stands before; nil where that comes later.
  public var readings: Readings?
  /// The pass itself, to be written to a file; nil where the source has none.
  public var pass: Snapshot?

  /// A lane's state.
  public init(summary: RunSummary, readings: Readings? = nil, pass: Snapshot? = nil) {
    self.summary = summary
    self.readings = readings
    self.pass = pass
  }
}

extension [LaneID: ReadingRequest] {
  /// Whether readings of `lanes` that were asked for as `asked` have all of it.
  func isCovered(by asked: Self, in lanes: some Collection<LaneID>) -> Bool {
    lanes.allSatisfy { lane in
      guard let request = self[lane], let asked = asked[lane] else { return false }
      return request.isCovered(by: asked)
    }
  }

  /// What an analyst is to read of `snapshots`.
  func job(_ snapshots: [LaneID: Snapshot]) -> Analyst.Job {
    Analyst.Job(
      uniqueKeysWithValues: snapshots.map { lane, snapshot in (lane, (snapshot, self[lane] ?? ReadingRequest())) })
  }
}
