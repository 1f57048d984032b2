import Testing

@testable import Training

/// The updates before an explosion: those that were made, whole, and what was the first number that was not finite.
@Suite struct BlackBoxTests {
  /// A linear network whose steps grow without bound.
  private func exploding() throws -> Experiment {
    var experiment = Experiment()
    experiment.network.hidden = 4
    experiment.network.activation = .identity
    experiment.task.name = .adding
    experiment.task.length = 20
    experiment.training.batch = 2
    experiment.training.clip.kind = .none
    experiment.training.optimizer.learningRate = 0.05
    return experiment
  }

  private func explode(_ run: TrainingRun) {
    while run.trainOnce() == .trained {
      // A rate that grows: some updates are made before it is too much.
      guard run.update % 20 == 0, run.update < 400 else { continue }
      _ = try? run.change([
        Setting(key: "training.optimizer.learning_rate", value: "\(run.experiment.training.optimizer.learningRate * 2)")
      ])
    }
  }

  @Test func theUpdatesAreThoseThatWereMade() throws {
    let run = try TrainingRun(experiment: exploding())
    #expect(!run.keepBlackBox() && run.blackBox == nil)
    explode(run)
    let explosion = try #require(run.explosion)
    #expect(explosion.update > 60)
    let (parameters, history, timeline, journal) = (run.parameters, run.history, run.timeline, run.journal)
    #expect(run.keepBlackBox() && !run.keepBlackBox())
    // It stands where it stood.
    #expect(run.update == explosion.update - 1 && run.explosion == explosion && run.failure == nil)
    #expect(run.parameters == parameters && run.history == history)
    #expect(run.timeline == timeline && run.journal == journal)
    let box = try #require(run.blackBox)
    #expect(box.explosion == explosion && box.entries.count == BlackBox.updates + 1)
    #expect(box.entries.map(\.update) == Array(explosion.update - 50...explosion.update))
    // A second run that makes the same changes has the same weights before each of them.
    let other = try TrainingRun(experiment: exploding())
    var known: [Int: [Double]] = [:]
    while true {
      known[other.update + 1] = other.parameters
      guard other.trainOnce() == .trained else { break }
      if other.update % 20 == 0, other.update < 400 {
        _ = try other.change([
          Setting(
            key: "training.optimizer.learning_rate",
            value: "\(other.experiment.training.optimizer.learningRate * 2)")
        ])
      }
    }
    for entry in box.entries {
      #expect(entry.snapshot.parameters == known[entry.update])
      #expect((entry.record == nil) == (entry.update == explosion.update))
      if let record = entry.record { #expect(record.update == entry.update && record.gradientNorm.isFinite) }
    }
    // The pass that is made again is the one that exploded.
    #expect(box.entries.last?.snapshot.explosion == explosion)
    #expect(box.entries.dropLast().allSatisfy { $0.snapshot.explosion == nil && $0.gradientNorms.count == 20 })
  }

  @Test func itStaysWhileTheRunIsGoneBackOverItAndGoesWithAChange() throws {
    let run = try TrainingRun(experiment: exploding())
    explode(run)
    run.keepBlackBox()
    let box = try #require(run.blackBox)
    run.rewind(by: 7)
    #expect(run.explosion == nil && run.snapshot().blackBox?.explosion == box.explosion)
    let entry = try #require(box.entries.first { $0.update == run.update + 1 })
    #expect(entry.snapshot.parameters == run.parameters)
    // Trained on it explodes again, and the box is the same.
    while run.trainOnce() == .trained {}
    #expect(run.explosion == box.explosion && !run.keepBlackBox())
    _ = try run.change([Setting(key: "training.clip.kind", value: "norm")])
    #expect(run.blackBox == nil && run.explosion == nil)
  }

  @Test func whatIsGivenUpLeavesTheRunAsItWas() throws {
    let run = try TrainingRun(experiment: exploding())
    explode(run)
    let (parameters, history, explosion) = (run.parameters, run.history, run.explosion)
    for patience in [0, 1, 5, 30] {
      var asked = 0
      #expect(
        !run.keepBlackBox {
          asked += 1
          return asked > patience
        })
      #expect(run.parameters == parameters && run.history == history && run.explosion == explosion)
      #expect(run.blackBox == nil && run.trainOnce() == .exploded)
    }
  }

  @Test(arguments: [0, 2, 3]) func theUnitIsNamed(_ unit: Int) throws {
    // A weight of one unit that overflows with the first state.
    var experiment = try exploding()
    experiment.task.name = .coin
    var start = TrainingRun.Start()
    let plain = try TrainingRun(experiment: experiment)
    var parameters = plain.parameters
    let weight = try #require(plain.layout["weight_hh_l0"])
    for column in 0..<4 { parameters[weight.offset + unit * 4 + column] = 1e308 * (column % 2 == 0 ? 1 : -1) }
    let input = try #require(plain.layout["weight_ih_l0"])
    for k in input.range { parameters[k] = k % 2 == 0 ? 100 : -100 }
    start.parameters = parameters
    let run = try TrainingRun(experiment: experiment, start: start)
    #expect(run.trainOnce() == .exploded)
    run.keepBlackBox()
    let culprit = try #require(run.blackBox?.culprit)
    #expect(run.explosion?.factor == "pre-activation a" && culprit.unit == unit && culprit.layer == 0)
    #expect(culprit.words(layers: 1).hasPrefix("unit \(unit + 1), sequence "))
    #expect(run.blackBox?.entries.count == 1)
  }
}
