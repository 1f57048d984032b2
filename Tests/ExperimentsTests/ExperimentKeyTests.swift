import RecurrentNetworks
import Testing
import Training

@Suite struct ExperimentKeyTests {
  @Test func everyKeyReadsBackItsDefault() throws {
    for key in ExperimentKey.all {
      var experiment = Experiment()
      try key.set(&experiment, key.defaultValue)
      #expect(experiment == Experiment(), "\(key.name) = \(key.defaultValue)")
      #expect(!key.summary.isEmpty)
    }
    #expect(Set(ExperimentKey.all.map(\.name)).count == ExperimentKey.all.count)
  }

  @Test(arguments: [
    ("training.k2", "5"), ("training.k1", "full"), ("training.optimizer.learning_rate", "0.3"), ("network.hidden", "7"),
    ("network.activation", "hard_tanh"), ("network.init.spectral_radius", "1.25"), ("task.file", "a b.txt"),
    ("task.columns", "[a, \"b, c\"]"), ("seed", "18446744073709551615"), ("precision", "float32"),
    ("training.optimizer.epsilon", "1.0e-08"),
  ])
  func setsAndGets(key: String, value: String) throws {
    var experiment = Experiment()
    try experiment.set(key, value)
    #expect(try experiment.value(of: key) == value)
  }

  @Test func setsWhatItSays() throws {
    var experiment = Experiment()
    try experiment.set("training.k2", "5")
    try experiment.set("training.k1", " full ")
    try experiment.set("task.columns", "open, close")
    try experiment.set("network.init.spectral_radius", "1.5")
    #expect(experiment.training.k2 == .steps(5))
    #expect(experiment.training.k1 == .full)
    #expect(experiment.task.columns == ["open", "close"])
    #expect(experiment.network.initialization.spectralRadius == 1.5)
    try experiment.set("network.init.spectral_radius", "null")
    #expect(experiment.network.initialization.spectralRadius == nil)
  }

  @Test(arguments: [
    ("training.k1", "0", "training.k1: found 0, expected a whole number from 1, or full"),
    ("training.k2", "ful", "training.k2: found ful, expected a whole number from 1, or full; nearest is full"),
    ("training.k2", "2.5", "training.k2: found 2.5, expected a whole number from 1, or full"),
    ("network.hidden", "0", "network.hidden: found 0, expected a whole number from 1 to 1000000"),
    (
      "network.hidden", "99999999999999999999",
      "network.hidden: found 99999999999999999999, expected a whole number from 1 to 1000000"
    ),
    ("network.hidden", "\"5\"", "network.hidden: found \"5\", expected a whole number from 1 to 1000000"),
    (
      "training.optimizer.learning_rate", "-1",
      "training.optimizer.learning_rate: found -1, expected a number from 0 to 1000000000000"
    ),
    (
      "training.optimizer.learning_rate", "nan",
      "training.optimizer.learning_rate: found nan, expected a number from 0 to 1000000000000"
    ),
    (
      "training.optimizer.learning_rate", "inf",
      "training.optimizer.learning_rate: found inf, expected a number from 0 to 1000000000000"
    ),
    ("training.optimizer.momentum", "1", "training.optimizer.momentum: found 1, expected a number from 0 and below 1"),
    ("network.beta", "0", "network.beta: found 0, expected a number above 0 to 1"),
    (
      "network.init.spectral_radius", "0",
      "network.init.spectral_radius: found 0, expected a number above 0 to 1000000000000, or null"
    ),
    (
      "training.clip.kind", "nrom",
      "training.clip.kind: found nrom, expected one of none, norm, value, step, weight, tensor; nearest is norm"
    ),
    ("precision", "double", "precision: found double, expected one of float64, float32"),
    ("seed", "-1", "seed: found -1, expected a whole number from 0 to 18446744073709551615"),
    (
      "network.activation", "",
      "network.activation: found nothing, expected one of tanh, sigmoid, relu, leaky_relu, identity, softsign, hard_tanh, sin"
    ),
    ("task.columns", "[a, \"b]", "task.columns: found [a, \"b], expected a list of column names: [first, second]"),
    (
      "training", "3",
      "training: found one value, expected a group of keys (batch, minibatch, k1, k2, inject, history, checkpoints, algorithm, untied, artbp, adaptive, rflo, reduction, optimizer, schedule, clip, regularizer, federated)"
    ),
    (
      "training.clip.thresold", "3",
      "training.clip.thresold: unknown key, expected one of training.clip: kind, threshold; nearest is training.clip.threshold"
    ),
    (
      "traning.k2", "3",
      "traning.k2: unknown key, expected one: task, network, training, precision, seed, validation, solved, guess, view; nearest is training.k2"
    ),
    (
      "lr", "3",
      "lr: unknown key, expected one: task, network, training, precision, seed, validation, solved, guess, view; nearest is training.optimizer.learning_rate"
    ),
    (
      "k2", "3",
      "k2: unknown key, expected one: task, network, training, precision, seed, validation, solved, guess, view; nearest is training.k2"
    ),
    (
      "xyzzy", "3",
      "xyzzy: unknown key, expected one: task, network, training, precision, seed, validation, solved, guess, view"
    ),
  ])
  func refuses(key: String, value: String, message: String) {
    var experiment = Experiment()
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.set(key, value) }
    #expect(error?.description == message)
    #expect(experiment == Experiment())
  }

  /// No scale, rate or threshold takes what nobody can mean.
  @Test func everyNumberHasItsEnds() {
    for key in ExperimentKey.all {
      guard case .number(let range, _) = key.kind else { continue }
      #expect(range.lower != nil && range.upper != nil, "\(key.name)")
      for value in ["99999999999999999999", "-99999999999999999999"] {
        var experiment = Experiment()
        let error = #expect(throws: ExperimentKeyError.self) { try key.set(&experiment, value) }
        #expect(error?.description.hasPrefix("\(key.name): found \(value), expected a number ") == true)
      }
    }
  }

  @Test func unknownCellListsTheValidOnes() {
    var experiment = Experiment()
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.set("network.cell", "elmann") }
    #expect(error?.nearest == "elman")
    #expect(error?.problem.contains(CellKind.allCases.map(\.rawValue).joined(separator: ", ")) == true)
  }

  @Test func completes() {
    #expect(ExperimentKey.matching("training.clip").map(\.name) == ["training.clip.kind", "training.clip.threshold"])
    #expect(ExperimentKey.matching("clip.").map(\.name) == ["training.clip.kind", "training.clip.threshold"])
    #expect(
      ExperimentKey.matching("k").map(\.name) == [
        "network.kind", "network.kernel",
        "training.k1", "training.k2", "training.schedule.kind", "training.clip.kind",
      ])
    #expect(ExperimentKey.matching("").count == ExperimentKey.all.count)
    #expect(ExperimentKey.matching("nothing").isEmpty)
  }
}

@Suite struct KnobTests {
  func walk(_ name: String, from value: String, by clicks: Int) throws -> String? {
    var experiment = Experiment()
    try experiment.set(name, value)
    return try ExperimentKey.named(name).stepped(experiment, by: clicks)
  }

  @Test(arguments: [
    ("training.k1", "10", 1, "11"), ("training.k1", "10", -1, "9"), ("training.k1", "49", 1, "full"),
    ("training.k1", "full", -1, "49"), ("training.k1", "2", -5, "1"), ("training.k1", "80", -1, "50"),
    ("training.optimizer.learning_rate", "0.01", 1, "0.0125"),
    ("training.optimizer.learning_rate", "0.01", -1, "0.008"),
    ("training.optimizer.learning_rate", "0.01", 10, "0.1"), ("training.optimizer.learning_rate", "0.01", -3, "0.005"),
    ("training.optimizer.learning_rate", "0.0123", 1, "0.0125"),
    ("training.optimizer.learning_rate", "0.0", 1, "1.0e-06"),
    ("network.hidden", "32", 1, "48"), ("network.hidden", "32", -2, "16"), ("network.hidden", "33", -1, "32"),
    ("network.hidden", "2", -4, "1"), ("task.length", "50", 1, "63"), ("task.length", "100", 1, "125"),
    ("network.init.scale", "0.9", 1, "0.95"), ("network.init.scale", "0.15", 3, "0.3"),
    ("network.init.scale", "0.05", -4, "0.0"),
    ("training.optimizer.momentum", "0.9", 5, "0.95"), ("training.clip.kind", "norm", 1, "value"),
    ("training.clip.kind", "tensor", 1, "none"), ("training.schedule.warmup", "0", 1, "1"),
    ("training.schedule.warmup", "1", -1, "0"), ("training.schedule.warmup", "0", 10, "16"),
    ("training.optimizer.weight_decay", "0.0", 1, "1.0e-06"), ("seed", "1", 1, "2"),
    ("network.init.spectral_radius", "null", 1, "0.95"),
  ])
  func steps(name: String, value: String, clicks: Int, next: String) throws {
    #expect(try walk(name, from: value, by: clicks) == next)
  }

  @Test func endsAtTheEnd() throws {
    #expect(try walk("training.k1", from: "full", by: 1) == nil)
    #expect(try walk("training.k1", from: "1", by: -1) == nil)
    #expect(try walk("seed", from: "0", by: -1) == nil)
    #expect(try walk("task.file", from: "null", by: 1) == nil)
  }

  @Test func choicesSkipWhatIsRefused() throws {
    // text is followed by csv, which has no file here.
    #expect(try walk("task.name", from: "text", by: 1) == "adding")
  }
}

@Suite struct ExperimentValidationTests {
  func problem(_ settings: (String, String)...) throws -> String? {
    var experiment = Experiment()
    for (key, value) in settings { try experiment.set(key, value) }
    do throws(ExperimentKeyError) {
      try experiment.validate()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func acceptsTheDefaultAndWhatOnlySeemsOdd() throws {
    #expect(try problem() == nil)
    #expect(try problem(("training.clip.kind", "none"), ("training.clip.threshold", "3")) == nil)
    #expect(try problem(("training.k1", "20"), ("training.k2", "5")) == nil)
    #expect(try problem(("training.k1", "500")) == nil)
    #expect(try problem(("network.cell", "leaky"), ("network.beta", "0.5")) == nil)
    #expect(try problem(("training.optimizer.name", "momentum")) == nil)
  }

  @Test func refusesContradictions() throws {
    #expect(
      try problem(("training.optimizer.name", "adam"), ("training.optimizer.momentum", "0.9"))
        == "training.optimizer.momentum: found 0.9, expected 0 with adam: only momentum, nesterov read it")
    #expect(
      try problem(("network.init.recurrent", "zero"), ("network.init.spectral_radius", "1.2"))
        == "network.init.spectral_radius: found 1.2, expected null with weights of zero, which no factor rescales")
    #expect(
      try problem(("network.beta", "0.5")) == "network.beta: found 0.5, expected 1 with elman: only leaky has one")
    #expect(
      try problem(("network.alpha", "0.5")) == "network.alpha: found 0.5, expected 1 with elman: only residual has one"
    )
    #expect(
      try problem(("task.name", "csv")) == "task.file: found no file, expected the path of the CSV file that csv reads")
    #expect(
      try problem(("task.name", "copy"), ("task.file", "x.txt"))
        == "task.file: found x.txt, expected none with copy: text and csv read files")
    #expect(
      try problem(("task.name", "copy"), ("task.length", "20"))
        == "task.length: found 20, expected a whole number from 21 for copy")
    #expect(
      try problem(("task.columns", "a,b"))
        == "task.columns: found 2 columns, expected [] with temporal-order: only csv reads columns")
  }

  @Test func choicesTakeWhatDependsOnThemAlong() throws {
    var experiment = Experiment()
    try experiment.set("training.optimizer.name", "momentum")
    #expect(experiment.training.optimizer.momentum == 0.9)
    try experiment.set("training.optimizer.name", "adam")
    #expect(experiment.training.optimizer.momentum == 0)
    try experiment.set("network.cell", "leaky")
    try experiment.set("network.beta", "0.2")
    try experiment.set("network.cell", "elman")
    #expect(experiment.network.beta == 1)
    try experiment.set("task.name", "text")
    try experiment.set("task.file", "x.txt")
    try experiment.set("task.name", "copy")
    #expect(experiment.task.file == nil)
  }

  @Test func absurdSizesAreToldInBytes() throws {
    #expect(
      try problem(("task.length", "1000000000"))?.hasPrefix(
        "task.length: found 1000000000, expected sizes that fit in 17 GB: length 1000000000 × batch 16 × hidden 32 × layers 1 would need"
      ) == true)
    #expect(try problem(("network.hidden", "1000000"))?.hasPrefix("network.hidden: found 1000000") == true)
    let overflow = try problem(
      ("task.length", "1000000000"), ("network.hidden", "1000000"), ("training.batch", "100000000"))
    #expect(overflow?.contains("would need more than can be counted") == true)
    #expect(try problem(("task.length", "100000")) == nil)
    #expect(formatBytes(999) == "999 bytes")
    #expect(formatBytes(1_500_000) == "1.5 MB")
    #expect(formatBytes(3_210_000_000_000) == "3.2 TB")
  }

  @Test("Lists of delays and periods are walked, and refused where they make no sense")
  func lists() throws {
    var experiment = Experiment()
    func step(_ key: String, by clicks: Int) throws -> String? {
      try ExperimentKey.named(key).stepped(experiment, by: clicks)
    }
    #expect(try step("network.delays", by: 1) == "[1, 2]" && step("network.delays", by: 7) == "[1, 8]")
    #expect(try step("network.delays", by: -1) == nil)
    // Three blocks do not divide 32 units.
    #expect(try step("network.periods", by: 1) == "[1, 2]" && step("network.periods", by: 2) == "[1, 2, 4, 8]")
    try experiment.set("network.delays", "[1, 4]")
    try experiment.set("network.periods", "1, 2")
    try experiment.validate()
    #expect(try step("network.delays", by: -1) == "[1, 3]" && step("network.periods", by: -1) == "[]")
    for (key, text) in [
      ("network.delays", "[2, 4]"), ("network.delays", "[1, 1]"), ("network.delays", "[1, 65]"),
      ("network.delays", "[]"), ("network.periods", "[4, 2]"), ("network.periods", "[0]"), ("network.periods", "[1.5]"),
    ] {
      let error = #expect(throws: ExperimentKeyError.self) { try experiment.set(key, text) }
      #expect(error?.problem.contains("expected ascending") == true)
    }
    // Another cell has neither.
    try experiment.set("network.cell", "lstm")
    #expect(experiment.network.delays == [1] && experiment.network.periods.isEmpty)
    experiment.network.delays = [1, 2]
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    #expect(error?.key == "network.delays" && error?.problem.contains("only elman reads it") == true)
  }

  @Test(
    "What a projected h and two directions cannot be is refused with what to choose",
    arguments: [
      (["network.cell": "lstm", "network.projection": "32"], "network.projection", "below network.hidden 32"),
      (
        ["network.cell": "lstm", "network.projection": "4", "training.algorithm": "rtrl"], "network.projection",
        "or bptt"
      ),
      (
        ["network.cell": "lstm", "network.projection": "4", "network.peephole": "true"], "network.projection",
        "peephole"
      ),
      (
        ["network.cell": "lstm", "network.projection": "4", "network.init.spectral_radius": "1"], "network.projection",
        "not square"
      ),
      (["network.kind": "bidirectional", "training.k1": "5"], "training.k1", "takes a sequence at once"),
      (
        ["network.kind": "bidirectional", "training.algorithm": "rtrl"], "training.algorithm",
        "or network.kind recurrent"
      ),
    ])
  func combinations(settings: [String: String], key: String, words: String) throws {
    var experiment = Experiment()
    // Cells and kinds first: what makes no sense beside them falls back.
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) { try experiment.set(name, value) }
    let error = #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
    #expect(error?.key == key && error?.problem.contains(words) == true, "\(error?.key ?? "") \(error?.problem ?? "")")
  }

  @Test func twoDirectionsAreOfEveryCellWithAReadout() throws {
    var experiment = Experiment()
    try experiment.set("network.kind", "bidirectional")
    for cell in CellKind.allCases {
      try experiment.set("network.cell", cell.rawValue)
      guard cell.isFullyRecurrent else {
        try experiment.validate()
        continue
      }
      let error = #expect(throws: ExperimentKeyError.self) { try experiment.validate() }
      #expect(error?.key == "network.cell" && error?.problem.contains("another than fully_recurrent") == true)
    }
  }

  @Test("A setting of other programs is refused with what to choose in its place")
  func absentSettings() throws {
    for (key, choice) in [
      ("network.coupled_gates", "coupled_lstm"), ("network.bidirectional", "network.kind: bidirectional"),
    ] {
      var experiment = Experiment()
      let error = #expect(throws: ExperimentKeyError.self) { try experiment.set(key, "true") }
      #expect(error?.key == key && error?.problem.contains(choice) == true)
    }
  }

  @Test("Settings of cells without W_hh, of complex units, of LSTMs and of initial states are held to the rest")
  func cellSettings() throws {
    for (settings, key) in [
      (["network.cell": "min_gru", "network.init.spectral_radius": "1"], "network.init.spectral_radius"),
      (["network.cell": "lru", "network.init.scale": "0.5"], "network.init.scale"),
      (["network.cell": "lru", "network.hidden": "7"], "network.hidden"),
      (["network.cell": "gru", "network.peephole": "true"], "network.peephole"),
      (["network.cell": "gru", "network.discretization": "zoh"], "network.discretization"),
      (
        ["network.cell": "lru", "network.init.ring_inner": "0.9", "network.init.ring_outer": "0.5"],
        "network.init.ring_inner"
      ),
      (["network.learned_initial_state": "true", "task.name": "coin"], "network.learned_initial_state"),
      (["network.learned_initial_state": "true", "training.checkpoints": "sqrt"], "network.learned_initial_state"),
    ] {
      var experiment = Experiment()
      for (name, value) in settings.sorted(by: { $0.key < $1.key }) { try experiment.set(name, value) }
      let error = #expect(throws: ExperimentKeyError.self, "\(settings)") { try experiment.validate() }
      #expect(error?.key == key, "\(settings)")
    }
    // A choice of the cell lets what it does not read fall back, and makes the number of units even.
    var experiment = Experiment()
    try experiment.set("network.hidden", "7")
    try experiment.set("network.init.spectral_radius", "1.5")
    try experiment.set("network.cell", "lru")
    try experiment.validate()
    #expect(experiment.network.hidden == 8 && experiment.network.initialization.spectralRadius == nil)
  }
}
