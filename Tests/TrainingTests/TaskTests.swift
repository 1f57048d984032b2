import Glibc
import RecurrentNetworks
import Testing

@testable import Training

@Suite("Tasks that are drawn")
struct TaskTests {
  static let drawn: [(TaskName, Int)] = [
    (.adding, 30), (.copy, 30), (.temporalOrder, 50), (.recall, 9), (.coin, 33), (.parity, 70), (.latch, 12),
    (.reber, 67), (.sine, 15),
  ]

  @Test("data are a function of seed and index: the same again, others elsewhere; a row does not depend on the batch")
  func pure() throws {
    for (name, n) in Self.drawn {
      let task = try makeTask(name, length: n)
      let data = task.sequences(index: 5, batch: 4, length: n)
      var reused = task.emptyBatch(steps: n, batch: 4)
      for index in [9, 2, 5] { task.write(sequence: index, into: &reused) }
      #expect(reused == data)
      #expect(task.sequences(index: 6, batch: 4, length: n) != data)
      #expect(try makeTask(name, length: n, seed: 8).sequences(index: 5, batch: 4, length: n) != data)
      let narrow = task.sequences(index: 5, batch: 2, length: n)
      for position in 0..<n * 2 {
        let wide = position / 2 * 4 + position % 2
        for input in 0..<data.inputs {
          #expect(narrow.x[position * data.inputs + input] == data.x[wide * data.inputs + input])
        }
      }
    }
  }

  @Test("one-hot inputs are one-hot, at the symbol")
  func oneHot() throws {
    for (name, n) in Self.drawn {
      let task = try makeTask(name, length: n)
      if task.description.inputSymbols.isEmpty { continue }
      var data = task.emptyBatch(steps: n, batch: 3)
      for index in 0..<3 { task.write(sequence: index, into: &data) }
      let symbols = try #require(data.symbols)
      for position in 0..<n * 3 {
        let own = Array(data.x[position * data.inputs..<(position + 1) * data.inputs])
        #expect(own == (0..<data.inputs).map { $0 == Int(symbols[position]) ? 1 : 0 })
      }
    }
  }

  @Test("adding: one mark in [0, n/10), one in [n/10, n/2), the mean of the marked at the end, of variance 1/24")
  func adding() throws {
    let (n, batch) = (40, 4000)
    let data = try makeTask(.adding, length: n).sequences(index: 0, batch: batch, length: n)
    let target = targetValues(data)
    var sum = 0.0, squares = 0.0
    for row in 0..<batch {
      let marks = (0..<n).filter { data.x[2 * ($0 * batch + row) + 1] == 1 }
      #expect(marks.count == 2 && marks[0] < 4 && marks[1] >= 4 && marks[1] < 20)
      let mean = marks.reduce(0) { $0 + data.x[2 * ($1 * batch + row)] } / 2
      #expect(target[(n - 1) * batch + row] == mean)
      sum += mean - 0.5
      squares += (mean - 0.5) * (mean - 0.5)
    }
    #expect(data.targetMask == [UInt8](repeating: 0, count: (n - 1) * batch) + [UInt8](repeating: 1, count: batch))
    // Standard errors: √(1/24/4000) = 0.0032 and about √2/24/√4000 = 0.0009 or less.
    #expect(abs(sum / Double(batch)) < 0.013)
    #expect(abs(squares / Double(batch) - 1 / 24) < 0.003)
    #expect(try makeTask(.adding, length: n).description.floors.first?.loss == 0.5 / 24)
    // Every place is used.
    let firsts = Set((0..<batch).compactMap { row in (0..<4).first { data.x[2 * ($0 * batch + row) + 1] == 1 } })
    #expect(firsts == [0, 1, 2, 3])
  }

  @Test(
    "copy: ten symbols, T - 1 blanks, a cue, and the ten as the last targets; a memoryless guesser pays 10 ln 8/(T+20)")
  func copy() throws {
    let (n, batch) = (31, 200)
    let data = try makeTask(.copy, length: n).sequences(index: 3, batch: batch, length: n)
    let symbols = try #require(data.symbols).map(Int.init), target = targetClasses(data)
    var used = Set<Int>()
    for row in 0..<batch {
      let own = (0..<n).map { symbols[$0 * batch + row] }, asked = (0..<n).map { target[$0 * batch + row] }
      used.formUnion(own[..<10])
      #expect(own[10..<20] == ArraySlice(repeating: 8, count: 10))
      #expect(own[20] == 9)
      #expect(own[21...] == ArraySlice(repeating: 8, count: 10))
      #expect(asked[..<21] == ArraySlice(repeating: 8, count: 21))
      #expect(Array(asked[21...]) == Array(own[..<10]))
    }
    #expect(used == Set(0..<8))
    #expect(data.targetMask.allSatisfy { $0 == 1 })
    let floor = try #require(makeTask(.copy, length: n).description.floors.first?.loss)
    #expect(abs(floor - 10 * log(8) / 31) < 1e-15)
  }

  @Test("temporal-order: A or B in [n/10, n/5) and in [n/2, 6n/10), the class says which", arguments: [10, 13, 50, 99])
  func temporalOrder(n: Int) throws {
    let batch = 400
    let data = try makeTask(.temporalOrder, length: n).sequences(index: 1, batch: batch, length: n)
    let symbols = try #require(data.symbols).map(Int.init), target = targetClasses(data)
    var counts = [0, 0, 0, 0]
    for row in 0..<batch {
      let places = (0..<n).filter { symbols[$0 * batch + row] < 2 }
      #expect(
        places.count == 2 && (n / 10..<2 * n / 10).contains(places[0]) && (n / 2..<6 * n / 10).contains(places[1]))
      let order = symbols[places[0] * batch + row] * 2 + symbols[places[1] * batch + row]
      #expect(target[(n - 1) * batch + row] == order)
      counts[order] += 1
    }
    // 100 of each expected, standard deviation √75.
    #expect(counts.allSatisfy { abs($0 - 100) < 45 })
    #expect(Set(symbols) == Set(0..<6))
  }

  @Test("recall: the first symbol is the last step's class")
  func recall() throws {
    let data = try makeTask(.recall, length: 6).sequences(index: 2, batch: 300, length: 6)
    let symbols = try #require(data.symbols).map(Int.init)
    #expect(Array(targetClasses(data)[5 * 300..<6 * 300]) == Array(symbols[..<300]))
    #expect(Set(symbols[..<300]) == Set(0..<8))
    #expect(Set(symbols[300..<5 * 300]) == [8])
    #expect(Set(symbols[(5 * 300)...]) == [9])
    #expect(data.targetMask.reduce(0) { $0 + Int($1) } == 300)
  }

  @Test("coin: P(y = 1) = 0.5 + 0.5 x(t-3) - 0.25 x(t-8), also across sequences; the floors are its entropies")
  func coin() throws {
    let (n, batch) = (25, 16)
    let task = try makeTask(.coin, length: n)
    var coins = [[Int]](repeating: [], count: batch), answers = coins
    for index in 0..<400 {
      let data = task.sequences(index: index, batch: batch, length: n)
      let target = targetClasses(data)
      for row in 0..<batch {
        coins[row] += (0..<n).map { Int(data.x[$0 * batch + row]) }
        answers[row] += (0..<n).map { target[$0 * batch + row] }
      }
    }
    var seen = [0, 0, 0, 0], ones = seen
    for row in 0..<batch {
      for t in 8..<coins[row].count {
        let known = 2 * coins[row][t - 3] + coins[row][t - 8]
        seen[known] += 1
        ones[known] += answers[row][t]
      }
    }
    let rates = zip(ones, seen).map { Double($0) / Double($1) }
    // 40,000 of each: standard error 0.0025.
    for (rate, expected) in zip(rates, [0.5, 0.25, 1, 0.75]) { #expect(abs(rate - expected) < 0.01) }
    #expect(rates[2] == 1)
    #expect(abs(Double(seen.reduce(0, +)) / 4 - Double(seen[0])) < 800)

    func entropy(_ p: Double) -> Double { p <= 0 || p >= 1 ? 0 : -p * log(p) - (1 - p) * log(1 - p) }
    let floors = task.description.floors.map(\.loss)
    #expect(abs(floors[0] - entropy(0.625)) < 1e-5)
    #expect(abs(floors[1] - (entropy(0.375) + entropy(0.875)) / 2) < 1e-5)
    #expect(abs(floors[2] - (entropy(0.5) + entropy(0.25) + entropy(0.75)) / 4) < 1e-5)
  }

  @Test("a length too short for a task is refused with the least that is long enough")
  func tooShort() throws {
    let least: [(TaskName, Int)] = [
      (.adding, 10), (.copy, 21), (.temporalOrder, 10), (.recall, 2), (.coin, 1), (.parity, 1), (.latch, 4),
      (.reber, 2),
      (.sine, 2),
    ]
    for (name, minimum) in least {
      _ = try makeTask(name, length: minimum).sequences(index: 0, batch: 2, length: minimum)
      let error = #expect(throws: TaskError.self) { try makeTask(name, length: minimum - 1) }
      #expect(
        error?.description
          == "task.length: found \(minimum - 1), expected a whole number from \(minimum) for \(name.rawValue)")
    }
  }
}
