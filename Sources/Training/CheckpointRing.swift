/// The checkpoints of a run, within a bound of memory, from its first update to where it stands: close together about the
/// present place, the farther from it the farther apart.
///
/// Where training stands behind checkpoints that were saved before, after a rewind, they stay for as long as the same
/// updates would be made again.
struct CheckpointRing: Sendable {
  /// The bytes that they may take together.
  static let byteLimit = 64 << 20
  /// The most checkpoints.
  static let countLimit = 128
  /// The fewest updates between two: a copy costs little beside as many updates, and training them again little beside a
  /// key pressed. At the start of a sequence one state is saved, later the states of all its steps.
  static let spacing = 8, spacingInSequence = 32
  /// How many steps must have been trained since the last one for each state that is saved.
  static let stepsPerState = 24
  /// The fewest updates between two that hold the history.
  static let historySpacing = 64
  /// How many updates back a checkpoint without the history is of use.
  static let reachWithoutHistory = LossHistory.recentLimit - historySpacing

  /// In the order of their updates.
  private var checkpoints: [Checkpoint] = []
  private var spare: Checkpoint?

  /// The bytes that they take together.
  private(set) var bytes = 0
  /// How many there are.
  var count: Int { checkpoints.count }
  /// The same checkpoints for another run.
  var shared: CheckpointRing {
    var ring = self
    ring.spare = nil
    return ring
  }
  /// The updates at which they lie.
  var updates: [Int] { checkpoints.map(\.position.update) }

  /// Saves the engine's state if the checkpoint before it lies far enough back.
  mutating func saveIfDue(
    _ engine: any TrainingEngine, changeCount: Int, history: LossHistory, origins: [WeightOrigin]
  ) {
    let update = engine.position.update
    var index = checkpoints.count
    while index > 0, checkpoints[index - 1].position.update > update { index -= 1 }
    if index > 0 {
      let distance = update - checkpoints[index - 1].position.update
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
    checkpoint.changeCount = changeCount
    checkpoint.origins = origins
    let lastHistory = checkpoints[..<index].last { $0.history != nil }?.position.update
    checkpoint.history = lastHistory.map { update - $0 >= Self.historySpacing } ?? true ? history : nil
    checkpoints.insert(checkpoint, at: index)
    bytes += checkpoint.bytes
    while checkpoints.count > 2, bytes > Self.byteLimit || checkpoints.count > Self.countLimit {
      thinOut(about: update)
    }
  }

  /// Takes out the checkpoint that can best be done without by a run that stands at `place`: the one whose neighbours lie
  /// closest together beside its distance from there. The first stays.
  private mutating func thinOut(about place: Int) {
    var best = 1
    var least = Double.infinity
    for index in 1..<checkpoints.count {
      let update = checkpoints[index].position.update
      let distance = Double(abs(place - update) + 1)
      let next = index + 1 < checkpoints.count ? checkpoints[index + 1].position.update : max(place, update) + 1
      var weight = Double(next - checkpoints[index - 1].position.update) / distance
      if checkpoints[index].history == nil, distance > Double(Self.reachWithoutHistory) { weight = 0 }
      if weight < least { (best, least) = (index, weight) }
    }
    remove(at: best)
  }

  private mutating func remove(at index: Int) {
    var removed = checkpoints.remove(at: index)
    bytes -= removed.bytes
    // What another run reads too is not written again.
    if isKnownUniquelyReferenced(&removed) { spare = removed }
  }

  /// The newest checkpoint not after `update` at which the history can be had, and the history there.
  ///
  /// - Parameter present: the history as it stands, whose records close the gap to a checkpoint that holds none.
  func last(notAfter update: Int, present: LossHistory) -> (checkpoint: Checkpoint, history: LossHistory)? {
    for index in checkpoints.indices.reversed() where checkpoints[index].position.update <= update {
      let checkpoint = checkpoints[index]
      if let history = checkpoint.history { return (checkpoint, history) }
      guard let base = checkpoints[..<index].last(where: { $0.history != nil }), var history = base.history,
        let gap = present.records(after: base.position.update, upTo: checkpoint.position.update)
      else { continue }
      for record in gap { history.append(record) }
      return (checkpoint, history)
    }
    return nil
  }

  /// Whether one lies after `update`, up to `last`.
  func hasAny(after update: Int, upTo last: Int) -> Bool {
    checkpoints.contains { $0.position.update > update && $0.position.update <= last && $0.history != nil }
  }

  /// Drops those after `update`, and those behind more changes than `changeCount`.
  mutating func drop(after update: Int, changeCount: Int) {
    while let last = checkpoints.last, last.position.update > update || last.changeCount > changeCount {
      bytes -= last.bytes
      checkpoints.removeLast()
    }
  }
}
