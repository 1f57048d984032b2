import Canvas
import Experiments
import Synchronization
import Training

/// Where files go that are written from the dashboard. Long ones are written beside, and told of as they come on. Used by any
/// thread.
public protocol FileOutlet: AnyObject, Sendable {
  /// Begins to write a file; `update` is a part of its name.
  func write(_ file: OutletFile, update: Int)
  /// What has become of the files since the last call.
  func takeNews() -> [Action]
  /// Stops what is being written.
  func cancel()
}

/// A file that the dashboard can write.
public enum OutletFile: Sendable {
  /// The screen or a panel as a picture as it was asked for, and the theme that it was drawn with.
  case picture(Buffer, Theme, PictureRequest)
  /// A pass with all its numbers, where there is one, and what is on the screen of them.
  case trace(Snapshot?, ReadingsFile)
  /// The updates before an explosion.
  case blackBox(BlackBox)
  /// The settings; of which lane, where there are two.
  case experiment(Experiment, of: LaneID?)
  /// The names of the panels that every session opens with, in the user's own file.
  case panels([String])
  /// Everything, to go on from here at another time.
  case session([LaneID: RunCheckpoint], DashboardView)
}

/// Writes nothing: for frames and tests.
public final class NoFiles: FileOutlet {
  private let files = Mutex<[OutletFile]>([])

  /// What was to be written, in order.
  public var asked: [OutletFile] { files.withLock { $0 } }

  /// An outlet that keeps what it is asked for.
  public init() {}

  /// Keeps the file; writes nothing.
  public func write(_ file: OutletFile, update: Int) { files.withLock { $0.append(file) } }

  /// Nothing ever happens.
  public func takeNews() -> [Action] { [] }

  /// There is nothing to give up.
  public func cancel() {}
}
