import Canvas
import Dashboard
import Experiments
import Sources
import Training

@testable import Lessons
@testable import Panels

/// Runs and stages for the tests of lessons.
enum Example {
  /// The numbers of one unit over six steps of two sines, with values that were kept.
  static func numbers(kept: [String: LessonValue] = [:]) throws -> LessonNumbers {
    LessonNumbers(try snapshot(), kept: kept)
  }

  /// The state of that run before its first update.
  static func snapshot() throws -> Snapshot {
    let experiment = try ExperimentFile.parse(
      "{task: {name: sine, length: 6}, network: {hidden: 1}, training: {batch: 1, reduction: sum}}", file: "test")
    return try TrainingRun(experiment: experiment).snapshot()
  }

  /// The names of the panels.
  static let panels = Panels.all.map(\.id.name)

  /// A stage without a terminal at the beginning of a lesson.
  static func stage(_ lesson: Lesson, size: Size = Size(width: 80, height: 24)) throws -> EffectRunner {
    let run = try TrainingRun(experiment: lesson.experiment)
    let source = SteppedSource(run: run, patience: .live)
    let state = DashboardState(experiment: run.experiment, size: size, theme: Theme(.dark))
    var stage = EffectRunner(state, source: source, files: NoFiles())
    source.requestFrame()
    stage.begin(LessonSession(lesson))
    return stage
  }
}
