/// How long a key is held: the keyboard repeats it, ever more of what it does comes with each.
public struct HeldKey: Hashable, Sendable {
  private var key: Key?
  private var last = Duration.zero
  private var count = 0
  /// How many keys were pressed, a held one once, and when the first was.
  public private(set) var pressed = 0, first: Duration?

  /// No key yet.
  public init() {}

  /// Repeats come at least as fast as this.
  private static let interval = Duration.milliseconds(80)

  /// How many times a press counts: 1, and ten or a hundred times that after a while of holding it.
  public mutating func press(_ key: Key, at time: Duration) -> Int {
    count = key == self.key && time > last && time - last < Self.interval ? count + 1 : 0
    (self.key, last, first) = (key, time, first ?? time)
    pressed += count == 0 ? 1 : 0
    return count < 12 ? 1 : count < 40 ? 10 : 100
  }
}
