/// What of a file is kept from training, to measure on.
public enum HeldOut: Equatable, Sendable {
  /// Nothing.
  case none
  /// This share of it, from its end: of each series, where there are several.
  case share(Double)
  /// Its last rows, or characters.
  case count(Int)
  /// Another file, all of it.
  case file(String)

  /// What `text` writes, as the experiment file has it; nil where it makes no sense.
  init?(_ text: String) {
    if isNull(text) {
      self = .none
    } else if let count = Int(text) {
      guard count > 0 else { return nil }
      self = .count(count)
    } else if let share = Double(text) {
      guard share > 0, share < 1 else { return nil }
      self = .share(share)
    } else {
      guard let path = unquoted(text), !path.isEmpty, !path.hasPrefix("["), !path.hasPrefix("{") else { return nil }
      self = .file(path)
    }
  }

  /// As the experiment file writes it.
  var text: String {
    switch self {
    case .none: "null"
    case .share(let share): formatNumber(share)
    case .count(let count): "\(count)"
    case .file(let path): quotedIfNeeded(path)
    }
  }

  /// How many of `count` rows are trained on.
  func trained(of count: Int) -> Int {
    switch self {
    case .none, .file: count
    case .share(let share): count - max(1, Int((Double(count) * share).rounded()))
    case .count(let last): max(0, count - last)
    }
  }
}

/// Where sequences begin in a file: places in a row that come around, or windows of several series.
struct SequencePlaces: Sendable {
  /// Places that follow each other, around their end: each row of a batch goes on where its sequence before ended.
  private let stream: Range<Int>?
  /// The first places of windows that lie apart, each whole in its series.
  private let starts: [Int]

  /// Places of one series, read as a stream.
  init(stream: Range<Int>) {
    self.stream = stream
    starts = []
  }

  /// Windows of `steps` places in each of `series`: side by side, the last one up to the end of its series.
  init(windows series: [Range<Int>], steps: Int) {
    stream = nil
    starts = series.flatMap { places -> [Int] in
      guard places.count >= steps else { return [] }
      let last = places.upperBound - steps
      var starts = Array(stride(from: places.lowerBound, through: last, by: steps))
      if starts.last != last { starts.append(last) }
      return starts
    }
  }

  /// How many places there are, or windows.
  var count: Int { stream?.count ?? starts.count }
  var isStream: Bool { stream != nil }

  /// Whether a place is one of the stream's; of windows each place is.
  func contains(_ place: Int) -> Bool { stream?.contains(place) ?? true }

  /// How many sequences of a batch cover all of it once.
  func sequences(steps: Int, batch: Int) -> Int {
    let each = stream == nil ? batch : batch * steps
    return max(1, (count + each - 1) / each)
  }

  /// The place that sequence `sequence` of `row` begins at.
  func start(sequence: Int, row: Int, steps: Int, batch: Int) -> Int {
    if let stream {
      return stream.lowerBound
        + StreamRows.start(sequence: sequence, row: row, steps: steps, batch: batch, places: stream.count)
    }
    return starts[(row * starts.count / batch + sequence % starts.count) % starts.count]
  }

  /// Calls `body` with the places of a sequence, a piece for each time that the stream comes around.
  func forEachPiece(from start: Int, steps: Int, _ body: (_ place: Int, _ step: Int, _ count: Int) -> Void) {
    var place = start, step = 0
    while step < steps {
      let count = stream.map { min(steps - step, $0.upperBound - place) } ?? steps
      body(place, step, count)
      step += count
      place = stream?.lowerBound ?? place
    }
  }
}
