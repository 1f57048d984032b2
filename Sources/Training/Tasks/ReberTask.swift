import Glibc
import RecurrentNetworks

/// The embedded Reber grammar (Fahlman 1991; Hochreiter & Schmidhuber 1997): the next symbol of strings, one after another,
/// that fill the sequence.
///
/// A string is B, then T or P, then a string of Reber's grammar, then the same T or P again, then E. Reber's grammar is a
/// walk from node 0 to node 7, on either of two ways with probability ½:
///
///     0 -B→ 1    1 -T→ 2  1 -P→ 3    2 -S→ 2  2 -X→ 4    3 -T→ 3  3 -V→ 5
///     4 -X→ 3  4 -S→ 6               5 -P→ 4  5 -V→ 6    6 -E→ 7
///
/// Where two symbols may follow, which one will cannot be known; the outer T or P can, by whoever remembers it over the
/// inner string. The first string begins with the sequence, the last is cut off at its end.
struct ReberTask: DrawnTask {
  static let minimumLength = 2, widthEstimate = 7
  let seed: UInt64
  let description: TaskDescription

  init(seed: UInt64, length: Int) {
    self.seed = seed
    let names = Self.alphabet.map(String.init)
    let loss = Self.expectedLoss(length: length)
    description = TaskDescription(
      name: "reber", summary: "the next symbol of embedded Reber strings, one after another", inputs: 7, outputs: 7,
      loss: .crossEntropy, isStream: false, inputSymbols: names, keySymbols: [0, 6], inputNames: names,
      outputNames: names,
      floors: [
        .init(name: "guessing", loss: log(7.0)),
        .init(name: "knowing the inner grammar", short: "inner", loss: loss.forgetting),
        .init(name: "knowing the outer symbol too", short: "outer too", loss: loss.remembering),
      ])
  }

  // MARK: The grammar

  /// The symbols, by class.
  private static let alphabet: [Character] = ["B", "T", "P", "S", "X", "V", "E"]

  /// Reber's grammar (Reber 1967), by node: what may follow, and where it leads.
  private static let grammar: [[(symbol: Character, next: Int)]] = [
    [("B", 1)], [("T", 2), ("P", 3)], [("S", 2), ("X", 4)], [("T", 3), ("V", 5)], [("X", 3), ("S", 6)],
    [("P", 4), ("V", 6)], [("E", 7)],
  ]

  /// The two equally probable ways on from every place, the same one twice where there is but one; those of place p at 2 p
  /// and 2 p + 1. Place 0 is the beginning of a string, 1 follows the outer B, 2 to 9 are the nodes behind an outer T, 10
  /// to 17 those behind an outer P, and 18 is before the outer E.
  private static let ways: [(symbol: Int32, next: Int)] = {
    var places: [[(symbol: Character, next: Int)]] = [[("B", 1)], [("T", 2), ("P", 10)]]
    for (outer, first) in [(Character("T"), 2), ("P", 10)] {
      places += grammar.map { $0.map { ($0.symbol, first + $0.next) } } + [[(outer, 18)]]
    }
    places.append([("E", 0)])
    return places.flatMap { ways in
      [ways[0], ways[ways.count - 1]].map { (Int32(alphabet.firstIndex(of: $0.symbol) ?? 0), $0.next) }
    }
  }()

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    let ways = Self.ways
    data.writeSymbols { symbols, classes, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        var bits: UInt64 = 0
        var place = 0
        // n + 1 symbols: the last is only a target.
        for t in 0...n {
          bits = t.isMultiple(of: 64) ? random.next() : bits >> 1
          let way = ways[2 * place + Int(bits & 1)]
          place = way.next
          if t < n { symbols[t * batch + row] = way.symbol }
          if t > 0 { classes[(t - 1) * batch + row] = way.symbol }
        }
      }
    }
  }

  /// Every symbol that may follow is right.
  func rightClasses(in data: SequenceBatch) -> [UInt64]? {
    guard let symbols = data.symbols else { return nil }
    var right = [UInt64](repeating: 0, count: symbols.count)
    for row in 0..<data.batch {
      var place = 0
      for position in stride(from: row, to: symbols.count, by: data.batch) {
        place = (Self.ways[2 * place...2 * place + 1].first { $0.symbol == symbols[position] })?.next ?? 0
        for way in Self.ways[2 * place...2 * place + 1] { right[position] |= 1 << UInt64(way.symbol) }
      }
    }
    return right
  }

  /// The entropy of the next symbol in nats, the mean over the steps of a sequence, for whoever knows the grammar: with the
  /// outer symbol remembered, and with a coin thrown for it. Exact: the distribution over the places is followed.
  private static func expectedLoss(length: Int) -> (remembering: Double, forgetting: Double) {
    let places = ways.count / 2
    // After the first symbol.
    var distribution = [Double](repeating: 0, count: places)
    distribution[1] = 1
    var (choices, recalls) = (0.0, 0.0)
    // What is left after a few thousand steps is settled to the last digit.
    let followed = min(length, 4096)
    var (choice, recall) = (0.0, 0.0)
    for _ in 0..<followed {
      var next = [Double](repeating: 0, count: places)
      (choice, recall) = (0, distribution[9] + distribution[17])
      for (place, probability) in distribution.enumerated() {
        let pair = ways[2 * place...2 * place + 1]
        if pair.first?.symbol != pair.last?.symbol { choice += probability }
        for way in pair { next[way.next] += probability / 2 }
      }
      choices += choice
      recalls += recall
      distribution = next
    }
    choices += choice * Double(length - followed)
    recalls += recall * Double(length - followed)
    let perStep = log(2.0) / Double(length)
    return (choices * perStep, (choices + recalls) * perStep)
  }
}
