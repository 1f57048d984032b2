import Experiments
import GradientFlow
import Foundation
import RecurrentNetworks
import Testing
import Training

/// The experiments that ship with the program.
@Suite struct DemoTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Demos/experiments").standardizedFileURL.path
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
    $0.hasSuffix(".yaml")
  }.sorted()

  @Test func thereAreEnough() { #expect(Self.names.count >= 8) }

  /// Each loads, says what to look at and what to press, and trains its first updates; `exploding` is true to its name.
  @Test(arguments: names)
  func loadsAndTrains(name: String) throws {
    let path = Self.folder + "/" + name
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("# Look at:") && text.contains("# Press:"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    let run = try TrainingRun(experiment: ExperimentFile.read(path: path))
    for _ in 0..<3 where run.trainOnce() == .exploded { break }
    #expect((run.explosion != nil) == (name == "exploding.yaml"))
  }
}

/// The same experiments inside of the program, which are opened by their names.
@Suite struct ShippedDemoTests {
  @Test func theProgramHasThemAll() throws {
    #expect(Demo.all.map(\.name) == DemoTests.names.map { String($0.dropLast(5)) }.sorted())
    for demo in Demo.all {
      #expect(try demo.text == String(contentsOfFile: DemoTests.folder + "/\(demo.name).yaml", encoding: .utf8))
    }
  }

  /// Each opens without its folder, says what it shows, and at a pace that eyes follow.
  @Test(arguments: Demo.all.map(\.name))
  func opensByItsName(name: String) throws {
    let source = try ExperimentFile.source(path: name)
    #expect(source.file == "demo \(name)" && source.head.contains("Look at:"))
    let pace = try #require(source.experiment.view.pace)
    #expect(pace <= 100)
    _ = try TrainingRun(experiment: source.experiment)
    let demo = try #require(Demo.named(name))
    #expect(demo.summary.count > 20 && !demo.summary.contains("#") && !demo.summary.contains("Look at"))
  }

  /// A demo that is over at once waits, and its head says so.
  @Test func explodingWaits() throws {
    let source = try ExperimentFile.source(path: "exploding")
    #expect(source.experiment.view.start == .paused && source.head.contains("It opens paused"))
    #expect(try ExperimentFile.read(path: "vanishing").view.start == .running)
  }

  @Test func aFileOfThatNameComesFirst() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("vanishing")
    try "seed: 7\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try ExperimentFile.read(path: path).seed == 7)
    #expect(throws: InputError.self) { try ExperimentFile.read(path: "vanishing.yaml") }
  }

  @Test func paceIsAKey() throws {
    let read = { try ExperimentFile.parse($0, file: "e.yaml") }
    #expect(try read("view: {pace: 10}").view.pace == 10)
    #expect(
      try read("view: {pace: null, start: paused}").view
        == {
          var view = ViewSpecification(); view.pace = nil; view.start = .paused; return view
        }())
    #expect(try read("").view.pace == 100)
    #expect(
      throws: InputError(
        file: "e.yaml", line: 1, key: "view.pace", problem: "found 0, expected a number from 0.01 to 1000000, or null")
    ) { try read("view: {pace: 0}") }
    #expect(
      throws: InputError(
        file: "e.yaml", line: 1, key: "view.start", problem: "found pause, expected one of running, paused",
        nearest: "paused")
    ) { try read("view: {start: pause}") }
  }
}

@Suite struct DemoCriterionTests {
  /// Each of the classical tasks has an experiment that says when it is solved; `bpttop solve` does it, in the smoke run.
  @Test(arguments: [TaskName.adding, .copy, .temporalOrder, .recall, .parity, .reber, .latch, .sine])
  func saysWhenItIsSolved(task: TaskName) throws {
    let experiments = try DemoTests.names.map { try ExperimentFile.read(path: DemoTests.folder + "/" + $0) }
    let solved = try #require(experiments.first { $0.task.name == task && $0.solved.measure != .none })
    let evaluator = try Evaluator(solved)
    let untrained = evaluator.evaluate(try TrainingRun(experiment: solved).parameters)
    #expect(!untrained.isSolved && untrained.value.isFinite)
  }
}

@Suite struct DemoFactTests {
  /// log10 of the norm of the longest product of the first window, and of ‖∂L/∂h‖ at its first and last step.
  private func first(_ name: String, _ settings: [String] = []) throws -> (product: Double, first: Double, last: Double)
  {
    let run = try TrainingRun(
      experiment: ExperimentFile.read(path: DemoTests.folder + "/\(name).yaml", settings: settings))
    let snapshot = run.snapshot()
    let tape = Tape.compute(
      network: snapshot.experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
      data: snapshot.data, window: snapshot.window, carriedState: snapshot.carriedState, reduction: .mean,
      precision: .float64)
    let norms = GradientNorms.log10(tape)
    let product = try ProductByLag(tape, maximumLags: 1)
    return (product.spectra.last?.log10Norm ?? .nan, norms.first ?? .nan, norms.last ?? .nan)
  }

  /// Untied: the copies have moved as the gradient reaches them, by some nine decades less at the start; with adam nearly alike.
  @Test func untied() throws {
    func moved(_ settings: [String] = []) throws -> (first: Double, last: Double) {
      let run = try TrainingRun(
        experiment: ExperimentFile.read(path: DemoTests.folder + "/untied.yaml", settings: settings))
      for _ in 0..<50 { run.trainOnce() }
      let snapshot = run.snapshot()
      let tape = Tape.compute(
        network: snapshot.experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
        data: snapshot.data, window: snapshot.window, carriedState: snapshot.carriedState, reduction: .mean,
        precision: .float64)
      let drift = try #require(CopyDrift(tape, start: snapshot.startParameters))
      #expect(drift.log10Moved[0] == -.infinity && drift.log10Moved.dropFirst().allSatisfy(\.isFinite))
      return (drift.log10Moved[1], drift.log10Moved[29])
    }
    let plain = try moved()
    #expect((-9.5 ... -7.5).contains(plain.first - plain.last))
    let adam = try moved(["training.optimizer.name=adam", "training.optimizer.learning_rate=0.001"])
    #expect(abs(adam.first - adam.last) < 2)
  }

  /// What the heads of the files say in numbers.
  @Test func theirNumbers() throws {
    // 1.1^50, where a unit stays open; every singular value of a product of orthogonal matrices is 1.
    #expect(abs(try first("exploding").product - 50 * log10(1.1)) < 1e-12)
    #expect(abs(try first("orthogonal").product) < 1e-12)
    let vanishing = try first("vanishing")
    #expect((-7.5 ... -6.0).contains(vanishing.first - vanishing.last))
    let sigmoid = try first("sigmoid")
    #expect(sigmoid.first - sigmoid.last < -30)
    let wide = try first("sigmoid", ["network.init.spectral_radius=4"])
    #expect(wide.first < -8.5)
    let leaky = try first("leaky")
    #expect((-1.2 ... -0.8).contains(leaky.first - leaky.last))
    #expect((0.2...0.3).contains(try first("antisymmetric").product))
    #expect((-666 ... -664).contains(try first("underflow").product))
    #expect(abs(try first("underflow", ["network.activation=identity"]).product - 1000 * log10(0.9)) < 1e-9)
  }
}
