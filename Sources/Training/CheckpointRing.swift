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
  /// How many times as many lie between two where an update takes microseconds: fewer than `fewProducts` multiply-adds.
  static let tinySpacing = 2, fewProducts = 1 << 17
  /// How many steps must have been trained since the last one for each state that is saved.
  static let stepsPerState = 24
  /// The fewest updates between two that hold the history.
  static let historySpacing = 64
  /// How many updates back a checkpoint without the history is of use.
  static let reachWithoutHistory = LossHistory.recentLimit - historySpacing

  /// In the order of their updates.
  private var checkpoints: [Checkpoint] = []
  /// Where they lie, and whether they hold the history: plain numbers, which are looked through at every save.
  private var places: [(update: Int, hasHistory: Bool)] = []
  private var spare: Checkpoint?
  /// Places at which none is due, behind the one that was saved last: one look at them is all that most updates take.
  private var quiet = 0..<0

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
  var updates: [Int] { places.map(\.update) }

  /// Whether none is due at a place because the last one lies shortly before it.
  func isQuiet(at update: Int) -> Bool { quiet.contains(update) }

  /// Whether the checkpoint before the engine's place lies so far back that another is due.
  func isDue(_ engine: any TrainingEngine) -> Bool {
    let position = engine.position
    let index = index(after: position.update)
    guard index > 0 else { return true }
    let distance = position.update - places[index - 1].update
    // Most updates end here: what lies below asks more of the engine.
    guard distance >= (position.trained == 0 ? Self.spacing : Self.spacingInSequence) else { return false }
    let times = Self.timesSpacing(engine)
    guard position.trained > 0 else { return distance >= times * Self.spacing }
    return distance >= times * Self.spacingInSequence
      && distance * engine.window.steps.count >= Self.stepsPerState * position.trained
  }

  /// How many times the spacing lies between two checkpoints of updates like the next.
  private static func timesSpacing(_ engine: any TrainingEngine) -> Int {
    // A multiply-add a parameter, step and sequence, about.
    let products = engine.layout.count * engine.window.steps.count * engine.data.batch
    return products < fewProducts ? tinySpacing : 1
  }

  /// Where a checkpoint at `update` would be inserted, behind those not after it.
  private func index(after update: Int) -> Int {
    var index = places.count
    while index > 0, places[index - 1].update > update { index -= 1 }
    return index
  }

  /// Saves the engine's state.
  mutating func save(
    _ engine: any TrainingEngine, changeCount: Int, history: LossHistory, origins: [WeightOrigin]
  ) {
    let update = engine.position.update
    let index = index(after: update)
    let checkpoint = spare ?? Checkpoint()
    spare = nil
    engine.save(into: checkpoint)
    checkpoint.changeCount = changeCount
    checkpoint.origins = origins
    let lastHistory = places[..<index].last { $0.hasHistory }?.update
    checkpoint.history = lastHistory.map { update - $0 >= Self.historySpacing } ?? true ? history : nil
    checkpoints.insert(checkpoint, at: index)
    places.insert((update, checkpoint.history != nil), at: index)
    bytes += checkpoint.bytes
    while checkpoints.count > 2, bytes > Self.byteLimit || checkpoints.count > Self.countLimit {
      thinOut(about: update)
    }
    let isKept = places.last { $0.update <= update }?.update == update
    quiet = isKept ? update..<update + Self.timesSpacing(engine) * Self.spacing : 0..<0
  }

  /// Takes out the checkpoint that can best be done without by a run that stands at `place`: the one whose neighbors lie
  /// closest together beside its distance from there. The first stays.
  private mutating func thinOut(about place: Int) {
    var best = 1
    var least = Double.infinity
    for index in 1..<places.count {
      let update = places[index].update
      let distance = Double(abs(place - update) + 1)
      let next = index + 1 < places.count ? places[index + 1].update : max(place, update) + 1
      var weight = Double(next - places[index - 1].update) / distance
      if !places[index].hasHistory, distance > Double(Self.reachWithoutHistory) { weight = 0 }
      if weight < least { (best, least) = (index, weight) }
    }
    remove(at: best)
  }

  private mutating func remove(at index: Int) {
    var removed = checkpoints.remove(at: index)
    places.remove(at: index)
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
      for mark in present.validations
      where mark.update > base.position.update && mark.update <= checkpoint.position.update {
        history.append(validation: mark)
      }
      return (checkpoint, history)
    }
    return nil
  }

  /// Whether one lies after `update`, up to `last`.
  func hasAny(after update: Int, upTo last: Int) -> Bool {
    places.contains { $0.update > update && $0.update <= last && $0.hasHistory }
  }

  /// Drops those after `update`, and those behind more changes than `changeCount`.
  mutating func drop(after update: Int, changeCount: Int) {
    quiet = 0..<0
    while let last = checkpoints.last, last.position.update > update || last.changeCount > changeCount {
      bytes -= last.bytes
      checkpoints.removeLast()
      places.removeLast()
    }
  }
}
