import Canvas
import Experiments
import Foundation
import Instruments
import Sweeps
import Testing

@testable import Reports
@testable import Training

/// Pages and comparisons of small runs.
@Suite struct ReportTests {
  private func experiment(_ settings: [String: String] = [:]) throws -> Experiment {
    var experiment = Experiment()
    (experiment.task.name, experiment.task.length, experiment.network.hidden) = (.coin, 20, 4)
    for (key, value) in settings { try experiment.set(key, value) }
    return experiment
  }

  private func reported(_ run: TrainingRun, _ name: String = "run") -> ReportedRun {
    ReportedRun(name, head: "Look at <this> & that.", run, Examination.examine(run, updates: 0))
  }

  /// A run of some updates, in which k2 is set to 5 after some of them.
  private func run(_ updates: Int, k2After: Int? = nil, _ settings: [String: String] = [:]) throws -> TrainingRun {
    let run = try TrainingRun(experiment: experiment(settings))
    for update in 0..<updates {
      if update == k2After { _ = try run.change([Setting(key: "training.k2", value: "5")]) }
      run.trainOnce()
    }
    return run
  }

  @Test func runsPartWhereASettingWasChanged() throws {
    let (a, b) = (try run(6), try run(6, k2After: 3))
    let comparison = RunComparison(reported(a, "a"), reported(b, "b"))
    #expect(comparison.settings == [RunComparison.Difference(key: "training.k2", a: "full", b: "5")])
    #expect(comparison.sharedEvents == 1)
    #expect(
      comparison.lines.contains(
        "The same was done to both up to update 3; then A goes on as it is, and B at 3 training.k2 = 5."))
    let apart = zip(a.parameters, b.parameters).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let size = a.parameters.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(apart > 0 && abs(comparison.weightDistance - apart / size) < 1e-12 && comparison.unshared.isEmpty)
    // Both on the same sequences: the difference of the means is the mean of the differences.
    let heldOut = try #require(comparison.heldOut)
    #expect(abs(heldOut.a - heldOut.b - heldOut.difference) < 1e-12 && heldOut.sequences == 200)
    #expect(heldOut.standardError > 0 && heldOut.standardError < 0.1)
    var measured = a.experiment
    (measured.solved.measure, measured.solved.sequences) = (.loss, 200)
    #expect(abs(try Evaluator(measured).evaluate(a.parameters).value - heldOut.a) < 1e-9)
    let picture = comparison.picture(theme: Theme(.light), size: Size(width: 120, height: 36))
    #expect(picture.rows[1].contains("k2") && picture.plainText.contains("A loss"))
  }

  @Test func theSameRunIsTheSame() throws {
    let comparison = RunComparison(reported(try run(4)), reported(try run(4)))
    #expect(comparison.settings.isEmpty && comparison.weightDistance == 0 && comparison.heldOut?.difference == 0)
    #expect(comparison.lines.contains("The settings are the same."))
    #expect(comparison.lines.contains("The same was done to both, and they stand at the same update (4 and 4)."))
    #expect(comparison.lines.contains("The weights are equal, bit for bit."))
    #expect(comparison.lines.last?.hasSuffix("no clear difference.") == true)
  }

  @Test func aForkAloneIsNoDifference() throws {
    let a = try run(3), b = try a.fork()
    #expect(
      RunComparison(reported(a), reported(b)).lines.contains(
        "The same was done to both, and they stand at the same update (3 and 3)."))
    _ = try b.change([Setting(key: "training.k2", value: "5")])
    #expect(
      RunComparison(reported(a), reported(b)).lines.contains(
        "The same was done to both up to update 3; then A goes on as it is, and B at 3 training.k2 = 5."))
  }

  @Test func otherNetworksShareNoWeights() throws {
    let comparison = RunComparison(reported(try run(2)), reported(try run(2, ["network.hidden": "5"])))
    #expect(comparison.sharedEvents == 0 && comparison.lines.contains("They differ from the beginning on."))
    #expect(comparison.unshared.contains("weight_hh_l0"))
    let other = RunComparison(reported(try run(2)), reported(try run(2, ["task.name": "recall"])))
    #expect(other.heldOut == nil && other.lines.last?.hasPrefix("Their tasks differ") == true)
  }

  /// Nothing of a page comes from elsewhere, runs, or is taken for a tag.
  private func stands(_ page: String) {
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    let links = page.replacing("http://www.w3.org/2000/svg", with: "")
    for word in ["http:", "https:", "<script", "src=", "href=", "@import", "url("] {
      #expect(!links.contains(word), "\(word)")
    }
    #expect(page.components(separatedBy: "<svg").count == page.components(separatedBy: "</svg>").count)
  }

  /// What was done to a run that is no more is not told of the one that took its place; back in the former, it is.
  @Test func aPageTellsOfTheRunThatStands() throws {
    let run = try run(20, k2After: 10)
    try run.restart(.present)
    for _ in 0..<5 { run.trainOnce() }
    _ = try run.change([Setting(key: "training.k2", value: "7")])
    let page = RunReport.html([reported(run)], memory: 1 << 30)
    #expect(
      page.contains("<td>5</td><td>training.k2 = 7</td>") && page.contains("begun again with the present settings"))
    #expect(!page.contains("training.k2 = 5") && page.contains("It took the place of a run;"))
    _ = try run.undo()
    _ = try run.undo()
    let former = RunReport.html([reported(run)], memory: 1 << 30)
    #expect(former.contains("<td>10</td><td>training.k2 = 5</td>"))
    #expect(!former.contains("took the place of") && !former.contains("training.k2 = 7"))
  }

  @Test func aPageHasEverything() throws {
    let run = try run(30, k2After: 10)
    let page = RunReport.html([reported(run)], memory: 1 << 30)
    stands(page)
    #expect(page.contains("Look at &lt;this&gt; &amp; that."))
    for text in ["Through time", "Jacobian product", "Spectrum", "Loss and gradient norm"] {
      #expect(page.contains("<title>\(text)</title>"), "\(text)")
    }
    #expect(page.contains("<td>10</td><td>training.k2 = 5</td>"))
    #expect(page.contains("<td>training.k2</td><td>5</td><td>full</td>"))
    let finding = try #require(reported(run).findings.first)
    #expect(page.contains("<b class=\"\(finding.finding.severity.name)\">"))
    #expect(page.contains("bpttop --link &quot;") && page.contains("@10 training.k2=5 @30"))
    // The same run gives the same page.
    #expect(page == RunReport.html([reported(try self.run(30, k2After: 10))], memory: 1 << 30))
  }

  /// What is read while a run is trained stands on its page as curves.
  @Test func curvesOverTraining() throws {
    var history = RunHistory(updates: 30)
    let run = try TrainingRun(experiment: experiment(["training.k2": "5", "training.k1": "5"]))
    for _ in 0..<30 {
      run.trainOnce()
      history.follow(run)
    }
    let points = history.trends[TrendKey("bias", "relative_error")]
    #expect(points.map(\.update) == Array(1...30) && Set(points.map(\.value)).count > 10)
    let followed = ReportedRun("run", run, Examination.examine(run, updates: 0), history: history)
    let page = RunReport.html([followed], memory: 1 << 30)
    stands(page)
    #expect(page.contains("<h2>Over training</h2>"))
    #expect(page.contains("relative error of the truncated gradient (bias.relative_error)"))
    // Without a history there are no curves, and what stands still has none.
    #expect(!RunReport.html([reported(run)], memory: 1 << 30).contains("Over training"))
    #expect(!page.contains("(units.dead)"))
  }

  @Test func twoRunsStandSideBySide() throws {
    let page = RunReport.html([reported(try run(6), "a"), reported(try run(6, k2After: 3), "b")], memory: 1 << 30)
    stands(page)
    #expect(page.contains("<h1>a and b</h1>") && page.contains("How they differ"))
    #expect(page.contains("<td>training.k2</td><td>full</td><td>5</td><td>full</td>"))
  }

  /// What stopped a run is told, and its panels say why there is nothing to draw.
  @Test func aRunThatExplodedHasAPage() throws {
    var experiment = try experiment(["network.activation": "identity", "training.clip.kind": "none"])
    experiment.training.optimizer.learningRate = 1e120
    let run = try TrainingRun(experiment: experiment)
    while run.trainOnce() == .trained {}
    #expect(run.explosion != nil)
    let page = RunReport.html([reported(run)], memory: 1 << 30)
    stands(page)
    #expect(page.contains("is not finite at step"))
  }

  @Test func aSweepHasItsMaps() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let source = try ExperimentFile.source(
      "{task: {name: coin, length: 10}, network: {hidden: 3}}", file: "coin.yaml", settings: [], memory: 1 << 30)
    let plan = try SweepPlan(
      source, over: [SweepAxis("training.k2=2,5"), SweepAxis("network.init.spectral_radius=0.5,1")], seeds: 1,
      updates: 20, memory: 1 << 30)
    let sweep = try SweepFolder(folder, begin: plan)
    for point in try plan.points() {
      let result = SweepResult.run(point, of: plan, updates: 20, memory: 1 << 30) { true }
      try sweep.write(try #require(result))
    }
    let page = SweepReport.html(try SweepTable(sweep), name: "runs", measure: .finalLoss)
    stands(page)
    #expect(page.contains("<title>final loss</title>") && page.contains("4 of 4 runs are done"))
    #expect(page.components(separatedBy: "<td>done</td>").count == 5)
  }
}
