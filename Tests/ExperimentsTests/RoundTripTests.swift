import Experiments
import RecurrentNetworks
import Testing
import Training

/// Files hold whatever keys there are: each is tried by its own name and values, so that a new one is tested as it is added.
@Suite("Every key travels through experiments, sessions and metrics")
struct RoundTripTests {
  /// A small experiment that every algorithm and optimizer trains.
  private static let small: Experiment = {
    var experiment = Experiment()
    experiment.task.length = 12
    experiment.network.hidden = 4
    experiment.training.batch = 2
    return experiment
  }()

  /// `experiment` with the key turned once, twice, … either way, or through all its choices; what is refused is left out.
  private static func turned(_ key: ExperimentKey, in experiment: Experiment) -> [String] {
    var values: [String] = []
    for clicks in [1, -1, 2, 3, 7, -7] {
      guard let value = key.stepped(experiment, by: clicks), !values.contains(value) else { continue }
      values.append(value)
    }
    if case .choice(let names) = key.kind { values += names.filter { !values.contains($0) } }
    return values.filter { value in
      var tried = experiment
      return (try? tried.set(key.name, value)) != nil && tried != experiment && (try? tried.validate()) != nil
    }
  }

  @Test(
    "an experiment reads back as it was written, whole and as differences", arguments: ExperimentKey.all.map(\.name))
  func experiments(name: String) throws {
    let key = try ExperimentKey.named(name)
    for value in Self.turned(key, in: Self.small) {
      var experiment = Self.small
      try experiment.set(name, value)
      #expect(experiment != Self.small, "\(name): \(value)")
      #expect(
        try ExperimentFile.parse(ExperimentFile.complete(experiment), file: "e") == experiment, "\(name): \(value)")
      #expect(try ExperimentFile.parse(ExperimentFile.differences(experiment), file: "e") == experiment)
      // In one line, as the run's beginning and as a change on the way.
      let link = RunLink(
        experiment: experiment, entries: [JournalEntry(update: 3, settings: [Setting(key: name, value: value)])],
        update: 5)
      #expect(try RunLink(link.text) == link, "\(name): \(value)")
    }
  }

  @Test("a link replays bit for bit, whichever key was turned", arguments: ExperimentKey.all.map(\.name))
  func sessions(name: String) throws {
    let key = try ExperimentKey.named(name)
    for value in Self.turned(key, in: Self.small) {
      var experiment = Self.small
      // A change that begins a new run is where the session begins; any other is made on the way, and another key after it.
      if key.effect == .newRun { try experiment.set(name, value) }
      guard let run = try? TrainingRun(experiment: experiment) else {
        // A kind of network that asks for another task, and parts of data that are handed in.
        #expect(name == "network.kind" || name == "training.minibatch")
        continue
      }
      for update in 0..<6 {
        if update == 2, key.effect != .newRun { try run.change([Setting(key: name, value: value)]) }
        if update == 4, name != "training.optimizer.learning_rate" {
          try run.change([Setting(key: "training.optimizer.learning_rate", value: "0.02")])
        }
        run.trainOnce()
      }
      let link = try #require(RunLink(run.checkpoint()))
      let replayed = try RunLink(link.text).replay()
      #expect(replayed.parameters.map(\.bitPattern) == run.parameters.map(\.bitPattern), "\(name): \(value)")
      #expect(replayed.experiment == run.experiment)
      #expect(replayed.history.recent == run.history.recent)
    }
  }

  @Test("a row of metrics reads back as the numbers of the run")
  func metrics() throws {
    let run = try TrainingRun(experiment: Self.small)
    for _ in 0..<4 { run.trainOnce() }
    for record in run.history.recent {
      let line = MetricsWriter.Format.csv.line(MetricsRow(record))
      let fields = line.dropLast(1).split(separator: ",", omittingEmptySubsequences: false)
      let named = Dictionary(uniqueKeysWithValues: zip(MetricsRow.Column.standard.map(\.name), fields))
      #expect(fields.count == MetricsRow.Column.standard.map(\.name).count)
      #expect(named["update"] == "\(record.update)")
      #expect(named["loss"].flatMap { Double($0) } == record.loss)
      #expect(named["grad_norm"].flatMap { Double($0) } == record.gradientNorm)
      #expect(named["clip_scale"].flatMap { Double($0) } == record.clipScale)
      #expect(named["learning_rate"].flatMap { Double($0) } == record.learningRate)
    }
  }
}
