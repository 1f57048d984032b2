import RecurrentNetworks
import Testing

@testable import Training

private func run(_ changes: [String: String] = [:]) throws -> TrainingRun {
  try TrainingRun(experiment: smallExperiment(changes))
}

private func set(_ key: String, _ value: String) -> Setting { Setting(key: key, value: value) }

@Suite("Changes and undo") struct UndoTests {
  @Test("several keys are one change, whatever their order, or none")
  func together() throws {
    let run = try run()
    train(run, 3)
    // A k1 that adaptive would choose itself, before and after it; a momentum that sgd has none of.
    let report = try run.change([
      set("training.optimizer.momentum", "0.7"), set("training.k1", "7"), set("training.optimizer.name", "momentum"),
      set("training.algorithm", "adaptive"),
    ])
    #expect(run.experiment.training.optimizer.momentum == 0.7 && run.experiment.training.k1 == .steps(7))
    #expect(report.effect == .newSequence && report.update == 3 && report.drawn.isEmpty)
    #expect(run.journal.count == 1 && run.journal[0].settings.count == 4)
    let before = RunState(run)
    #expect(throws: TrainingError.self) {
      try run.change([set("training.k1", "3"), set("training.k2", "2")])
    }
    #expect(throws: TrainingError.self) { try run.change([set("training.k1", "3"), set("training.k9", "2")]) }
    #expect(throws: TrainingError.self) { try run.change([]) }
    #expect(RunState(run) == before)
  }

  @Test(
    "a change that no update followed is undone exactly",
    arguments: [
      [set("training.k2", "4")], [set("training.optimizer.name", "adam")], [set("training.batch", "5")],
      [set("network.init.spectral_radius", "1.4")],
      [set("task.length", "40"), set("network.init.spectral_radius", "0.4")],
      [set("training.algorithm", "rtrl")],
    ])
  func exact(settings: [Setting]) throws {
    for kind in [
      ["task.name": "coin", "training.k1": "3", "training.k2": "9"], ["training.optimizer.name": "rmsprop"],
    ] {
      let run = try run(kind)
      train(run, 21)
      let before = RunState(run)
      try run.change(settings)
      #expect(run.undoable == settings)
      let report = try #require(try run.undo())
      #expect(RunState(run) == before)
      #expect(report.undone == settings && !report.isFormerRun)
      // The same after updates that were taken back: by making the past again.
      try run.change(settings)
      train(run, 12)
      run.rewind(by: 12)
      try run.undo()
      #expect(RunState(run) == before)
      train(run, 12)
      let plain = try TrainingRun(experiment: before.experiment)
      train(plain, 33)
      #expect(RunState(run) == RunState(plain))
    }
  }

  @Test("large influence matrices from before changes are not all kept; undo is exact without them")
  func bounded() throws {
    let run = try TrainingRun(
      experiment: smallExperiment([
        "training.algorithm": "rtrl", "training.k1": "2", "network.hidden": "40", "training.batch": "48",
        "task.name": "coin",
      ]))
    train(run, 1)
    // B·H·P numbers in double precision: more than half of what may be kept.
    #expect(run.algorithmBytes > PlacesBeforeChanges.byteLimit / 2)
    let before = RunState(run)
    let rates = ["0.03", "0.04", "0.05", "0.06"]
    for rate in rates { try run.change([set("training.optimizer.learning_rate", rate)]) }
    #expect(run.placesBefore.bytes <= PlacesBeforeChanges.byteLimit)
    #expect(run.placesBefore.count < rates.count)
    for _ in rates { #expect(try run.undo() != nil) }
    #expect(RunState(run) == before)
    train(run, 1)
    let plain = try TrainingRun(experiment: before.experiment)
    train(plain, 2)
    #expect(RunState(run) == RunState(plain))
  }

  @Test("later, the settings go back and training stays; W_hh is scaled back")
  func later() throws {
    let run = try run(["task.name": "coin"])
    train(run, 5)
    let before = run.experiment
    let block = run.layout.recurrentWeights(layer: 0)
    let old = block.elements(of: run.parameters)
    try run.change([set("network.init.spectral_radius", "2"), set("training.clip.threshold", "0.001")])
    let new = block.elements(of: run.parameters)
    train(run, 1)
    let trained = block.elements(of: run.parameters)
    let report = try #require(try run.undo())
    #expect(run.experiment == before && run.update == 6 && report.update == 6)
    #expect(report.restored.contains(set("network.init.spectral_radius", "null")))
    for (index, value) in block.elements(of: run.parameters).enumerated() where abs(new[index]) > 1e-9 {
      #expect(abs(value - trained[index] * old[index] / new[index]) < 1e-12)
    }
    #expect(run.journal.map(\.kind) == [.change, .undo])
    #expect(try run.undo() == nil)
    // The replay takes it back too.
    train(run, 20)
    #expect(RunState(try run.replay.run(to: 26)) == RunState(run))
    run.rewind(by: 21)
    #expect(run.journal.map(\.kind) == [.change] && run.experiment.network.initialization.spectralRadius == 2)
  }

  @Test("repeated, it goes further back; what was taken back by a rewind is not undone again")
  func repeated() throws {
    let run = try run(["task.name": "coin"])
    var experiments = [run.experiment]
    for (index, setting) in [set("training.k1", "9"), set("training.k2", "5"), set("network.activation", "sin")]
      .enumerated()
    {
      train(run, 4)
      try run.change([setting])
      experiments.append(run.experiment)
      #expect(run.journal.count == index + 1)
    }
    train(run, 4)
    #expect(run.update == 16)
    let whole = try run.fork()
    for index in [2, 1, 0] {
      #expect(try whole.undo() != nil)
      #expect(whole.experiment == experiments[index] && whole.update == 16)
    }
    #expect(try whole.undo() == nil)
    run.rewind(by: 10)
    #expect(run.update == 6 && run.experiment == experiments[1])
    #expect(try run.undo()?.undone == [set("training.k1", "9")])
    #expect(run.experiment == experiments[0])
    train(run, 10)
    #expect(run.experiment == experiments[0] && run.journal.map(\.kind) == [.change, .undo])
  }

  @Test(
    "a change that begins a new run, and a restart, are undone whole",
    arguments: [
      "cell", "seed", "task", "loaded", "present", "new seed",
    ])
  func wholeRun(kind: String) throws {
    let run = try run(["task.name": "coin", "training.k1": "4"])
    train(run, 30)
    try run.change([set("training.k2", "7")])
    train(run, 10)
    let before = RunState(run)
    switch kind {
    case "cell":
      let report = try run.change([set("network.cell", "lstm")])
      #expect(report.effect == .newRun && report.kept.isEmpty && report.drawn.contains("weight_hh_l0"))
    case "seed": try run.change([set("seed", "7")])
    case "task": try run.change([set("task.length", "21"), set("task.name", "copy")])
    case "loaded": try run.restart(.loaded)
    case "present": try run.restart(.present)
    default: try run.restart(.seed(9))
    }
    #expect(run.update == 0 && run.history.newest == nil)
    #expect((run.experiment.training.k2 == .full) == (kind == "loaded"))
    train(run, 12)
    try run.change([set("training.clip.kind", "none")])
    #expect(try run.undo()?.isFormerRun == false)
    let report = try #require(try run.undo())
    #expect(report.isFormerRun && report.update == 40)
    #expect(RunState(run) == before && run.rewindable == 40)
    // Its checkpoints are there: going back and on is the same run.
    run.rewind(by: 25)
    train(run, 25)
    #expect(RunState(run) == before)
    #expect(try run.undo()?.undone == [set("training.k2", "7")])
  }

  @Test("a new run beside another keeps its place and what weights it can")
  func keepingPlace() throws {
    let run = try run(["task.name": "coin", "task.length": "30", "training.k1": "7", "training.k2": "11"])
    train(run, 12)
    let place = run.engine.position
    #expect(place.trained > 0)
    let former = run.snapshot()
    let report = try run.change([set("network.cell", "gru")], keepsPlace: true)
    #expect(run.engine.position == place && run.update == 12)
    #expect(report.kept == ["readout.weight", "readout.bias"] && report.drawn.contains("weight_hh_l0"))
    let entry = try #require(run.layout["readout.weight"]), old = try #require(former.layout["readout.weight"])
    #expect(Array(run.parameters[entry.range]) == Array(former.parameters[old.range]))
    #expect(run.snapshot().data == former.data && run.snapshot().window == former.window)
    train(run, 9)
    let state = RunState(run)
    #expect(run.history.newest?.update == 21 && run.rewindable == 9)
    #expect(RunState(try run.replay.run(to: 21)) == state)
    run.rewind(by: 100)
    #expect(run.update == 12)
    train(run, 9)
    #expect(RunState(run) == state)
    // Another seed is other weights.
    #expect(try run.change([set("seed", "5")], keepsPlace: true).kept.isEmpty)
    try run.restart(.seed(8), keepsPlace: true)
    #expect(run.update == 21)
    try run.undo()
    try run.undo()
    #expect(RunState(run) == state)
  }
}
