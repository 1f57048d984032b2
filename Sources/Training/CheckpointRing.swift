/// The checkpoints of a run's last updates, within a bound of memory; the oldest make room for new ones.
struct CheckpointRing {
  /// The bytes that they may take together.
  static let byteLimit = 64 << 20
  /// The most checkpoints.
  static let countLimit = 128
  /// The fewest updates between two: a copy costs little beside as many updates, and training them again little beside a
  /// key pressed. At the start of a sequence one state is saved, later the states of all its steps.
  static let spacing = 8, spacingInSequence = 32
  /// How many steps must have been trained since the last one for each state that is saved.
  static let stepsPerState = 24

  private var checkpoints: [Checkpoint] = []
  private var spare: Checkpoint?
  private var bytes = 0

  /// The first that is left.
  var oldest: Checkpoint? { checkpoints.first }
  /// The last one saved.
  var newest: Checkpoint? { checkpoints.last }

  /// Saves the engine's state if the last one saved lies far enough back.
  mutating func saveIfDue(_ engine: any TrainingEngine, journalCount: Int) {
    if let newest = checkpoints.last {
      let distance = engine.position.update - newest.position.update
      guard distance >= Self.spacing else { return }
      let trained = engine.position.trained
      let isDue =
        trained == 0
        || distance >= Self.spacingInSequence
          && distance * engine.window.steps.count >= Self.stepsPerState * trained
      guard isDue else { return }
    }
    let checkpoint = spare ?? Checkpoint()
    spare = nil
    engine.save(into: checkpoint)
    checkpoint.journalCount = journalCount
    checkpoints.append(checkpoint)
    bytes += checkpoint.bytes
    while checkpoints.count > 2, bytes > Self.byteLimit || checkpoints.count > Self.countLimit {
      let oldest = checkpoints.removeFirst()
      bytes -= oldest.bytes
      spare = oldest
    }
  }

  /// The newest whose update is not after `update`.
  func last(notAfter update: Int) -> Checkpoint? {
    checkpoints.last { $0.position.update <= update }
  }

  /// Drops those after `update`.
  mutating func drop(after update: Int) {
    while let last = checkpoints.last, last.position.update > update {
      bytes -= last.bytes
      checkpoints.removeLast()
    }
  }
}
