import Dispatch
import Instruments
import Sources
import Testing
import Training

/// A source in turn and a source on threads tell the same of the same commands.
@Suite(.serialized) struct SourceTests {
  private static func experiment(_ settings: KeyValuePairs<String, String> = [:]) throws -> Experiment {
    var experiment = Experiment()
    experiment.task.name = .coin
    experiment.task.length = 20
    experiment.network.hidden = 6
    experiment.training.batch = 2
    experiment.training.k1 = .steps(5)
    experiment.training.k2 = .steps(10)
    for (key, value) in settings { try experiment.set(key, value) }
    return experiment
  }

  private static func stepped(_ experiment: Experiment) throws -> SteppedSource {
    SteppedSource(run: try TrainingRun(experiment: experiment))
  }

  private static func threaded(_ experiment: Experiment) -> TrainerSource {
    TrainerSource(sampleLength: 0, wake: {}) { () throws(TrainingError) in
      (try TrainingRun(experiment: experiment), nil)
    }
  }

  /// What is known of the lanes of a frame, in which two sources must agree.
  private struct Place: Equatable {
    var update: [LaneID: Int] = [:], experiments: [LaneID: Experiment?] = [:], journals: [LaneID: [JournalEntry]] = [:]
    var isRunning = false

    init(_ frame: Frame) {
      update = frame.lanes.mapValues(\.summary.update)
      experiments = frame.lanes.mapValues(\.summary.experiment)
      journals = frame.lanes.mapValues(\.summary.journal)
      isRunning = frame.lanes.values.contains(where: \.summary.isRunning)
    }
  }

  /// News as they come, until one is wanted; nil after a while.
  private static func wait<News>(_ source: any Source, _ wanted: (SourceNews) -> News?) -> News? {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(20) {
      // All that has come is taken; the last that is wanted counts.
      if let last = source.takeNews().compactMap(wanted).last { return last }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
    }
    return nil
  }

  /// A frame with readings.
  private static func frame(_ source: any Source, _ isWanted: (Frame) -> Bool = { _ in true }) -> Frame? {
    wait(source) { news in
      guard case .frame(let frame) = news, frame.lanes.values.allSatisfy({ $0.readings != nil }), isWanted(frame) else {
        return nil
      }
      return frame
    }
  }

  private static let both = Dictionary(
    uniqueKeysWithValues: LaneID.allCases.map { ($0, ReadingRequest(Instruments.allIDs)) })

  /// Held by whoever may still call.
  private final class Witness: Sendable {}

  /// A source that is dropped, and not ended, leaves no thread behind.
  @Test func aDroppedSourceLetsItsThreadsGo() throws {
    weak var witness: Witness?
    do {
      let held = Witness()
      witness = held
      let experiment = try Self.experiment()
      let source = TrainerSource(sampleLength: 0, wake: { withExtendedLifetime(held) {} }) {
        () throws(TrainingError) in (try TrainingRun(experiment: experiment), nil)
      }
      source.look(Self.both)
      source.send(.run)
      #expect(Self.frame(source) != nil)
    }
    let start = ContinuousClock.now
    while witness != nil, start.duration(to: .now) < .seconds(10) {
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
    }
    #expect(witness == nil)
  }

  @Test(arguments: [
    [:], ["training.optimizer.name": "adam", "precision": "float32"],
    ["training.algorithm": "rtrl", "training.k2": "full"],
  ])
  func theSameCommandsGiveTheSameFrames(_ settings: [String: String]) throws {
    var experiment = try Self.experiment()
    let order = ExperimentKey.all.map(\.name)
    for key in settings.keys.sorted(by: { (order.firstIndex(of: $0) ?? 0) < (order.firstIndex(of: $1) ?? 0) }) {
      try experiment.set(key, settings[key] ?? "")
    }
    let stepped = try Self.stepped(experiment), threaded = Self.threaded(experiment)
    defer { threaded.end() }
    stepped.look(Self.both)
    threaded.look(Self.both)
    stepped.requestFrame()
    threaded.requestFrame()
    let commands: [Trainer.Command?] = [
      nil, .step(updates: 3), .change(.a, [Setting(key: "training.k1", value: "4")]), .step(updates: 4),
      .rewind(updates: 2),
      .go(to: 9),
      .change(
        .a,
        [
          Setting(key: "training.optimizer.learning_rate", value: "0.2"),
          Setting(key: "training.clip.threshold", value: "0.5"),
        ]),
      .undo(.a), .fork(from: .a), .change(.b, [Setting(key: "network.activation", value: "sigmoid")]),
      .step(updates: 5),
      .rewind(updates: 1), .drop(.a), .step(updates: 1), .restart(.b, from: .present), .step(updates: 2), .undo(.b),
      .restart(.b, from: .seed(7)), .step(updates: 2),
    ]
    for command in commands {
      if let command {
        stepped.send(command)
        threaded.send(command)
      }
      // What is read for the news of a command comes after them.
      stepped.look(Self.both)
      let expected = try #require(Self.frame(stepped), "\(String(describing: command))")
      let place = Place(expected)
      guard let found = Self.frame(threaded, { Place($0) == place }) else {
        Issue.record("no such frame after \(String(describing: command))")
        return
      }
      try Self.expectEqual(found, expected, after: command)
    }
  }

  /// Bit for bit, but for the count of publications.
  private static func expectEqual(_ found: Frame, _ expected: Frame, after command: Trainer.Command?) throws {
    let words = Comment("after \(String(describing: command))")
    #expect(found.lanes.keys.sorted() == expected.lanes.keys.sorted(), words)
    for (lane, one) in expected.lanes {
      let other = try #require(found.lanes[lane]), (a, b) = (other.summary, one.summary)
      #expect(a.pass.isSamePlace(as: b.pass) && a.window == b.window && a.length == b.length, words)
      #expect(a.targetSteps == b.targetSteps && a.schedule == b.schedule && a.explosion == b.explosion, words)
      #expect(a.history == b.history && a.rewindable == b.rewindable && a.hasFile == b.hasFile, words)
      let (pass, wanted) = (try #require(other.pass), try #require(one.pass))
      #expect(pass.parameters.map(\.bitPattern) == wanted.parameters.map(\.bitPattern), words)
      #expect(pass.carriedState == wanted.carriedState && pass.algorithmMemory == wanted.algorithmMemory, words)
      let (readings, others) = (try #require(other.readings), try #require(one.readings))
      #expect(readings[GradientNormInstrument.self]?.layers == others[GradientNormInstrument.self]?.layers, words)
      #expect(readings[BiasInstrument.self] == others[BiasInstrument.self], words)
      #expect(readings.trends.keys == others.trends.keys, words)
    }
    #expect(found.difference == expected.difference || found.difference?.cosine.isNaN == true, words)
    #expect((found.difference != nil) == (expected.lanes.count == 2), words)
  }

  @Test(arguments: [true, false]) func refusalsArrive(_ isThreaded: Bool) throws {
    let source: any Source = isThreaded ? Self.threaded(try Self.experiment()) : try Self.stepped(try Self.experiment())
    defer { source.end() }
    func refusal() -> (lane: LaneID, keys: [String], reason: String)? {
      Self.wait(source) { news in
        guard case .refused(let lane, let keys, let reason) = news else { return nil }
        return (lane, keys, reason)
      }
    }
    // Two keys that make no sense together: neither is set.
    source.send(
      .change(
        .a, [Setting(key: "training.k2", value: "full"), Setting(key: "training.optimizer.learning_rate", value: "-1")])
    )
    let wrong = try #require(refusal())
    #expect(wrong.lane == .a && wrong.keys == ["training.k2", "training.optimizer.learning_rate"])
    #expect(wrong.reason.contains("learning_rate"))
    source.look(Self.both)
    source.requestFrame()
    source.look(Self.both)
    let after = Self.frame(source) { _ in true }
    #expect(after?.lanes[.a]?.summary.experiment == (try Self.experiment()))
    // A lane that is not there, and one lane alone.
    source.send(.change(.b, [Setting(key: "training.k2", value: "3")]))
    #expect(try #require(refusal()).lane == .b)
    source.send(.drop(.a))
    #expect(try #require(refusal()).keys == [])
  }

  @Test(arguments: [true, false]) func reportsArrive(_ isThreaded: Bool) throws {
    let source: any Source = isThreaded ? Self.threaded(try Self.experiment()) : try Self.stepped(try Self.experiment())
    defer { source.end() }
    func report() -> TrainerReport? {
      Self.wait(source) { news in
        if case .report(let report) = news { report } else { nil }
      }
    }
    source.send(.undo(.a))
    #expect(report() == .nothingToUndo(.a))
    source.send(.fork(from: .a))
    #expect(report() == .forked(from: .a, to: .b))
    source.send(.drop(.b))
    #expect(report() == .dropped(.b))
  }

  @Test func aRunThatCannotBeMadeSaysWhy() throws {
    let source = TrainerSource(sampleLength: 0, wake: {}) { () throws(TrainingError) in throw .misfit("no such run") }
    defer { source.end() }
    let report = Self.wait(source) { news -> TrainerReport? in
      if case .report(let report) = news { report } else { nil }
    }
    #expect(report == .failed(.a, reason: "\(TrainingError.misfit("no such run"))"))
  }

  /// Other instruments are news of the same pass; what was read already is none.
  @Test(arguments: [true, false]) func whatIsLookedAtAnewIsRead(_ isThreaded: Bool) throws {
    let source: any Source = isThreaded ? Self.threaded(try Self.experiment()) : try Self.stepped(try Self.experiment())
    defer { source.end() }
    let (flow, more) = (ReadingRequest(["flow"]), ReadingRequest(["flow", "spectrum"]))
    source.look([.a: flow])
    source.requestFrame()
    source.look([.a: flow])
    let first = try #require(Self.frame(source)?.lanes[.a]?.readings)
    #expect(first.request == flow && first[FlowInstrument.self] != nil && first[SpectrumInstrument.self] == nil)
    source.look([.a: more])
    let second = try #require(Self.frame(source) { $0.lanes[.a]?.readings?.request == more }?.lanes[.a])
    #expect(second.readings?[SpectrumInstrument.self] != nil && second.readings?.pass == first.pass)
    #expect(second.pass?.serial == first.pass.serial)
    // Fewer, or the same again: nothing new.
    source.look([.a: more])
    source.look([.a: flow])
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(isThreaded ? 100 : 0))
    #expect(source.takeNews().isEmpty)
    // Another step, another layer.
    let step = ReadingRequest(["flow", "spectrum"], focus: Focus(step: 3))
    source.look([.a: step])
    let third = try #require(Self.frame(source) { $0.lanes[.a]?.readings?.request == step }?.lanes[.a]?.readings)
    #expect(third[FlowInstrument.self]?.matrix == second.readings?[FlowInstrument.self]?.matrix)
  }

  @Test func checkpointsAreOfWhatWasDone() throws {
    let experiment = try Self.experiment()
    let stepped = try Self.stepped(experiment), threaded = Self.threaded(experiment)
    defer { threaded.end() }
    for source in [stepped, threaded] as [any Source] {
      source.send(.fork(from: .a))
      let done = DispatchSemaphore(value: 0), box = Box()
      source.checkpoints(afterSteps: true) { checkpoints in
        box.lanes = checkpoints.keys.sorted()
        done.signal()
      }
      #expect(done.wait(timeout: .now() + 20) == .success && box.lanes == [.a, .b])
    }
  }

  /// Written on one thread, read on another after a signal.
  private final class Box: @unchecked Sendable { var lanes: [LaneID] = [] }

  @Test func whileItRunsFramesComeAndStop() throws {
    let source = Self.threaded(try Self.experiment())
    defer { source.end() }
    source.look(Self.both)
    source.send(.run)
    for _ in 0..<3 {
      source.requestFrame()
      #expect(Self.frame(source) { $0.lanes[.a]?.summary.isRunning == true } != nil)
    }
    source.send(.pause)
    let paused = try #require(Self.frame(source) { $0.lanes[.a]?.summary.isRunning == false })
    #expect((paused.lanes[.a]?.summary.update ?? 0) > 0)
    #expect(paused.lanes[.a]?.summary.history.newest?.update == paused.lanes[.a]?.summary.update)
  }
}
