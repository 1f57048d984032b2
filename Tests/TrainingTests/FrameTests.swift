import RecurrentNetworks
import Testing

@testable import Training

/// Frames of bars, and runs of the network that reads them.
@Suite struct FrameTests {
  private func frames(_ name: TaskName, length: Int, batch: Int) throws -> (x: [[[Double]]], next: [[[Double]]]) {
    var specification = TaskSpecification()
    (specification.name, specification.length) = (name, length)
    let data = try specification.makeTask(seed: 3).sequences(index: 2, batch: batch, length: length)
    guard case .values(let values) = data.target else { return ([], []) }
    func cut(_ numbers: [Double]) -> [[[Double]]] {
      (0..<batch).map { row in
        (0..<length).map { Array(numbers[($0 * batch + row) * 16..<($0 * batch + row + 1) * 16]) }
      }
    }
    return (cut(data.x), cut(values))
  }

  @Test("what is asked for is the next frame", arguments: [TaskName.bar, .crossing])
  func targets(name: TaskName) throws {
    let (x, next) = try frames(name, length: 40, batch: 5)
    for row in 0..<5 { #expect(Array(x[row].dropFirst()) == Array(next[row].dropLast())) }
    #expect(x.allSatisfy { $0.allSatisfy { $0.allSatisfy { $0 == 0 || $0 == 1 } } })
  }

  @Test("a bar of three cells moves by one cell a step and turns at the ends; repeating the last frame costs 1")
  func bar() throws {
    let (x, next) = try frames(.bar, length: 60, batch: 8)
    var turns = 0
    for row in 0..<8 {
      let places = x[row].map { $0.firstIndex(of: 1) ?? -1 }
      for (frame, place) in zip(x[row], places) {
        #expect(frame.reduce(0, +) == 3 && frame[place...place + 2].allSatisfy { $0 == 1 })
      }
      let moves = zip(places.dropFirst(), places).map { $0 - $1 }
      #expect(moves.allSatisfy { abs($0) == 1 })
      turns += zip(moves.dropFirst(), moves).filter { $0 != $1 }.count
      for (frame, after) in zip(x[row], next[row]) {
        #expect(zip(frame, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 2 == 1)
      }
    }
    #expect(turns >= 8 * 4)
    var specification = TaskSpecification()
    (specification.name, specification.length) = (.bar, 60)
    #expect(try specification.makeTask(seed: 3).description.floors.map(\.loss) == [1])
  }

  @Test("two bars cross: six cells far apart, fewer while one lies behind the other, and then six again")
  func crossing() throws {
    for row in try frames(.crossing, length: 16, batch: 6).x {
      let counts = row.map { Int($0.reduce(0, +)) }
      #expect(counts[0] == 6 && counts.min() == 4)
      let first = counts.firstIndex(of: 4) ?? 0
      #expect(counts[first...].contains(6))
    }
  }

  private func run(_ settings: [String: String]) throws -> TrainingRun {
    let all = ["task.name": "crossing", "task.length": "8", "training.batch": "3", "network.hidden": "32"]
      .merging(["network.kind": "convolutional", "training.optimizer.name": "adam"]) { $1 }.merging(settings) { $1 }
    return try TrainingRun(experiment: Experiment().setting(all.map { Setting(key: $0.key, value: $0.value) }))
  }

  @Test("a convolutional LSTM learns, and a rewound run trains the same numbers again", arguments: Precision.allCases)
  func trains(precision: Precision) throws {
    let run = try run(["precision": precision.rawValue, "training.optimizer.learning_rate": "0.02"])
    run.trainOnce()
    let first = try #require(run.newest?.loss)
    for _ in 0..<60 { #expect(run.trainOnce() == .trained) }
    let end = run.parameters
    #expect(try #require(run.newest?.loss) < 0.7 * first)
    run.rewind(by: 20)
    for _ in 0..<20 { run.trainOnce() }
    #expect(run.parameters == end)
    let checkpoint = run.checkpoint()
    let other = try TrainingRun(resuming: RunCheckpoint(fields: checkpoint.fields, arrays: checkpoint.arrays))
    other.trainOnce()
    run.trainOnce()
    #expect(run.parameters == other.parameters)
  }

  @Test(
    "what makes no sense says why and what to choose",
    arguments: [
      (["task.name": "parity"], "task.name: found parity, expected bar or crossing"),
      (["task.name": "sine"], "task.name: found sine, expected bar or crossing"),
      (["network.hidden": "40"], "expected channels for each of the 16 cells of crossing, so a multiple: 32 or 48"),
      (["network.kernel": "4"], "network.kernel: found 4, expected an odd number"),
      (["network.activation": "relu"], "network.activation: found relu, expected tanh with network.kind convolutional"),
      (["network.layers": "2"], "network.layers: found 2, expected 1 with network.kind convolutional"),
      (["training.algorithm": "rtrl"], "training.algorithm: found rtrl, expected bptt"),
    ])
  func refusals(settings: [String: String], words: String) throws {
    let error = #expect(throws: (any Error).self) { try run(settings) }
    #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
  }
}
