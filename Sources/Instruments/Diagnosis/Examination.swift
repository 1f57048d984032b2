import GradientFlow
import RecurrentNetworks
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
      if let before { steps.append(relativeStep(before, run.parameters, run.layout)) }
      guard progress(run) else { break }
    }
    guard run.update > first.firstUpdate || run.isStopped else { return first }
    steps.sort()
    let step = steps.last.map { RelativeStep(median: steps[steps.count / 2], largest: $0) }
    return Evidence(PassView(run.snapshot()), earlier: first, step: step, budget: budget)
  }

  /// The largest ‖after - before‖/‖before‖ of all matrices of weights; one that is 0 has no such share.
  static func relativeStep(_ before: [Double], _ after: [Double], _ layout: ParameterLayout) -> Double {
    layout.entries.filter { $0.name.contains("weight") }.map { entry in
      let norm = euclideanNorm(before[entry.range])
      return norm > 0 ? euclideanNorm(zip(after[entry.range], before[entry.range]).map { $0 - $1 }) / norm : 0
    }.max() ?? 0
  }
}
