import GradientFlow
import Training

/// Trains a run for some updates and measures it on the way.
public enum Examination {
  /// How many single updates are measured for how far they move the weights.
  private static let measuredSteps = 9

  /// What was measured of `run`, which then stands after `updates` more updates, or where it stopped.
  ///
  /// - Parameters:
  ///   - run: what is trained.
  ///   - updates: how many updates are made.
  ///   - progress: called after each; where it says false, nothing more is trained.
  public static func examine(
    _ run: TrainingRun, updates: Int, progress: (TrainingRun) -> Bool = { _ in true }
  ) -> Evidence {
    let budget = Budget(.patient)
    let first = Evidence(PassView(run.snapshot()), budget: budget)
    var steps: [Double] = []
    let every = max(1, updates / measuredSteps)
    for index in 0..<max(0, updates) {
      let before = index % every == 0 ? run.parameters : nil
      guard run.trainOnce() == .trained else { break }
      if let before { steps.append(relativeStep(before, run.parameters)) }
      guard progress(run) else { break }
    }
    guard run.update > first.firstUpdate || run.isStopped else { return first }
    let median = steps.isEmpty ? nil : steps.sorted()[steps.count / 2]
    return Evidence(PassView(run.snapshot()), earlier: first, relativeStep: median, budget: budget)
  }

  /// ‖after - before‖/‖before‖.
  private static func relativeStep(_ before: [Double], _ after: [Double]) -> Double {
    euclideanNorm(zip(after, before).map { $0 - $1 }) / euclideanNorm(before)
  }
}
