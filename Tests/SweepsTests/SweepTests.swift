import Canvas
import Experiments
import Foundation
import Synchronization
import Testing
import Training

@testable import Sweeps

@Suite struct SweepTests {
  private static let memory = 1 << 30
  private static let small = ["network.hidden=4", "task.length=12", "training.batch=2"]

  private static func plan(
    _ axes: [String], seeds: Int = 1, updates: Int = 20, random: Int? = nil, halving: Int? = nil
  ) throws -> SweepPlan {
    try SweepPlan(
      ExperimentFile.source("", file: "defaults", settings: small), over: axes.map { try SweepAxis($0) }, seeds: seeds,
      updates: updates, random: random, halving: halving, memory: memory)
  }

  /// A folder that goes with the test.
  private final class Place {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-\(UUID().uuidString)").path
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func valuesOfAnAxis() throws {
    #expect(try SweepAxis("training.k2=5,10,full").values == ["5", "10", "full"])
    #expect(
      try SweepAxis("network.init.spectral_radius=0.8..1.4:7").values
        == ["0.8", "0.9", "1.0", "1.1", "1.2", "1.3", "1.4"])
    #expect(try SweepAxis("training.k2=5..50:4").values == ["5", "20", "35", "50"])
    #expect(try SweepAxis("training.k2=1..3:9").values == ["1", "2", "3"])
    #expect(
      try SweepAxis("training.optimizer.learning_rate=1e-4..1e-1:4:log").values == ["0.0001", "0.001", "0.01", "0.1"])
  }

  @Test(arguments: [
    ("training.k2=1..9:20000", "found 20000 values in 1..9:20000, expected 2 to 10000"),
    ("training.k2=1..9:1", "found 1 values in 1..9:1, expected 2 to 10000"),
    ("training.k3=5", "nearest is training.k"), ("training.k2", "expected KEY=VALUES"),
    ("training.k2=5,5", "values that differ"), ("training.k2=9..3:4", "a range that rises"),
    ("training.k2=0..3:4:log", "from above 0"), ("training.k2=1..3", "LOW..HIGH:COUNT"), ("seed=1,2", "--seeds"),
  ])
  func anAxisThatIsWrongSaysHow(_ text: String, _ words: String) {
    let error = #expect(throws: InputError.self) { try SweepAxis(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func aValueThatAKeyNeverTakesIsToldBeforeAnythingRuns() {
    let error = #expect(throws: InputError.self) { try Self.plan(["network.cell=elman,lstn"]) }
    #expect(error?.description.contains("network.cell") == true && error?.nearest == "lstm")
  }

  /// The last key is the fastest, then come the seeds.
  @Test func pointsOfAGrid() throws {
    let points = try Self.plan(["training.k2=2,4", "network.activation=tanh,relu"], seeds: 2).points()
    #expect(points.map(\.index) == Array(0..<8))
    #expect(
      points.map(\.values) == [["2", "tanh"], ["2", "relu"], ["4", "tanh"], ["4", "relu"]].flatMap { [$0, $0] })
    #expect(points[1].seed == points[0].seed + 1 && points[2].seed == points[0].seed)
  }

  /// Random settings lie in their ranges, are spread over them, and are the same for every machine.
  @Test func randomSettings() throws {
    let plan = try Self.plan(
      ["training.optimizer.learning_rate=1e-4..1e-1:2:log", "network.cell=elman,gru"], random: 400)
    let points = try plan.points()
    #expect(try plan.points() == points)
    let logs = points.compactMap { Double($0.values[0]) }.map { log10($0) }
    #expect(logs.allSatisfy { (-4.0001...(-0.9999)).contains($0) })
    // The mean of a uniform number in (-4, -1), within four standard errors.
    let mean = logs.reduce(0, +) / 400, standardError = 3 / (12.0 * 400).squareRoot()
    #expect(abs(mean + 2.5) < 4 * standardError)
    #expect((120...280).contains(points.filter { $0.values[1] == "gru" }.count))
  }

  private static func run(_ plan: SweepPlan, in path: String, jobs: Int = 2, stopAfter: Int = .max) throws -> SweepTable
  {
    let folder = try SweepFolder(path, begin: plan)
    let runs = Mutex(0)
    try SweepRunner(folder, jobs: jobs, memory: memory).run(goOn: { runs.withLock { $0 < stopAfter } }) { progress in
      runs.withLock { $0 = max($0, progress.done) }
    }
    return try SweepTable(folder)
  }

  /// A run of a sweep is the run that its settings make alone.
  @Test func aPointIsTheRunOfItsSettings() throws {
    let place = Place()
    let table = try Self.run(try Self.plan(["training.k2=2,8"], updates: 20), in: place.path)
    let result = try #require(table.results.last)
    let experiment = try ExperimentFile.parse("", file: "", settings: Self.small + ["training.k2=8"])
    let run = try TrainingRun(experiment: experiment)
    while run.update < 20 { _ = run.trainOnce() }
    let losses = run.history.recent.suffix(2).map(\.loss)
    #expect(result.ending == .done && result.made == 20)
    #expect(abs(try #require(result[.finalLoss]) - losses.reduce(0, +) / 2) < 1e-14)
    #expect(abs(try #require(result[.lossSpread]) - abs(losses[0] - losses[1]) / 2) < 1e-14)
    #expect(result[.heldOutLoss] != nil && result[.horizon] != nil)
  }

  /// Killed at any place, and gone on with by another number of threads, it gives the same table.
  @Test func anInterruptedSweepGoesOn() throws {
    let whole = Place(), cut = Place()
    let plan = try Self.plan(["training.k2=2,4,8", "network.activation=tanh,relu"], seeds: 2)
    let table = try Self.run(plan, in: whole.path)
    #expect(table.results.count == 12)
    let part = try Self.run(plan, in: cut.path, jobs: 1, stopAfter: 4)
    #expect((4..<12).contains(part.results.count))
    // Half a file is no result.
    try "{\"point\":".write(toFile: cut.path + "/points/11-20.json", atomically: false, encoding: .utf8)
    #expect(try Self.run(plan, in: cut.path, jobs: 1).csv == table.csv)
  }

  @Test func anotherSweepInTheSameFolderIsRefused() throws {
    let place = Place()
    _ = try SweepFolder(place.path, begin: Self.plan(["training.k2=2,4"]))
    let error = #expect(throws: InputError.self) {
      try SweepFolder(place.path, begin: Self.plan(["training.k2=2,8"]))
    }
    #expect(error?.description.contains("another sweep") == true)
  }

  /// The plan is what a sweep goes by; that the experiment beside it says something else is told.
  @Test func aChangedExperimentBesideThePlanIsTold() throws {
    let place = Place()
    let folder = try SweepFolder(place.path, begin: Self.plan(["training.k2=5,10"]))
    #expect(folder.remark == nil)
    let file = place.path + "/experiment.yaml"
    try (folder.plan.experiment + "seed: 9\n").write(toFile: file, atomically: true, encoding: .utf8)
    #expect(folder.remark?.contains("found other settings than the sweep was begun with") == true)
    try FileManager.default.removeItem(atPath: file)
    #expect(folder.remark?.contains("found no such file") == true)
  }

  /// What does not go together, and what explodes, is a result and no end of the sweep.
  @Test func badPointsAreResults() throws {
    let place = Place()
    let table = try Self.run(
      try Self.plan(
        [
          "training.optimizer.learning_rate=0.01,1e12", "task.length=12,1", "task.name=adding",
          "training.clip.kind=none",
        ], updates: 30), in: place.path)
    #expect(table.results.map(\.ending) == [.done, .refused, .exploded, .refused])
    #expect(table.results[2].reason?.contains("not finite") == true && table.results[2][.finalLoss] == nil)
    #expect(table.results[1].reason?.contains("task.length") == true)
    #expect(table.lines(by: .finalLoss, limit: 9).dropFirst().first?.contains("0.01") == true)
  }

  /// Of nine settings three go on to three times the updates, and one to nine times.
  @Test func halvingKeepsTheBest() throws {
    let place = Place()
    let rates = (0..<9).map { "\(0.002 * Double($0 + 1))" }.joined(separator: ",")
    let plan = try Self.plan(["training.optimizer.learning_rate=" + rates], updates: 90, halving: 3)
    #expect(plan.rungs == [10, 30, 90].suffix(plan.rungs.count))
    let table = try Self.run(plan, in: place.path)
    let longest = table.results.filter { $0.updates == 90 }
    #expect(table.results.count == 9 && longest.count == 9 / Int(pow(3, Double(plan.rungs.count - 1))))
    // Those that went on were the best of their rung.
    let folder = try SweepFolder(place.path)
    let first = try plan.points().compactMap { folder.result(of: $0, updates: plan.rungs[0])?[.finalLoss] }
    let kept = try plan.points().filter { folder.result(of: $0, updates: plan.rungs[1]) != nil }.map(\.index)
    #expect(first.count == 9 && Set(kept) == Set(first.indices.sorted { first[$0] < first[$1] }.prefix(3)))
  }

  /// The map has a place for each setting; the cursor reads it.
  @Test func theMapReadsItsPlaces() throws {
    let place = Place()
    let table = try Self.run(
      try Self.plan(["training.k2=2,4,8", "network.activation=tanh,relu"], seeds: 2), in: place.path)
    var map = SweepMap(table, measure: .finalLoss)
    map.move(rows: 1, columns: 1)
    #expect(map.result?.point.values == ["4", "relu"])
    let mean = try #require(table.settings[3].mean(.finalLoss)).mean
    let text = map.draw(size: Size(width: 80, height: 24), theme: Theme(), keys: true).plainText
    #expect(text.contains("k2 4, φ relu: final loss \(NumberText.short(mean))"), "\(text)")
    #expect(text.contains("tanh") && text.contains("relu") && text.contains("12 of 12 runs"))
    map.move(rows: 9, columns: 9)
    #expect(map.result?.point.values == ["8", "relu"])
    // Another map of the same sweep goes to the same place.
    var other = SweepMap(table, measure: .lossSpread)
    other.go(to: map.place)
    #expect(other.place == map.place && other.measure == .finalLoss && other.result?.point.values == ["8", "relu"])
    other.go(to: "nothing:99:-4")
    #expect(other.measure == .finalLoss && other.result != nil)
    map.turnAxes()
    #expect(map.result?.point.values == ["2", "tanh"])
    map.turn(by: 1)
    #expect(map.measure == .lossSpread)
  }

  @Test(arguments: [(1, 1), (30, 5), (40, 12), (60, 20), (200, 60)])
  func everySize(_ width: Int, _ height: Int) throws {
    let place = Place()
    let table = try Self.run(try Self.plan(["training.k2=2,4"], updates: 10), in: place.path)
    for theme in [Theme(), Theme(.light), Theme(.dark, colors: .mono, characters: .ascii)] {
      let buffer = SweepMap(table, measure: .finalLoss).draw(
        size: Size(width: width, height: height), theme: theme, keys: true)
      #expect(buffer.width == width && buffer.height == height)
    }
  }
}
