/// What a run is from its beginning on: a change that begins a new run begins another course.
struct RunCourse: Sendable {
  var beginning: RunBeginning
  /// The changes made, and behind them those that were taken back and will be made again at their updates.
  var changes: [Change] = []
  var made = 0
  var history = LossHistory()
  var explosion: Explosion?
  /// The updates before the explosion, also while the run is gone back over them.
  var blackBox: BlackBox?
  var checkpoints = CheckpointRing()
  var origins: [WeightOrigin] = []
  /// The weights with the least held-out loss.
  var best: TrainingRun.BestWeights?

  /// Every change made so far that holds, and what took others back.
  var journal: [JournalEntry] { changes[..<made].map(\.entry) }

  /// The place in the journal of the last change that was not taken back.
  var lastUndoable: Int? {
    var standing: [Int] = []
    for (index, entry) in journal.enumerated() {
      switch entry.kind {
      case .change: standing.append(index)
      case .undo: _ = standing.popLast()
      }
    }
    return standing.last
  }

  /// Adds a change that was made before the next update; those that were taken back before are not made again.
  mutating func record(_ change: Change, at update: Int) {
    (explosion, blackBox) = (nil, nil)
    changes.removeLast(changes.count - made)
    checkpoints.drop(after: update, changeCount: made)
    changes.append(change)
    made += 1
  }
}

/// A course that was left for a new one, where it stood.
struct FormerCourse: Sendable {
  var course: RunCourse
  var place: Checkpoint
  /// What the new one was begun by: settings, or a restart.
  var settings: [Setting] = []
  var restart: RestartPoint?

  fileprivate var bytes: Int { place.bytes + course.checkpoints.bytes }
}

extension [FormerCourse] {
  /// The most that are kept, and the bytes that they and their checkpoints may take.
  private static var limit: Int { 8 }
  private static var byteLimit: Int { 64 << 20 }

  /// Adds one. Where all are too much, first checkpoints go, which can be made again, then the oldest courses themselves.
  mutating func keep(_ former: FormerCourse) {
    append(former)
    if count > Self.limit { removeFirst() }
    for index in indices where bytes > Self.byteLimit { self[index].course.checkpoints = CheckpointRing() }
    while count > 1, bytes > Self.byteLimit { removeFirst() }
  }

  private var bytes: Int { reduce(0) { $0 + $1.bytes } }
}
