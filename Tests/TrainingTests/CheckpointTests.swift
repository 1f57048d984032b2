import Foundation
import RecurrentNetworks
import Testing

@testable import Training

@Suite("Checkpoints and forks") struct CheckpointTests {
  /// A run in the middle of things: changed, rewound, with changes that were taken back and are to come again.
  private func run(_ kind: [String: String]) throws -> TrainingRun {
    let run = try TrainingRun(experiment: smallExperiment(kind))
    train(run, 11)
    try run.change([Setting(key: "training.optimizer.learning_rate", value: "0.03")])
    train(run, 9)
    try run.change([
      Setting(key: "training.clip.kind", value: "value"), Setting(key: "training.clip.threshold", value: "0.1"),
    ])
    train(run, 7)
    run.rewind(by: 8)
    return run
  }

  @Test("a fork goes on with the same bits, apart from the other", arguments: runKinds)
  func fork(kind: [String: String]) throws {
    let run = try run(kind)
    let before = RunState(run)
    let fork = try run.fork()
    #expect(RunState(fork) == before)
    for _ in 0..<50 {
      #expect(run.trainOnce() == fork.trainOnce())
      #expect(run.parameters == fork.parameters)
    }
    let after = RunState(run)
    #expect(RunState(fork) == after && before != after)
    // Back by the checkpoints that both have, one after the other.
    fork.rewind(by: 41)
    #expect(RunState(run) == after && fork.update == run.update - 41)
    run.rewind(by: 41)
    #expect(RunState(fork) == RunState(run))
    train(run, 41)
    #expect(RunState(run) == after)
    #expect(try fork.undo() != nil)
    train(fork, 41)
    #expect(RunState(run) == after && fork.parameters != run.parameters)
    #expect(fork.timeline.contains(.fork(update: before.position.update)))
  }

  @Test("a run resumed from a checkpoint goes on, back and undoes with the same bits", arguments: runKinds)
  func resume(kind: [String: String]) throws {
    let run = try run(kind)
    let checkpoint = run.checkpoint()
    #expect(checkpoint.update == run.update && checkpoint.experiment == run.experiment)
    train(run, 13)
    let after = RunState(run)
    let resumed = try TrainingRun(resuming: checkpoint)
    train(resumed, 13)
    #expect(RunState(resumed) == after)
    #expect(resumed.rewindable == run.rewindable)
    // The past is made again from the beginning.
    resumed.rewind(by: 20)
    run.rewind(by: 20)
    #expect(RunState(resumed) == RunState(run))
    try resumed.go(to: after.position.update)
    #expect(RunState(resumed) == after)
  }

  @Test("two runs of one checkpoint are two runs")
  func twice() throws {
    let checkpoint = try run(["task.name": "coin"]).checkpoint()
    let (one, other) = (try TrainingRun(resuming: checkpoint), try TrainingRun(resuming: checkpoint))
    let before = RunState(other)
    train(one, 30)
    #expect(RunState(other) == before)
  }

  @Test("taken apart into arrays and fields, through JSON, and put together again, it is the same", arguments: runKinds)
  func arrays(kind: [String: String]) throws {
    let run = try run(kind)
    try run.change([Setting(key: "network.hidden", value: "5")])
    train(run, 4)
    try run.undo()
    try run.change([Setting(key: "seed", value: "11")])
    train(run, 23)
    try run.change([Setting(key: "training.optimizer.learning_rate", value: "0.02")])
    let checkpoint = run.checkpoint()
    let fields = try JSONDecoder().decode(RunCheckpoint.Fields.self, from: JSONEncoder().encode(checkpoint.fields))
    let again = try RunCheckpoint(fields: fields, arrays: checkpoint.arrays)
    #expect(again.arrays == checkpoint.arrays && again.fields == checkpoint.fields)
    #expect(again.timeline == run.timeline)
    let resumed = try TrainingRun(resuming: again)
    #expect(RunState(resumed) == RunState(run))
    for run in [run, resumed] {
      train(run, 50)
      try run.undo()
      try run.undo()
    }
    #expect(RunState(resumed) == RunState(run) && run.update == 19)
    train(run, 20)
    train(resumed, 20)
    #expect(RunState(resumed) == RunState(run))
  }

  @Test("what was handed in goes along by content")
  func handedIn() throws {
    let model = try TrainingRun(experiment: smallExperiment(["task.name": "coin", "task.length": "12"]))
    var start = TrainingRun.Start()
    start.parameters = model.parameters.map { $0 / 2 }
    start.data = model.snapshot().data
    start.carriedState = [(0..<12).map { Double($0) / 24 }]
    for symbols in [true, false] {
      if !symbols { start.data?.symbols = nil }
      let run = try TrainingRun(experiment: smallExperiment(["task.name": "coin", "task.length": "12"]), start: start)
      train(run, 6)
      try run.restart(.seed(5))
      train(run, 6)
      let checkpoint = run.checkpoint()
      let resumed = try TrainingRun(resuming: RunCheckpoint(fields: checkpoint.fields, arrays: checkpoint.arrays))
      #expect(RunState(resumed) == RunState(run) && resumed.snapshot().data == start.data)
      try resumed.restart(.loaded)
      #expect(resumed.parameters == start.parameters && resumed.snapshot().carriedState == start.carriedState)
    }
  }

  @Test("a checkpoint that does not fit together is refused, whatever is missing or cut")
  func damaged() throws {
    let run = try run([
      "task.name": "coin", "task.length": "40", "training.k1": "3", "training.k2": "9", "training.history": "stale",
    ])
    let checkpoint = run.checkpoint()
    for (name, array) in checkpoint.arrays {
      var arrays = checkpoint.arrays
      arrays[name] = nil
      #expect(throws: TrainingError.self, "\(name) missing") {
        try TrainingRun(resuming: RunCheckpoint(fields: checkpoint.fields, arrays: arrays))
      }
      guard case .float64(let numbers) = array, !name.hasPrefix("history"), !numbers.isEmpty else { continue }
      arrays[name] = .float64(Array(numbers.dropLast()))
      #expect(throws: TrainingError.self, "\(name) cut short") {
        try TrainingRun(resuming: RunCheckpoint(fields: checkpoint.fields, arrays: arrays))
      }
    }
    var fields = checkpoint.fields
    fields.version = 2
    #expect(throws: TrainingError.self) { try RunCheckpoint(fields: fields, arrays: checkpoint.arrays) }
    fields = checkpoint.fields
    fields.course.position.trained = 1000
    #expect(throws: TrainingError.self) {
      try TrainingRun(resuming: RunCheckpoint(fields: fields, arrays: checkpoint.arrays))
    }
  }

  @Test("a place of another network, or too large for any memory, is refused before anything is allocated")
  func impossible() throws {
    let checkpoint = try run(["task.name": "coin", "task.length": "40"]).checkpoint()
    func refuses(_ expected: String, _ body: (inout RunCheckpoint.Fields) throws -> Void) throws {
      var fields = checkpoint.fields
      try body(&fields)
      let error = #expect(throws: TrainingError.self) {
        try TrainingRun(resuming: RunCheckpoint(fields: fields, arrays: checkpoint.arrays))
      }
      #expect(error.map { "\($0)".contains(expected) } == true, "\(error.map { "\($0)" } ?? "nothing")")
    }
    try refuses("task.length: found 1000000000") {
      let huge = [Setting(key: "task.length", value: "1000000000"), Setting(key: "training.batch", value: "100000000")]
      $0.course.experiment = ExperimentFields(try checkpoint.experiment.setting(huge))
    }
    let wide = ExperimentFields(try checkpoint.experiment.setting([Setting(key: "network.hidden", value: "500")]))
    try refuses("network.hidden 500, expected \(checkpoint.experiment.network.hidden)") { $0.course.experiment = wide }
    try refuses("network.hidden 500") { $0.course.changes[0].before = wide }
    try refuses("k2 = 3") { fields in
      fields.course.experiment = ExperimentFields(
        try checkpoint.experiment.setting([
          Setting(key: "training.k2", value: "3"), Setting(key: "training.checkpoints", value: "sqrt"),
        ]))
    }
  }

  @Test("data handed in whose symbols or masks are out of bounds are refused")
  func data() throws {
    let experiment = try smallExperiment(["task.name": "copy", "task.length": "24"])
    var start = TrainingRun.Start()
    start.data = try TrainingRun(experiment: experiment).snapshot().data
    for change: (inout SequenceBatch) -> Void in [
      { $0.symbols?[3] = 1_000_000 }, { $0.symbols?[0] = -1 }, { $0.symbols?.removeLast() }, { $0.outputMask = [1] },
    ] {
      var changed = start
      if var data = start.data {
        change(&data)
        changed.data = data
      }
      #expect(throws: TrainingError.self) { try TrainingRun(experiment: experiment, start: changed) }
    }
  }
}
