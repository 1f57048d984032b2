import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Experiments

/// Sessions on disk: everything that going on needs, whole or refused in one line.
@Suite struct SessionFileTests {
  private static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bpttop-sessions-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func run(_ settings: [(String, String)] = []) throws -> TrainingRun {
    var experiment = Experiment()
    experiment.task.name = .coin
    (experiment.task.length, experiment.network.hidden, experiment.training.batch) = (20, 6, 2)
    for (key, value) in settings { try experiment.set(key, value) }
    return try TrainingRun(experiment: experiment)
  }

  private static func bits(_ run: TrainingRun) -> [UInt64] { run.parameters.map(\.bitPattern) }

  @Test(arguments: [
    [("training.optimizer.name", "adam")], [("network.cell", "lstm"), ("precision", "float32")],
    [("training.k1", "4"), ("training.k2", "8")], [("training.algorithm", "rtrl"), ("training.k1", "3")],
    [("network.delays", "[1, 3]"), ("network.periods", "[1, 2]"), ("training.k1", "5"), ("training.k2", "7")],
    [("network.delays", "[1, 4]"), ("training.algorithm", "rtrl"), ("training.k1", "3")],
    [("network.cell", "lstm"), ("network.projection", "2"), ("training.k1", "5"), ("training.k2", "7")],
    [("network.kind", "bidirectional"), ("network.cell", "gru"), ("precision", "float32")],
  ])
  func goingOnIsAsIfItHadNeverStopped(_ settings: [(String, String)]) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try Self.run(settings)
    for _ in 0..<7 { run.trainOnce() }
    _ = try run.change([Setting(key: "training.optimizer.learning_rate", value: "0.03")])
    for _ in 0..<4 { run.trainOnce() }
    let second = try run.fork()
    _ = try second.change([Setting(key: "training.clip.threshold", value: "0.2")])
    let path = folder.appending(path: "s.bpttop").path
    let session = Session(lanes: [.a: run.checkpoint(), .b: second.checkpoint()], view: "{\"lane\":\"B\"}")
    try SessionFile.write(session, to: path)
    #expect(SessionFile.isSession(path: path))
    let opened = try SessionFile.read(path: path)
    #expect(opened.view == session.view && opened.lanes.count == 2)
    for (lane, original) in [(LaneID.a, run), (.b, second)] {
      let resumed = try TrainingRun(resuming: try #require(opened.lanes[lane]))
      #expect(Self.bits(resumed) == Self.bits(original) && resumed.update == original.update)
      #expect(resumed.history == original.history && resumed.journal == original.journal)
      for _ in 0..<20 {
        resumed.trainOnce()
        original.trainOnce()
      }
      #expect(Self.bits(resumed) == Self.bits(original))
    }
    // Its weights are a weights file's, too.
    let layout = try TrainingRun(resuming: try #require(opened.lanes[.a])).layout
    let weights = try WeightsFile.read(path: path, layout: layout)
    #expect(weights == (try TrainingRun(resuming: try #require(opened.lanes[.a])).parameters))
  }

  /// Whatever byte it is cut at, one line says so, and nothing else happens.
  @Test func whatIsCutShortIsRefused() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "s.bpttop").path
    try SessionFile.write(Session(lanes: [.a: try Self.run().checkpoint()], view: ""), to: path)
    let bytes = try Data(contentsOf: URL(filePath: path))
    for share in [0.0, 0.01, 0.2, 0.5, 0.9, 0.999] {
      try bytes.prefix(Int(Double(bytes.count) * share)).write(to: URL(filePath: path))
      #expect(throws: InputError.self) { try SessionFile.read(path: path) }
    }
  }

  /// One bit, wherever it is: weights, moments, the journal, the view.
  @Test func whatWasChangedIsRefused() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "s.bpttop").path
    let run = try Self.run()
    for _ in 0..<5 { run.trainOnce() }
    try SessionFile.write(Session(lanes: [.a: run.checkpoint()], view: "{}"), to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var random = CounterRandom(seed: 5, stream: 0)
    for _ in 0..<200 {
      var changed = bytes
      let place = Int.random(in: 0..<bytes.count, using: &random)
      changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try Data(changed).write(to: URL(filePath: path))
      // Blanks that fill the header up say nothing.
      if bytes[place] == 0x20, let read = try? SessionFile.read(path: path) {
        #expect(read.lanes[.a]?.update == 5)
        continue
      }
      #expect(throws: InputError.self, "byte \(place)") { try SessionFile.read(path: path) }
    }
  }

  @Test(arguments: [
    ("\"bpttop_session\":\"1\"", "\"bpttop_session\":\"7\"", "found a session of version 7, expected version 1"),
    ("\"bpttop_session\":\"1\"", "\"bpttop_sessiom\":\"1\"", "found a safetensors file without a session"),
    ("\"lanes\":\"a\"", "\"lanes\":\"c\"", "found a lane c, expected a and b"),
    ("\"a/parameters\"", "\"a/parametars\"", "parameters"),
  ])
  func whatIsNoSessionSaysWhy(_ from: String, _ to: String, _ expected: String) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "s.bpttop").path
    try SessionFile.write(Session(lanes: [.a: try Self.run().checkpoint()], view: ""), to: path)
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let range = try #require(bytes.firstRange(of: Array(from.utf8)))
    bytes.replaceSubrange(range, with: Array(to.utf8))
    try Data(bytes).write(to: URL(filePath: path))
    let error = #expect(throws: InputError.self) { try SessionFile.read(path: path) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func aTasksFileThatHasChangedIsNamed() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let book = folder.appending(path: "book.txt"), path = folder.appending(path: "s.bpttop").path
    try String(repeating: "to be or not to be ", count: 40).write(to: book, atomically: true, encoding: .utf8)
    let run = try Self.run([("task.name", "text"), ("task.file", book.path)])
    try SessionFile.write(Session(lanes: [.a: run.checkpoint()], view: ""), to: path)
    #expect(try SessionFile.read(path: path).lanes.count == 1)
    try String(repeating: "to be or not to bee ", count: 40).write(to: book, atomically: true, encoding: .utf8)
    let error = #expect(throws: InputError.self) { try SessionFile.read(path: path) }
    #expect(
      error?.description.contains("book.txt: found 800 bytes of other content, expected the 760 bytes") == true)
  }
}

/// A run in one line.
@Suite struct RunLinkTests {
  @Test func aLinkMakesTheRunAgain() throws {
    let run = try TrainingRun(experiment: .opening)
    for _ in 0..<12 { run.trainOnce() }
    _ = try run.change([Setting(key: "training.k2", value: "5")])
    for _ in 0..<8 { run.trainOnce() }
    _ = try run.undo()
    for _ in 0..<5 { run.trainOnce() }
    let link = try #require(RunLink(run.checkpoint()))
    #expect(link.text == "@12 training.k2=5 @20 undo @25")
    let again = try RunLink(link.text).replay()
    #expect(again.parameters.map(\.bitPattern) == run.parameters.map(\.bitPattern) && again.update == 25)
  }

  @Test(arguments: [
    ("@x", "@x: expected @ and a number of updates"), ("@5 @3", "@3: expected @ and a number"),
    ("hello", "hello: expected key=value, @UPDATE or undo"), ("training.k3=5", "nearest is training.k"),
    ("network.cell=lst", "nearest is lstm"), ("task.file='a", "found a quote that does not end"),
  ])
  func whatIsWrongIsNamed(_ text: String, _ expected: String) {
    let error = #expect(throws: InputError.self) { try RunLink(text) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func whatWasHandedInIsNoLink() throws {
    var start = TrainingRun.Start()
    start.parameters = try TrainingRun(experiment: .opening).parameters
    #expect(RunLink(try TrainingRun(experiment: .opening, start: start).checkpoint()) == nil)
  }
}
