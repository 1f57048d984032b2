import Testing

@testable import Training

/// A fork and the end of a lane are undone as changes of settings are.
@Suite struct LaneUndoTests {
  private func trainer() throws -> SteppedTrainer {
    let trainer = SteppedTrainer(run: try TrainingRun(experiment: .opening))
    trainer.perform(.step(updates: 3))
    trainer.perform(.fork(from: .a))
    return trainer
  }

  private func lanes(_ trainer: SteppedTrainer) -> [LaneID: Snapshot] {
    trainer.publish()
    return trainer.takeSnapshots()
  }

  @Test func aForkIsUndone() throws {
    let trainer = try trainer()
    let before = lanes(trainer)
    #expect(before.count == 2)
    trainer.perform(.undo(.b))
    #expect(Array(lanes(trainer).keys) == [.a] && trainer.takeReports().contains(.unforked(.b)))
    trainer.perform(.undo(.a))
    #expect(trainer.takeReports() == [.nothingToUndo(.a)])
  }

  @Test func aChangeAfterTheForkComesFirst() throws {
    let trainer = try trainer()
    trainer.perform(.change(.b, [Setting(key: "training.k2", value: "5")]))
    trainer.perform(.undo(.b))
    let both = lanes(trainer)
    #expect(both.count == 2 && both[.b]?.experiment.training.k2 == .full)
    trainer.perform(.undo(.b))
    #expect(Array(lanes(trainer).keys) == [.a])
  }

  /// A lane that is opened again makes the updates that it has missed, with the numbers that it would have had.
  @Test(arguments: [LaneID.a, .b]) func aClosedLaneIsOpenedAgain(_ id: LaneID) throws {
    let (trainer, other) = (try trainer(), try trainer())
    for trainer in [trainer, other] { trainer.perform(.change(id, [Setting(key: "training.k2", value: "5")])) }
    trainer.perform(.drop(id))
    trainer.perform(.step(updates: 4))
    #expect(Array(lanes(trainer).keys) == [id.other])
    trainer.perform(.undo(id.other))
    other.perform(.step(updates: 4))
    let (opened, never) = (lanes(trainer), lanes(other))
    #expect(opened[id]?.update == 7 && opened[id]?.experiment.training.k2 == .steps(5))
    for lane in LaneID.allCases { #expect(opened[lane]?.parameters == never[lane]?.parameters) }
  }

  /// What was done last is undone first: the end of a lane, then its changes, then the fork; the other lane stays as it is.
  @Test func aForkIsUndoneAfterTheEndOfItsLane() throws {
    let trainer = try trainer()
    trainer.perform(.change(.b, [Setting(key: "training.k2", value: "5")]))
    trainer.perform(.drop(.b))
    _ = trainer.takeReports()
    trainer.perform(.undo(.a))
    #expect(trainer.takeReports() == [.reopened(.b)])
    // A has no change of its own since the fork, and B has.
    trainer.perform(.undo(.a))
    #expect(trainer.takeReports() == [.nothingToUndo(.a)])
    trainer.perform(.undo(.b))
    #expect(lanes(trainer)[.b]?.experiment.training.k2 == .full)
    _ = trainer.takeReports()
    let before = lanes(trainer)[.a]
    trainer.perform(.undo(.a))
    #expect(trainer.takeReports() == [.unforked(.b)])
    let after = lanes(trainer)
    #expect(Array(after.keys) == [.a] && after[.a]?.update == 3 && after[.a]?.parameters == before?.parameters)
  }

  /// A demo begins anew even where its settings would go on.
  @Test func beginningAnewIsUndone() throws {
    let trainer = SteppedTrainer(run: try TrainingRun(experiment: .opening))
    trainer.perform(.step(updates: 3))
    let before = lanes(trainer)[.a]
    trainer.perform(.begin(.a, [Setting(key: "training.clip.kind", value: "none")]))
    let begun = lanes(trainer)[.a]
    #expect(begun?.update == 0 && begun?.experiment.training.clip.kind == ClipKind.none)
    trainer.perform(.undo(.a))
    let after = lanes(trainer)[.a]
    #expect(after?.update == 3 && after?.parameters == before?.parameters && after?.experiment == .opening)
  }
}
