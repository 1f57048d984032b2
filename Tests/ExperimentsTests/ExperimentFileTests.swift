@testable import Experiments
import Foundation
import RecurrentNetworks
import Testing
import Training

/// The error's line for `text`, or nil where it is read.
private func message(_ text: String, settings: [String] = []) -> String? {
  do throws(InputError) {
    _ = try ExperimentFile.parse(text, file: "e.yaml", settings: settings)
    return nil
  } catch {
    return error.description
  }
}

@Suite struct ExperimentFileTests {
  @Test(arguments: ["", "\n\n", "# only a comment\n", "---\n", "{}", "~", "network:\ntraining:\n"])
  func nothingIsTheDefault(text: String) throws {
    #expect(try ExperimentFile.parse(text, file: "e.yaml") == Experiment())
  }

  @Test func readsFlowStyle() throws {
    let text = """
      task: {name: temporal-order, length: 60}
      network:
        cell: leaky
        hidden: 24
        activation: sigmoid
        beta: 0.5
        init: {recurrent: gaussian, scale: 1.5, input: 2, readout: 0.5, spectral_radius: 1.2}
      training:
        batch: 4
        k1: 5
        k2: full
        inject: window
        optimizer: {name: adam, learning_rate: 1e-3}
        clip: {kind: value, threshold: .5}
      precision: float32
      seed: 42
      """
    let experiment = try ExperimentFile.parse(text, file: "e.yaml")
    var wanted = Experiment()
    wanted.task.length = 60
    wanted.network.cell = .leaky
    wanted.network.hidden = 24
    wanted.network.activation = .sigmoid
    wanted.network.beta = 0.5
    wanted.network.initialization.recurrent = .gaussian
    wanted.network.initialization.scale = 1.5
    wanted.network.initialization.input = 2
    wanted.network.initialization.readout = 0.5
    wanted.network.initialization.spectralRadius = 1.2
    wanted.training.batch = 4
    wanted.training.k1 = .steps(5)
    wanted.training.inject = .window
    wanted.training.optimizer.name = .adam
    wanted.training.optimizer.learningRate = 0.001
    wanted.training.clip.kind = .value
    wanted.training.clip.threshold = 0.5
    wanted.precision = .float32
    wanted.seed = 42
    #expect(experiment == wanted)
  }

  @Test func readsBlockStyleQuotesAndAnyOrder() throws {
    let text = """
      seed: 3
      training:
        optimizer:
          momentum: 0.5
          name: "momentum"
        clip:
          kind: 'none'
      task:
        length: 21
        name: copy
      """
    let experiment = try ExperimentFile.parse(text, file: "e.yaml")
    #expect(experiment.seed == 3)
    #expect(experiment.training.optimizer.name == .momentum)
    #expect(experiment.training.optimizer.momentum == 0.5)
    #expect(experiment.training.clip.kind == .none)
    #expect(experiment.task.name == .copy)
  }

  @Test(arguments: [
    ("training: {k1: 0}", "e.yaml:1: training.k1: found 0, expected a whole number from 1, or full"),
    (
      "seed: 1\ntraining:\n  k3: 5\n",
      "e.yaml:3: training.k3: unknown key, expected one of training: batch, minibatch, k1, k2, inject, history, checkpoints, algorithm, untied, artbp, adaptive, rflo, reduction, optimizer, schedule, clip, regularizer, federated; nearest is training.k1"
    ),
    (
      "netwerk:\n  hidden: 3",
      "e.yaml:1: netwerk: unknown key, expected one: task, network, training, precision, seed, validation, solved, guess, view; nearest is network"
    ),
    ("seed: 1\nseed: 2\n", "e.yaml:2: seed: found twice, expected once"),
    ("training:\n  k1: 5\n  k2: 5\n  k1: 6\n", "e.yaml:4: k1: found twice, expected once"),
    (
      "training: 5",
      "e.yaml:1: training: found 5, expected a group of batch, minibatch, k1, k2, inject, history, checkpoints, algorithm, untied, artbp, adaptive, rflo, reduction, optimizer, schedule, clip, regularizer, federated"
    ),
    ("\ntraining:\n  clip: [1]", "e.yaml:3: training.clip: found a list, expected a group of kind, threshold"),
    (
      "- a\n- b",
      "e.yaml:1: found a list, expected a mapping of task, network, training, precision, seed, validation, solved, guess, view"
    ),
    (
      "hello",
      "e.yaml:1: found hello, expected a mapping of task, network, training, precision, seed, validation, solved, guess, view"
    ),
    ("network:\n  hidden: {a: 1}", "e.yaml:2: network.hidden: found a mapping, expected one value"),
    ("network:\n  hidden: [1]", "e.yaml:2: network.hidden: found [\"1\"], expected a whole number from 1 to 1000000"),
    ("network:\n  hidden:\n", "e.yaml:2: network.hidden: found nothing, expected a whole number from 1 to 1000000"),
    ("network:\n  hidden: \"5\"\n", "e.yaml:2: network.hidden: found \"5\", expected a whole number from 1 to 1000000"),
    (
      "network:\n  cell: tanh\n",
      "e.yaml:2: network.cell: found tanh, expected one of \(CellKind.allCases.map(\.rawValue).joined(separator: ", "))"
    ),
    ("? [a]\n: 3", "e.yaml:1: found a list, expected a key"),
    ("task: {name: copy, length: 20}", "e.yaml:1: task.length: found 20, expected a whole number from 21 for copy"),
    (
      "seed: 1\ntask: {name: csv}",
      "e.yaml:2: task.file: found no file, expected the path of the CSV file that csv reads"
    ),
    // What is asked for is refused, not dropped, also where the choice that cannot have it is read later.
    (
      "training: {algorithm: rtrl, checkpoints: sqrt}",
      "e.yaml:1: training.checkpoints: found sqrt, expected none with rtrl: it carries what it needs forward, only bptt keeps a past"
    ),
    (
      "training: {k1: full, algorithm: adaptive}",
      "e.yaml:1: training.k1: found full, expected a number under 50 with adaptive: the window of one update a sequence is the sequence"
    ),
    (
      "training:\n  schedule: {final: 0.5}",
      "e.yaml:2: training.schedule.final: found 0.5, expected 0.0: only training.schedule.kind cosine reads it"
    ),
    (
      "training: {artbp: {probability: 0.3}}",
      "e.yaml:1: training.artbp.probability: found 0.3, expected 0.1: only training.algorithm artbp reads it"
    ),
    (
      "solved: {measure: loss, at_least: 0.5}",
      "e.yaml:1: solved.at_least: found 0.5, expected 0.99: only solved.measure accuracy or flawless reads it"
    ),
    (
      "task: {name: parity}\nsolved: {measure: accuracy, tolerance: 0.2}",
      "e.yaml:2: solved.tolerance: found 0.2, expected 0.04 with parity, which is answered by classes: only numbers have a tolerance"
    ),
    (
      "task: {name: settle}\ntraining: {algorithm: recurrent_backprop, k2: 5}",
      "e.yaml:2: training.k2: found 5, expected full with recurrent_backprop: its gradient is that of the settled state, not of a window"
    ),
  ])
  func refuses(text: String, expected: String) {
    #expect(message(text) == expected)
  }

  @Test(arguments: [
    ("task: {name: copy\nseed: 1\n", 2), ("task:\n\tname: copy", 2), ("seed: 1\nx: 'abc\n", 2), ("a: b: c", 1),
    ("seed: 1\n--- \nseed: 2", 2), ("seed: *nowhere", 1), ("seed: \u{0}", 1),
  ])
  func syntaxErrorsNameTheLine(text: String, line: Int) throws {
    let error = try #require(message(text))
    #expect(error.hasPrefix("e.yaml:\(line): not YAML: "), "\(error)")
    #expect(!error.contains("\n"))
  }

  @Test func settingsOverride() throws {
    let experiment = try ExperimentFile.parse(
      "training: {k2: 9}", file: "e.yaml", settings: ["training.k2=5", "task.length=80", "network.activation = relu"])
    #expect(experiment.training.k2 == .steps(5))
    #expect(experiment.task.length == 80)
    #expect(experiment.network.activation == .relu)
    #expect(
      message("", settings: ["training.k2"]) == "--set: found training.k2, expected KEY=VALUE, as in training.k2=5")
    #expect(message("", settings: ["training.kk=1"])?.hasPrefix("--set: training.kk: unknown key") == true)
    #expect(
      message("", settings: ["training.k1=0"]) == "--set: training.k1: found 0, expected a whole number from 1, or full"
    )
    // Whichever comes first; of one key given twice the last counts.
    for settings in [
      ["training.algorithm=rtrl", "training.checkpoints=sqrt"],
      ["training.checkpoints=sqrt", "training.algorithm=rtrl"],
    ] {
      #expect(
        message("", settings: settings)?.hasPrefix("--set: training.checkpoints: found sqrt, expected none") == true)
    }
    #expect(message("", settings: ["network.beta=0.5", "network.cell=lstm"])?.contains("only leaky has one") == true)
    #expect(message("", settings: ["training.k2=0x", "training.k2=5"]) != nil)
    #expect(message("", settings: ["training.k2=5", "training.k1=10", "training.k2=20"]) == nil)
    // Over a file, a choice lets fall back what the file has for another.
    #expect(message("training: {checkpoints: sqrt}", settings: ["training.algorithm=rtrl"]) == nil)
    #expect(
      message("training: {algorithm: artbp, artbp: {probability: 0.3}}", settings: ["training.algorithm=bptt"]) == nil)
    #expect(
      message("", settings: ["network.beta=0.5"])
        == "--set: network.beta: found 0.5, expected 1 with elman: only leaky has one")
  }

  @Test func aMessageIsOneLineWhateverTheFileHolds() throws {
    let error = try #require(message("\"a\\nb\\e[31m\": 1"))
    #expect(error.hasPrefix("e.yaml:1: a\\nb\\u{1b}[31m: unknown key"))
  }

  @Test func deepNestingIsAnErrorNotACrash() {
    #expect(message(String(repeating: "[", count: 100_000)) != nil)
    #expect(message(String(repeating: "- ", count: 100_000)) != nil)
    #expect(message(String(repeating: "{a: ", count: 100_000)) != nil)
  }

  @Test func missingFilesAreNamedWithTheNearest() throws {
    let folder = try TemporaryFolder()
    try "seed: 7\n".write(toFile: folder.path("vanish.yaml"), atomically: true, encoding: .utf8)
    #expect(try ExperimentFile.read(path: folder.path("vanish.yaml")).seed == 7)
    let error = #expect(throws: InputError.self) { try ExperimentFile.read(path: folder.path("vanihs.yaml")) }
    #expect(
      error?.description == "\(folder.path("vanihs.yaml")): no such file; nearest is \(folder.path("vanish.yaml"))")
    let isFolder = #expect(throws: InputError.self) { try ExperimentFile.read(path: folder.path("")) }
    #expect(isFolder?.problem == "found a folder, expected a file")
  }

  @Test func binaryAndHugeFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    try Data([0x73, 0x0A, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder.path("binary")))
    let binary = #expect(throws: InputError.self) { try ExperimentFile.read(path: folder.path("binary")) }
    #expect(binary?.description == "\(folder.path("binary")):2: found bytes that are not UTF-8, expected text")
    try Data(count: 2 << 20).write(to: URL(fileURLWithPath: folder.path("huge")))
    let huge = #expect(throws: InputError.self) { try ExperimentFile.read(path: folder.path("huge")) }
    #expect(huge?.problem == "found 2.1 MB or more, expected at most 1 MB")
  }

  @Test func taskFilesLieBesideTheExperiment() throws {
    let folder = try TemporaryFolder()
    try "abc".write(toFile: folder.path("words.txt"), atomically: true, encoding: .utf8)
    try "task:\n  name: text\n  file: words.txt\n".write(
      toFile: folder.path("text.yaml"), atomically: true, encoding: .utf8)
    #expect(try ExperimentFile.read(path: folder.path("text.yaml")).task.file == folder.path("words.txt"))
    try FileManager.default.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: true)
    try "task: {name: text, file: ../words.txt}".write(
      toFile: folder.path("sub/up.yaml"), atomically: true, encoding: .utf8)
    #expect(try ExperimentFile.read(path: folder.path("sub/up.yaml")).task.file == folder.path("words.txt"))
    try "task:\n  name: text\n  file: word.txt\n".write(
      toFile: folder.path("text.yaml"), atomically: true, encoding: .utf8)
    let error = #expect(throws: InputError.self) { try ExperimentFile.read(path: folder.path("text.yaml")) }
    #expect(error?.line == 3)
    #expect(error?.nearest == folder.path("words.txt"))
  }
}

@Suite struct ExperimentFileWriterTests {
  @Test func theDefaultDiffersInNothing() throws {
    #expect(ExperimentFile.differences(Experiment()) == "")
    #expect(try ExperimentFile.parse(ExperimentFile.complete(Experiment()), file: "e.yaml") == Experiment())
  }

  @Test func writesWhatDiffers() throws {
    var experiment = Experiment()
    try experiment.set("training.k2", "5")
    try experiment.set("training.optimizer.name", "momentum")
    try experiment.set("seed", "9")
    #expect(
      ExperimentFile.differences(experiment) == """
        training:
          k2: 5
          optimizer:
            name: momentum
        seed: 9

        """)
    try experiment.set("training.optimizer.momentum", "0")
    #expect(ExperimentFile.differences(experiment).contains("    momentum: 0.0\n"))
  }

  /// Every key at several values: what is written reads back, complete and by its differences.
  @Test func roundTrips() throws {
    let values: [String: [String]] = [
      "task.file": [
        "LICENSE", "a b/c.txt", "\"tab\\there\"", "\"123\"", "\"null\"", "\"#x\"", "\"a: b\"", "é.txt", "\"-x\"",
      ],
      "task.columns": ["[]", "[a]", "[\"a, b\", \"c]\", \"d\\\"e\"]", "[\"1\", \"true\"]"],
      "task.targets": ["[x, y]"],
      "network.init.spectral_radius": ["null", "1.1"],
      "training.optimizer.epsilon": ["1e-300", "1e10", "0.1"],
      "network.alpha": ["-1e-5", "3"],
    ]
    for key in ExperimentKey.all {
      var tried = values[key.name] ?? []
      if case .choice(let names) = key.kind { tried += names }
      if case .integer(let range) = key.kind { tried += ["\(range.lowerBound)", "\(range.upperBound)"] }
      for value in tried {
        var experiment = Experiment()
        try key.set(&experiment, value)
        for text in [ExperimentFile.complete(experiment), ExperimentFile.differences(experiment)] {
          let entries = try readWithoutChecks(text)
          #expect(entries == experiment, "\(key.name) = \(value)\n\(text)")
        }
      }
    }
  }

  /// Reads `text` through the parser, but past the checks of keys against each other and of files.
  private func readWithoutChecks(_ text: String) throws -> Experiment {
    try FlattenedYAML(text, file: "written").experiment()
  }
}

@Suite struct DamagedTextTests {
  /// Whatever becomes of a text by a changed, a lost or a doubled piece: it is read or refused in one line.
  @Test func noDamageCrashes() {
    let whole = Array(ExperimentFile.complete(Experiment()).utf8)
    var state: UInt64 = 88_172_645_463_325_252
    func random(_ limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(limit))
    }
    let pieces = Array("{}[]:,-#&*!|>'\"%@`?~\n\t 0.e\\\u{0}é".utf8)
    for _ in 0..<1500 {
      var text = whole
      for _ in 0...random(3) {
        let at = random(text.count)
        switch random(3) {
        case 0: text[at] = pieces[random(pieces.count)]
        case 1: text.removeSubrange(at..<min(text.count, at + random(40)))
        default: text.insert(contentsOf: text[at..<min(text.count, at + random(60))], at: random(text.count))
        }
      }
      do throws(InputError) {
        _ = try ExperimentFile.parse(String(decoding: text, as: UTF8.self), file: "damaged")
      } catch {
        #expect(error.description.hasPrefix("damaged") && !error.description.contains("\n"))
      }
    }
  }
}

@Suite struct ExperimentSourceTests {
  @Test func laterErrorsNameTheLineToo() throws {
    let folder = try TemporaryFolder()
    try "a,b\n1,2\n3,x\n".write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
    let path = folder.path("e.yaml")
    try "seed: 1\ntask:\n  name: csv\n  file: t.csv\n  columns: [a, q]\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    let source = try ExperimentFile.source(path: path, settings: ["task.length=1"])
    func told(_ settings: [String]) throws -> String? {
      let source = try ExperimentFile.source(path: path, settings: settings)
      do throws(TaskError) {
        _ = try source.experiment.task.makeTask(seed: 1)
        return nil
      } catch {
        return source.error(error).description
      }
    }
    #expect(try told(["task.length=1"])?.hasPrefix("\(path):5: task.columns: found ") == true)
    #expect(try told(["task.length=1", "task.columns=[a, q]"])?.hasPrefix("--set: task.columns: found ") == true)
    #expect(
      try told(["task.length=1", "task.columns=[a, b]"])?.hasPrefix(
        "\(folder.path("t.csv")):3: row 3, column b: found ") == true)
    #expect(source.error(ExperimentKeyError(key: "task.length", problem: "p")).description == "--set: task.length: p")
    #expect(
      source.error(ExperimentKeyError(key: "task.targets", problem: "p")).description == "\(path):2: task.targets: p")
  }
}
