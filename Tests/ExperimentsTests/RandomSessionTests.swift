import Foundation
import RecurrentNetworks
import Synchronization
import Testing

@testable import Experiments
@testable import Training

/// Random sessions: what is saved at any moment goes on with the same bits, and a timeline makes its run again.
///
/// `BPTTOP_SESSIONS` is their number, `BPTTOP_ACTIONS` the number of actions of each, `BPTTOP_SEED` where they begin.
@Suite struct RandomSessionTests {
  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
  private static let seeds: [Int] = {
    let first = number("BPTTOP_SEED") ?? 1
    return Array(first..<first + (number("BPTTOP_SESSIONS") ?? 6))
  }()
  private static let actions = number("BPTTOP_ACTIONS") ?? 120

  private static let small: Experiment = {
    var experiment = Experiment()
    experiment.task.length = 12
    experiment.network.hidden = 3
    experiment.training.batch = 2
    return experiment
  }()

  /// A command that a reader could give, of sizes that stay small.
  private static func command(_ random: inout CounterRandom, at trainer: SteppedTrainer) throws -> Trainer.Command {
    trainer.publish()
    let snapshots = trainer.takeSnapshots()
    let lane: LaneID = snapshots.count > 1 && random.uniform() < 0.5 ? .b : snapshots.keys.sorted()[0]
    let snapshot = try #require(snapshots[lane] ?? snapshots.values.first)
    switch random.uniform() {
    case ..<0.4: return .step(updates: Int.random(in: 1...4, using: &random))
    case ..<0.48: return .rewind(updates: Int.random(in: 1...6, using: &random))
    case ..<0.53: return .go(to: Int.random(in: 0...snapshot.update + 5, using: &random))
    case ..<0.83: return .change(lane, change(snapshot.experiment, &random))
    case ..<0.9: return .undo(lane)
    case ..<0.92: return .restart(random.uniform() < 0.5 ? lane : nil, from: .present)
    case ..<0.94: return .restart(lane, from: .loaded)
    case ..<0.97: return .fork(from: lane)
    default: return .drop(lane)
    }
  }

  private static func change(_ experiment: Experiment, _ random: inout CounterRandom) -> [Setting] {
    let keys = ExperimentKey.all.filter { $0.steps != .none }
    for _ in 0..<40 {
      guard let key = keys.randomElement(using: &random),
        let value = key.stepped(experiment, by: [1, -1, 2, 5].randomElement(using: &random) ?? 1)
      else { continue }
      var tried = experiment
      guard (try? tried.set(key.name, value)) != nil, tried.network.hidden <= 5, tried.task.length <= 14,
        tried.network.layers <= 2, tried.training.batch <= 3
      else { continue }
      return [Setting(key: key.name, value: value)]
    }
    return [Setting(key: "training.optimizer.learning_rate", value: "0.01")]
  }

  private func checkpoints(_ trainer: SteppedTrainer) -> [LaneID: RunCheckpoint] {
    let box = Box()
    trainer.checkpoints { lanes in box.lanes.withLock { $0 = lanes } }
    return box.lanes.withLock { $0 }
  }

  private final class Box: Sendable { let lanes = Mutex<[LaneID: RunCheckpoint]>([:]) }

  /// All that two runs must have alike, bit for bit.
  private func state(_ checkpoint: RunCheckpoint) throws -> [String] {
    let run = try TrainingRun(resuming: checkpoint)
    return [
      "\(checkpoint.update)", "\(run.experiment)", "\(run.parameters.map(\.bitPattern))",
      "\(run.history.recent.map { [$0.loss.bitPattern, $0.gradientNorm.bitPattern] })",
    ]
  }

  @Test(arguments: seeds)
  func aSavedSessionGoesOnBitForBit(_ seed: Int) throws {
    var random = CounterRandom(seed: UInt64(seed), stream: 0)
    let trainer = SteppedTrainer(run: try TrainingRun(experiment: Self.small))
    let saved = Int.random(in: 0..<Self.actions, using: &random)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).bpttop").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var again: SteppedTrainer?, isSwapped = false
    for action in 0..<Self.actions {
      if action == saved {
        trainer.perform(.keepLanes)
        try SessionFile.write(Session(lanes: checkpoints(trainer), view: "{}"), to: path)
        let lanes = try SessionFile.read(path: path).lanes.sorted { $0.key < $1.key }
        let runs = try lanes.map { try TrainingRun(resuming: $0.value) }
        // A lane that is alone is the first one when it is opened again, whatever it was.
        isSwapped = lanes.map(\.key) == [.b]
        again = SteppedTrainer(run: runs[0], second: runs.count > 1 ? runs[1] : nil)
      }
      let command = try Self.command(&random, at: trainer)
      trainer.perform(command)
      again?.perform(isSwapped ? command.swapped : command)
      let refusals = trainer.takeRefusals()
      if let again {
        #expect(
          again.takeRefusals().map(\.key) == refusals.map(\.key), "seed \(seed), action \(action): \(command)")
      }
    }
    let ends = checkpoints(trainer), others = checkpoints(try #require(again))
    try #require(ends.keys.map { isSwapped ? $0.other : $0 }.sorted() == others.keys.sorted())
    for (lane, end) in ends {
      #expect(
        try state(end) == state(try #require(others[isSwapped ? lane.other : lane])), "seed \(seed), lane \(lane)")
      // The timeline makes the run again from its beginning.
      guard let replay = end.replay else { continue }
      let made = try replay.run(to: end.update)
      #expect(made.parameters.map(\.bitPattern) == (try TrainingRun(resuming: end)).parameters.map(\.bitPattern))
    }
  }
}

extension Trainer.Command {
  /// The same to the other lane.
  fileprivate var swapped: Trainer.Command {
    switch self {
    case .change(let lane, let settings): .change(lane.other, settings)
    case .undo(let lane): .undo(lane.other)
    case .restart(let lane, let point): .restart(lane?.other, from: point)
    case .fork(let lane): .fork(from: lane.other)
    case .drop(let lane): .drop(lane.other)
    default: self
    }
  }
}
