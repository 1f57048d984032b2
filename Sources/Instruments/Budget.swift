import Training

/// How much the instruments may compute, so that the screen stays live; and what they left out for it.
///
/// A cost is told in units of a multiply-add. Used by one thread at a time.
public final class Budget {
  /// Who waits for the readings.
  public enum Patience: Sendable {
    /// A frame of a network that trains.
    case live
    /// The first look at a network that stands still.
    case paused
    /// A reader who has stopped to look: everything that takes less than a few seconds.
    case patient
    /// A file, or a test: everything.
    case unlimited
  }

  /// Who waits.
  public let patience: Patience
  /// What the present instrument left out, a sentence each.
  public private(set) var leftOut: [String] = []
  /// Why the present instrument has nothing to read, where it said so: a sentence.
  public private(set) var reason: String?
  private let followed: Set<TrendKey>?
  private var instrument: InstrumentID?
  private let stop: @Sendable () -> Bool

  /// A budget.
  ///
  /// - Parameters:
  ///   - patience: who waits.
  ///   - followed: the trends that are all that is read of the readings, as for the columns of a file; nil where everything is.
  ///   - stop: where it answers true, instruments give up.
  public init(
    _ patience: Patience, following followed: Set<TrendKey>? = nil, stop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.patience = patience
    self.followed = followed
    self.stop = stop
  }

  /// Whether anybody reads more of the present instrument than its trends.
  var isWhole: Bool { followed == nil }

  /// Whether anybody reads what the trend `name` of the present instrument needs.
  func needs(trend name: String) -> Bool {
    guard let followed, let instrument else { return true }
    return followed.contains(TrendKey(instrument, name))
  }

  /// The same budget for an instrument that reads others: what they leave out is theirs.
  var another: Budget { Budget(patience, stop: stop) }

  /// Whether the readings are no longer wanted.
  public var isCancelled: Bool { stop() }

  /// The progress of a long computation: ends it when its result is no longer wanted.
  ///
  /// - Throws: `CancellationError`.
  func goOn(_ share: Double) throws {
    if isCancelled { throw CancellationError() }
  }

  /// Whether what is left out would be left out at any time.
  var isPatient: Bool { patience == .patient || patience == .unlimited }

  /// Another instrument begins.
  func begin(_ instrument: InstrumentID) { (self.instrument, leftOut, reason) = (instrument, [], nil) }

  /// There is nothing to read, and why: "a forward algorithm has no truncation".
  func hasNothing(because reason: String) { self.reason = reason }

  /// Something is left out: "the flow matrix of 5000×5000 terms".
  public func leaveOut(_ words: String) { leftOut.append(words) }

  /// How many things that cost `cost` each fit into `milliseconds` of a live frame, or into the longer time that a reader has
  /// who has stopped; `least` at least.
  public func count(milliseconds: Double, cost: Double, least: Int = 1) -> Int {
    let time: Double
    switch patience {
    case .live: time = milliseconds
    case .paused: time = 5 * milliseconds
    case .patient: time = max(700, 5 * milliseconds)
    case .unlimited: return .max
    }
    return max(least, Int(min(1e9, time * Self.multiplyAddsPerMillisecond / max(1, cost))))
  }

  /// The largest size that is computed, by patience.
  public func size(live: Int, patient: Int) -> Int {
    switch patience {
    case .live, .paused: live
    case .patient: patient
    case .unlimited: .max
    }
  }

  /// What a slow present processor does of a matrix product in double precision.
  private static let multiplyAddsPerMillisecond = 1.5e7
}
