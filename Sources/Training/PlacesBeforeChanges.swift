/// Where training stood before each of the last changes, while no update has been made since: there `undo` has nothing to train again.
struct PlacesBeforeChanges: Sendable {
  /// The most places, and the bytes that they may take; the oldest go.
  static let limit = 16, byteLimit = 32 << 20

  private var places: [(change: Int, place: Checkpoint)] = []

  var isEmpty: Bool { places.isEmpty }
  var count: Int { places.count }
  /// The bytes that they take together.
  var bytes: Int { places.reduce(0) { $0 + $1.place.bytes } }

  /// Adds the place before a change, by the change's place in the journal.
  mutating func append(_ place: Checkpoint, before change: Int) {
    places.append((change, place))
    while places.count > Self.limit || bytes > Self.byteLimit {
      places.removeFirst()
    }
  }

  /// The place before a change, if it was the last one.
  func place(before change: Int) -> Checkpoint? {
    places.last.flatMap { $0.change == change ? $0.place : nil }
  }

  mutating func removeLast() { places.removeLast() }

  mutating func removeAll() { places.removeAll() }
}
