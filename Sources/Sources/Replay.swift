import Training

/// A place among the updates of a recording that may still grow: it follows the newest, plays on, or stands.
struct Replay: Equatable, Sendable {
  /// The updates that can be gone to, ascending.
  private(set) var updates: [Int] = []
  private var position = 0
  /// Whether it goes on by itself.
  private var goesOn = true
  /// Whether no more updates come.
  var isOver = false

  /// Where it stands; nil while there is nothing.
  var current: Int? { updates.indices.contains(position) ? updates[position] : nil }
  private var isAtEnd: Bool { position >= updates.count - 1 }
  /// Whether it follows a run that goes on, or plays.
  var isRunning: Bool { goesOn && !(isOver && isAtEnd) }
  /// Whether it plays what was recorded before.
  var isPlaying: Bool { goesOn && !isAtEnd }

  /// Takes the updates that there are now. Where it followed, it goes to the newest; else it stays where it is, or at the nearest before.
  mutating func take(_ updates: [Int]) {
    let (follows, here) = (goesOn && isAtEnd, current)
    self.updates = updates
    position = follows ? max(0, updates.count - 1) : here.map(place) ?? 0
  }

  /// Goes on by one, where it plays.
  mutating func tick() { if isPlaying { position += 1 } }

  /// Does what it is told.
  /// - Returns: what is to be said of it.
  mutating func perform(_ command: Trainer.Command) -> SourceNews? {
    switch command {
    case .run:
      // A recording that is over begins again.
      if isOver, isAtEnd { position = 0 }
      goesOn = true
    case .pause: goesOn = false
    case .step(let count): move { $0 + max(0, count) }
    case .rewind(let count): move(isBack: true) { $0 - max(0, count) }
    case .go(let wanted):
      move(isBack: true) { _ in wanted }
      return .report(.arrived(update: current ?? wanted, wanted: wanted))
    default: break
    }
    return nil
  }

  /// To the update that `target` makes of the present one, or the nearest behind it; going back, the nearest before it.
  private mutating func move(isBack: Bool = false, _ target: (Int) -> Int) {
    goesOn = false
    guard let current else { return }
    let wanted = target(current)
    position = isBack ? place(of: wanted) : min(updates.firstIndex { $0 >= wanted } ?? .max, updates.count - 1)
  }

  /// The last update that is not behind `update`, or the first.
  private func place(of update: Int) -> Int { max(0, (updates.firstIndex { $0 > update } ?? updates.count) - 1) }
}
