import Glibc
import RecurrentNetworks
import Testing

@testable import Training

@Suite("Parity, latch, Reber and sines")
struct DrawnTaskTests {
  /// Row by row: two rows of sequence 0, then two of sequence 3, as another program draws them.
  struct Drawn: Decodable {
    var symbols: [Int]?, classes: [Int]?
    var x: [Double]?, values: [Double]?
  }

  @Test(
    "first sequences, as drawn by another program from the definitions",
    arguments: ["parity", "latch", "reber", "sine"])
  func golden(name: String) throws {
    let expected = try #require(fixture("tasks", as: [String: [Drawn]].self)[name])
    let task = try makeTask(#require(TaskName(rawValue: name)), length: 70)
    for (number, drawn) in expected.enumerated() {
      let row = number % 2
      let data = task.sequences(index: number < 2 ? 0 : 3, batch: 2, length: 70)
      func ofRow<T>(_ all: [T]) -> [T] { all.indices.filter { $0 % 2 == row }.map { all[$0] } }
      if let symbols = drawn.symbols { #expect(ofRow(try #require(data.symbols)).map(Int.init) == symbols) }
      if let x = drawn.x { #expect(relativeError(ofRow(data.x), x) < 1e-14) }
      if let next = drawn.values { #expect(relativeError(ofRow(targetValues(data)), next) < 1e-14) }
      if let expected = drawn.classes {
        #expect(Array(ofRow(targetClasses(data)).suffix(expected.count)) == expected)
      }
    }
  }

  @Test("parity: fair bits, the class is the number of ones so far by 2, at every step")
  func parity() throws {
    let (n, batch) = (130, 200)
    let data = try makeTask(.parity, length: n).sequences(index: 4, batch: batch, length: n)
    let symbols = try #require(data.symbols).map(Int.init), target = targetClasses(data)
    for row in 0..<batch {
      let bits = (0..<n).map { symbols[$0 * batch + row] }
      for t in 0..<n { #expect(target[t * batch + row] == bits[...t].reduce(0, +) % 2) }
    }
    // 13,000 ± 80 ones at every second place; neighbors are independent.
    #expect(abs(symbols.reduce(0, +) - n * batch / 2) < 400)
    let pairs = (batch..<n * batch).count { symbols[$0] == symbols[$0 - batch] }
    #expect(abs(pairs - (n - 1) * batch / 2) < 400)
    #expect(data.targetMask.allSatisfy { $0 == 1 })
    #expect(try makeTask(.parity, length: n).description.floors.map(\.loss) == [log(2)])
  }

  @Test("latch: three inputs of ±1, noise of variance 0.2, the sign at the end")
  func latch() throws {
    let (n, batch) = (30, 600)
    let data = try makeTask(.latch, length: n).sequences(index: 1, batch: batch, length: n)
    let target = targetClasses(data)
    var plus = 0, sum = 0.0, squares = 0.0, count = 0.0
    for row in 0..<batch {
      let x = (0..<n).map { data.x[$0 * batch + row] }
      #expect(x[..<3] == [x[0], x[0], x[0]] && abs(x[0]) == 1)
      #expect(target[(n - 1) * batch + row] == (x[0] > 0 ? 1 : 0))
      plus += x[0] > 0 ? 1 : 0
      for value in x[3...] {
        sum += value
        squares += value * value
        count += 1
      }
    }
    #expect(abs(plus - batch / 2) < 60)
    // Standard errors of the mean and of the variance: √(0.2/16,200) = 0.0035, 0.2 √(2/16,200) = 0.0022.
    #expect(abs(sum / count) < 0.015 && abs(squares / count - 0.2) < 0.01)
    #expect(data.targetMask == [UInt8](repeating: 0, count: (n - 1) * batch) + [UInt8](repeating: 1, count: batch))
  }

  /// Embedded strings as a regular expression, which no walk over nodes went into.
  private static let inner = "B(TS*X(S|XT*V(PXT*V)*(V|PS))|PT*V(PXT*V)*(V|PS))E"

  @Test("reber: legal strings one after another, the next symbol as target, with the probabilities of the grammar")
  func reber() throws {
    let (n, batch) = (120, 300)
    let task = try makeTask(.reber, length: n)
    let data = task.sequences(index: 2, batch: batch, length: n)
    let symbols = try #require(data.symbols).map(Int.init), target = targetClasses(data)
    let names = task.description.inputSymbols
    let legal = try Regex("^(BT\(Self.inner)TE|BP\(Self.inner)PE)$")
    var strings: [String: Int] = [:]
    var total = 0
    for row in 0..<batch {
      let own = (0..<n).map { symbols[$0 * batch + row] }
      #expect((0..<n - 1).allSatisfy { target[$0 * batch + row] == own[$0 + 1] })
      // A string is over where E is followed by B; the last one is cut off.
      let text = (own + [target[(n - 1) * batch + row]]).map { names[$0] }.joined()
      for string in text.replacing("EB", with: "E B").split(separator: " ").dropLast() {
        #expect(string.contains(legal), "\(string)")
        strings[String(string), default: 0] += 1
        total += 1
      }
    }
    #expect(total > 1500)
    // The first string of a row has each probability; among whole ones short strings are a little too many. BTBPVVETE:
    // T, P, V, V, each one of two.
    #expect(abs(Double(strings["BTBPVVETE"] ?? 0) / Double(total) - 1.0 / 16) < 0.02)
    #expect(abs(Double(strings["BPBTXSEPE"] ?? 0) / Double(total) - 1.0 / 16) < 0.02)
  }

  @Test("reber: what may follow is right, and nothing else; the floors are its entropy")
  func legalNext() throws {
    let (n, batch) = (100, 400)
    let task = try makeTask(.reber, length: n)
    let data = task.sequences(index: 0, batch: batch, length: n)
    let symbols = try #require(data.symbols).map(Int.init)
    let right = try #require(task.rightClasses(in: data))
    let names = task.description.inputSymbols
    // Prefixes of the language, found by growing strings and asking whether the expression can still match: here by the
    // set of all whole strings up to a length.
    let followers = Followers()
    var logarithms = 0.0
    for row in 0..<batch {
      var text = ""
      for t in 0..<n {
        let position = t * batch + row
        text += names[symbols[position]]
        if text.hasSuffix("EB") { text = "B" }
        let found = Set((0..<7).filter { right[position] >> UInt64($0) & 1 == 1 }.map { names[$0] })
        logarithms += log(Double(found.count))
        if text.count <= 12 { #expect(found == followers.after(text), "\(text)") }
      }
    }
    // The mean over 40,000 steps: standard error under ln 2 · √(¼ / 40,000) = 0.0017.
    let floors = task.description.floors.map(\.loss)
    #expect(abs(logarithms / Double(n * batch) - floors[2]) < 0.007)
    #expect(floors[0] == log(7) && floors[2] < floors[1])
    // By hand: after the first B two symbols, then B, then two, two and two symbols may follow; then all but node 6, where
    // one string in four is, have two.
    for (length, choices) in [(2, 1.0), (3, 2), (4, 3), (5, 4), (6, 4.75)] {
      let floors = try makeTask(.reber, length: length).description.floors.map(\.loss)
      #expect(abs(floors[2] - choices * log(2) / Double(length)) < 1e-15)
      #expect(floors[1] == floors[2])
    }
    // The first outer symbol to be recalled stands after B T B T X S E at the earliest: two of eight inner strings.
    let eight = try makeTask(.reber, length: 7).description.floors.map(\.loss)
    #expect(abs(eight[1] - eight[2] - 0.25 * log(2) / 7) < 1e-15)
    let long = try makeTask(.reber, length: 1_000_000).description.floors.map(\.loss)
    let longer = try makeTask(.reber, length: 1_000_000_000).description.floors.map(\.loss)
    #expect(abs(long[2] - longer[2]) < 1e-6)
  }

  /// What follows each prefix in the embedded strings, of up to 12 symbols.
  private struct Followers {
    private var table: [String: Set<String>] = [:]

    init() {
      // Rules of a right-linear grammar, a way of writing it that the task does not use.
      let rules = [
        "1": ["T2", "P3"], "2": ["S2", "X4"], "3": ["T3", "V5"], "4": ["X3", "S6"], "5": ["P4", "V6"], "6": ["E"],
      ]
      for outer in ["T", "P"] {
        var open = ["B\(outer)B1"]
        for _ in 0..<11 {
          open = open.flatMap { text -> [String] in
            guard let node = text.last, let ways = rules[String(node)] else { return [] }
            return ways.map { text.dropLast() + $0 }
          }
          for text in open {
            let whole = text.hasSuffix("E") ? text + outer + "EB" : String(text.dropLast())
            for end in whole.indices.dropFirst() {
              table[String(whole[..<end]), default: []].insert(String(whole[end]))
            }
          }
        }
      }
    }

    func after(_ text: String) -> Set<String> { table[text] ?? [] }
  }

  @Test("sine: two sines of the periods between 5 and 20, the next value as target; the floors are their moments")
  func sine() throws {
    let (n, batch) = (40, 3000)
    let task = try makeTask(.sine, length: n)
    let data = task.sequences(index: 5, batch: batch, length: n)
    let target = targetValues(data)
    var squares = 0.0, differences = 0.0
    for row in 0..<batch {
      let x = (0..<n).map { data.x[$0 * batch + row] }
      for t in 0..<n {
        if t + 1 < n { #expect(target[t * batch + row] == x[t + 1]) }
        squares += target[t * batch + row] * target[t * batch + row]
        differences += (target[t * batch + row] - x[t]) * (target[t * batch + row] - x[t])
      }
      // A sum of two sines obeys x_t - 2a x_{t-1} + 2b x_{t-2} - 2a x_{t-3} + x_{t-4} = 0 for some a and b: solved from
      // two places, true at the others.
      guard row < 100 else { continue }
      func terms(_ t: Int) -> (Double, Double, Double) { (2 * (x[t - 1] + x[t - 3]), -2 * x[t - 2], x[t] + x[t - 4]) }
      let (p, q) = (terms(4), terms(9))
      let determinant = p.0 * q.1 - p.1 * q.0
      guard abs(determinant) > 0.1 else { continue }
      let a = (p.2 * q.1 - p.1 * q.2) / determinant, b = (p.0 * q.2 - p.2 * q.0) / determinant
      for t in 10..<n { #expect(abs(terms(t).0 * a + terms(t).1 * b - terms(t).2) < 1e-11) }
    }
    let floors = task.description.floors.map(\.loss)
    #expect(floors[0] == 0.125)
    #expect(abs(squares / Double(2 * n * batch) - floors[0]) < 0.003)
    #expect(abs(differences / Double(2 * n * batch) - floors[1]) < 0.003)
  }
}
