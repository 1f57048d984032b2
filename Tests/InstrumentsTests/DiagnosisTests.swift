import Testing

@testable import Instruments
@testable import Training

@Suite("Diagnosis") struct DiagnosisTests {
  /// An experiment that learns, and a fault of it.
  struct Case: Sendable, CustomTestStringConvertible {
    let base: String, fault: [String: String]
    let names: Set<String>
    var testDescription: String { "\(base) \(fault) is \(names.sorted())" }

    init(_ base: String, _ fault: [String: String], _ names: String...) {
      (self.base, self.fault, self.names) = (base, fault, Set(names))
    }
  }

  static let rate = "training.optimizer.learning_rate", k1 = "training.k1", k2 = "training.k2"
  static let adam = ["training.optimizer.name": "adam", rate: "0.003", "network.init.scale": "1"]

  /// Experiments that learn within 300 updates.
  static let sound: [String: [String: String]] = [
    "coin": [
      "task.name": "coin", "task.length": "40", "network.hidden": "16", "network.init.input": "0.5", rate: "0.005",
    ],
    "recall": ["task.name": "recall", "task.length": "20", "network.init.input": "0.3"],
    "order": ["task.name": "temporal-order", "task.length": "30", "network.init.input": "0.3"],
    "reber": ["task.name": "reber", "task.length": "40", rate: "0.005"],
    "relu": [
      "task.name": "recall", "task.length": "20", "network.activation": "relu", "network.init.recurrent": "identity",
      "network.init.input": "0.3", rate: "0.001",
    ],
    "lstm": [
      "task.name": "recall", "task.length": "30", "network.cell": "lstm", "network.init.forget_bias": "4", rate: "0.01",
    ],
  ].mapValues { $0.merging(adam) { own, _ in own } }

  static let planted: [Case] =
    ["coin", "recall", "reber"].map { Case($0, [rate: "1e-7"], "rate.small") }
    + ["recall", "order", "relu"].map { Case($0, [rate: "10"], "rate.large") }
    + [Case("coin", [k1: "1", k2: "1"], "k2.short"), Case("order", [k1: "5", k2: "5"], "k2.short")]
    + [Case("coin", [k1: "20", k2: "10"], "k1.untrained"), Case("reber", [k1: "20", k2: "5"], "k1.untrained")]
    + [
      Case("recall", ["network.activation": "sigmoid", "network.init.scale": "0.9"], "gradient.vanishes"),
      Case("order", ["network.init.scale": "0.3"], "gradient.vanishes"),
      Case("lstm", ["network.init.forget_bias": "-5"], "gradient.vanishes"),
      Case(
        "order",
        [
          "network.activation": "identity", "network.init.scale": "3", "training.optimizer.name": "sgd", rate: "0.01",
        ], "gradient.explodes"),
      Case(
        "recall", ["training.optimizer.name": "sgd", rate: "0.1", "training.clip.threshold": "0.0001"], "clip.always"),
      Case("recall", ["network.init.input": "100"], "units.saturated"),
      Case("coin", ["network.init.input": "0", "network.init.scale": "0"], "init.contracts"),
    ]

  static func experiment(_ name: String, _ fault: [String: String] = [:]) throws -> Experiment {
    let settings = (sound[name] ?? [:]).merging(fault) { $1 }
    return try Experiment().setting(settings.map { Setting(key: $0, value: $1) })
  }

  static func diagnosis(_ experiment: Experiment, updates: Int = 300) throws -> Diagnosis {
    Diagnosis(Examination.examine(try TrainingRun(experiment: experiment), updates: updates))
  }

  @Test("a planted fault is named first", arguments: planted)
  func fault(_ planted: Case) throws {
    let first = try #require(try Self.diagnosis(Self.experiment(planted.base, planted.fault)).findings.first)
    #expect(planted.names.contains(first.id) && first.severity >= .costly, "\(first.sentence)")
    #expect(!first.remedies.isEmpty)
    for sentence in first.sentence.split(separator: ". ") {
      #expect(sentence.split(separator: " ").count <= 24, "\(sentence)")
    }
  }

  @Test("what learns is accused of nothing grave", arguments: sound.keys.sorted())
  func learns(name: String) throws {
    let diagnosis = try Self.diagnosis(Self.experiment(name))
    #expect(diagnosis.grave.isEmpty, "\(diagnosis.grave.map(\.sentence))")
    #expect(diagnosis.findings.contains { $0.severity == .sound })
  }

  @Test("the built-in experiment is at guessing and its gradient vanishes")
  func opening() throws {
    let findings = try Self.diagnosis(.opening).findings
    let first = try #require(findings.first)
    #expect(first.id == "gradient.vanishes" && first.severity == .grave)
    #expect(first.sentence.contains("10 % is left after 10 steps; the task needs 44"), "\(first.sentence)")
    let factor = try #require(first.sentence.firstMatch(of: /by ×(0\.7\d+) a step/))
    #expect(abs((Double(factor.1) ?? 0) - 0.77) < 0.02)
    #expect(findings.contains { $0.id == "loss.guessing" })
  }

  @Test("a forget bias of 0 keeps 10^-15 over 50 steps")
  func forgetGate() throws {
    let experiment = try Self.experiment(
      "lstm",
      [
        "task.length": "51", "network.init.forget_bias": "0", "network.init.input": "0", "network.init.scale": "0",
        Self.rate: "0",
      ])
    let found = try Self.diagnosis(experiment, updates: 1).findings.first { $0.id == "gradient.vanishes" }
    let sentence = try #require(found?.sentence)
    #expect(sentence.contains("The gate f keeps ×0.5 of the memory a step, 10^-15 over 50 steps"), "\(sentence)")
    // σ(5)^50 = 0.71, and σ(4)^50 = 0.4 would be less than half.
    #expect(found?.remedies.first?.words == "network.init.forget_bias=5")
  }

  @Test(
    "what is lacking is said",
    arguments: [(1, 5, 1, "lacks.steps"), (10, 1, 1, "lacks.updates"), (10, 5, 0, "lacks.updates")])
  func lacks(length: Int, hidden: Int, updates: Int, id: String) throws {
    var experiment = Experiment()
    experiment.task.name = .coin
    (experiment.task.length, experiment.network.hidden) = (length, hidden)
    let diagnosis = try Self.diagnosis(experiment, updates: updates)
    #expect(diagnosis.findings.contains { $0.id == id }, "\(diagnosis.findings.map(\.id))")
    #expect(!diagnosis.findings.contains { $0.sentence.contains("nan") || $0.sentence.contains("inf") })
  }

  @Test("weights that are no numbers are told first")
  func notFinite() throws {
    let experiment = try Self.experiment("coin")
    var snapshot = try TrainingRun(experiment: experiment).snapshot()
    snapshot.parameters[3] = .nan
    let diagnosis = Diagnosis(Evidence(PassView(snapshot), budget: Budget(.patient)))
    #expect(diagnosis.findings.first?.id == "weights.not-finite")
  }
}

@Suite("Trials of remedies") struct RemedyTrialTests {
  @Test("mean and standard error are those of the pairs")
  func pairs() {
    let trial = RemedyTrial(
      Remedy(["training.k2": "9"]), updates: 10, beginsAnew: false, without: [2, 3, 4, 5], with: [1, 1, 3, 3])
    // Differences 1, 2, 1, 2: mean 1.5, variance 1/3, its error √(1/12).
    #expect(trial.difference == 1.5 && trial.without == 3.5 && trial.with == 2)
    #expect(abs(trial.standardError - (1.0 / 12).squareRoot()) < 1e-15)
    #expect(trial.verdict == .helps)
    #expect(
      trial.sentence == "after 10 updates the held-out loss is 2 with it and 3.5 without it, 1.5 ± 0.289 less: it helps"
    )
    let reverse = RemedyTrial(trial.remedy, updates: 10, beginsAnew: true, without: [1, 1, 3, 3], with: [2, 3, 4, 5])
    #expect(reverse.verdict == .harms)
    let none = RemedyTrial(trial.remedy, updates: 10, beginsAnew: true, without: [1, 2, 1], with: [2, 1, 1])
    #expect(none.verdict == .noDifference && none.sentence.hasSuffix("it does not help"))
  }

  @Test("windows that reach lag 8 help a coin, the same windows again do not, and the run stays where it is")
  func coin() throws {
    let experiment = try DiagnosisTests.experiment("coin", ["training.k1": "1", "training.k2": "1"])
    let run = try TrainingRun(experiment: experiment)
    let diagnosis = Diagnosis(Examination.examine(run, updates: 100))
    let parameters = run.parameters
    let trials = RemedyTrials(run)
    let treated = try #require(trials.treat(diagnosis).first)
    #expect(treated.finding.id == "k2.short" && treated.trials.last?.verdict == .helps)
    #expect(treated.trials.last?.remedy.words == "training.k2=9")
    let same = try trials.attempt(Remedy(["training.k2": "1"]))
    #expect(same.difference == 0 && same.standardError == 0 && same.verdict == .noDifference && !same.beginsAnew)
    #expect(run.update == 100 && run.parameters == parameters)
  }
}

/// Two faults at once: the worse one is told first, and the other one too.
@Suite("Faults in pairs") struct FaultPairTests {
  /// An experiment that learns, with two faults of it.
  struct Pair: Sendable, CustomTestStringConvertible {
    let base: String, worse: [String: String], other: [String: String], first: String, second: String
    var testDescription: String { "\(base): \(first) before \(second)" }

    init(
      _ base: String, _ first: String, _ worse: [String: String], before second: String, _ other: [String: String]
    ) {
      (self.base, self.first, self.worse, self.second, self.other) = (base, first, worse, second, other)
    }
  }

  private static let rate = DiagnosisTests.rate, k1 = DiagnosisTests.k1, k2 = DiagnosisTests.k2

  private static let short = [k1: "5", k2: "5"]
  private static let clipped = [
    "training.optimizer.name": "sgd", rate: "0.1", "training.clip.threshold": "0.0001",
  ]

  static let pairs = [
    Pair("coin", "rate.small", [rate: "1e-7"], before: "k2.short", [k1: "1", k2: "1"]),
    Pair("coin", "rate.small", [rate: "1e-7"], before: "k1.untrained", [k1: "20", k2: "10"]),
    Pair("recall", "rate.large", [rate: "10"], before: "k2.short", short),
    Pair("recall", "units.saturated", ["network.init.input": "100"], before: "k2.short", short),
    Pair("recall", "clip.always", clipped, before: "k2.short", short),
    Pair(
      "order", "gradient.explodes",
      ["network.activation": "identity", "network.init.scale": "3", "training.optimizer.name": "sgd", rate: "0.01"],
      before: "k2.short", [k1: "10", k2: "10"]),
  ]

  /// The loss on sequences that training never sees, of a run with one fault.
  private static func loss(_ base: String, _ fault: [String: String]) throws -> Double {
    var experiment = try DiagnosisTests.experiment(base, fault)
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<300 where run.trainOnce() == .trained {}
    (experiment.solved.measure, experiment.solved.sequences) = (.loss, 100)
    let loss = try Evaluator(experiment).evaluate(run.parameters).value
    return loss.isFinite ? loss : .infinity
  }

  /// Which of the two is worse is measured: that after which less is learned where the other one is mended.
  @Test("the fault that is called worse is worse", arguments: pairs)
  func worse(_ pair: Pair) throws {
    let (worse, other) = (try Self.loss(pair.base, pair.worse), try Self.loss(pair.base, pair.other))
    #expect(worse > other + 0.01, "\(worse) \(other)")
  }

  @Test("the worse of two planted faults is named first, and the other one after it", arguments: pairs)
  func both(_ pair: Pair) throws {
    let faults = pair.worse.merging(pair.other) { first, _ in first }
    let bad = try DiagnosisTests.diagnosis(DiagnosisTests.experiment(pair.base, faults)).findings
      .filter { $0.severity >= .costly }
    #expect(bad.first?.id == pair.first, "\(bad.map(\.id))")
    #expect(bad.dropFirst().contains { $0.id == pair.second }, "\(bad.map(\.id))")
  }
}
