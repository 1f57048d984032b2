import Testing

@testable import Training

@Suite("Losses by sequence") struct SequenceLossTests {
  @Test(
    "their mean is the loss that is measured, and a change of one weight changes them",
    arguments: [TaskName.recall, .coin, .sine])
  func mean(task: TaskName) throws {
    var experiment = Experiment()
    experiment.task.name = task
    experiment.task.length = 12
    experiment.network.hidden = 5
    experiment.solved.measure = .loss
    experiment.solved.sequences = 70
    let run = try TrainingRun(experiment: experiment)
    let evaluator = try Evaluator(experiment)
    let losses = evaluator.sequenceLosses(run.parameters)
    // Every sequence of these tasks has the same number of targets.
    #expect(losses.count == 70)
    #expect(abs(losses.reduce(0, +) / 70 - evaluator.evaluate(run.parameters).value) < 1e-12)
    #expect(Set(losses).count > 1)
    var changed = run.parameters
    changed[0] += 0.5
    #expect(evaluator.sequenceLosses(changed) != losses)
  }
}
