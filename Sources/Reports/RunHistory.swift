import Instruments
import Training

/// What instruments read of a run while it was trained, at some of its updates.
public struct RunHistory: Sendable {
  /// The numbers over the updates.
  public private(set) var trends = Trends()
  private let every: Int

  /// A history of so many updates, which are still to be made.
  public init(updates: Int = 0) { every = max(1, updates / Self.places) }

  /// At how many updates the run is read: more cannot be told apart in a picture.
  private static let places = 40

  /// Reads a run that has just made an update, at every update that has its turn.
  public mutating func follow(_ run: TrainingRun) {
    guard run.update.isMultiple(of: every), run.explosion == nil else { return }
    let readings = Readings(PassView(run.snapshot()), ReadingRequest(MeasuredNumber.instruments), budget: Budget(.live))
    trends.add(readings, update: run.update)
  }
}
